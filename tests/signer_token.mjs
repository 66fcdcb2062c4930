// The registry's keys in a PKCS#11 token, with the signer's process in earnest: a mark from hand to badge, what is in the
// server's memory, a token that goes and comes back, a wrong PIN, and a rotation.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as jose from 'jose';

import { find, line, mayRead } from './memory.mjs';
import { Office } from './office.mjs';
import { Process, Registry, run } from './registry.mjs';
import { bringToken, haveToken, PIN } from './token.mjs';

const sanitized = process.env.ASAN_OPTIONS !== undefined || /asan/.test(process.env.KEURMERK ?? '');
const there = await haveToken();

let registry, token, office, mark, server;

before(async () => {
  if (!there) return;
  registry = await Registry.make(0);
  token = await bringToken(registry);
  office = await Office.open(registry, 2, { init: ['--token', token] });
  mark = await office.grant(office.providers[0]);
  server = registry.server.part('server');
});
after(() => registry?.done());

const given = (name, body) => test(name, there ? body : (t) => t.skip('there is no SoftHSM'));
const keysFolder = () => fs.readdirSync(registry.path('home', 'keys'));

// The one token that is in SoftHSM's folder.
let name;
const takeAway = () => {
  [name] = fs.readdirSync(registry.path('tokens'));
  fs.renameSync(registry.path('tokens', name), registry.path(name));
};
const bringBack = () => fs.renameSync(registry.path(name), registry.path('tokens', name));

// A receipt is always signed anew.
const check = async () => (await registry.post('/v1/checks', `kvk\n${office.providers[0]}\n`, 'text/csv')).status;

// Until it signs again; what it answered on the way.
async function untilItSigns() {
  const answers = [await check()];
  for (const end = Date.now() + 20000; answers.at(-1) !== 200 && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    answers.push(await check());
  }
  return answers;
}

given('no private key is in a file, and the badge is genuine all the same', async () => {
  assert.ok(!keysFolder().some((name) => name.endsWith('.pem')));
  assert.equal(keysFolder().filter((name) => name.endsWith('.uri')).length, 4);
  const badge = registry.write('badge.svg', await (await registry.fetch(`/m/${mark}.svg`)).text());
  for (const thing of [badge, mark])
    assert.equal((await office.use('verify', thing, '--registry', registry.url)).status, 0);
  const token = (await (await registry.fetch(`/m/${mark}.jwt`)).text()).trim();
  const { kid } = jose.decodeProtectedHeader(token);
  await jose.jwtVerify(token, await jose.importJWK(await (await fetch(kid)).json(), 'EdDSA'));
});

given('the PIN is in the memory of neither process, and the signer is fenced in', (t) => {
  const signer = registry.server.part('signer');
  assert.equal(line(signer, 'Seccomp'), '2');
  assert.equal(line(signer, 'NoNewPrivs'), '1');
  if (sanitized) return t.skip('a sanitizer takes more memory than can be gone through');
  if (!mayRead) return t.skip('only root may read the memory of others');
  const needles = { pin: PIN, address: registry.url };
  assert.deepEqual(find(server, needles), ['address']); // the twin shows that this search finds what is there
  assert.deepEqual(find(signer, needles), ['address']);
  assert.ok(!fs.readFileSync(`/proc/${server}/maps`, 'utf8').includes('softhsm'), 'the token is the signer\'s alone');
  assert.ok(fs.readFileSync(`/proc/${signer}/maps`, 'utf8').includes('softhsm'));
});

given('while the token is away, what is to be signed waits, all else is served, and it comes back', async () => {
  takeAway();
  assert.equal(await check(), 503);
  for (const path of [`/m/${mark}`, `/m/${mark}.jwt`, `/m/${mark}.svg`, '/.well-known/jwks.json', '/healthz'])
    assert.equal((await registry.fetch(path)).status, 200, path);
  assert.equal(await check(), 503);
  bringBack();
  const answers = await untilItSigns();
  assert.equal(answers.at(-1), 200, 'it signs again');
  assert.ok(answers.slice(0, -1).every((status) => status === 503), answers.join());
});

