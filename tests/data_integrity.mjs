// Credentials whose names are as difficult as can be, held to implementations that are not ours: the Data Integrity proofs
// and the canonical N-Quads to Digital Bazaar's, the JWTs to jose. No network: they get the published contexts from
// packages, and the registry's own from us.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { before, test } from 'node:test';

import * as vc from '@digitalbazaar/vc';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as jose from 'jose';

import { Loader } from './contexts.mjs';
import { program, run } from './registry.mjs';

const COUNT = 2100; // credentials
const EACH = 8; // of which one in so many is changed
const NOW = '2026-11-24T18:00:00Z';
const writer = path.join(path.dirname(program), 'tests', 'write_credentials');

let registries, marks; // what write_credentials printed
const loader = new Loader();
let canonical; // what the reference implementation hashed last: the options of the proof, and the document

const suite = new DataIntegrityProof({
  cryptosuite: {
    ...cryptosuite,
    canonize: async (input, options) => {
      const text = await cryptosuite.canonize(input, options);
      canonical.push(text);
      return text;
    },
  },
});

function verify(credential) {
  canonical = [];
  return vc.verifyCredential({
    credential, suite, documentLoader: loader.load, now: NOW,
    checkStatus: async () => ({ verified: true }), // tests/status_list.mjs is about that
  });
}

before(async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keurmerk-test-'));
  try {
    const { status, stdout, stderr } = await run(writer, [folder, String(COUNT)]);
    assert.equal(status, 0, stderr);
    const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
    registries = lines.filter(({ did }) => did);
    marks = lines.filter(({ document }) => document);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  for (const { url, did, context } of registries) loader.add(url, did, context);
});
test('there are thousands of them, with difficult names', () => {
  assert.equal(marks.length, COUNT);
  const names = marks.map(({ name }) => name).join('');
  for (const piece of ['"', '\\', '<', '&', 'ש', '𝄞', '‍', '\u0085']) assert.ok(names.includes(piece), piece);
  assert.ok(new Set(marks.map(({ name }) => name)).size > COUNT / 2);
});

test('each proof is accepted, and each document’s N-Quads are those of the reference implementation', async () => {
  for (const { document, nquads, name } of marks) {
    const result = await verify(document);
    assert.ok(result.verified, `${name}: ${result.error?.errors ?? result.error}`);
    assert.ok(canonical.includes(nquads), `${name}: other N-Quads:\n${nquads}`);
  }
  assert.deepEqual(loader.missed, []);
});

test('each JWT is accepted, and says the same as the document', async () => {
  const keys = new Map();
  for (const { url, did } of registries) {
    for (const { type, publicKeyJwk } of did.verificationMethod)
      if (type === 'JsonWebKey') keys.set(`${url}/keys/${publicKeyJwk.kid}.jwk`, await jose.importJWK(publicKeyJwk));
  }
  for (const { token, document } of marks) {
    const { payload, protectedHeader } = await jose.jwtVerify(token, ({ kid }) => keys.get(kid), {
      algorithms: ['EdDSA'], typ: 'JWT', currentDate: new Date(NOW),
    });
    assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ']);
    const { iss, jti, sub, iat, nbf, exp, ...credential } = payload;
    const { proof, ...same } = document;
    assert.deepEqual(credential, same);
    assert.deepEqual([iss, jti, sub], [same.issuer.id, same.id, same.credentialSubject.id]);
    assert.deepEqual([nbf, exp], [same.validFrom, same.validUntil].map((text) => Date.parse(text) / 1000));
    assert.equal(iat, Date.parse(proof.created) / 1000);
  }
});

// All texts in a document, each as a function that changes one character of it and gives one that puts it back.
function* texts(value) {
  for (const [member, inner] of Object.entries(value)) {
    if (member === '@context') continue;
    if (typeof inner !== 'string') yield* texts(inner);
    else if (inner) yield (at) => {
      const i = at % inner.length;
      const other = inner[i] === 'x' ? 'y' : 'x';
      value[member] = inner.slice(0, i) + other + inner.slice(i + 1);
      return () => { value[member] = inner; };
    };
  }
}

test('a document of which one character is another is refused', async () => {
  let n = 0;
  for (let i = 0; i < marks.length; i += EACH) {
    const { document } = marks[i];
    const changes = [...texts(document)];
    const undo = changes[(i * 7919) % changes.length](i);
    const { verified } = await verify(document);
    assert.equal(verified, false, JSON.stringify(document));
    undo();
    n++;
  }
  assert.ok(n > 250);
});

test('so is one with the proof of another', async () => {
  const [first, , , second] = marks; // of the same registry
  assert.equal(first.url, second.url);
  const { verified } = await verify({ ...first.document, proof: second.document.proof });
  assert.equal(verified, false);
});
