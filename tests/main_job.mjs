// The main job, from hand to badge, on a running server: each test goes on where the one before it stopped.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as jose from 'jose';

import { allConform, isThere, Registry, run, sign, sources, thumbprint } from './registry.mjs';
import { bringToken } from './token.mjs';

const NOW = 1795539757; // 2026-11-24T17:02:37Z
const scheme = JSON.parse(fs.readFileSync(`${sources}/registry/schemes/mkb-ict.json`, 'utf8'));
const scope = ['beheer', 'cloud'];

// In files; or, where tests/main_job_token.mjs says so, in a token.
const inToken = process.env.KEYS_IN === 'token';

let registry;
let place = []; // what says so to the program
let auditor, decider, both; // private keys, as node has them
let audit, auditBytes, mark; // ids and what was sent

const auditOf = (provider, more = {}) => ({
  type: 'audit',
  audit: {
    provider, scheme: scheme.id, version: scheme.version, kind: 'initial',
    started: '2026-11-02', finished: '2026-11-10', scope,
    findings: allConform(scheme, scope),
    evidence: [{ name: 'rapport.pdf', sha256: '0'.repeat(64) }],
    recommendation: 'grant', ...more,
  },
});
const grantOn = (id) => ({ type: 'decision', decision: { action: 'grant', audit: id } });

const keyOf = (name) => crypto.createPrivateKey(fs.readFileSync(registry.path(name)));

async function invite(name, role) {
  const { code } = await registry.must('person', 'invite', '--body', 'vc', '--name', name, '--role', role, '--json');
  return code;
}

// This submission is answered with this problem, and nothing has changed.
async function isRefused(body, status, type, media) {
  const before = registry.digest();
  const answer = await registry.post('/v1/submissions', body, media);
  const problem = await answer.json();
  assert.equal(answer.status, status, JSON.stringify(problem));
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  assert.equal(problem.status, status);
  assert.equal(problem.type, `${registry.url}/problems#${type}`);
  assert.ok(problem.title && problem.detail, JSON.stringify(problem));
  assert.equal(registry.digest(), before, 'the register has changed');
  return problem;
}

before(async () => {
  registry = await Registry.make(NOW);
  if (inToken) place = ['--token', await bringToken(registry)];
});
after(() => registry.done());

test('init makes a folder that only its owner can read, with keys and a register', async () => {
  await registry.must('init', '--url', registry.url, ...registry.place, ...place);
  assert.equal(fs.statSync(registry.path('home')).mode & 0o777, 0o700);
  assert.equal(fs.statSync(registry.path('home', registry.database ? 'database' : 'register.db')).mode & 0o777, 0o600);
  const files = fs.readdirSync(registry.path('home', 'keys')).filter((name) => name !== 'published');
  assert.equal(files.length, 4);
  for (const file of files) {
    assert.match(file, inToken ? /\.uri$/ : /\.pem$/);
    assert.equal(fs.statSync(registry.path('home', 'keys', file)).mode & 0o777, 0o600, file);
  }
});

test('the operator adds a scheme, a body and a provider, and serves', async () => {
  await registry.must('scheme', 'add', `${sources}/registry/schemes/mkb-ict.json`);
  await registry.must('body', 'add', 'vc', '--name', 'Voorbeeld Certificatie', '--accreditation', 'C-000',
    '--scheme', scheme.id);
  await registry.must('provider', 'add', '68750110', 'Test BV Donald', '--domain', 'testbvdonald.example',
    '--city', 'Utrecht');
  await registry.serve();
  assert.equal((await registry.fetch('/healthz')).status, 200);
});

test('an auditor and a decider enrol keys that they make themselves', async () => {
  for (const [name, role] of [['auditor', 'auditor'], ['decider', 'decider']]) {
    const code = await invite(`Anna ${name}`, role);
    const reply = await registry.must('enrol', registry.url, '--code', code, '--key', registry.path(`${name}.pem`));
    const key = keyOf(`${name}.pem`);
    assert.equal(key.asymmetricKeyType, 'ed25519');
    assert.equal(reply.kid, thumbprint(key));
    assert.equal(fs.statSync(registry.path(`${name}.pem`)).mode & 0o777, 0o600);
  }
  auditor = keyOf('auditor.pem');
  decider = keyOf('decider.pem');
});

