// The life of the registry's keys, with the server running: published before they sign, changed over under load with
// nobody noticing, published after for what they signed, and gone in the end.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as jose from 'jose';

import { Office } from './office.mjs';
import { Registry } from './registry.mjs';

const CLIENTS = 8;
const ROTATIONS = 3;

let registry, office, marks, oldKeys, oldBadge, lostKey, lostBadge;

before(async () => {
  registry = await Registry.make(0);
  office = await Office.open(registry, 3);
  marks = [];
  for (const kvk of office.providers) marks.push(await office.grant(kvk));
  oldKeys = registry.write('old-keys.json', await text('/.well-known/jwks.json'));
  oldBadge = registry.write('old-badge.svg', await text(`/m/${marks[0]}.svg`));
});
after(() => registry.done());

const text = async (path) => {
  const answer = await registry.fetch(path);
  assert.equal(answer.status, 200, path);
  return answer.text();
};
const published = async () => JSON.parse(await text('/.well-known/jwks.json'));
const kid = (token) => jose.decodeProtectedHeader(token.trim()).kid.replace(/^.*\/keys\/|\.jwk$/g, '');
const credentialKid = async (mark) => kid(await text(`/m/${mark}.jwt`));
const statusKid = async (mark) => kid(await text(`/m/${mark}/status.jwt`));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits until it is so; fails after a while.
async function becomes(what, condition, seconds = 30) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(100)) {
    if (await condition()) return;
  }
  assert.fail(`it did not become so: ${what}`);
}

// "THUMBPRINT  purpose  next  signs from TIME" of each new key.
async function rotate(...more) {
  const said = await office.must('key', 'rotate', ...more);
  return Object.fromEntries([...said.matchAll(/^(\S{43})  (\S+) +next +signs from (\S+)$/gm)].map(
    ([, thumbprint, purpose, from]) => [purpose, { thumbprint, from: Date.parse(from) }]));
}

// 8 clients verify until they are told to stop; what any of them was told that is not "genuine and active".
function load() {
  const failures = [];
  let stopping = false, checks = 0;
  const client = async (number) => {
    for (let i = number; !stopping; i++) {
      const thing = i % 3 === 0 ? oldBadge : marks[i % marks.length];
      const { status, stdout, stderr } = await office.use('verify', thing, '--registry', registry.url);
      checks++;
      if (status !== 0) failures.push(`${new Date().toISOString()} ${thing}: ${status} ${stdout}${stderr}`);
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, i) => client(i));
  return {
    async stop() {
      stopping = true;
      await Promise.all(clients);
      return { failures, checks };
    },
  };
}

test('through three rotations under load, no client sees anything else than a genuine mark', async () => {
  const running = load();
  for (let i = 0; i < ROTATIONS; i++) {
    const next = await rotate('--at', 'now');
    assert.deepEqual(Object.keys(next).sort(), ['credential', 'receipt', 'status']);
    // Published at once, and not yet signing.
    const { keys } = await published();
    for (const [purpose, { thumbprint, from }] of Object.entries(next)) {
      const key = keys.find((candidate) => candidate.kid === thumbprint);
      assert.equal(key['keurmerk:purpose'], purpose);
      assert.equal(key['keurmerk:nbf'] * 1000, from);
      assert.ok(from > Date.now(), 'there is time between');
    }
    assert.notEqual(await statusKid(marks[0]), next.status.thumbprint);
    await becomes('the new key signs', async () => (await statusKid(marks[0])) === next.status.thumbprint);
    if (i === ROTATIONS - 1) break; // the last one is left to the server
    const said = await office.must('key', 'reissue');
    assert.match(said, /^3 credentials were signed anew/);
    for (const mark of marks) assert.equal(await credentialKid(mark), next.credential.thumbprint);
  }
  await pause(1000);
  const { failures, checks } = await running.stop();
  assert.deepEqual(failures, []);
  assert.ok(checks > 3 * CLIENTS, `${checks} checks`);
});

test('a server signs anew by itself what an earlier key signed', async () => {
  const current = (await published()).keys
    .filter((key) => key['keurmerk:purpose'] === 'credential')
    .sort((a, b) => b['keurmerk:nbf'] - a['keurmerk:nbf'])[0].kid;
  // Within half a minute; at once where it has just been started, which is quicker to wait for.
  await registry.server.stop();
  await office.serve();
  await becomes('all are signed anew', async () =>
    (await Promise.all(marks.map(credentialKid))).every((thumbprint) => thumbprint === current));
  assert.match(await office.must('key', 'reissue'), /^0 credentials/);
});

