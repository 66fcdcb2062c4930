// The samples for Prometheus and Grafana ask for what /metrics gives, and for nothing else: a metric, label or address that
// is not there would be an alert that never comes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Process, Registry, sources } from './registry.mjs';

const NOW = 1795539757; // 2026-11-24T17:02:37Z
const ADDED = ['job', 'instance']; // by Prometheus itself, and the one metric of its own: up

let registry, shown;

before(async () => {
  registry = await Registry.make(NOW);
  await registry.must('init', '--url', registry.url);
  registry.server = new Process(['serve', '--clock', registry.clock], registry.env);
  await registry.server.out.says(/is served at/);
  const ask = async (target, status, options) => assert.equal((await fetch(registry.url + target, options)).status, status);
  await ask('/healthz', 200);
  await ask('/no/such/page', 404);
  await ask('/v1/submissions', 400, { method: 'POST', body: 'x', headers: { 'Content-Type': 'application/jose' } });
  shown = parse(await (await fetch(`${registry.url}/metrics`)).text());
});
after(() => registry.done());

// Of Prometheus' text format: for each metric its labels, and for each of these the values.
function parse(text) {
  const metrics = new Map();
  for (const line of text.trimEnd().split('\n')) {
    if (/^# (HELP|TYPE) /.test(line)) continue;
    const [, name, labels = ''] = line.match(/^(\w+)(?:\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\})? [0-9.]+$/) ?? assert.fail(line);
    const of = metrics.get(name) ?? new Map();
    metrics.set(name, of);
    for (const [, label, value] of labels.matchAll(/(\w+)="([^"]*)"/g)) of.set(label, (of.get(label) ?? new Set()).add(value));
  }
  return metrics;
}

// What of an expression is not there.
function missing(expression) {
  const wrong = [];
  const of = (name, labels) => {
    for (const [, label, , value] of labels.matchAll(/(\w+)(=~|=)"([^"]*)"/g)) {
      if (ADDED.includes(label)) continue;
      const values = shown.get(name)?.get(label);
      if (!values) wrong.push(`${name}: ${label}`);
      else if (label === 'route' && !values.has(value)) wrong.push(`${name}: ${value}`);
      else if (label === 'status' && !/^[1-5]xx(\|[1-5]xx)*$/.test(value)) wrong.push(`${name}: ${value}`);
    }
  };
  const rest = expression.replace(/([a-z]\w*_\w+|up)\b(?:\{([^{}]*)\})?/g, (_, name, labels = '') => {
    if (name === 'label_values') return name;
    if (name !== 'up' && !shown.has(name)) wrong.push(name);
    of(name, labels);
    return '';
  });
  for (const [, grouped] of rest.matchAll(/by \(([^)]*)\)/g))
    for (const label of grouped.split(', '))
      if (!ADDED.includes(label) && ![...shown.values()].some((labels) => labels.has(label))) wrong.push(label);
  return wrong;
}

const read = (name) => fs.readFileSync(path.join(sources, 'dist', name), 'utf8');

test('what is not there is noticed', () => {
  assert.deepEqual(missing('rate(keurmerk_http_replies_total{status="5xx"}[5m]) > 0'), []);
  assert.deepEqual(missing('keurmerk_http_answers_total > 0'), ['keurmerk_http_answers_total']);
  assert.deepEqual(missing('keurmerk_http_replies_total{code="500"}'), ['keurmerk_http_replies_total: code']);
  assert.deepEqual(missing('keurmerk_http_replies_total{status="500"}'), ['keurmerk_http_replies_total: 500']);
  assert.deepEqual(missing('keurmerk_http_replies_total{route="/v1/submission"}'), ['keurmerk_http_replies_total: /v1/submission']);
  assert.deepEqual(missing('sum by (host) (keurmerk_http_seconds_total)'), ['host']);
});

test('every alert can come, and says what to do', () => {
  const lines = read('prometheus-alerts.yml').split('\n').filter((line) => line && !line.startsWith('#'));
  assert.deepEqual(lines.splice(0, 3), ['groups:', '  - name: keurmerk', '    rules:']);
  // Of YAML, this much: of each rule its members in this order, what is no word between single quotes.
  const rule = new RegExp([
    "^      - alert: (Keurmerk[A-Za-z]+)\n        expr: '([^'\n]+)'\n", "(?:        for: \\d+m\n)?",
    "        labels:\n          severity: (?:page|ticket)\n        annotations:\n          summary: '[^'\n]+'\n",
    "          description: '[^'\n]+'\n"].join(''));
  let left = `${lines.join('\n')}\n`;
  const names = new Set();
  while (left) {
    const [whole, name, expression] = left.match(rule) ?? assert.fail(`no rule: ${left.slice(0, 400)}`);
    assert.deepEqual(missing(expression), [], name);
    names.add(name);
    left = left.slice(whole.length);
  }
  assert.ok(names.size >= 5);
});

test('every panel of the dashboard shows something', () => {
  const board = JSON.parse(read('grafana-dashboard.json'));
  const variables = board.templating.list.map(({ name }) => name);
  assert.equal(new Set(board.panels.map(({ id }) => id)).size, board.panels.length);
  for (const { title, targets } of board.panels) {
    assert.ok(targets.length > 0, title);
    for (const { expr } of targets) {
      assert.deepEqual(missing(expr), [], title);
      for (const [, variable] of expr.matchAll(/\$(\w+)/g)) assert.ok(variables.includes(variable), `${title}: ${variable}`);
    }
  }
  const [, asked] = board.templating.list[1].query.match(/^label_values\((\w+), instance\)$/);
  assert.ok(shown.has(asked));
});