test('an invitation works once', async () => {
  const code = await invite('Bram', 'auditor');
  await registry.must('enrol', registry.url, '--code', code, '--key', registry.path('bram.pem'));
  const again = await registry.use('enrol', registry.url, '--code', code, '--key', registry.path('other.pem'));
  assert.equal(again.status, 1);
  assert.match(again.stderr, /invitation/);
});

test('someone enrols a key with a program that is not ours', async () => {
  const pair = crypto.generateKeyPairSync('ed25519');
  both = pair.privateKey;
  const code = await invite('Carla', 'auditor,decider');
  const token = sign(both, { typ: 'keurmerk-enrolment+jwt', kid: thumbprint(both) }, {
    aud: registry.url, iat: registry.now, code, jwk: pair.publicKey.export({ format: 'jwk' }),
  });
  const answer = await registry.post('/v1/enrolments', token);
  assert.equal(answer.status, 201, await answer.clone().text());
  assert.equal((await answer.json()).kid, thumbprint(both));
});

test('the form of an audit asks for exactly what the scope must meet', async () => {
  const form = await registry.must('scheme', 'form', scheme.id, '--provider', '68750110',
    ...scope.flatMap((service) => ['--service', service]));
  const filled = auditOf('68750110');
  assert.deepEqual(Object.keys(form.audit).sort(), Object.keys(filled.audit).sort());
  assert.deepEqual(form.audit.findings.map(({ criterion }) => criterion),
    filled.audit.findings.map(({ criterion }) => criterion));
  assert.deepEqual(form.audit.scope, scope);
});

test('an audit is signed in one place and sent from another', async () => {
  const file = registry.write('audit.json', auditOf('68750110'));
  auditBytes = (await registry.must('submit', '--key', registry.path('auditor.pem'), '--registry', registry.url,
    '--jti', 'the-first-audit-of-donald', '--print', file)).trim();
  const signed = registry.write('audit.jws', `${auditBytes}\n`);
  const reply = await registry.must('submit', '--registry', registry.url, signed);
  assert.equal(reply.id, crypto.createHash('sha256').update(auditBytes).digest('base64url'));
  assert.equal(reply.provider, '68750110');
  audit = reply.id;
});

test('the same bytes again get the first answer again, and change nothing', async () => {
  const before = registry.digest();
  const answer = await registry.post('/v1/submissions', auditBytes);
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).id, audit);
  assert.equal(registry.digest(), before);
});

test('other bytes under the same jti are a conflict', async () => {
  await isRefused(registry.compose(auditor, auditOf('68750110', { finished: '2026-11-11' }),
    { jti: 'the-first-audit-of-donald' }), 409, 'jti-reused');
});

test('who audited does not decide, and who may only audit decides nothing', async () => {
  await isRefused(registry.compose(auditor, grantOn(audit)), 403, 'role');
  const answer = await registry.post('/v1/submissions', registry.compose(both, auditOf('68750110')));
  assert.equal(answer.status, 201, await answer.clone().text());
  await isRefused(registry.compose(both, grantOn((await answer.json()).id)), 403, 'four-eyes');
});

test('a submission for another registry, or of another time, proves nothing', async () => {
  const grant = grantOn(audit);
  await isRefused(registry.compose(decider, grant, { aud: 'https://keurmerk.example' }), 401, 'audience-mismatch');
  await isRefused(registry.compose(decider, grant, { iat: NOW + 61 }), 401, 'iat-future');
  await isRefused(registry.compose(decider, grant, { iat: NOW - 15 * 60 - 1 }), 401, 'iat-stale');
});

test('a key that nobody knows, and a signature by another key, prove nothing', async () => {
  const stranger = crypto.generateKeyPairSync('ed25519').privateKey;
  await isRefused(registry.compose(stranger, grantOn(audit)), 401, 'unknown-key');
  const kid = thumbprint(decider);
  await isRefused(registry.compose(stranger, grantOn(audit), { iss: kid }, { kid }), 401, 'bad-signature');
});

test('what is signed and wrong is refused, and says where', async () => {
  const problem = await isRefused(registry.compose(auditor, auditOf('69599084')), 422, 'unknown-provider');
  assert.match(problem.detail, /69599084/);
  const missing = auditOf('68750110');
  missing.audit.findings.pop();
  await isRefused(registry.compose(auditor, missing), 422, 'member');
  await isRefused(registry.compose(auditor, auditOf('68750110', { surprise: 1 })), 422, 'member');
});

