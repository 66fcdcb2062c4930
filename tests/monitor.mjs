// `keurmerk log check URL`: what a monitor notices of a registry that tells it other things than it told before, or shows
// the public other things than its log says. Between the two stands a server that changes answers.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { Office } from './office.mjs';
import { freePort, program, Registry, run } from './registry.mjs';

let registry, office, middle, marks;
let change = {}; // what the public gets at these addresses, made from what the registry says

before(async () => {
  registry = await Registry.make(Math.floor(Date.now() / 1000));
  const listen = `127.0.0.1:${await freePort()}`;
  office = await Office.open(registry, 4, { listen });
  marks = [await office.grant(office.providers[0]), await office.grant(office.providers[1])];
  middle = http.createServer(async (request, response) => {
    const answer = await fetch(`http://${listen}${request.url}`);
    let body = Buffer.from(await answer.arrayBuffer());
    if (answer.ok && change[request.url]) body = change[request.url](body);
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') });
    response.end(body);
  });
  await new Promise((resolve) => middle.listen(registry.port, '127.0.0.1', resolve));
});
after(async () => {
  middle.closeAllConnections();
  middle.close();
  await registry.done();
});

const state = () => registry.path('seen.json');
const check = () =>
  run(program, ['log', 'check', registry.url, '--state', state()], { env: registry.env, cwd: registry.folder });

async function fails(status, pattern, changes) {
  const remembered = fs.existsSync(state()) ? fs.readFileSync(state(), 'utf8') : null;
  change = changes;
  const result = await check();
  change = {};
  assert.equal(result.status, status, result.stdout + result.stderr);
  assert.match(result.stdout + result.stderr, pattern);
  return { ...result, same: fs.existsSync(state()) && fs.readFileSync(state(), 'utf8') === remembered };
}

async function agrees(pattern) {
  const { status, stdout, stderr } = await check();
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, pattern);
}

const json = (edit) => (body) => {
  const object = JSON.parse(body);
  edit(object);
  return Buffer.from(JSON.stringify(object));
};

test('the first visit reads all of the log, and finds log and register agreed', async () => {
  await agrees(/this was the first visit/);
  await agrees(/, 0 more than at the last visit; nothing that was in it has changed/);
});

test('a memory that was damaged is told, and nothing is made of it', async () => {
  const remembered = fs.readFileSync(state(), 'utf8');
  for (const edge of [undefined, 'x', 5, [5], ['x'], [], Array(64).fill('0'.repeat(64))]) {
    fs.writeFileSync(state(), JSON.stringify({ ...JSON.parse(remembered), edge }));
    const { status, stdout, stderr } = await check();
    assert.ok([1, 2, 3].includes(status), `${JSON.stringify(edge)}: ${status}: ${stdout}${stderr}`);
    assert.match(stdout + stderr, /edge/);
  }
  fs.writeFileSync(state(), remembered);
});

// As a log has it whose entry lacks members, or has others in their place: what is in it is the registry's affair.
test('an event without an action or a moment is a difference, and not the end of the monitor', async () => {
  const remembered = fs.readFileSync(state(), 'utf8');
  for (const line of [[null, null, null, null], [1, 2, 3, 4], [], ['grant', null, null, 'active'], 'x']) {
    const seen = JSON.parse(remembered);
    seen.marks[marks[0]].push(line);
    fs.writeFileSync(state(), JSON.stringify(seen));
    const { status, stdout, stderr } = await check();
    assert.equal(status, 1, `${JSON.stringify(line)}: ${status}: ${stdout}${stderr}`);
    assert.match(stdout, /Difference: mark/);
  }
  fs.writeFileSync(state(), remembered);
});

test('a later visit reads on', async () => {
  await office.decide({ action: 'suspend', mark: marks[1], reason: 'sample', text: { nl: 'Uitleg.', en: 'Why.' } });
  marks.push(await office.grant(office.providers[2]));
  await agrees(/3 marks were held against the register: 0 differences/);
});

test('a register that says another state than the log is noticed', async () => {
  const { stdout } = await fails(1, /the register says active, the log suspended/, {
    [`/m/${marks[1]}.json`]: json((mark) => {
      mark.state = 'active';
      mark.state_since = '2020-01-01T00:00:00Z';
    }),
  });
  assert.match(stdout, /1 differences/);
});

