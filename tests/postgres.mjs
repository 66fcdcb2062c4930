// A register in PostgreSQL, on a real server that is started here: what tests of registry/ promise, the main job, and
// two servers of one registry of which one is killed, again and again, in the middle of its work.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { after, test } from 'node:test';

import { allRoots, openCheckpoint, readEntries } from './log_reader.mjs';
import { Office } from './office.mjs';
import { ask, havePostgres, Postgres } from './postgres_server.mjs';
import { freePort, Process, program, Registry, run } from './registry.mjs';

const PROGRAMS = ['provider', 'person', 'decision', 'submission', 'search', 'record', 'lapse_record',
  'log_checkpoint'];
const CLIENTS = 6;
const ROUNDS = Number(process.env.KEURMERK_KILL_ROUNDS ?? 12);
const DECISIONS = 150;

async function canDo() {
  if (!havePostgres()) return false;
  const nowhere = ['init', '--home', '/nonexistent/keurmerk', '--url', 'http://127.0.0.1:1', '--database', 'postgresql://'];
  return !/without PostgreSQL/.test((await run(program, nowhere)).stderr);
}

// The same registry on another machine: its keys, the address of its register, and no more.
async function secondServer(registry, clock = []) {
  const folder = registry.path('elsewhere');
  fs.cpSync(registry.path('home'), folder, { recursive: true });
  const port = await freePort();
  const second = { url: `http://127.0.0.1:${port}` };
  second.serve = async () => {
    second.server = new Process(['serve', '--listen', `127.0.0.1:${port}`, ...clock],
      { ...registry.env, KEURMERK_HOME: folder });
    await second.server.out.says(/is served at/);
  };
  await second.serve();
  return second;
}

const text = { nl: 'Voorbeeld.', en: 'Sample.' };
const steps = [
  (mark) => ({ action: 'notice', mark, reason: 'sample', text }),
  (mark) => ({ action: 'suspend', mark, reason: 'sample', text }),
  (mark) => ({ action: 'reinstate', mark, reason: 'sample' }),
  (mark) => ({ action: 'notice-end', mark }),
];