test('broken JSON, and what is no JWS at all, are malformed', async () => {
  const kid = thumbprint(auditor);
  for (const payload of ['{"type": "audit"', '[]', '{"type": "audit", "type": "audit"}']) {
    const bytes = sign(auditor, { typ: 'keurmerk-submission+jwt', kid }, payload);
    const answer = await registry.post('/v1/submissions', bytes);
    assert.equal(answer.status, 400, payload);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  }
  for (const bytes of ['', 'hello', '{"type": "audit"}', `${auditBytes}.`, auditBytes.slice(0, -1)]) {
    const before = registry.digest();
    const answer = await registry.post('/v1/submissions', bytes);
    assert.equal(answer.status, 400, bytes.slice(0, 20));
    assert.equal(registry.digest(), before);
  }
});

test('a body over the bound is too large; one of another type is not read', async () => {
  await isRefused('x'.repeat(256 * 1024 + 1), 413, 'body-too-large');
  await isRefused(auditBytes, 415, 'content-type', 'application/json');
});

test('a decider grants, and the mark is live', async () => {
  const file = registry.write('grant.json', grantOn(audit));
  const reply = await registry.must('submit', '--key', registry.path('decider.pem'), '--registry', registry.url, file);
  mark = reply.mark;
  assert.match(mark, /^[0-9A-HJKMNP-TV-Z]{12}$/);
  assert.equal(reply.state, 'active');
  assert.equal(reply.url, `${registry.url}/m/${mark}`);
  const record = await (await registry.fetch(`/v1/marks/${mark}`)).json();
  assert.equal(record.state, 'active');
  assert.equal(record.provider.name, 'Test BV Donald');
  assert.deepEqual(record.scope.map(({ id }) => id), scope);
});

test('the page speaks Dutch and English, with the name in both', async () => {
  for (const [language, words] of [['nl', 'Echt en geldig'], ['en', 'Genuine and valid']]) {
    const answer = await registry.fetch(`/m/${mark}?lang=${language}`, { headers: { Accept: 'text/html' } });
    const page = await answer.text();
    assert.equal(answer.status, 200);
    assert.match(page, new RegExp(`<html[^>]* lang="${language}"`));
    assert.ok(page.includes(words), words);
    assert.ok(page.includes('Test BV Donald'));
  }
});

test('its compact QR, read by zbar, leads to its page', async (t) => {
  if (!(await isThere('zbarimg'))) return t.skip('there is no zbarimg');
  const pictures = {
    'served.png': Buffer.from(await (await registry.fetch(`/m/${mark}.qr.png`)).arrayBuffer()),
    'compact.png': null,
  };
  fs.writeFileSync(registry.path('served.png'), pictures['served.png']);
  await registry.must('qr', mark, '--compact', '-o', registry.path('compact.png'));
  for (const name of Object.keys(pictures)) {
    const { stdout } = await run('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', registry.path(name)]);
    const address = stdout.trim();
    assert.equal(address.toLowerCase(), `${registry.url}/m/${mark}`.toLowerCase(), name);
    const answer = await fetch(address, { redirect: 'manual', headers: { Accept: 'text/html' } });
    assert.equal(answer.status, 200, name);
    assert.ok((await answer.text()).includes('Test BV Donald'), name);
    const verdict = await registry.use('verify', address, '--registry', registry.url);
    assert.equal(verdict.status, 0, verdict.stdout);
  }
});

const badge = async () => (await registry.fetch(`/m/${mark}.svg`)).text();
const baked = (svg) => svg.match(/verify="([^"]+)"/)[1];

test('verify: the badge is genuine, and says whose it is', async () => {
  registry.write('badge.svg', await badge());
  const verdict = await registry.use('verify', registry.path('badge.svg'), '--registry', registry.url);
  assert.equal(verdict.status, 0, verdict.stdout + verdict.stderr);
  assert.match(verdict.stdout, /Test BV Donald/);
  const drawn = await registry.must('badge', mark);
  assert.equal(baked(drawn), baked(await badge()));
  await registry.must('badge', mark, '-o', registry.path('badge.png'));
  assert.equal((await registry.use('verify', registry.path('badge.png'), '--registry', registry.url)).status, 0);
  await registry.must('badge', mark, '-o', registry.path('badge.pdf'), '--bleed');
  assert.equal(fs.readFileSync(registry.path('badge.pdf')).subarray(0, 5).toString(), '%PDF-');
});

