// What a signed QR code opens: the mark as it stands now, with a loud word where the code says something else; and what
// is forged, or another's, is never shown as a mark.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { kidOf, writeToken } from './cwt.mjs';
import { Office } from './office.mjs';
import { isThere, Registry, run, thumbprint } from './registry.mjs';

const NOW = 1795539757; // 2026-11-24T17:02:37Z
const DAY_S = 86400;

let registry, office, mark, record, key, stranger;

before(async () => {
  registry = await Registry.make(NOW);
  office = await Office.open(registry, 1, { clocked: true });
  mark = await office.grant(office.providers[0]);
  record = await (await registry.fetch(`/m/${mark}.json`)).json();
  key = keyFor('credential');
  stranger = crypto.generateKeyPairSync('ed25519').privateKey;
});
after(() => registry.done());

// The registry's own key, to sign what it never would.
function keyFor(purpose) {
  const folder = registry.path('home', 'keys');
  const [name] = fs.readdirSync(folder).filter((file) => file.startsWith(`${purpose}-`));
  return crypto.createPrivateKey(fs.readFileSync(`${folder}/${name}`));
}

const claims = (more = {}) => ({
  iss: registry.url, sub: mark, exp: Date.parse(record.valid_until) / 1000, iat: NOW, name: record.provider.name,
  kvk: record.provider.kvk, scheme: record.scheme.id, index: 0, ...more,
});

async function open(token, lang = 'nl', path = '/Q/') {
  const answer = await registry.fetch(`${path}${token}?lang=${lang}`, { headers: { Accept: 'text/html' } });
  const page = await answer.text();
  const [, state] = page.match(/<div class="state state-(\w+)/) ?? [];
  const [, title] = page.match(/<h1>([^<]*)<\/h1>/) ?? [];
  return { status: answer.status, cache: answer.headers.get('cache-control'), page, state, title,
    warned: page.includes('class="warning"') };
}

async function scanned(target) {
  const file = registry.write('code.png', '');
  fs.writeFileSync(file, Buffer.from(await (await registry.fetch(target)).arrayBuffer()));
  return (await run('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', file])).stdout.trim();
}

test('the code that is served, and the one that the command makes, opens its mark', async (t) => {
  if (!(await isThere('zbarimg'))) return t.skip('there is no zbarimg');
  const address = await scanned(`/m/${mark}.signed-qr.png?scale=4`);
  assert.match(address, /^HTTP:\/\/127\.0\.0\.1:[0-9]+\/Q\/[A-Z2-7]{300,}$/);
  await registry.must('qr', mark, '-o', registry.path('made.png'));
  const made = await run('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', registry.path('made.png')]);
  assert.equal(made.stdout.trim(), address);
  const verdict = await registry.use('verify', address, '--registry', registry.url);
  assert.equal(verdict.status, 0, verdict.stdout);
  const { status, state, warned, page } = await open(address.split('/').at(-1));
  assert.deepEqual({ status, state, warned }, { status: 200, state: 'active', warned: false });
  assert.match(page, /De handtekening in de QR-code is van dit register/);
  const svg = await registry.fetch(`/m/${mark}.signed-qr.svg`);
  assert.equal(svg.status, 200);
  assert.equal(svg.headers.get('content-type'), 'image/svg+xml');
});

test('in capitals or not, in both languages, and as data', async () => {
  const token = writeToken(claims(), key);
  for (const [spelling, path] of [[token, '/Q/'], [token.toLowerCase(), '/q/']]) {
    const { title, warned, page } = await open(spelling, 'en', path);
    assert.equal(title, 'Genuine and valid');
    assert.equal(warned, false);
    assert.match(page, new RegExp(`<link rel="canonical" href="${registry.url}/m/${mark}">`));
  }
  const answer = await registry.fetch(`/q/${token}`, { headers: { Accept: 'application/json' } });
  const { qr, state, number } = await answer.json();
  assert.deepEqual({ qr, state, number }, { state: 'active', number: mark, qr: { agrees: true, differences: [],
    expired: null, name: record.provider.name, kvk: record.provider.kvk, scheme: record.scheme.id } });
});

test('a code for which the register has other words is shown with both', async () => {
  const name = await open(writeToken(claims({ name: 'Voorbeeld Oud <b>BV</b>' }), key));
  assert.equal(name.warned, true);
  assert.match(name.page, /Voorbeeld Oud &lt;b&gt;BV&lt;\/b&gt;[^]*In het register[^]*Voorbeeld 90000000 BV/);
  const until = await open(writeToken(claims({ exp: claims().exp + 30 * DAY_S }), key), 'en');
  assert.match(until.page, /The last day in the QR code is another[^]*24 December 2029[^]*24 November 2029/);
  const scheme = await open(writeToken(claims({ scheme: 'gold' }), key));
  assert.match(scheme.page, /Het keurmerk op de QR-code is een ander[^]*gold[^]*mkb-ict/);
  for (const { page } of [name, until, scheme]) assert.doesNotMatch(page, /handtekening in de QR-code is van|is this register’s/);
});

