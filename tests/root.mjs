// A key set under the signature of an offline root: who knows the root takes no other, and no older one.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as jose from 'jose';

import { Office } from './office.mjs';
import { Registry, sign, thumbprint } from './registry.mjs';

let registry, office, mark, badge, root;

before(async () => {
  registry = await Registry.make(0);
  office = await Office.open(registry, 1);
  mark = await office.grant(office.providers[0]);
  badge = registry.write('badge.svg', await (await registry.fetch(`/m/${mark}.svg`)).text());
  fs.writeFileSync(registry.path('phrase'), 'een heel lang geheim\n', { mode: 0o600 });
});
after(() => registry.done());

const address = '/.well-known/keurmerk-keys.jwt';
const served = async () => (await registry.fetch(address)).text();
const signKeys = (...more) => office.must('key', 'root', registry.path('root.pem'), '--passphrase-file',
  registry.path('phrase'), ...more);
const memory = () => registry.path('.config', 'keurmerk', 'roots.json');
const verify = (...more) => office.use('verify', badge, ...more);
const cannotTell = ({ status, stdout }, why) => {
  assert.equal(status, 3, stdout);
  assert.match(stdout, why);
};

test('where there is no root, there is nothing under one, and nobody who asks for it believes less', async () => {
  const answer = await registry.fetch(address);
  assert.equal(answer.status, 404);
  assert.match(answer.headers.get('content-type'), /problem\+json/);
  cannotTell(await verify('--registry', registry.url, '--root', 'x'.repeat(43)), /under a root's signature/);
  assert.equal((await verify('--registry', registry.url)).status, 0);
});

test('a root key is always encrypted', async () => {
  const { status, stderr } = await office.use('key', 'root', registry.path('root.pem'));
  assert.equal(status, 2, stderr);
  assert.ok(!fs.existsSync(registry.path('root.pem')));
  const said = await signKeys();
  [, root] = said.match(/The root is (\S{43}):/);
  assert.match(fs.readFileSync(registry.path('root.pem'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/);
  assert.equal(fs.statSync(registry.path('root.pem')).mode & 0o777, 0o600);
});

test('what the root signed is good to jose, and holds the keys as they are published', async () => {
  const token = await served();
  const { keys, ...rest } = jose.decodeJwt(token);
  assert.equal(jose.decodeProtectedHeader(token).kid, root);
  assert.equal(await jose.calculateJwkThumbprint(rest.root), root);
  await jose.jwtVerify(token, await jose.importJWK(rest.root, 'EdDSA'), { issuer: registry.url });
  assert.deepEqual(keys, (await (await registry.fetch('/.well-known/jwks.json')).json()).keys);
  assert.ok(!keys.some((key) => key.kid === root));
});

test('who names the root is asked nothing more, and it is remembered', async () => {
  assert.equal((await verify('--registry', registry.url)).status, 0);
  assert.ok(!fs.existsSync(memory()), 'nothing is remembered of who was never named');
  const named = await verify('--registry', registry.url, '--root', root);
  assert.equal(named.status, 0, named.stdout);
  assert.equal(JSON.parse(fs.readFileSync(memory(), 'utf8'))[registry.url].root, root);
  assert.equal(fs.statSync(memory()).mode & 0o777, 0o600);
  assert.equal((await verify('--registry', registry.url)).status, 0); // and now by the key set under the root
  cannotTell(await verify('--registry', registry.url, '--root', 'x'.repeat(43)), /not under xxx/);
});

test('an older key set is refused once a newer one was seen', async () => {
  const first = registry.write('first.jwt', await served());
  assert.equal((await verify('--keyset', first)).status, 0);
  await signKeys();
  const second = registry.write('second.jwt', await served());
  assert.equal((await verify('--keyset', second)).status, 0);
  cannotTell(await verify('--keyset', first), /older \(sequence number 1\)/);
  assert.equal((await verify('--keyset', second)).status, 0); // the same again is no newer one
  // Nor where it is the server that shows it.
  fs.copyFileSync(first, registry.path('home', 'keys', 'published', 'manifest.jwt'));
  cannotTell(await verify('--registry', registry.url), /older \(sequence number 1\)/);
  fs.copyFileSync(second, registry.path('home', 'keys', 'published', 'manifest.jwt'));
  assert.equal((await verify('--registry', registry.url)).status, 0);
});

test('a key set that was changed, or is under another root, is refused', async () => {
  const token = await served();
  const [header, payload, signature] = token.split('.');
  const claims = jose.decodeJwt(token);
  const changed = Buffer.from(JSON.stringify({ ...claims, sequence: 9 })).toString('base64url');
  cannotTell(await verify('--keyset', registry.write('changed.jwt', [header, changed, signature].join('.'))),
    /signature of this key set does not fit/);
  // Somebody who has the server, and makes a root of their own.
  const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519');
  const own = sign(privateKey, { typ: 'keurmerk-keys+jwt', kid: thumbprint(privateKey) },
    { ...claims, sequence: 9, root: publicKey.export({ format: 'jwk' }) });
  fs.writeFileSync(registry.path('home', 'keys', 'published', 'manifest.jwt'), own);
  cannotTell(await verify('--registry', registry.url), /under another root/);
  fs.writeFileSync(registry.path('home', 'keys', 'published', 'manifest.jwt'), token);
  // Two different ones with one number.
  const pem = fs.readFileSync(registry.path('root.pem'));
  const rootKey = crypto.createPrivateKey({ key: pem, passphrase: 'een heel lang geheim' });
  const twin = sign(rootKey, { typ: 'keurmerk-keys+jwt', kid: root }, { ...claims, keys: claims.keys.slice(1) });
  cannotTell(await verify('--keyset', registry.write('twin.jwt', twin)), /two key sets with the sequence number 2/);
  assert.equal((await verify('--registry', registry.url)).status, 0);
});

test('a server that puts its own key in the set deceives nobody who knows the root', async () => {
  await office.must('key', 'rotate', '--purpose', 'status', '--at', 'now');
  const current = async () => jose.decodeProtectedHeader(await (await registry.fetch(`/m/${mark}/status.jwt`)).text()).kid;
  const before = await current();
  while ((await current()) === before) await new Promise((resolve) => setTimeout(resolve, 200));
  // Signed by a key that the root has not signed.
  cannotTell(await verify('--registry', registry.url), /one of the registry's for that/);
  assert.match(await office.must('key', 'list'), /root +signed key set 2.*not the keys as they are now/);
  await signKeys();
  assert.equal((await verify('--registry', registry.url)).status, 0);
  assert.doesNotMatch(await office.must('key', 'list'), /not the keys/);
});

test('a key set is believed until its last day', async () => {
  const clock = registry.write('later', `${Math.floor(Date.now() / 1000) + 401 * 86400}\n`);
  cannotTell(await verify('--keyset', registry.write('last.jwt', await served()), '--offline', '--clock', clock),
    /was to be believed until/);
});

test('a root is kept away from the server: a copy of what is published goes there, and the signature comes back', async () => {
  fs.mkdirSync(registry.path('away'));
  for (const name of ['keys.json', 'manifest.jwt'])
    fs.copyFileSync(registry.path('home', 'keys', 'published', name), registry.path('away', name));
  await signKeys('--published', registry.path('away'), '--days', '30');
  const signed = jose.decodeJwt(fs.readFileSync(registry.path('away', 'manifest.jwt'), 'utf8'));
  assert.equal(signed.sequence, 4);
  assert.equal(signed.exp - signed.iat, 30 * 86400);
  const { status, stderr } = await office.use('key', 'root', registry.path('other.pem'), '--published',
    registry.path('away'), '--passphrase-file', registry.path('phrase'));
  assert.equal(status, 1);
  assert.match(stderr, /under the root/);
});