test('verify: with one byte of the token changed it is not, and says why', async () => {
  const svg = await badge(), token = baked(svg);
  const [header, payload, signature] = token.split('.');
  const change = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
  for (const changed of [[header, change(payload, 200), signature], [header, payload, change(signature, 40)]]) {
    registry.write('changed.svg', svg.replace(token, changed.join('.')));
    const verdict = await registry.use('verify', registry.path('changed.svg'), '--registry', registry.url);
    assert.equal(verdict.status, 1, verdict.stdout);
    assert.match(verdict.stdout.split('\n')[0], /signature|changed|forged/i);
    assert.doesNotMatch(verdict.stdout.split('\n')[0], /Donald/); // nothing unproven is shown
  }
});

test('verify: with nobody named it cannot tell, and says whose word it needs', async () => {
  const env = { ...registry.env };
  delete env.KEURMERK_HOME;
  const { status, stdout } = await run(process.env.KEURMERK ?? './keurmerk',
    ['verify', registry.path('badge.svg'), '--clock', registry.clock], { env });
  assert.equal(status, 3, stdout);
  assert.ok(stdout.split('\n')[0].includes(registry.url), stdout);
});

test('verify: the registry in the trust file is the one whose word is taken', async () => {
  fs.mkdirSync(registry.path('.config', 'keurmerk'), { recursive: true });
  const file = registry.path('.config', 'keurmerk', 'trust');
  fs.writeFileSync(file, `${registry.url}\n`);
  assert.equal((await registry.use('verify', registry.path('badge.svg'))).status, 0);
  assert.equal((await registry.use('verify', mark)).status, 0);
  fs.writeFileSync(file, 'https://keurmerk.example/x\n');
  assert.equal((await registry.use('verify', mark)).status, 3);
  fs.rmSync(file);
});

test('verify: a credential of another registry is of an unknown issuer', async () => {
  const other = await Registry.make(NOW);
  try {
    await other.must('init', '--url', 'https://keurmerk.example');
    const keys = registry.write('other-keys.json', await other.must('key', 'list', '--json'));
    const verdict = await registry.use('verify', registry.path('badge.svg'), '--keyset', keys, '--json');
    assert.equal(verdict.status, 3, verdict.stdout);
    assert.match(verdict.stdout, /unknown-issuer/);
    assert.ok(verdict.stdout.includes(registry.url));
  } finally {
    await other.done();
  }
});

const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

test('check: a list of suppliers gets answers that are signed, and a receipt that still verifies', async () => {
  const good = registry.write('good.csv', 'naam;kvk\nTest BV Donald;68750110\n');
  const mixed = registry.write('mixed.csv', `68750110\nOnbekend BV\n68727720\n`);
  const receipt = registry.path('receipt.jwt');
  const all = await registry.use('check', good, '--registry', registry.url, '-o', receipt);
  assert.equal(all.status, 0, all.stdout + all.stderr);
  assert.match(all.stdout, /active +68750110 +Test BV Donald/);
  assert.ok(all.stdout.includes(mark));
  const some = await registry.use('check', mixed, '--registry', registry.url, '--json');
  assert.equal(some.status, 1, some.stderr);
  assert.deepEqual(JSON.parse(some.stdout).results.map(({ answer }) => answer), ['active', 'unknown', 'unknown']);
  const kept = await registry.use('verify', '--receipt', receipt, '--registry', registry.url);
  assert.equal(kept.status, 0, kept.stdout + kept.stderr);
  const asMark = await registry.use('verify', receipt, '--registry', registry.url);
  assert.equal(asMark.status, 3, 'anybody gets a receipt: it must not pass for a mark');
  assert.match(asMark.stdout, /--receipt/);
  const asReceipt = registry.write('mark.jwt', await (await registry.fetch(`/m/${mark}.jwt`)).text());
  assert.equal((await registry.use('verify', '--receipt', asReceipt, '--registry', registry.url)).status, 3);
  const changed = fs.readFileSync(receipt, 'utf8').replace(/.(?=.{60}\n)/, (c) => (c === 'A' ? 'B' : 'A'));
  const forged = await registry.use('verify', '--receipt', registry.write('changed.jwt', changed), '--registry', registry.url);
  assert.equal(forged.status, 1, forged.stdout + forged.stderr);
});

