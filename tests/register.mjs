// The whole register as others would use it: what /register.jwt says of it verifies with jose and the published keys, and
// fits the bytes of /register.jsonl until the time that it tells.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';

import * as jose from 'jose';

import { Office } from './office.mjs';
import { Registry } from './registry.mjs';

const NOW = 1795539757; // 2026-11-24T17:02:37Z
const KEPT_S = 60;

let registry, office;

before(async () => {
  registry = await Registry.make(NOW);
  office = await Office.open(registry, 2, { clocked: true });
  await office.grant(office.providers[0]);
});
after(() => registry.done());

const maxAge = (answer) => Number(answer.headers.get('cache-control').match(/max-age=([0-9]+)/)[1]);

// What the snapshot says, once its signature and times are found good.
async function read(token) {
  const keys = jose.createLocalJWKSet(await (await registry.fetch('/.well-known/jwks.json')).json());
  const { payload, protectedHeader } = await jose.jwtVerify(token, keys, {
    algorithms: ['EdDSA'], typ: 'keurmerk-register+jwt', issuer: registry.url, subject: `${registry.url}/register.jsonl`,
    currentDate: new Date(registry.now * 1000),
  });
  const { keys: published } = await (await registry.fetch('/.well-known/jwks.json')).json();
  assert.equal(published.find(({ kid }) => kid === protectedHeader.kid)['keurmerk:purpose'], 'status');
  return payload;
}

async function take() {
  const answer = await registry.fetch('/register.jwt');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/jwt');
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  const rows = await registry.fetch('/register.jsonl');
  const token = (await answer.text()).trim();
  return { token, snapshot: await read(token), rows: await rows.text(), ages: [maxAge(answer), maxAge(rows)] };
}

function fits({ snapshot, rows }) {
  assert.equal(snapshot.sha256, crypto.createHash('sha256').update(rows).digest('hex'));
  assert.equal(snapshot.rows, rows.split('\n').length - 1);
}

test('the snapshot is signed and fits the register, also after it has changed, until its time of next update', async () => {
  const first = await take();
  fits(first);
  assert.equal(first.snapshot.rows, 1);
  assert.equal(first.snapshot.iat, NOW);
  assert.equal(first.snapshot.exp, NOW + 86400);
  assert.equal(Date.parse(first.snapshot.next_update) / 1000, NOW + KEPT_S);
  assert.deepEqual(first.ages, [KEPT_S, KEPT_S]);

  await office.grant(office.providers[1]);
  registry.now = NOW + KEPT_S - 1;
  const same = await take();
  assert.equal(same.token, first.token);
  assert.equal(same.rows, first.rows);
  assert.deepEqual(same.ages, [1, 1]); // so that nobody keeps one of them for longer

  registry.now = NOW + KEPT_S;
  const next = await take();
  fits(next);
  assert.equal(next.snapshot.rows, 2);
  assert.equal(next.snapshot.iat, NOW + KEPT_S);
  assert.ok(next.snapshot.sequence > first.snapshot.sequence);
  const checkpoint = (await (await registry.fetch('/log/checkpoint')).text()).split('\n');
  assert.equal(next.snapshot.sequence, Number(checkpoint[1]));
});

test('the digest fits where the rows were made first, and no longer after they were made anew', async () => {
  registry.now += 2 * KEPT_S;
  const rows = await (await registry.fetch('/register.jsonl')).text();
  registry.now += KEPT_S - 1; // now the snapshot, for what is left of the minute
  const { snapshot } = await take();
  fits({ snapshot, rows });
  registry.now += 1;
  await registry.fetch('/register.jsonl');
  assert.equal((await take()).snapshot.iat, registry.now);
});

test('a snapshot of which one bit was changed is refused, and one that is too old too', async () => {
  const { token } = await take();
  const [header, payload, signature] = token.split('.');
  const changed = JSON.parse(Buffer.from(payload, 'base64url'));
  changed.rows += 1;
  const forged = [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
  await assert.rejects(read(forged), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  registry.now += 86400;
  await assert.rejects(read(token), { code: 'ERR_JWT_EXPIRED' });
});