test('every credential that went out is good to jose with the keys that are published now', async () => {
  const set = jose.createLocalJWKSet(await published());
  const token = fs.readFileSync(oldBadge, 'utf8').match(/verify="([^"]+)"/)[1];
  for (const jwt of [token, (await text(`/m/${marks[0]}.jwt`)).trim()]) {
    const key = await set({ alg: 'EdDSA', kid: kid(jwt) });
    await jose.compactVerify(jwt, key);
  }
});

test('with the key set of before, and no network, the old badge says what it said before', async () => {
  const { status, stdout } = await office.use('verify', oldBadge, '--keyset', oldKeys, '--offline', '--json');
  assert.equal(status, 3, stdout);
  const verdict = JSON.parse(stdout);
  assert.equal(verdict.reason, 'status-unknown');
  assert.equal(verdict.provider.name ?? verdict.provider, 'Voorbeeld 90000000 BV');
});

test('a key on which something rests stays published', async () => {
  const { keys } = await published();
  const byAge = (purpose) => keys.filter((key) => key['keurmerk:purpose'] === purpose)
    .sort((a, b) => a['keurmerk:nbf'] - b['keurmerk:nbf']).map((key) => key.kid);
  for (const purpose of ['credential', 'status', 'receipt']) {
    const { status, stderr } = await office.use('key', 'retire', byAge(purpose)[0]);
    assert.equal(status, 1);
    assert.match(stderr, /stays published/);
  }
  // Two days later no status list of that time is valid any more.
  const clock = registry.write('later', `${Math.floor(Date.now() / 1000) + 2 * 86400}\n`);
  await office.must('key', 'retire', byAge('status')[0], '--clock', clock);
  assert.equal((await published()).keys.length, keys.length - 1);
  const { status, stderr } = await office.use('key', 'retire', byAge('status').at(-1), '--clock', clock);
  assert.equal(status, 1);
  assert.match(stderr, /gives it a successor first/);
});

test('a key that is known to be in other hands signs nothing more, and is no longer among the good ones', async () => {
  const thumbprint = await credentialKid(marks[0]);
  await pause(1100); // what was signed in the very second in which the key was lost is lost with it
  lostBadge = registry.write('lost.svg', await text(`/m/${marks[0]}.svg`));
  const said = await office.must('key', 'revoke', thumbprint);
  assert.match(said, /^Revoked/);
  assert.match(said, /3 credentials were signed anew/);
  const set = await published();
  assert.ok(!set.keys.some((key) => key.kid === thumbprint));
  assert.ok(set['keurmerk:revoked'].some((key) => key.kid === thumbprint));
  for (const mark of marks) assert.notEqual(await credentialKid(mark), thumbprint);
  const { status } = await office.use('verify', marks[0], '--registry', registry.url);
  assert.equal(status, 0);
  lostKey = thumbprint;
});

test('what it signed before still stands, for the log shows that it was there; without the log nobody can tell', async () => {
  const online = await office.use('verify', lostBadge, '--registry', registry.url);
  assert.equal(online.status, 0, online.stdout);
  assert.match(online.stdout, /key +good: revoked from .*; the log has this one from /);
  const keys = registry.write('new-keys.json', await text('/.well-known/jwks.json'));
  const offline = await office.use('verify', lostBadge, '--keyset', keys, '--offline');
  assert.equal(offline.status, 3, offline.stdout);
  assert.match(offline.stdout, /^Cannot tell: its key may be in other hands/);
});

test('what it signed after it was lost is refused', async () => {
  const lost = new Date(Date.now() - 3600 * 1000).toISOString().replace(/\.\d+/, '');
  await office.must('key', 'revoke', lostKey, '--at', lost);
  const { status, stdout } = await office.use('verify', lostBadge, '--registry', registry.url);
  assert.equal(status, 1, stdout);
  assert.match(stdout, /^Not valid: its key has been revoked/);
  assert.equal((await office.use('verify', marks[0], '--registry', registry.url)).status, 0);
  assert.doesNotMatch(registry.server.log.text, / fault /);
});

test('with the key set of before, a badge that was signed since is of a key that it does not know', async () => {
  const badge = registry.write('new.svg', await text(`/m/${marks[0]}.svg`));
  const { status, stdout } = await office.use('verify', badge, '--keyset', oldKeys, '--offline');
  assert.equal(status, 3, stdout);
  assert.match(stdout, /^Cannot tell: it is signed with a key that is not in the key set that you saved/);
});
