// The server is killed, again and again, in the middle of its work. What it said is done, is done; nothing is half done;
// and no checkpoint that it ever served contradicts a later one.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';

import { allRoots, openCheckpoint, readEntries } from './log_reader.mjs';
import { Office } from './office.mjs';
import { Registry } from './registry.mjs';

const ROUNDS = Number(process.env.KEURMERK_KILL_ROUNDS ?? 50);
const CLIENTS = 8;
const DECISIONS = 1000;

let registry, office;
const clients = []; // { mark, step, pending }
const acknowledged = new Set();
const checkpoints = new Set();

const now = () => Math.floor(Date.now() / 1000);

before(async () => {
  registry = await Registry.make(now());
  office = await Office.open(registry, CLIENTS);
  for (const kvk of office.providers) clients.push({ mark: await office.grant(kvk), step: 0, pending: null });
});
after(() => registry.done());

const text = { nl: 'Voorbeeld.', en: 'Sample.' };
const steps = [
  (mark) => ({ action: 'notice', mark, reason: 'sample', text }),
  (mark) => ({ action: 'suspend', mark, reason: 'sample', text }),
  (mark) => ({ action: 'reinstate', mark, reason: 'sample' }),
  (mark) => ({ action: 'notice-end', mark }),
];

// Decides on one mark, over and over, until the server is gone. What was sent and not answered is sent again, the very
// same bytes, when it is back.
async function work(client, stop) {
  while (!stop.now) {
    client.pending ??= office.compose(office.decider, { type: 'decision', decision: steps[client.step % steps.length](client.mark) });
    let answer, reply;
    try {
      answer = await registry.post('/v1/submissions', client.pending);
      reply = await answer.json();
    } catch {
      return; // killed
    }
    if (answer.status === 503) continue;
    assert.ok(answer.status === 201 || answer.status === 200, `${answer.status} ${JSON.stringify(reply)}`);
    acknowledged.add(reply.id);
    client.pending = null;
    client.step++;
  }
}

async function watch(stop) {
  while (!stop.now) {
    try {
      const answer = await registry.fetch('/log/checkpoint');
      if (answer.status === 200) checkpoints.add(await answer.text());
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('the server is killed at random moments while eight clients decide', async () => {
  for (let round = 0; round < ROUNDS || acknowledged.size < DECISIONS; round++) {
    const stop = { now: false };
    const busy = [...clients.map((client) => work(client, stop)), watch(stop)];
    await new Promise((resolve) => setTimeout(resolve, crypto.randomInt(20, 300)));
    // The process that answers, or the one that keeps it: the other ends too.
    if (round % 2) assert.equal((await registry.server.stop('SIGKILL')).signal, 'SIGKILL', 'it ended by itself');
    else {
      process.kill(registry.server.part('server'), 'SIGKILL');
      assert.equal((await registry.server.ended).status, 1);
      assert.match(registry.server.log.text, /the server was ended by signal 9/, 'it ended by itself');
    }
    stop.now = true;
    await Promise.all(busy);
    await office.serve();
  }
  const stop = { now: false }; // what was not answered yet
  const busy = clients.filter(({ pending }) => pending).map((client) => work(client, stop));
  await new Promise((resolve) => setTimeout(resolve, 200));
  stop.now = true;
  await Promise.all(busy);
  assert.ok(acknowledged.size >= DECISIONS, `${acknowledged.size}`);
});

let entries;

test('every submission that was acknowledged is in the log, once', async () => {
  const jwks = await (await registry.fetch('/.well-known/jwks.json')).json();
  const key = Buffer.from(jwks.keys.find((each) => each['keurmerk:purpose'] === 'log').x, 'base64url');
  const note = await (await registry.fetch('/log/checkpoint')).text();
  checkpoints.add(note);
  const { size } = openCheckpoint(note, key);
  entries = await readEntries(size, async (path) => Buffer.from(await (await registry.fetch(`/log/${path}`)).arrayBuffer()));
  const logged = new Map();
  for (const entry of entries) {
    const { submission } = JSON.parse(entry);
    if (submission) logged.set(submission, (logged.get(submission) ?? 0) + 1);
  }
  for (const id of acknowledged) assert.equal(logged.get(id), 1, id);
});

test('every checkpoint ever served fits every other', async () => {
  const jwks = await (await registry.fetch('/.well-known/jwks.json')).json();
  const key = Buffer.from(jwks.keys.find((each) => each['keurmerk:purpose'] === 'log').x, 'base64url');
  const roots = allRoots(entries);
  assert.ok(checkpoints.size > ROUNDS, `${checkpoints.size}`);
  for (const note of checkpoints) {
    const { origin, size, root } = openCheckpoint(note, key);
    assert.equal(origin, `${registry.url.replace(/^http:\/\//, '')}/log`);
    assert.equal(root, roots[size], `of size ${size}`);
  }
});

test('nothing is half done: the register agrees with all that people signed', async () => {
  await registry.server.stop();
  await office.must('fsck');
});
