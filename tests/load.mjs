// Crowds: slow clients, idle connections by the thousand, floods of bad requests, and a day's worth of good ones. Look-ups
// keep being answered, memory stays flat, and who is refused is told when to come back. `make soak` makes it long.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { Office } from './office.mjs';
import { Registry } from './registry.mjs';

const REQUESTS = Number(process.env.KEURMERK_SOAK_REQUESTS ?? 6000);
const long = REQUESTS >= 100000; // then there is time to wait until slow ones are cut off
const IDLE = 10000;
const FLOOD = long ? 60000 : 3000;
const PLACES = 2000; // CONNECTIONS_MAX in www/server.c
const GROWTH_MAX_KIB = 16 * 1024;
const sanitized = /asan|tsan/.test(process.env.KEURMERK ?? '');

let registry, office, mark;

before(async () => {
  registry = await Registry.make(0);
  office = await Office.open(registry, 1, { serving: ['--no-domain-checks'] });
  mark = await office.grant(office.providers[0]);
});
after(() => registry.done());

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Any address of 127/8 is this machine's: the crowd has others than who looks something up.
const crowd = (i) => `127.1.${i % 4}.1`;

function ask(target, { from = '127.0.0.1', method = 'GET', headers = {}, body, agent = false } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(registry.url + target, { localAddress: from, method, headers, agent }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers }));
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

// A connection of its own, open once this resolves; `first` is sent at once.
function connect(from, first) {
  return new Promise((resolve) => {
    const socket = net.connect({ port: registry.port, host: '127.0.0.1', localAddress: from });
    socket.isCut = new Promise((cut) => socket.on('close', cut));
    socket.on('error', () => {}); // that is what a crowd is for
    socket.on('close', () => resolve(socket));
    socket.on('connect', () => {
      if (first) socket.write(first);
      resolve(socket);
    });
    socket.resume();
  });
}

async function connectMany(number, first) {
  const sockets = [];
  while (sockets.length < number) {
    const some = Math.min(500, number - sockets.length);
    sockets.push(...await Promise.all(Array.from({ length: some }, (_, i) => connect(crowd(i), first?.(i)))));
  }
  return sockets;
}

async function figure(name) {
  const text = await (await registry.fetch('/metrics')).text();
  return Number(text.split('\n').find((line) => line.startsWith(`${name} `)).slice(name.length + 1));
}

async function lookUp(times) {
  for (let i = 0; i < times; i++) {
    const { status } = await ask(i % 2 ? `/m/${mark}` : `/m/${mark}/status.jwt`);
    assert.equal(status, 200);
  }
}

test(`${IDLE} connections that say nothing keep nobody out, nor cut off who is in the middle of a request`, async () => {
  const idle = await connectMany(IDLE - PLACES - 1000);
  const early = await connect('127.0.0.9', `GET /healthz HTTP/1.1\r\nHost: ${new URL(registry.url).host}\r\n`);
  let answered = '';
  early.on('data', (piece) => (answered += piece));
  idle.push(...await connectMany(PLACES + 1000));
  await lookUp(20);
  const open = await figure('keurmerk_http_connections');
  assert.ok(open > PLACES / 2 && open <= PLACES + 500, `${open} are open`);
  assert.ok(await figure('keurmerk_http_connections_cut_total{why="displaced"}') >= IDLE - PLACES - 500);
  early.write('Connection: close\r\n\r\n');
  await early.isCut;
  assert.match(answered, /^HTTP\/1\.1 200 /);
  for (const socket of idle) socket.destroy();
});

test('nor do heads and bodies that trickle byte by byte', async () => {
  const head = `GET /m/${mark} HTTP/1.1\r\nHost: x\r\nX-Slow: ${'x'.repeat(1000)}`;
  const post = 'POST /v1/checks HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\nkvk\n';
  const slow = await connectMany(PLACES + 500, (i) => (i % 2 ? head.slice(0, 20) : post));
  let sent = 20;
  const trickle = setInterval(() => {
    for (const [i, socket] of slow.entries()) if (socket.writable) socket.write(i % 2 ? head[sent] : '9');
    sent++;
  }, 1000);
  try {
    await lookUp(20);
    await wait(2500);
    await lookUp(20);
    if (long) {
      const began = Date.now();
      await Promise.all(slow.map((socket) => socket.isCut));
      assert.ok(Date.now() - began < 75000, 'all are cut off within their time, though none was silent');
    }
  } finally {
    clearInterval(trickle);
    for (const socket of slow) socket.destroy();
  }
});

