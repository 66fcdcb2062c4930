// The signed QR codes of marks with difficult names, read by a CBOR library that is not ours (strict: nothing in another
// than its shortest form) and verified by Node's own Ed25519, as a phone would that has only the key set.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { before, test } from 'node:test';

import * as cborg from 'cborg';

import { program, run, sources } from './registry.mjs';

const { readToken } = await import(`${sources}/www/static/token.mjs`);

const COUNT = 1000;
const writer = path.join(path.dirname(program), 'tests', 'write_credentials');
const ALG = 1, KID = 4, EDDSA = -8;
const claimNames = { 1: 'iss', 2: 'sub', 4: 'exp', 6: 'iat', [-65537]: 'name', [-65538]: 'kvk', [-65539]: 'scheme', [-65540]: 'index' };

let registries, marks;

before(async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keurmerk-test-'));
  try {
    const { status, stdout, stderr } = await run(writer, [folder, String(COUNT)]);
    assert.equal(status, 0, stderr);
    const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
    registries = new Map(lines.filter(({ did }) => did).map(({ url, did }) => [url, did]));
    marks = lines.filter(({ qr }) => qr);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

function base32(text) {
  let bits = 0, held = 0;
  const bytes = [];
  for (const symbol of text) {
    const value = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(symbol);
    assert.ok(value >= 0, symbol);
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) bytes.push((held >> (bits -= 8)) & 0xff);
  }
  assert.equal(held & ((1 << bits) - 1), 0);
  return Uint8Array.from(bytes);
}

const strict = { strict: true, useMaps: true, allowIndefinite: false, rejectDuplicateMapKeys: true };

function read(qr) {
  const bytes = base32(qr.slice(qr.lastIndexOf('/') + 1));
  const tags = [];
  tags[18] = (decode) => decode();
  const cose = cborg.decode(bytes, { ...strict, tags });
  assert.equal(bytes[0], 0xd2); // tag 18: COSE_Sign1
  assert.equal(cose.length, 4);
  const [header, unprotected, payload, signature] = cose;
  assert.equal(unprotected.size, 0);
  const claims = cborg.decode(payload, strict);
  return { header: cborg.decode(header, strict), claims, signature,
    signed: cborg.encode(['Signature1', header, new Uint8Array(), payload]) };
}

// The key of the registry whose RFC 7638 thumbprint begins so.
function keyOf(url, kid) {
  for (const { publicKeyJwk: jwk } of registries.get(url).verificationMethod) {
    if (!jwk) continue;
    const { crv, kty, x } = jwk;
    const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest();
    if (thumbprint.subarray(0, 8).equals(kid)) return createPublicKey({ key: jwk, format: 'jwk' });
  }
  assert.fail('no such key');
}

test('each is signed by a key of its registry, over its claims', () => {
  for (const { qr, url } of marks) {
    const { header, claims, signature, signed } = read(qr);
    assert.deepEqual([...header.keys()], [ALG, KID]);
    assert.equal(header.get(ALG), EDDSA);
    const key = keyOf(claims.get(1), Buffer.from(header.get(KID)));
    assert.equal(claims.get(1), url);
    assert.ok(verify(null, signed, key, signature));
    assert.ok(!verify(null, signed.with(signed.length - 1, signed.at(-1) ^ 1), key, signature));
  }
  assert.equal(marks.length, COUNT);
});

test('each says what the credential says', () => {
  let cut = 0;
  for (const { qr, name, document } of marks) {
    const { claims } = read(qr);
    assert.deepEqual([...claims.keys()].map((label) => claimNames[label]),
      ['iss', 'sub', 'exp', 'iat', 'name', 'kvk', 'scheme', 'index']);
    const subject = document.credentialSubject;
    assert.equal(claims.get(2), document.id.slice(document.id.lastIndexOf('/') + 1));
    assert.equal(claims.get(4), Date.parse(document.validUntil) / 1000);
    assert.equal(claims.get(-65538), subject.kvkNumber);
    assert.ok(subject.achievement.id.endsWith(`/schemes/${claims.get(-65539)}`));
    const [list] = document.credentialStatus;
    const number = Number(list.statusListCredential.match(/\/(\d+)$/)[1]);
    assert.equal(claims.get(-65540), (number - 1) * 131072 + Number(list.statusListIndex));
    const told = claims.get(-65537);
    if (told === name) continue;
    // Cut, or with what may not be shown in place of what would not show.
    assert.ok(told.endsWith('…') || told.includes('\ufffd'), `${name}: ${told}`);
    assert.ok(Buffer.byteLength(told) <= 80);
    cut++;
  }
  assert.ok(cut > 10 && cut < COUNT);
});

test('the page reads of each what that library reads', () => {
  for (const { qr } of marks) {
    const theirs = read(qr);
    const ours = readToken(qr.slice(qr.lastIndexOf('/') + 1));
    const claims = Object.fromEntries([...theirs.claims].map(([label, value]) => [claimNames[label], value]));
    assert.deepEqual(ours.claims, claims);
    assert.deepEqual(Buffer.from(ours.kid), Buffer.from(theirs.header.get(KID)));
    assert.deepEqual(Buffer.from(ours.signed), Buffer.from(theirs.signed));
    assert.deepEqual(Buffer.from(ours.signature), Buffer.from(theirs.signature));
  }
});

test('each goes into a QR code densely', () => {
  for (const { qr, url } of marks) {
    assert.ok(qr.startsWith(`${url.toUpperCase()}/Q/`));
    // A loopback address in IPv6 has brackets, and is for tests alone.
    if (url.startsWith('https:')) assert.match(qr, /^[0-9A-Z $%*+\-./:]+$/);
    assert.ok(qr.length <= 483, `${qr.length} symbols`); // what version 13 holds at level M
  }
});