test('the credential is good to jose, with the keys that are served', async () => {
  const token = (await (await registry.fetch(`/m/${mark}.jwt`)).text()).trim();
  const { keys } = await (await registry.fetch('/.well-known/jwks.json')).json();
  const { kid } = jose.decodeProtectedHeader(token);
  const bare = await (await fetch(kid)).json(); // Open Badges: kid is the address of one bare key
  const served = keys.find((key) => key.x === bare.x);
  assert.ok(served, 'the key of the credential is in the set');
  const options = { algorithms: ['EdDSA'], currentDate: new Date(NOW * 1000) };
  const { payload } = await jose.jwtVerify(token, await jose.importJWK(served, 'EdDSA'), options);
  assert.equal(payload.credentialSubject.achievement.type[0], 'Achievement');
  assert.equal(await jose.calculateJwkThumbprint(served), served.kid);
  const other = keys.find((key) => key.x !== bare.x);
  await assert.rejects(async () => jose.jwtVerify(token, await jose.importJWK(other, 'EdDSA'), options));
});

// The 32 bytes of a Multikey for Ed25519: z, then base58btc of ed 01 and those.
function multikey(text) {
  assert.equal(text[0], 'z');
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const number = [...text.slice(1)].reduce((sum, c) => sum * 58n + BigInt(alphabet.indexOf(c)), 0n);
  const bytes = Buffer.from(number.toString(16).padStart(68, '0'), 'hex');
  assert.equal(bytes.subarray(0, 2).toString('hex'), 'ed01');
  return bytes.subarray(2);
}

test('the keys of did.json are those of the key set, and good to jose under the same thumbprints', async () => {
  const did = await (await registry.fetch('/.well-known/did.json')).json();
  const { keys } = await (await registry.fetch('/.well-known/jwks.json')).json();
  assert.equal(did.id, `did:web:127.0.0.1%3A${registry.port}`);
  const methods = did.verificationMethod;
  assert.ok(methods.every(({ id, controller }) => id.startsWith(`${did.id}#`) && controller === did.id));
  const asJwk = methods.filter(({ publicKeyJwk }) => publicKeyJwk);
  assert.equal(asJwk.length, keys.length);
  for (const { id, type, publicKeyJwk } of asJwk) {
    assert.equal(type, 'JsonWebKey');
    assert.equal((await jose.importJWK(publicKeyJwk, 'EdDSA')).type, 'public');
    const print = await jose.calculateJwkThumbprint(publicKeyJwk);
    assert.equal(publicKeyJwk.kid, print);
    assert.equal(id, `${did.id}#${print}`);
    assert.equal(keys.find(({ kid }) => kid === print)?.x, publicKeyJwk.x);
  }
  const token = (await (await registry.fetch(`/m/${mark}.jwt`)).text()).trim();
  const { x } = await (await fetch(jose.decodeProtectedHeader(token).kid)).json();
  const options = { algorithms: ['EdDSA'], currentDate: new Date(NOW * 1000) };
  for (const { publicKeyJwk } of asJwk) {
    const verified = jose.jwtVerify(token, await jose.importJWK(publicKeyJwk, 'EdDSA'), options);
    if (publicKeyJwk.x === x) await verified;
    else await assert.rejects(verified, { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
  }
  const [{ id, type, publicKeyMultibase }, ...more] = methods.filter(({ publicKeyJwk }) => !publicKeyJwk);
  assert.deepEqual(more, []);
  assert.equal(type, 'Multikey');
  assert.equal(multikey(publicKeyMultibase).toString('base64url'), x);
  assert.ok(did.assertionMethod.includes(id) && did.assertionMethod.includes(asJwk.find(
    ({ publicKeyJwk }) => publicKeyJwk.x === x).id));
});

test('the statement of its state is good to jose for an hour', async () => {
  const token = (await (await registry.fetch(`/m/${mark}/status.jwt`)).text()).trim();
  const keys = jose.createRemoteJWKSet(new URL(`${registry.url}/.well-known/jwks.json`));
  const issuer = decode(token.split('.')[1]).iss;
  const at = (seconds) => ({ algorithms: ['EdDSA'], issuer, currentDate: new Date(seconds * 1000) });
  const { payload } = await jose.jwtVerify(token, keys, at(NOW + 3599));
  assert.equal(payload.state, 'active');
  await assert.rejects(jose.jwtVerify(token, keys, at(NOW + 3601)), { code: 'ERR_JWT_EXPIRED' });
});

test('the signature is good to the openssl command', async (t) => {
  if (!(await run('openssl', ['version']).catch(() => null))) return t.skip('there is no openssl');
  const token = (await (await registry.fetch(`/m/${mark}.jwt`)).text()).trim();
  const [header, payload, signature] = token.split('.');
  const { x } = await (await fetch(decode(header).kid)).json();
  // SubjectPublicKeyInfo of an Ed25519 key: RFC 8410, section 4.
  fs.writeFileSync(registry.path('key.der'),
    Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(x, 'base64url')]));
  fs.writeFileSync(registry.path('signature'), Buffer.from(signature, 'base64url'));
  const check = (text) => {
    const file = registry.write('signed', text);
    return run('openssl', ['pkeyutl', '-verify', '-pubin', '-inkey', registry.path('key.der'), '-keyform', 'DER',
      '-rawin', '-in', file, '-sigfile', registry.path('signature')]);
  };
  assert.equal((await check(`${header}.${payload}`)).status, 0);
  assert.notEqual((await check(`${header}.${payload}A`)).status, 0);
});