// Bad in all kinds of ways; each comes on a connection of its own.
const host = 'Host: x\r\n';
const bad = [
  () => crypto.randomBytes(300),
  () => Buffer.from('160301020001000001fc0303', 'hex'), // the start of TLS
  () => `GET /${'a'.repeat(40000)} HTTP/1.1\r\n${host}\r\n`,
  () => `GET / HTTP/1.1\r\n${host}${'X-Many: y\r\n'.repeat(5000)}\r\n`,
  () => `GET / HTTP/9.9\r\n${host}\r\n`,
  () => 'GET / HTTP/1.1\r\n\r\n',
  () => `GET /m/%00%ff HTTP/1.1\r\n${host}\r\n`,
  () => `GET /../../etc/passwd HTTP/1.1\r\n${host}\r\n`,
  () => `BREW / HTTP/1.1\r\n${host}\r\n`,
  () => `POST /v1/submissions HTTP/1.1\r\n${host}Content-Type: application/jose\r\nContent-Length: -1\r\n\r\n`,
  () => `POST /v1/submissions HTTP/1.1\r\n${host}Content-Type: application/jose\r\nContent-Length: 3\r\n\r\na.b`,
  () => `POST /v1/checks HTTP/1.1\r\n${host}Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
  () => `POST /v1/checks HTTP/1.1\r\n${host}Content-Type: text/csv\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\nkvk\n12345`,
  () => `POST /report HTTP/1.1\r\n${host}Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9\r\n\r\n--x\r\n--x-`,
  () => `GET /?q=${encodeURIComponent('\u202e%_\'"'.repeat(50))} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
];

test('a flood of bad requests is refused, and disturbs nobody', async () => {
  const statuses = new Set();
  const one = async (i) => {
    const socket = await connect(crowd(i), bad[i % bad.length]());
    let text = '';
    socket.on('data', (piece) => (text += piece.toString('latin1')));
    await Promise.race([socket.isCut, wait(200)]);
    socket.destroy();
    for (const [, status] of text.matchAll(/^HTTP\/1\.[01] (\d+)/gm)) statuses.add(Number(status));
  };
  for (let i = 0; i < FLOOD; i += 150) await Promise.all([...Array.from({ length: 150 }, (_, j) => one(i + j)), lookUp(2)]);
  for (const status of [400, 404, 405]) assert.ok(statuses.has(status), [...statuses].join());
  for (const status of statuses) assert.ok(status < 500 || status === 503 || status === 505, [...statuses].join());
  assert.doesNotMatch(registry.server.log.text, / fault /);
});

test('who is refused for a while is told for how long', async () => {
  const list = Array.from({ length: 450 }, (_, i) => String(90000000 + i)).join('\n');
  const all = await ask('/v1/checks', { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: `kvk\n${list}\n` });
  assert.equal(all.status, 200); // a list as long as they come is none of that
  const refused = [];
  for (let i = 0; i < 70 && refused.length === 0; i++) {
    const answer = await ask('/v1/checks', { method: 'POST', from: '127.0.0.7', headers: { 'Content-Type': 'text/csv' },
      body: `kvk\n${office.providers[0]}\n` });
    if (answer.status !== 200) refused.push(answer);
  }
  assert.equal(refused[0]?.status, 429);
  assert.ok(Number(refused[0].headers['retry-after']) >= 1);
  process.kill(registry.server.part('signer'), 'SIGKILL');
  const unsigned = await ask('/v1/checks', { method: 'POST', headers: { 'Content-Type': 'text/csv' },
    body: `kvk\n${office.providers[0]}\n` });
  assert.equal(unsigned.status, 503);
  assert.ok(Number(unsigned.headers['retry-after']) >= 1);
});

// Memory that is the process's own, in KiB.
const memoryOf = (name) => Number(fs.readFileSync(`/proc/${registry.server.part(name)}/status`, 'utf8').match(/^RssAnon:\s+(\d+)/m)[1]);

test(`through ${REQUESTS} requests look-ups are answered, and memory stays flat`, async (t) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const targets = [`/m/${mark}`, `/m/${mark}.svg`, `/m/${mark}.json`, `/m/${mark}/status.jwt`, '/', '/log/checkpoint',
    '/.well-known/jwks.json', `/m/${mark}?lang=en`, '/m/KM-0000-0000', '/status/revocation/1'];
  const counts = {};
  let next = 0;
  const ending = async (until) => {
    const worker = async () => {
      while (next < until) {
        const i = next++;
        const target = i % 100 === 99 ? `/?q=voorbeeld${i}` : i % 50 === 49 ? `/m/${mark}.png?w=${i}` : targets[i % targets.length];
        const answer = await ask(target, { agent: i % 7 ? agent : false, from: i % 7 ? undefined : crowd(i) });
        counts[answer.status] = (counts[answer.status] ?? 0) + 1;
        if (answer.status === 429) assert.ok(Number(answer.headers['retry-after']) >= 1);
        else assert.ok(answer.status < 500, `${answer.status} for ${target}`);
        if (target.startsWith(`/m/${mark}`) && answer.status !== 429) assert.ok(answer.status < 400, `${answer.status} for ${target}`);
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
  };
  await ending(Math.floor(REQUESTS / 3)); // what is kept ready, and each thread's own, is there by now
  const before = { server: memoryOf('server'), signer: memoryOf('signer') };
  await ending(REQUESTS);
  const after = { server: memoryOf('server'), signer: memoryOf('signer') };
  agent.destroy();
  t.diagnostic(`answers by status: ${JSON.stringify(counts)}; memory in KiB: ${JSON.stringify({ before, after })}`);
  if (sanitized) return;
  for (const name of ['server', 'signer'])
    assert.ok(after[name] - before[name] < GROWTH_MAX_KIB, `${name}: from ${before[name]} to ${after[name]} KiB`);
});