test('a history with an event taken out, or put in, is noticed', async () => {
  await fails(1, /the log says "suspend" at .*, which the register does not show/, {
    [`/m/${marks[1]}.json`]: json((mark) => mark.events.shift()),
  });
  await fails(1, /the register shows "renew" at 2020-01-01T00:00:00Z, of which the log knows nothing/, {
    [`/m/${marks[0]}.json`]: json((mark) => mark.events.push({ ...mark.events[0], action: 'renew', at: '2020-01-01T00:00:00Z' })),
  });
});

test('what is decided ahead, with a notice until then, is no difference', async () => {
  const mark = await office.grant(office.providers[3]);
  const text = { nl: 'Uitleg.', en: 'Why.' };
  const from = new Date(Math.floor(Date.now() / 1000 + 3) * 1000).toISOString().replace('.000', '');
  await office.decide({ action: 'withdraw', mark, reason: 'sample', text, holds_from: from });
  await office.decide({ action: 'notice', mark, reason: 'sample', text });
  await new Promise((resolve) => setTimeout(resolve, Date.parse(from) - Date.now() + 1000));
  change = { [`/m/${mark}.json`]: json((shown) => (shown.state_since = '2020-01-01T00:00:00Z')) }; // long ago
  await agrees(/: 0 differences/);
  // Its twin: a register that goes on as if nothing had been decided.
  await fails(1, /the register says active, the log withdrawn/, {
    [`/m/${mark}.json`]: json((shown) => Object.assign(shown, { state: 'active', state_since: '2020-01-01T00:00:00Z' })),
  });
  await fails(1, /the log says "withdraw" at .*, which the register does not show/, {
    [`/m/${mark}.json`]: json((shown) => (shown.events = shown.events.filter(({ action }) => action !== 'withdraw'))),
  });
});

test('a mark that the log knows nothing of is noticed', async () => {
  await fails(1, /mark 7K3Q9XM24HTT is in the register and not in the log/, {
    '/register.jsonl': (body) => Buffer.concat([body, Buffer.from('{"number":"7K3Q9XM24HTT"}\n')]),
  });
});

test('a log from which something was taken is noticed, and the memory kept as evidence', async () => {
  const seen = JSON.parse(fs.readFileSync(state(), 'utf8'));
  fs.writeFileSync(state(), JSON.stringify({ ...seen, size: seen.size + 1, edge: edgeOf(seen.size + 1) }));
  const { same } = await fails(1, /what was in it has been taken out/, {});
  assert.ok(same);
  fs.writeFileSync(state(), JSON.stringify(seen));
});

// As many hashes as there are 1 bits.
const edgeOf = (size) => Array.from({ length: [...size.toString(2)].filter((bit) => bit === '1').length }, () => '0'.repeat(64));

test('a log that was rewritten is noticed', async () => {
  const seen = JSON.parse(fs.readFileSync(state(), 'utf8'));
  fs.writeFileSync(state(), JSON.stringify({ ...seen, edge: edgeOf(seen.size) }));
  const { same } = await fails(1, /the log was rewritten/, {});
  assert.ok(same);
  fs.writeFileSync(state(), JSON.stringify(seen));
});

test('an entry changed on its way, and a checkpoint that is not signed, are noticed', async () => {
  const seen = JSON.parse(fs.readFileSync(state(), 'utf8'));
  fs.rmSync(state());
  const width = seen.size % 256;
  await fails(1, /the log was rewritten/, {
    [`/log/tile/entries/000.p/${width}`]: (body) => {
      const copy = Buffer.from(body);
      copy[40] ^= 1;
      return copy;
    },
  });
  await fails(1, /signature|signed/, {
    '/log/checkpoint': (body) => Buffer.from(String(body).replace(/\n[0-9]+\n/, '\n1\n')),
  });
  assert.ok(!fs.existsSync(state()), 'nothing is remembered of a log that does not hold');
  fs.writeFileSync(state(), JSON.stringify(seen));
  await agrees(/0 differences/);
});

test('another key for the log is noticed', async () => {
  const keys = json((set) => {
    for (const key of set.keys) if (key['keurmerk:purpose'] === 'log') key['keurmerk:purpose'] = 'receipt';
  });
  const { same } = await fails(1, /no longer publishes the key/, { '/.well-known/jwks.json': keys });
  assert.ok(same);
});

test('a registry that does not answer is “cannot tell”, never “agreed”', async () => {
  middle.closeAllConnections();
  await new Promise((resolve) => middle.close(resolve));
  await fails(3, /Cannot tell/, {});
});
