// The reader of signed QR codes that runs in a browser with no network (www/static/token.mjs and verdict.mjs), held to
// tokens that are written out here by hand, and signed by node's own Ed25519.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import zlib from 'node:zlib';

import { base32, bytesItem, kidOf, SYMBOLS, writeToken } from './cwt.mjs';
import { sources, thumbprint } from './registry.mjs';

const { Malformed, readToken } = await import(`${sources}/www/static/token.mjs`);
const { canVerify, judge } = await import(`${sources}/www/static/verdict.mjs`);

const REGISTRY = 'https://keurmerk.example';
const NOW = 1795539757; // 2026-11-24T17:02:37Z
const DAY_S = 86400;

const base64url = (data) => Buffer.from(data).toString('base64url');

const CLAIMS = { iss: REGISTRY, sub: '7K3Q9XM24HTT', exp: NOW + 300 * DAY_S, iat: NOW - 65 * DAY_S,
  name: 'Coöperatie Voorbeeld', kvk: '68750110', scheme: 'mkb-ict', index: 70001 };

const keys = Object.fromEntries(['credential', 'status', 'other', 'stranger'].map((name) =>
  [name, crypto.generateKeyPairSync('ed25519').privateKey]));

const tokenOf = (claims = {}, key = keys.credential, kid = undefined) => writeToken({ ...CLAIMS, ...claims }, key, kid);

const jwk = (key, purpose, more = {}) => ({
  ...crypto.createPublicKey(key).export({ format: 'jwk' }), 'keurmerk:purpose': purpose,
  'keurmerk:nbf': NOW - 365 * DAY_S, ...more,
});
const keysetOf = (credential = {}, status = {}) => ({
  'keurmerk:registry': REGISTRY,
  keys: [jwk(keys.credential, 'credential', credential), jwk(keys.status, 'status', status), jwk(keys.other, 'log')],
});

const rfc3339 = (seconds) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

function listOf(purpose, set, { from = NOW - 3600, until = NOW + 3600, key = keys.status, size = 16384, id, header } = {}) {
  const bits = Buffer.alloc(size);
  for (const place of set) bits[place >> 3] |= 0x80 >> (place & 7);
  const url = `${REGISTRY}/status/${purpose}/1`;
  const parts = [
    { alg: 'EdDSA', typ: 'vc+jwt', kid: `${REGISTRY}/keys/${thumbprint(key)}.jwk`, ...header },
    { id: id ?? url, validFrom: rfc3339(from), validUntil: rfc3339(until),
      credentialSubject: { statusPurpose: purpose, encodedList: `u${base64url(zlib.gzipSync(bits))}` } },
  ].map((part) => base64url(JSON.stringify(part)));
  const signed = parts.join('.');
  return { [url]: `${signed}.${base64url(crypto.sign(null, Buffer.from(signed), key))}` };
}
const listsOf = (revoked, suspended, options) =>
  ({ ...listOf('revocation', revoked, options), ...listOf('suspension', suspended, options) });
const savedOf = (more = {}) => ({ keyset: keysetOf(), lists: listsOf([], []), ...more });

const verdictOf = (token, saved = savedOf(), now = NOW) => judge(readToken(token), saved, REGISTRY, now);

test('what is signed is read back, in capitals or not', () => {
  const token = tokenOf();
  for (const spelling of [token, token.toLowerCase()]) {
    const { claims, kid } = readToken(spelling);
    assert.deepEqual(claims, CLAIMS);
    assert.deepEqual(Buffer.from(kid), kidOf(keys.credential));
  }
});

test('a text of every length, and a number of every size', () => {
  for (const name of ['x', 'x'.repeat(23), 'x'.repeat(24), 'x'.repeat(255)])
    assert.equal(readToken(tokenOf({ name })).claims.name, name);
  for (const index of [0, 23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1])
    assert.equal(readToken(tokenOf({ index })).claims.index, index);
});

