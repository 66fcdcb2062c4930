// The processes of a registry in earnest: the keeper, the server and the signer. What each has in its memory, what it may
// do, and what happens when one of them dies.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { find, line, mayRead } from './memory.mjs';
import { Office } from './office.mjs';
import { Registry } from './registry.mjs';

const PASSPHRASE = 'een heel lang geheim dat nergens anders staat';
const sanitized = process.env.ASAN_OPTIONS !== undefined || /asan/.test(process.env.KEURMERK ?? '');

let registry, office, mark, server, keeper;

before(async () => {
  registry = await Registry.make(0);
  const phrase = registry.path('phrase');
  fs.writeFileSync(phrase, `${PASSPHRASE}\n`, { mode: 0o600 });
  const locked = ['--passphrase-file', phrase];
  office = await Office.open(registry, 1, { init: locked, serving: locked });
  mark = await office.grant(office.providers[0]);
  keeper = registry.server.child.pid;
  server = registry.server.part('server');
});
after(() => registry.done());

const get = async (path) => (await registry.fetch(path)).status;

function signer() {
  const pid = registry.server.part('signer');
  assert.ok(pid, 'there is a signer');
  return pid;
}

// Each private key in the forms in which it could lie about.
function secrets() {
  const folder = registry.path('home', 'keys');
  const seeds = {}, others = { passphrase: PASSPHRASE };
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.pem'))) {
    const key = crypto.createPrivateKey({ key: fs.readFileSync(`${folder}/${file}`), passphrase: PASSPHRASE });
    const seed = Buffer.from(key.export({ format: 'jwk' }).d, 'base64url');
    const der = key.export({ format: 'der', type: 'pkcs8' });
    const purpose = file.split('-')[0];
    seeds[purpose] = seed;
    others[`${purpose} in PEM`] = der.toString('base64').slice(24);
    others[`${purpose} in base64`] = seed.toString('base64').slice(0, 42);
    others[`${purpose} in base64url`] = seed.toString('base64url').slice(0, 42);
    others[`${purpose} in hex`] = seed.toString('hex');
  }
  return { seeds, others };
}

test('in all the memory of the server, and of the keeper, there is no private key and no passphrase', async (t) => {
  if (sanitized) return t.skip('a sanitizer takes more memory than can be gone through');
  if (!mayRead) return t.skip('only root may read the memory of others');
  for (const path of ['/', `/m/${mark}`, `/m/${mark}/status.jwt`, '/status/revocation/1', '/.well-known/jwks.json'])
    assert.equal(await get(path), 200, path);
  const { seeds, others } = secrets();
  assert.equal(Object.keys(seeds).length, 4);
  assert.deepEqual(find(server, { ...seeds, ...others }), []);
  assert.deepEqual(find(keeper, { ...seeds, ...others }), []);
  // The twins, which show that this search finds what is there: the server has its address, the signer has the keys.
  assert.deepEqual(find(server, { address: registry.url }), ['address']);
  assert.deepEqual(find(signer(), seeds), Object.keys(seeds).sort());
  assert.deepEqual(find(signer(), { passphrase: PASSPHRASE }), []); // it opened them, and has forgotten it
});

test('the signer itself writes down what it signed', async () => {
  const served = {
    credential: (await (await registry.fetch(`/m/${mark}.jwt`)).text()).trim(),
    status: (await (await registry.fetch(`/m/${mark}/status.jwt`)).text()).trim(),
    checkpoint: await (await registry.fetch('/log/checkpoint')).text(),
  };
  for (const [kind, text] of Object.entries(served)) {
    const digest = crypto.createHash('sha256').update(text).digest('hex');
    assert.ok(registry.server.log.text.includes(` note signed ${kind}, SHA-256 ${digest}\n`), kind);
  }
});

test('the signer may do nothing but sign', () => {
  const pid = signer();
  assert.equal(line(pid, 'Seccomp'), '2');
  assert.equal(line(pid, 'NoNewPrivs'), '1');
  assert.match(fs.readFileSync(`/proc/${pid}/limits`, 'utf8'), /Max core file size +0 +0/);
});

test('neither server nor keeper gains rights, writes a core dump, or is to be looked into by its equals', (t) => {
  if (sanitized) return t.skip('built with sanitizers, which look into it themselves');
  for (const pid of [server, keeper]) {
    assert.equal(line(pid, 'NoNewPrivs'), '1');
    assert.equal(line(pid, 'Seccomp'), '2');
    assert.match(fs.readFileSync(`/proc/${pid}/limits`, 'utf8'), /Max core file size +0 +0/);
    assert.equal(fs.statSync(`/proc/${pid}/environ`).uid, 0); // what cannot be dumped is root's, whoever runs it
  }
});