async function until(what, condition) {
  for (let waited = 0; !(await condition()); waited += 50) {
    assert.ok(waited < 20000, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function tests(postgres) {
  after(() => postgres.done());

  for (const name of PROGRAMS) {
    test(`with the register in PostgreSQL: test_${name}`, async () => {
      const { status, stdout, stderr } = await run(`tests/test_${name}`, [], { env: process.env });
      assert.equal(status, 0, stdout + stderr);
    });
  }

  test('two servers of one registry, of which one is killed', async (t) => {
    const registry = await Registry.make(Math.floor(Date.now() / 1000));
    const office = await Office.open(registry, CLIENTS);
    const second = await secondServer(registry);
    const servers = [{ url: registry.url, get server() { return registry.server; }, serve: () => office.serve() }, second];
    const acknowledged = new Set(), checkpoints = new Set();
    const clients = [];
    for (const kvk of office.providers) clients.push({ mark: await office.grant(kvk), step: 0, pending: null });
    after(async () => {
      await second.server.stop();
      await registry.done();
    });

    // Decides on one mark, over and over. What was sent and not answered is sent again, the very same bytes, to the
    // other server.
    const work = async (client, stop) => {
      for (let at = clients.indexOf(client); !stop.now; ) {
        client.pending ??= office.compose(office.decider,
          { type: 'decision', decision: steps[client.step % steps.length](client.mark) });
        let answer, reply;
        try {
          answer = await fetch(`${servers[at % 2].url}/v1/submissions`,
            { method: 'POST', body: client.pending, headers: { 'Content-Type': 'application/jose' } });
          reply = await answer.json();
        } catch {
          at++; // killed
          await new Promise((resolve) => setTimeout(resolve, 5));
          continue;
        }
        if (answer.status === 503) continue;
        assert.ok(answer.status === 201 || answer.status === 200, `${answer.status} ${JSON.stringify(reply)}`);
        acknowledged.add(reply.id);
        client.pending = null;
        client.step++;
      }
    };
    const watch = async (stop) => {
      for (let at = 0; !stop.now; at++) {
        try {
          const answer = await fetch(`${servers[at % 2].url}/log/checkpoint`);
          if (answer.status === 200) checkpoints.add(await answer.text());
        } catch { /* killed */ }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };

    await t.test('one goes on while the other is gone', async () => {
      const stop = { now: false };
      const busy = [...clients.map((client) => work(client, stop)), watch(stop)];
      for (let round = 0; round < ROUNDS || acknowledged.size < DECISIONS; round++) {
        await new Promise((resolve) => setTimeout(resolve, crypto.randomInt(20, 300)));
        const killed = servers[round % 2], done = acknowledged.size;
        assert.equal((await killed.server.stop('SIGKILL')).signal, 'SIGKILL', 'it ended by itself');
        await until('the other one goes on', () => acknowledged.size >= done + 2);
        await killed.serve();
      }
      stop.now = true;
      await Promise.all(busy);
      const last = { now: false }; // what was not answered yet
      const rest = clients.filter(({ pending }) => pending).map((client) => work(client, last));
      last.now = true;
      await Promise.all(rest);
    });

    await t.test('every submission that was acknowledged is in the log, once, and all checkpoints fit', async () => {
      const jwks = await (await registry.fetch('/.well-known/jwks.json')).json();
      const key = Buffer.from(jwks.keys.find((each) => each['keurmerk:purpose'] === 'log').x, 'base64url');
      const note = await (await fetch(`${second.url}/log/checkpoint`)).text();
      const { size } = openCheckpoint(note, key);
      const entries = await readEntries(size,
        async (path) => Buffer.from(await (await registry.fetch(`/log/${path}`)).arrayBuffer()));
      const logged = new Map();
      for (const entry of entries) {
        const { submission } = JSON.parse(entry);
        if (submission) logged.set(submission, (logged.get(submission) ?? 0) + 1);
      }
      for (const id of acknowledged) assert.equal(logged.get(id), 1, id);
      const roots = allRoots(entries);
      assert.ok(checkpoints.size > ROUNDS, `${checkpoints.size}`);
      for (const each of checkpoints) {
        const checkpoint = openCheckpoint(each, key);
        assert.equal(checkpoint.root, roots[checkpoint.size], `of size ${checkpoint.size}`);
      }
    });

    await t.test('what one server decides, the other shows at once', async () => {
      const { mark } = clients[0];
      await fetch(`${second.url}/v1/marks/${mark}`); // it has it ready
      const before = await (await fetch(`${second.url}/v1/marks/${mark}`)).json();
      await office.decide({ action: 'withdraw', mark, reason: 'sample', text });
      const there = await (await fetch(`${second.url}/v1/marks/${mark}`)).json();
      assert.notEqual(before.state, 'withdrawn');
      assert.equal(there.state, 'withdrawn');
    });

    await t.test('a database that is killed and comes back is found again, by servers that nobody started anew', async () => {
      const state = () => fetch(`${registry.url}/v1/marks?q=90000001`).then((answer) => answer.status);
      assert.equal(await state(), 200);
      postgres.end('immediate');
      assert.equal(await state(), 503, registry.server.log.text);
      postgres.begin();
      await until('it answers', async () => (await state()) === 200);
      await office.decide({ action: 'notice', mark: clients[1].mark, reason: 'sample', text });
    });

    await t.test('nothing is half done: the register agrees with all that people signed', () => office.must('fsck'));
    await t.test('a backup says what to use instead', async () => {
      const { status, stderr } = await office.use('backup', registry.path('copy'));
      assert.equal(status, 1);
      assert.match(stderr, /pg_dump/);
    });
  });

  test('what time does is written down by the server that is left', async () => {
    const registry = await Registry.make(Math.floor(Date.now() / 1000));
    const office = await Office.open(registry, 1, { clocked: true });
    const second = await secondServer(registry, office.clock);
    after(async () => {
      await second.server.stop();
      await registry.done();
    });
    const lapses = () => ask(registry.database, 'SELECT count(*) FROM keurmerk.event WHERE decision_id IS NULL');
    await office.grant(office.providers[0]);
    registry.now += 500 * 86400; // surveillance is overdue
    registry.server.child.kill('SIGHUP');
    second.server.child.kill('SIGHUP');
    await until('a lapse', () => lapses() === '1');
    await registry.server.stop('SIGKILL');
    registry.now += 400 * 86400; // … and the suspension has lasted too long
    second.server.child.kill('SIGHUP');
    await until('the next lapse', () => lapses() === '2');
    assert.equal(lapses(), '2');
    await office.must('fsck');
  });
}

if (await canDo()) {
  tests(Postgres.start());
  await import('./main_job.mjs');
} else {
  test('a register in PostgreSQL', (t) => t.skip('there is no PostgreSQL here, or keurmerk was built without libpq'));
}