test('another form is refused', () => {
  const claims = 'a8 016169 026173 0401 0602 3a00010000616e 3a00010001616b 3a000100026163 3a0001000300';
  const header = 'a2 01 27 04 48 0102030405060708';
  const item = (hex) => bytesItem(Buffer.from(hex.replaceAll(' ', ''), 'hex')).toString('hex');
  const cose = ({ start = 'd2 84', protect = item(header), open = 'a0', payload = item(claims), end = item('5a'.repeat(64)) }) =>
    base32(Buffer.from([start, protect, open, payload, end].join('').replaceAll(' ', ''), 'hex'));
  readToken(cose({}));
  const others = {
    'no tag': { start: '84' },
    'tag 17': { start: 'd1 84' },
    'tag 61 about it': { start: 'd8 3d d2 84' },
    'an array of 5': { start: 'd2 85' },
    'an array of no known length': { start: 'd2 9f' },
    ES256: { protect: item(header.replace('27', '26')) },
    'no kid': { protect: item('a1 01 27') },
    'no header': { protect: '40' },
    'a short kid': { protect: item('a2 01 27 04 47 01020304050607') },
    'kid first': { protect: item('a2 04 48 0102030405060708 01 27') },
    crit: { protect: item('a3 01 27 02 81 04 04 48 0102030405060708') },
    'more behind the header': { protect: item(`${header} 00`) },
    'something unprotected': { open: 'a1 04 42 ffff' },
    'no claims': { payload: '40' },
    'claims that are not in bytes': { payload: claims },
    'a claim less': { payload: item(claims.replace('a8', 'a7').replace('3a0001000300', '')) },
    'a claim more': { payload: item(`${claims.replace('a8', 'a9')} 3a0001000400`) },
    'another order': { payload: item(claims.replace('016169 026173', '026173 016169')) },
    'a claim twice': { payload: item(claims.replace('026173', '016169')) },
    'a longer integer': { payload: item(claims.replace('0401', '041801')) },
    'a longer length': { payload: item(claims.replace('016169', '01780169')) },
    'a longer label': { payload: item(claims.replace('3a00010000', '3b0000000000010000')) },
    'a negative moment': { payload: item(claims.replace('0401', '0420')) },
    'a moment as text': { payload: item(claims.replace('0401', '046131')) },
    'a moment past all bounds': { payload: item(claims.replace('0401', '041bffffffffffffffff')) },
    'an empty text': { payload: item(claims.replace('016169', '0160')) },
    'text with NUL': { payload: item(claims.replace('016169', '016100')) },
    'text that is no UTF-8': { payload: item(claims.replace('016169', '0161ff')) },
    'text of no known length': { payload: item(claims.replace('016169', '017f6169ff')) },
    'more behind the claims': { payload: item(`${claims} 00`) },
    'a short signature': { end: item('5a'.repeat(63)) },
    'more behind the signature': { end: `${item('5a'.repeat(64))}00` },
  };
  for (const [told, parts] of Object.entries(others)) assert.throws(() => readToken(cose(parts)), Malformed, told);
});

test('no part of a token is one, nor more than one, nor another spelling', () => {
  const token = tokenOf();
  for (let length = 0; length < token.length; length++)
    assert.throws(() => readToken(token.slice(0, length)), Malformed, `${length}`);
  for (const other of [`${token}AA`, `${token}=`, ` ${token}`, `${token.slice(0, -1)}1`, `${token.slice(0, -1)}ı`,
    'A'.repeat(1024), 'A'.repeat(1025), ''])
    assert.throws(() => readToken(other), Malformed, other);
  // Where bits are left over in the last symbol, they are zero.
  const padded = [13, 14, 15, 16, 17].map((length) => tokenOf({ name: 'x'.repeat(length) })).filter((t) => t.length % 8);
  assert.ok(padded.length > 0);
  for (const each of padded) {
    const last = SYMBOLS.indexOf(each.at(-1));
    assert.throws(() => readToken(each.slice(0, -1) + SYMBOLS[last | 1]), Malformed);
  }
});

test('this browser can verify, or says that it cannot', async () => {
  assert.equal(await canVerify(), true);
  const { importKey } = crypto.webcrypto.subtle;
  crypto.webcrypto.subtle.importKey = () => Promise.reject(new Error('not supported'));
  assert.equal(await canVerify(), false);
  crypto.webcrypto.subtle.importKey = importKey;
});

test('a genuine code is valid as of the moment at which its lists were signed', async () => {
  assert.deepEqual(await verdictOf(tokenOf()), { outcome: 'valid', knownAt: NOW - 3600, claims: CLAIMS });
});

test('one changed symbol is noticed, wherever it is', async () => {
  const token = tokenOf();
  for (let at = 0; at < token.length; at++) {
    const other = SYMBOLS[(SYMBOLS.indexOf(token[at]) + 1 + (at % 30)) % 32];
    const changed = token.slice(0, at) + other + token.slice(at + 1);
    let outcome = 'malformed';
    try {
      ({ outcome } = await verdictOf(changed));
    } catch (error) {
      assert.ok(error instanceof Malformed, error);
    }
    assert.match(outcome, /^(malformed|forged|foreign|unknown)$/, `${at}`);
  }
});

test('what a stranger signs is not genuine, whichever key it names', async () => {
  const forged = tokenOf({}, keys.stranger, kidOf(keys.credential));
  assert.deepEqual(await verdictOf(forged), { outcome: 'forged' });
  assert.deepEqual(await verdictOf(tokenOf({}, keys.stranger)), { outcome: 'unknown', reason: 'key' });
  assert.deepEqual(await verdictOf(tokenOf({ iss: 'https://keurmerk.example.evil.example' }, keys.stranger)),
    { outcome: 'foreign' });
});