test('the code of another holder is not that of a mark that holds', async () => {
  const { status, state, title, page } = await open(writeToken(claims({ kvk: '68727720', name: 'Test NV Katrien' }), key));
  assert.deepEqual({ status, state, title }, { status: 200, state: 'withdrawn', title: 'Van een ander bedrijf' });
  assert.match(page, /Test NV Katrien, KvK 68727720[^]*Voorbeeld 90000000 BV, KvK 90000000/);
  assert.doesNotMatch(page, /Echt en geldig/);
});

test('an old code says that it has expired, and how the mark stands now', async () => {
  const { warned, page, state } = await open(writeToken(claims({ exp: NOW - 1 }), key));
  assert.deepEqual({ warned, state }, { warned: true, state: 'active' });
  assert.match(page, /Deze QR-code is verlopen[^]*24 november 2026/);
  const last = await open(writeToken(claims({ exp: NOW }), key));
  assert.doesNotMatch(last.page, /verlopen/);
});

test('what is forged or damaged is not genuine, and its words are not shown', async () => {
  const good = writeToken(claims(), key);
  const words = { name: 'Vals en Zonen BV' };
  const forged = {
    'by a stranger, in the name of the key': writeToken(claims(words), stranger, kidOf(key)),
    'by a stranger': writeToken(claims(words), stranger),
    'by a key for other things': writeToken(claims(words), keyFor('status')),
    'before the key was there': writeToken(claims({ ...words, iat: NOW - DAY_S }), key),
    changed: good.slice(0, 150) + (good[150] === 'A' ? 'B' : 'A') + good.slice(151),
    'cut short': good.slice(0, -8),
    'of another form': 'AAAAAAAA',
    'of no form': '1',
    long: 'A'.repeat(1100),
  };
  for (const [told, token] of Object.entries(forged)) {
    const { status, title, page, cache } = await open(token);
    assert.deepEqual({ status, title, cache }, { status: 404, title: 'Niet echt', cache: 'no-store' }, told);
    assert.doesNotMatch(page, /Vals en Zonen|Voorbeeld 9|Echt en geldig/, told);
    const answer = await registry.fetch(`/q/${token}`, { headers: { Accept: 'application/json' } });
    assert.equal(answer.status, 404);
    const problem = await answer.json();
    assert.equal(problem.type, `${registry.url}/problems#qr-forged`, told);
    assert.ok(problem.detail);
  }
});

test('another registry’s code is named, and not followed', async () => {
  const { status, title, page } = await open(writeToken(claims({ iss: 'https://ander.example' }), stranger));
  assert.deepEqual({ status, title }, { status: 404, title: 'Niet van dit register' });
  assert.match(page, /<p class="host">ander\.example<\/p>/);
  assert.doesNotMatch(page, /href="[^"]*ander\.example/);
  // Whoever signs with our key for another is not us, and not them.
  assert.equal((await open(writeToken(claims({ iss: 'https://ander.example' }), key))).status, 404);
});

test('a genuine code for a mark that is not in the register', async () => {
  const { status, page } = await open(writeToken(claims({ sub: '7K3Q9XM24HTT' }), key));
  assert.equal(status, 404);
  assert.match(page, /Dit keurmerk staat niet in het register/);
});

test('the mark is shown as it stands now, whatever the code says', async () => {
  const token = writeToken(claims(), key);
  registry.now = NOW + 3600;
  await office.decide({ action: 'suspend', mark, reason: 'measures-not-kept',
    text: { nl: 'De back-ups zijn niet getest.', en: 'Back-ups were not tested.' } });
  assert.equal((await open(token)).state, 'suspended');
  await office.decide({ action: 'withdraw', mark, reason: 'measures-not-kept',
    text: { nl: 'Het is niet hersteld.', en: 'It was not put right.' } });
  const { state, title } = await open(token);
  assert.deepEqual({ state, title }, { state: 'withdrawn', title: 'Ingetrokken' });
});

test('a code by a key that has been revoked is not to be trusted any more', async () => {
  const token = writeToken(claims(), key);
  await office.must('key', 'revoke', thumbprint(key));
  const { status, title } = await open(token);
  assert.deepEqual({ status, title }, { status: 404, title: 'Niet meer te vertrouwen' });
});
