// The signer's process, beside the server in earnest: what each has in its memory, what the signer may do, and what is
// still served when it is gone.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { find, line, mayRead, signerOf } from './memory.mjs';
import { Office } from './office.mjs';
import { Registry } from './registry.mjs';

const PASSPHRASE = 'een heel lang geheim dat nergens anders staat';
const sanitized = process.env.ASAN_OPTIONS !== undefined || /asan/.test(process.env.KEURMERK ?? '');

let registry, office, mark, server;

before(async () => {
  registry = await Registry.make(0);
  const phrase = registry.path('phrase');
  fs.writeFileSync(phrase, `${PASSPHRASE}\n`, { mode: 0o600 });
  const locked = ['--passphrase-file', phrase];
  office = await Office.open(registry, 1, { init: locked, serving: locked });
  mark = await office.grant(office.providers[0]);
  server = registry.server.child.pid;
});
after(() => registry.done());

const get = async (path) => (await registry.fetch(path)).status;

const signer = () => signerOf(server);

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

test('in all the memory of the server there is no private key and no passphrase', async (t) => {
  if (sanitized) return t.skip('a sanitizer takes more memory than can be gone through');
  if (!mayRead) return t.skip('only root may read the memory of others');
  for (const path of ['/', `/m/${mark}`, `/m/${mark}/status.jwt`, '/status/revocation/1', '/.well-known/jwks.json'])
    assert.equal(await get(path), 200, path);
  const { seeds, others } = secrets();
  assert.equal(Object.keys(seeds).length, 4);
  assert.deepEqual(find(server, { ...seeds, ...others }), []);
  // The twins, which show that this search finds what is there: the server has its address, the signer has the keys.
  assert.deepEqual(find(server, { address: registry.url }), ['address']);
  assert.deepEqual(find(signer(), seeds), Object.keys(seeds).sort());
  assert.deepEqual(find(signer(), { passphrase: PASSPHRASE }), []); // it opened them, and has forgotten it
});

test('the signer may do nothing but sign', () => {
  const pid = signer();
  assert.equal(line(pid, 'Seccomp'), '2');
  assert.equal(line(pid, 'NoNewPrivs'), '1');
  assert.match(fs.readFileSync(`/proc/${pid}/limits`, 'utf8'), /Max core file size +0 +0/);
});

test('the server gains no rights, writes no core dump, and is not to be looked into by its equals', (t) => {
  if (sanitized) return t.skip('built with sanitizers, which look into it themselves');
  assert.equal(line(server, 'NoNewPrivs'), '1');
  assert.equal(line(server, 'Seccomp'), '2');
  assert.match(fs.readFileSync(`/proc/${server}/limits`, 'utf8'), /Max core file size +0 +0/);
  assert.equal(fs.statSync(`/proc/${server}/environ`).uid, 0); // what cannot be dumped is root's, whoever runs it
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