test('a key signs only what it is for, and only in its time', async () => {
  assert.equal((await verdictOf(tokenOf({}, keys.status))).outcome, 'forged');
  assert.equal((await verdictOf(tokenOf({}, keys.other))).outcome, 'forged');
  const { iat } = CLAIMS;
  for (const [times, outcome] of [[{ 'keurmerk:nbf': iat }, 'valid'], [{ 'keurmerk:nbf': iat + 1 }, 'forged'],
    [{ 'keurmerk:exp': iat }, 'valid'], [{ 'keurmerk:exp': iat - 1 }, 'forged']])
    assert.equal((await verdictOf(tokenOf(), savedOf({ keyset: keysetOf(times) }))).outcome, outcome);
  assert.deepEqual(await verdictOf(tokenOf(), savedOf({ keyset: keysetOf({ 'keurmerk:revoked': NOW - 1 }) })),
    { outcome: 'forged', reason: 'revoked-key' });
});

test('without the keys of this registry nobody can tell', async () => {
  const cannot = { outcome: 'unknown', reason: 'no-keys' };
  assert.deepEqual(await verdictOf(tokenOf(), { lists: {} }), cannot);
  assert.deepEqual(await verdictOf(tokenOf(), savedOf({ keyset: { ...keysetOf(), 'keurmerk:registry': 'https://x.example' } })),
    cannot);
});

test('its own bits count, and no others', async () => {
  const { index } = CLAIMS;
  const near = [index - 1, index + 1, index - 8, index + 8];
  assert.equal((await verdictOf(tokenOf(), savedOf({ lists: listsOf(near, near) }))).outcome, 'valid');
  assert.equal((await verdictOf(tokenOf(), savedOf({ lists: listsOf([index], []) }))).outcome, 'withdrawn');
  assert.equal((await verdictOf(tokenOf(), savedOf({ lists: listsOf([], [index]) }))).outcome, 'suspended');
  for (const edge of [0, 131071])
    assert.equal((await verdictOf(tokenOf({ index: edge }), savedOf({ lists: listsOf([edge], []) }))).outcome, 'withdrawn');
  // Of the next list nothing was saved.
  assert.equal((await verdictOf(tokenOf({ index: 131072 }))).reason, 'no-status');
});

test('old lists never say that a mark holds; but what is withdrawn stays withdrawn', async () => {
  const at = (now, lists = listsOf([], [])) => verdictOf(tokenOf(), savedOf({ lists }), now);
  assert.equal((await at(NOW + 3600)).outcome, 'valid');
  assert.deepEqual(await at(NOW + 3601), { outcome: 'unknown', reason: 'old-status', knownAt: NOW - 3600, claims: CLAIMS });
  assert.equal((await at(NOW + 3601, listsOf([], [CLAIMS.index]))).reason, 'old-status');
  assert.equal((await at(NOW + 3601, listsOf([CLAIMS.index], []))).outcome, 'withdrawn');
  // A clock that runs behind would keep them young for ever.
  assert.equal((await at(NOW - 3600 - 300)).outcome, 'valid');
  assert.equal((await at(NOW - 3600 - 301)).reason, 'clock');
});

test('a code past its date has expired, however good its mark was', async () => {
  const lists = listsOf([], [], { until: CLAIMS.exp + DAY_S });
  assert.equal((await verdictOf(tokenOf(), savedOf({ lists }), CLAIMS.exp)).outcome, 'valid');
  assert.equal((await verdictOf(tokenOf(), savedOf({ lists }), CLAIMS.exp + 1)).outcome, 'expired');
});

test('a list that is not the registry’s counts for nothing', async () => {
  const revocation = listOf('revocation', []);
  const [address] = Object.keys(revocation);
  const damaged = revocation[address].replace(/^(.*\..{9})(.)/, (_, start, symbol) => start + (symbol === 'A' ? 'B' : 'A'));
  const bad = {
    none: {},
    'another key': listOf('revocation', [], { key: keys.stranger }),
    'a key for other things': listOf('revocation', [], { key: keys.credential }),
    'another list': listOf('revocation', [], { id: `${REGISTRY}/status/revocation/2` }),
    'the other purpose': { [address]: Object.values(listOf('suspension', []))[0] },
    'another type of token': listOf('revocation', [], { header: { typ: 'JWT' } }),
    'another algorithm': listOf('revocation', [], { header: { alg: 'none' } }),
    'too short': listOf('revocation', [], { size: 16383 }),
    'too long': listOf('revocation', [], { size: 16385 }),
    'huge': listOf('revocation', [], { size: 1 << 24 }),
    'ends before it begins': listOf('revocation', [], { from: NOW, until: NOW - 1 }),
    damaged: { [address]: damaged },
    'no token': { [address]: 'x' },
  };
  for (const [told, lists] of Object.entries(bad)) {
    const verdict = await verdictOf(tokenOf(), savedOf({ lists: { ...listOf('suspension', []), ...lists } }));
    assert.deepEqual(verdict, { outcome: 'unknown', reason: 'no-status', claims: CLAIMS }, told);
  }
  const revoked = savedOf({ keyset: keysetOf({}, { 'keurmerk:revoked': NOW }) });
  assert.equal((await verdictOf(tokenOf(), revoked)).reason, 'no-status');
});