// What a process has open: names of files, and kinds of sockets.
const openOf = (pid) => fs.readdirSync(`/proc/${pid}/fd`).map((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`));

test('the keeper listens nowhere, and has neither the register nor a key open', () => {
  const listening = new Set(fs.readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1).map((row) => row.trim().split(/ +/))
    .filter((fields) => fields[3] === '0A').map((fields) => `socket:[${fields[9]}]`));
  const open = openOf(keeper);
  assert.deepEqual(open.filter((name) => listening.has(name) || name.startsWith(registry.folder)), []);
  // The twin: of the server it is seen.
  assert.ok(openOf(server).some((name) => listening.has(name)));
  assert.ok(openOf(server).some((name) => name.endsWith('register.db')));
  assert.ok(!openOf(server).some((name) => name.includes('/keys/')));
});

test('fenced in, the server still finds the letters for a badge, and bears the longest list', async () => {
  await office.must('badge', mark, '--width', '600', '-o', registry.path('own.png'));
  const served = Buffer.from(await (await registry.fetch(`/m/${mark}.png?lang=nl`)).arrayBuffer());
  assert.ok(served.equals(fs.readFileSync(registry.path('own.png'))), 'as the command line draws it');
  const list = `name;kvk\n${Array.from({ length: 10000 }, (_, i) => `Voorbeeld ${i};${10000000 + 7 * i}\n`).join('')}`;
  const form = new FormData();
  form.append('list', list);
  const page = await fetch(`${registry.url}/check`, { method: 'POST', body: form });
  assert.equal(page.status, 200);
  assert.match(await page.text(), /watch\.atom/);
  assert.equal(registry.server.part('server'), server, 'it is the same process');
});

test('when the signer dies, what is signed is served, what is to be signed waits, and it comes back', async () => {
  const first = signer();
  process.kill(first, 'SIGKILL');
  // A receipt is always signed anew; a list counts for ten of what one visitor may ask in a minute.
  const check = async () => (await registry.post('/v1/checks', `kvk\n${office.providers[0]}\n`, 'text/csv')).status;
  const answers = [await check()];
  assert.equal(answers[0], 503);
  for (const path of [`/m/${mark}.jwt`, `/m/${mark}.json`, `/m/${mark}.svg`, `/m/${mark}.tlog-proof`, '/log/checkpoint',
    '/.well-known/jwks.json', '/.well-known/did.json', '/healthz'])
    assert.equal(await get(path), 200, path);
  for (const end = Date.now() + 20000; answers.at(-1) !== 200 && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    answers.push(await check());
  }
  assert.equal(answers.at(-1), 200, 'it signs again');
  assert.ok(answers.slice(0, -1).every((status) => status === 503), answers.join());
  assert.notEqual(signer(), first);
  assert.equal((await office.use('verify', mark, '--registry', registry.url)).status, 0);
});

test('nobody has the signer started anew without end', async () => {
  // Whoever got into the server would have thousands signed by each of them. A key set that is another has a new one
  // started at once.
  const other = await Registry.make(0);
  try {
    const quick = await Office.open(other, 1); // with no passphrase, which would take a second each time
    const keyset = other.path('home', 'keys', 'published', 'keys.json');
    const started = new Set();
    let answer;
    for (let i = 0; i < 25 && answer?.status !== 503; i++) {
      fs.utimesSync(keyset, 1e9 + i, 1e9 + i);
      answer = await other.post('/v1/checks', `kvk\n${quick.providers[0]}\n`, 'text/csv'); // the receipt is signed
      if (answer.status === 200) started.add(other.server.part('signer'));
    }
    assert.equal(answer.status, 503);
    assert.ok(started.size > 10 && started.size <= 20, `${started.size}`);
  } finally {
    await other.done();
  }
});

// Gone, with all that it had.
const isGone = async (pid) => {
  for (const end = Date.now() + 10000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20)))
    if (!fs.existsSync(`/proc/${pid}`) || /\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))) return true;
  return false;
};

test('when the server dies, all ends with a failure, and can be started anew at once', async () => {
  await registry.server.stop();
  await office.serve();
  const parts = [registry.server.part('server'), signer()];
  process.kill(parts[0], 'SIGKILL');
  assert.deepEqual(await registry.server.ended, { status: 1, signal: null });
  assert.match(registry.server.log.text, /the server was ended by signal 9/);
  for (const pid of parts) assert.ok(await isGone(pid));
  await office.serve();
  assert.equal(await get(`/m/${mark}`), 200);
});

test('when the keeper dies, so do the others', async () => {
  const parts = [registry.server.part('server'), signer(), registry.server.part('domain')];
  assert.deepEqual(await registry.server.stop('SIGKILL'), { status: null, signal: 'SIGKILL' });
  for (const pid of parts) assert.ok(await isGone(pid), `${pid}`);
  await office.serve();
  assert.equal(await get(`/m/${mark}`), 200);
});

test('at the end nothing is left beside the register', async () => {
  assert.deepEqual(await registry.server.stop(), { status: 0, signal: null });
  assert.deepEqual(fs.readdirSync(registry.path('home')).sort(), ['keys', 'register.db']);
});