test('a mistyped number is not found, and the page says that the check symbol does not fit', async () => {
  const wrong = mark.slice(0, -1) + (mark.endsWith('0') ? '1' : '0');
  const page = await registry.fetch(`/m/${wrong}?lang=en`, { headers: { Accept: 'text/html' } });
  const text = await page.text();
  assert.equal(page.status, 404);
  assert.match(text, /Check the characters/);
  assert.match(text, /<form/); // and there is a way on
  const answer = await registry.fetch(`/v1/marks/${wrong}`);
  assert.equal(answer.status, 404);
  assert.equal((await answer.json()).type, `${registry.url}/problems#mark-number-check`);
  const verdict = await registry.use('verify', wrong, '--registry', registry.url);
  assert.equal(verdict.status, 1);
  assert.match(verdict.stdout, /check/);
});

test('a revoked key signs nothing more, and what it signed stays', async () => {
  for (const at of ['2026-11-24T17:02:36Z', '2026-11-24T17:02:38Z', '2026-11-25', 'yesterday']) {
    const refused = await registry.use('person', 'revoke', '--at', at, thumbprint(both));
    assert.equal(refused.status, at === 'yesterday' ? 2 : 1, at); // before it was enrolled, and not yet
  }
  const said = await registry.must('person', 'revoke', '--at', '2026-11-24T17:02:37Z', thumbprint(both));
  assert.match(said, /2026-11-24T17:02:37Z +audit +\S{43} +initial/); // what it handed in, for somebody to look at
  await isRefused(registry.compose(both, auditOf('68750110')), 401, 'revoked-key');
  assert.equal((await registry.use('verify', mark, '--registry', registry.url)).status, 0);
});

test('a suspended mark never verifies; the badge that went out before does not either', async () => {
  registry.now = NOW + 3600;
  const old = registry.path('badge.svg');
  const file = registry.write('suspend.json', { type: 'decision', decision: { action: 'suspend', mark,
    reason: 'measures-not-kept', text: { nl: 'De back-ups zijn niet getest.', en: 'Back-ups were not tested.' } } });
  const reply = await registry.must('submit', '--key', registry.path('decider.pem'), '--registry', registry.url, file);
  assert.equal(reply.state, 'suspended');
  for (const thing of [old, mark, registry.write('new.svg', await badge())]) {
    const verdict = await registry.use('verify', thing, '--registry', registry.url);
    assert.equal(verdict.status, 1, verdict.stdout);
    assert.match(verdict.stdout.split('\n')[0], /suspended/i);
  }
  assert.match(await registry.must('mark', 'show', mark), /suspended since 2026-11-24/);
  assert.match(await registry.must('mark', 'history', mark), /suspend[^]*grant/);
  assert.match(await registry.must('mark', 'list', '--state', 'suspended'), /Test BV Donald/);
  assert.equal(await registry.must('mark', 'list', '--state', 'active'), '');
});

test('told to stop, it finishes and ends in peace; then nobody can tell', async () => {
  assert.deepEqual(await registry.server.stop('SIGTERM'), { status: 0, signal: null });
  assert.doesNotMatch(registry.server.log.text, / fault /);
  for (const thing of [mark, registry.path('badge.svg')])
    assert.equal((await registry.use('verify', thing, '--registry', registry.url)).status, 3);
  const offline = await registry.use('verify', registry.path('badge.svg'), '--offline');
  assert.notEqual(offline.status, 0, offline.stdout); // its own home has the keys, but nobody tells the state
});
