// The first thing that a newcomer runs: does all that it prints hold?
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Process, program, run } from './registry.mjs';

let folder, env, demo, home;
let marks; // { what is said of it: its address }
let tries; // the commands that it says one can try

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keurmerk-test-'));
  env = { ...process.env, HOME: folder, TMPDIR: folder };
  delete env.KEURMERK_HOME;
  // With the machine's clock, and with the signer in a process of its own, as in earnest.
  demo = new Process(['demo', '--listen', '127.0.0.1:0'], env);
  await demo.out.says(/mark list --home .*\n/);
  home = demo.out.text.match(/^ +(http:\S+)\/ /m)[1];
  const shown = [...demo.out.text.matchAll(/^ +(http:\S+\/m\/\S+) +.+: (.+)$/gm)];
  marks = Object.fromEntries(shown.map(([, url, about]) => [about, url]));
  tries = [...demo.out.text.matchAll(/^ +\S*keurmerk (.+)$/gm)].map(([, words]) => words.split(' '));
});
after(async () => {
  await demo?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

const record = async (url) => (await fetch(`${url}.json`)).json();

test('the addresses that it prints open', async () => {
  for (const url of [`${home}/`, ...Object.values(marks)]) {
    const answer = await fetch(url, { headers: { Accept: 'text/html' } });
    assert.equal(answer.status, 200, url);
    assert.match(answer.headers.get('content-type'), /^text\/html/);
  }
});

test('its marks are in the states that it says', async () => {
  for (const [about, url] of Object.entries(marks)) {
    const { state } = await record(url);
    const said = about.match(/suspended|withdrawn/)?.[0] ?? 'active';
    assert.equal(state, said, about);
  }
  const { valid_until, checked_at } = await record(marks['about to expire']);
  const days = (Date.parse(valid_until) - Date.parse(checked_at)) / 86400e3;
  assert.ok(days > 1 && days < 30, `${days} days`);
  const reduced = await record(marks['active, for fewer services than before']);
  assert.equal(reduced.scope_dropped.length, 1);
  assert.ok((await record(marks['active, of a scheme with levels'])).level);
});

test('nothing in its past is out of order, and nothing lapsed by accident', async () => {
  for (const url of Object.values(marks)) {
    const { events, granted_at } = await record(url);
    const moments = events.map(({ at }) => Date.parse(at));
    assert.deepEqual(moments, [...moments].sort((a, b) => b - a), url);
    assert.equal(events.at(-1).action, 'grant');
    assert.equal(events.at(-1).at, granted_at);
    for (const { action, at, recorded_at } of events) {
      assert.doesNotMatch(action, /lapse|expire/, url);
      assert.equal(at, recorded_at);
    }
  }
});

test('the search finds the one that it proposes', async () => {
  const answer = await fetch(`${home}/?q=donald`, { headers: { Accept: 'text/html' } });
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /Test BV Donald/);
});

test('the badges that it hangs out are genuine, forged, and nobody’s word', async () => {
  const statuses = [];
  for (const words of tries.filter(([command]) => command === 'verify'))
    statuses.push((await run(program, words, { env })).status);
  assert.deepEqual(statuses, [0, 1, 3]);
});

test('every badge verifies as its mark stands', async () => {
  const pictures = path.dirname(tries.find(([command]) => command === 'verify').at(-1));
  const names = fs.readdirSync(pictures).filter((name) => name.endsWith('.svg') && name !== 'forged.svg');
  assert.equal(names.length, Object.keys(marks).length);
  for (const name of names) {
    const { status, stdout } = await run(program, ['verify', path.join(pictures, name), '--registry', home], { env });
    assert.equal(status, /katrien|dagobert/.test(name) ? 1 : 0, stdout);
  }
});

test('the commands on its register work beside it', async () => {
  const list = tries.find(([command]) => command === 'mark');
  const { status, stdout } = await run(program, list, { env });
  assert.equal(status, 0);
  assert.equal(stdout.trim().split('\n').length, Object.keys(marks).length);
  const registry = list.at(-1);
  for (const words of [['scheme', 'list'], ['body', 'list'], ['person', 'list'], ['provider', 'list'], ['key', 'list'],
    ['mark', 'list']]) {
    const lines = await run(program, [...words, '--home', registry], { env });
    assert.equal(lines.status, 0, lines.stderr);
    assert.ok(lines.stdout);
    const json = await run(program, [...words, '--home', registry, '--json'], { env });
    assert.ok(JSON.parse(json.stdout), words.join(' '));
  }
});

test('the link that it proposes opens the page of a provider until it is withdrawn', async () => {
  const words = tries.find(([, verb]) => verb === 'link');
  const { stdout } = await run(program, words, { env });
  const [, address] = stdout.match(/^ +(http:\S+\/p\/[0-9a-f]{32})$/m);
  const page = await fetch(address, { headers: { Accept: 'text/html' } });
  assert.equal(page.status, 200);
  assert.match(await page.text(), /Test BV Donald/);
  assert.equal((await run(program, [...words, '--withdraw'], { env })).status, 0);
  assert.equal((await fetch(address)).status, 404);
});

test('the register in figures is what it holds', async () => {
  const registry = tries.find(([command]) => command === 'mark').at(-1);
  const { status, stdout } = await run(program, ['stats', '--home', registry], { env });
  assert.equal(status, 0);
  assert.match(stdout, /^ +1 {2}suspended\n +1 {2}withdrawn\n/m);
  const json = JSON.parse((await run(program, ['stats', '--home', registry, '--json'], { env })).stdout);
  const all = Object.values(json.states).reduce((sum, count) => sum + count, 0);
  assert.equal(all, Object.keys(marks).length);
  const { as_of: then, ...served } = await (await fetch(`${home}/v1/figures`)).json();
  assert.ok(then);
  assert.deepEqual(served.schemes, json.schemes);
});

test('its badge as a PDF, and a picture of its QR code, verify as the badge itself does', async () => {
  const url = marks[Object.keys(marks).find((about) => about.startsWith('active') && !about.includes('fewer'))];
  for (const [name, target] of [['badge.pdf', '.pdf'], ['qr.png', '.qr.png'], ['signed.png', '.signed-qr.png']]) {
    const file = path.join(folder, name);
    fs.writeFileSync(file, Buffer.from(await (await fetch(url + target)).arrayBuffer()));
    const { status, stdout } = await run(program, ['verify', '--registry', home, file], { env, cwd: folder });
    assert.equal(status, 0, `${name}: ${stdout}`);
    assert.match(stdout, /^Genuine and active: /);
    const nobody = await run(program, ['verify', file], { env, cwd: folder });
    assert.equal(nobody.status, 3, `${name}: ${nobody.stdout}`);
    fs.rmSync(file);
  }
});

test('at the end nothing is left', async () => {
  assert.deepEqual(await demo.stop('SIGINT'), { status: 0, signal: null });
  assert.deepEqual(fs.readdirSync(folder), []);
  assert.doesNotMatch(demo.log.text, / fault /);
});
