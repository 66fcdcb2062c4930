// How much one visitor may ask that is costly, directly and behind a proxy: who asks too much waits, the others do not, and
// nothing of it is written down.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { Process, Registry } from './registry.mjs';

const NOW = 1795539757; // 2026-11-24T17:02:37Z

let registry;
const logs = [];

before(async () => {
  registry = await Registry.make(NOW);
  await registry.must('init', '--url', registry.url);
});
beforeEach(() => {
  registry.now += 60; // each test has its whole minute
});
after(() => registry.done());

async function serve(...args) {
  await registry.server?.stop();
  registry.server = new Process(['serve', '--clock', registry.clock, ...args], registry.env);
  logs.push(registry.server.log);
  await registry.server.out.says(/is served at/);
}

// From any address of loopback, with headers as they are given.
function ask(target, { from = '127.0.0.1', headers = {}, method = 'GET', body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(registry.url + target, { localAddress: from, headers, method, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (piece) => (text += piece));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function statuses(number, target, options) {
  const all = [];
  for (let i = 0; i < number; i++) all.push((await ask(target, options)).status);
  return all;
}

test('directly, each address has its own, and headers change nothing', async () => {
  await serve('--limit', '3');
  assert.deepEqual(await statuses(3, '/?q=x'), [200, 200, 200]);
  const refused = await ask('/?q=x');
  assert.equal(refused.status, 429);
  assert.equal(refused.headers['retry-after'], '20');
  assert.match(refused.headers['cache-control'], /no-store/);
  const { type, status, detail } = JSON.parse(refused.text);
  assert.deepEqual([type.split('#')[1], status], ['too-many-requests', 429]);
  assert.match(detail, /20 seconds/);
  for (const headers of [{ 'X-Forwarded-For': '192.0.2.7' }, { Forwarded: 'for=192.0.2.7' }])
    assert.equal((await ask('/?q=x', { headers })).status, 429);
  assert.equal((await ask('/?q=x', { from: '127.0.0.2' })).status, 200);
  registry.now += 20;
  assert.deepEqual(await statuses(2, '/?q=x'), [200, 429]);
});

test('people get a page in their language', async () => {
  await serve('--limit', '1');
  await ask('/?q=x');
  const headers = { Accept: 'text/html', 'Accept-Language': 'en' };
  const { status, text } = await ask('/?q=x', { headers });
  assert.equal(status, 429);
  assert.match(text, /<h1>You are asking very much at once<\/h1>/);
  assert.match(text, /Wait a minute and try again/);
});

test('what costs little goes on; what is sent in is refused before it is read', async () => {
  await serve('--limit', '1');
  await ask('/?q=x');
  for (const target of ['/healthz', '/.well-known/jwks.json', '/register.jsonl', '/check', '/figures'])
    assert.deepEqual(await statuses(3, target), [200, 200, 200], target);
  const list = { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: 'kvk\n68750110\n' };
  assert.equal((await ask('/v1/checks', list)).status, 429);
  assert.equal((await ask('/v1/checks', { ...list, from: '127.0.0.3' })).status, 200);
});

test('behind a proxy, each whom it speaks for has its own', async () => {
  await serve('--limit', '1', '--trust-proxy', '127.0.0.1');
  const by = (headers) => ask('/?q=x', { headers }).then(({ status }) => status);
  assert.equal(await by({ 'X-Forwarded-For': '192.0.2.1' }), 200);
  assert.equal(await by({ 'X-Forwarded-For': '192.0.2.1' }), 429);
  assert.equal(await by({ 'X-Forwarded-For': '192.0.2.2' }), 200);
  assert.equal(await by({ Forwarded: 'for=192.0.2.2' }), 429); // the same visitor
  assert.equal(await by({ Forwarded: 'for="[2001:db8::1]:4711";proto=https' }), 200);
  assert.equal(await by({ Forwarded: 'for="[2001:db8::2]"' }), 429); // of the same network
  // What the visitor put before it does not help; nor does a line of its own.
  assert.equal(await by({ 'X-Forwarded-For': '10.1.1.1, 192.0.2.1' }), 429);
  assert.equal(await by({ 'X-Forwarded-For': ['10.1.1.1', '192.0.2.1'] }), 429);
  // Two that differ are one's invention: then it is the proxy that asks.
  assert.equal(await by({ 'X-Forwarded-For': '192.0.2.3', Forwarded: 'for=10.2.2.2' }), 200);
  assert.equal(await by({ 'X-Forwarded-For': '192.0.2.4', Forwarded: 'for=10.3.3.3' }), 429);
  assert.equal(await by({}), 429);
});

test('who is not the proxy is not believed', async () => {
  await serve('--limit', '1', '--trust-proxy', '127.0.0.1');
  const headers = (client) => ({ from: '127.0.0.5', headers: { 'X-Forwarded-For': client } });
  assert.equal((await ask('/?q=x', headers('192.0.2.1'))).status, 200);
  assert.equal((await ask('/?q=x', headers('192.0.2.2'))).status, 429);
});

test('without end where the operator says so; and nothing of any visitor is in the log', async () => {
  await serve('--limit', '0');
  assert.deepEqual(new Set(await statuses(700, '/?q=x')), new Set([200]));
  assert.doesNotMatch(logs.map(({ text }) => text).join(''), /127\.0\.0\.[2-9]|192\.0\.2|too-many/);
});

test('options that say nothing are refused', async () => {
  for (const args of [['--limit', '-1'], ['--limit', 'x'], ['--limit', ''], ['--limit', '1000001'],
    ['--trust-proxy', 'localhost']]) {
    const { status, stderr } = await registry.use('serve', '--listen', '127.0.0.1:0', ...args);
    assert.notEqual(status, 0, args.join(' '));
    assert.match(stderr, /--limit|not the address of a proxy/);
  }
});