given('keurmerk doctor knows where the keys are, and what is wrong with their token', async () => {
  const well = await office.use('doctor', '--offline');
  assert.match(well.stdout, /the key for credential that is current is in its token/);
  assert.doesNotMatch(well.stdout, /BAD +keys/);
  takeAway();
  const away = await office.use('doctor', '--offline');
  bringBack();
  assert.equal(away.status, 1);
  assert.match(away.stdout, /BAD +keys .*no PKCS#11 token/);
});

given('the next keys are made in the token, and sign when it is their time', async () => {
  await office.must('key', 'rotate', '--at', 'now');
  assert.equal(keysFolder().filter((name) => name.endsWith('.uri')).length, 7);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  const second = await office.grant(office.providers[1]);
  const token = (await (await registry.fetch(`/m/${second}.jwt`)).text()).trim();
  const { kid } = jose.decodeProtectedHeader(token);
  const keys = await office.must('key', 'list');
  const current = keys.split('\n').find((text) => /credential +current/.test(text)).split(' ')[0];
  assert.ok(kid.endsWith(`/keys/${current}.jwk`));
  await office.must('key', 'reissue');
  for (const number of [mark, second])
    assert.equal((await office.use('verify', number, '--registry', registry.url)).status, 0);
  assert.ok(registry.server.part('signer'));
});

given('the key of a person can be in a token too, and so can the root', async () => {
  const { code } = await office.must('person', 'invite', '--body', 'vc', '--name', 'Carla', '--role', 'auditor', '--json');
  const uri = (said) => said.match(/^pkcs11:.*$/m)[0];
  const enrolled = await office.use('enrol', registry.url, '--code', code, '--key', token);
  assert.equal(enrolled.status, 0, enrolled.stderr);
  const { kid } = JSON.parse(enrolled.stdout);
  const form = registry.write('form.json', await office.must('scheme', 'form', 'mkb-ict', '--provider', office.providers[1],
    '--service', 'beheer'));
  const audit = JSON.parse(fs.readFileSync(form, 'utf8'));
  const yesterday = new Date(Date.now() - 86400000).toISOString().slice(0, 10);
  Object.assign(audit.audit, { started: yesterday, finished: yesterday, recommendation: 'grant', kind: 'special',
    evidence: [{ name: 'rapport.pdf', sha256: '0'.repeat(64) }] });
  for (const finding of audit.audit.findings) finding.result = 'conform';
  registry.write('form.json', audit);
  const signed = (await office.must('submit', '--key', uri(enrolled.stderr), '--registry', registry.url, '--print', form)).trim();
  assert.equal(jose.decodeProtectedHeader(signed).kid, kid);
  assert.equal((await office.use('submit', '--registry', registry.url, registry.write('signed.jws', signed))).status, 0);
  assert.match((await office.use('submit', '--key', token, '--registry', registry.url, form)).stderr, /names a token, and no key/);

  const made = await office.use('key', 'root', token);
  assert.equal(made.status, 0, made.stderr);
  const root = made.stdout.match(/The root is (\S{43}):/)[1];
  assert.match(await office.must('key', 'root', uri(made.stderr)), new RegExp(`sequence number 2[^]*${root}`));
  assert.equal((await office.use('verify', mark, '--registry', registry.url, '--root', root)).status, 0);
  assert.notEqual((await office.use('verify', mark, '--registry', registry.url, '--root', kid)).status, 0);
});

given('a PIN on the command line is refused, and a wrong one in its file is not taken', async () => {
  const shown = await office.use('key', 'rotate', '--token', `pkcs11:token=keurmerk?pin-value=${PIN}`);
  assert.equal(shown.status, 1);
  assert.ok(!(shown.stdout + shown.stderr).includes(PIN), 'it is not said again');
  assert.match(shown.stderr, /pin-source/);
  await registry.server.stop();
  fs.writeFileSync(registry.path('pin'), 'anders\n');
  const server = new Process(['serve'], registry.env);
  assert.deepEqual(await server.ended, { status: 4, signal: null });
  assert.match(server.log.text, /PIN is not that of the token “keurmerk”/);
  assert.match((await office.use('doctor', '--offline')).stdout, /BAD +keys .*wrong PIN/);
  fs.writeFileSync(registry.path('pin'), `${PIN}\n`);
  await office.serve();
  assert.equal(await check(), 200);
});

given('without SoftHSM there is no such registry: each thing that is missing is named', async () => {
  const folder = registry.path('none');
  const init = (uri) => run(process.env.KEURMERK ?? './keurmerk',
    ['init', '--home', folder, '--url', 'https://keurmerk.example', '--token', uri], { env: registry.env });
  for (const [uri, words] of [
    ['pkcs11:token=keurmerk?module-path=/no/such.so', /\/no\/such\.so: this PKCS#11 module cannot be loaded/],
    ['pkcs11:token=another?module-path=/usr/lib/softhsm/libsofthsm2.so', /no PKCS#11 token that fits/],
    ['pkcs11:token=keurmerk;object=mine?module-path=/usr/lib/softhsm/libsofthsm2.so', /leave id= and object= out/],
    ['pkcs11:token=keurmerk?module-path=/usr/lib/softhsm/libsofthsm2.so', /asks for its PIN/],
    ['keys.pem', /does not begin with pkcs11:/],
  ]) {
    const made = await init(uri);
    assert.notEqual(made.status, 0, uri);
    assert.match(made.stderr, words);
    assert.ok(!fs.existsSync(folder), uri);
  }
});
