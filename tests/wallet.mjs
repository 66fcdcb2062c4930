// What a badge wallet or a public verifier does with a registry that it has never heard of: it gets a mark's credential,
// and whatever that points to, from the registry; and holds one against the other with Digital Bazaar's packages, jose, and
// what the wallet LearnCard takes for an Open Badge.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import * as vc from '@digitalbazaar/vc';
import { checkStatus } from '@digitalbazaar/vc-bitstring-status-list';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as learncard from '@learncard/types';
import * as jose from 'jose';

import { Loader } from './contexts.mjs';
import { Process } from './registry.mjs';

let folder, demo, home;
let marks; // { what is said of it: its address }
const loader = new Loader();
const suite = new DataIntegrityProof({ cryptosuite });

// did:web, at an address that has no https because it is on this machine.
const didUrl = (did) => `http://${decodeURIComponent(did.split(':')[2])}/.well-known/did.json`;

async function get(url, accept) {
  const answer = await fetch(url, { headers: accept ? { Accept: accept } : {} });
  assert.equal(answer.status, 200, url);
  return answer;
}

// A key by the address in a token's header.
const keyAt = async ({ kid }) => jose.importJWK(await (await get(kid)).json());

// The payload of a status list, once jose has found it good.
async function statusList(url) {
  const answer = await get(url);
  assert.equal(answer.headers.get('content-type'), 'application/vc+jwt');
  const { payload } = await jose.jwtVerify(await answer.text(), keyAt, { algorithms: ['EdDSA'], typ: 'vc+jwt' });
  const [from, until] = [payload.validFrom, payload.validUntil].map(Date.parse);
  assert.ok(from <= Date.now() && Date.now() <= until && until - from <= 86400e3, `${payload.validFrom}`);
  return payload;
}

async function load(url) {
  if (/^https?:\/\/127\.0\.0\.1.*\/status\//.test(url)) return { documentUrl: url, document: await statusList(url) };
  return loader.load(url);
}

function verify(credential, more) {
  return vc.verifyCredential({
    credential, suite, documentLoader: load,
    checkStatus: (options) => checkStatus({ ...options, verifyBitstringStatusListCredential: false }), // statusList has
    ...more,
  });
}

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keurmerk-test-'));
  const env = { ...process.env, HOME: folder, TMPDIR: folder };
  delete env.KEURMERK_HOME;
  demo = new Process(['demo', '--listen', '127.0.0.1:0'], env);
  await demo.out.says(/mark list --home .*\n/);
  home = demo.out.text.match(/^ +(http:\S+)\/ /m)[1];
  const shown = [...demo.out.text.matchAll(/^ +(http:\S+\/m\/\S+) +.+: (.+)$/gm)];
  marks = Object.fromEntries(shown.map(([, url, about]) => [about, url]));
  const did = `did:web:${new URL(home).host.replace(':', '%3A')}`;
  const document = await (await get(didUrl(did))).json();
  assert.equal(document.id, did);
  loader.add(home, document, await (await get(`${home}/contexts/v1`)).json());
});
after(async () => {
  await demo?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

const purposes = ({ results }) =>
  Object.fromEntries(results.map(({ credentialStatus, status }) => [credentialStatus.statusPurpose, status]));

test('each mark’s document is accepted, and its bits tell how it stands', async () => {
  assert.ok(Object.keys(marks).length > 4);
  for (const [about, url] of Object.entries(marks)) {
    const answer = await get(url, 'application/vc');
    assert.equal(answer.headers.get('content-type'), 'application/vc');
    const result = await verify(await answer.json());
    assert.ok(result.verified, `${about}: ${result.error?.errors ?? result.error}`);
    assert.deepEqual(purposes(result.statusResult), {
      revocation: about === 'withdrawn', suspension: about === 'suspended',
    }, about);
  }
});

test('a wallet takes it for an Open Badge, and its lists for lists', async () => {
  for (const url of Object.values(marks)) {
    const credential = await (await get(`${url}.json-ld`)).json();
    const { error } = learncard.AchievementCredentialValidator.safeParse(credential);
    assert.equal(error, undefined);
    for (const entry of credential.credentialStatus) {
      assert.ok(learncard.BitstringStatusListEntryValidator.safeParse(entry).success);
      const { credentialSubject } = await statusList(entry.statusListCredential);
      assert.ok(learncard.BitstringStatusListCredentialSubjectValidator.safeParse(credentialSubject).success);
    }
    delete credential.credentialSubject.achievement.criteria;
    assert.equal(learncard.AchievementCredentialValidator.safeParse(credential).success, false);
  }
});

test('one of which a character is another is refused', async () => {
  const credential = await (await get(`${marks.active}.json-ld`)).json();
  credential.credentialSubject.name = credential.credentialSubject.name.replace('Donald', 'Dunald');
  assert.equal((await verify(credential)).verified, false);
});

test('a list of other marks, or of another registry, is no answer', async () => {
  const credential = await (await get(marks.active, 'application/vc')).json();
  for (const change of [{ issuer: 'did:web:other.example' }, { credentialSubject: { statusPurpose: 'refresh' } },
    { type: ['VerifiableCredential'] }]) {
    const changed = async (url) => {
      const { document, ...rest } = await load(url);
      if (!url.includes('/status/')) return { document, ...rest };
      const credentialSubject = { ...document.credentialSubject, ...change.credentialSubject };
      return { ...rest, document: { ...document, ...change, credentialSubject } };
    };
    const result = await verify(credential, { documentLoader: changed });
    assert.equal(result.verified, false, JSON.stringify(change));
  }
});

test('the lists are JSON-LD without a term that nobody knows', async () => {
  for (const purpose of ['revocation', 'suspension']) {
    const list = await statusList(`${home}/status/${purpose}/1`);
    const text = await cryptosuite.canonize(list, { documentLoader: load }); // refuses what it would have to leave out
    assert.match(text, /status#BitstringStatusListCredential>/);
    assert.match(text, new RegExp(`status#statusPurpose> "${purpose}"`));
  }
});

test('the JWT says the same', async () => {
  for (const url of Object.values(marks)) {
    const token = await (await get(`${url}.jwt`)).text();
    const { payload } = await jose.jwtVerify(token, keyAt, { algorithms: ['EdDSA'], typ: 'JWT' });
    const { iss, jti, sub, iat, nbf, exp, ...credential } = payload;
    const { proof, ...same } = await (await get(`${url}.json-ld`)).json();
    assert.deepEqual(credential, same);
    assert.deepEqual([iss, jti, sub], [same.issuer.id, url, same.credentialSubject.id]);
    const signedAt = Date.parse(proof.created) / 1000;
    assert.ok(Math.abs(iat - signedAt) <= 60 && nbf <= exp, `${iat} ${signedAt}`);
  }
});

test('the state now is signed too, by a key for that', async () => {
  const { keys } = await (await get(`${home}/.well-known/jwks.json`)).json();
  const status = await Promise.all(keys.filter((key) => key['keurmerk:purpose'] === 'status')
    .map(async (key) => [key.kid, await jose.importJWK(key)]));
  const byKid = new Map(status);
  for (const [about, url] of Object.entries(marks)) {
    const token = await (await get(`${url}/status.jwt`)).text();
    const { payload } = await jose.jwtVerify(token, ({ kid }) => byKid.get(kid), {
      algorithms: ['EdDSA'], typ: 'keurmerk-status+jwt', issuer: home, subject: url, maxTokenAge: '1h',
    });
    assert.equal(payload.state, about.match(/suspended|withdrawn/)?.[0] ?? 'active');
  }
});
