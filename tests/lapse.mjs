// A mark changes by itself in one second: in every place where anyone can look, with the server running and with none.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import zlib from 'node:zlib';
import { after, before, test } from 'node:test';

import { Office } from './office.mjs';
import { Registry } from './registry.mjs';

const GRANTED = Date.UTC(2026, 10, 24, 17, 2, 37) / 1000;
// Surveillance is due after 12 months, with 60 days of grace; a suspension lasts 180 days. All end with a day in Amsterdam.
const SUSPENDED = Date.UTC(2028, 0, 23, 23, 0, 0) / 1000;
const WITHDRAWN = Date.UTC(2028, 6, 22, 22, 0, 0) / 1000;

let registry, office, mark, badge;

before(async () => {
  registry = await Registry.make(GRANTED);
  office = await Office.open(registry, 1, { clocked: true });
  mark = await office.grant(office.providers[0]);
  badge = registry.write('badge.svg', await (await registry.fetch(`/m/${mark}.svg`)).text());
});
after(() => registry.done());

const payload = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

// The mark's bit in one of the two status lists.
async function bit(purpose) {
  const { credentialSubject } = payload(await (await registry.fetch(`/status/${purpose}/1`)).text());
  const bits = zlib.gunzipSync(Buffer.from(credentialSubject.encodedList.slice(1), 'base64url'));
  const { credentialStatus } = payload(fs.readFileSync(registry.path('badge.svg'), 'utf8').match(/verify="([^"]+)"/)[1]);
  const index = Number(credentialStatus.find((entry) => entry.statusPurpose === purpose).statusListIndex);
  return (bits[index >> 3] >> (7 - (index & 7))) & 1;
}

const words = {
  active: { page: 'Echt en geldig', badge: 'geldig tot', exit: 0, revocation: 0, suspension: 0 },
  suspended: { page: 'Geschorst: nu niet geldig', badge: 'Geschorst', exit: 1, revocation: 0, suspension: 1 },
  withdrawn: { page: 'Ingetrokken', badge: 'Ingetrokken', exit: 1, revocation: 1, suspension: 0 },
};

async function isEverywhere(state) {
  const expected = words[state];
  const record = await (await registry.fetch(`/m/${mark}.json`)).json();
  assert.equal(record.state, state);
  const page = await registry.fetch(`/m/${mark}?lang=nl`, { headers: { Accept: 'text/html' } });
  assert.match(await page.text(), new RegExp(expected.page));
  assert.match(await (await registry.fetch(`/m/${mark}.svg?lang=nl`)).text(), new RegExp(expected.badge));
  assert.equal(payload(await (await registry.fetch(`/m/${mark}/status.jwt`)).text()).state, state);
  assert.equal(await bit('revocation'), expected.revocation, 'revocation');
  assert.equal(await bit('suspension'), expected.suspension, 'suspension');
  const { status, stdout } = await office.use('verify', badge, '--registry', registry.url);
  assert.equal(status, expected.exit, stdout);
  if (state !== 'active') assert.match(stdout, new RegExp(state));
}

// No cache, between us and the server or in the user's browser, may keep an answer beyond the change.
async function agesBefore(change) {
  for (const path of [`/m/${mark}.json`, `/m/${mark}.svg`, `/m/${mark}`, `/m/${mark}/status.jwt`]) {
    const [, age] = (await registry.fetch(path)).headers.get('cache-control').match(/max-age=([0-9]+)/) ?? [null, '0'];
    assert.ok(registry.now + Number(age) <= change, `${path}: ${age} s`);
  }
}

const events = async () => (await office.must('mark', 'show', mark, '--json')).events;
const shown = async () => (await office.must('mark', 'show', mark, '--json')).state;

test('until the last second of grace it is active everywhere', async () => {
  registry.now = SUSPENDED - 1;
  await isEverywhere('active');
  await agesBefore(SUSPENDED);
});

test('in the next second it is suspended everywhere', async () => {
  registry.now = SUSPENDED;
  await isEverywhere('suspended');
});

test('until the last second of the suspension it stays so', async () => {
  registry.now = WITHDRAWN - 1;
  await isEverywhere('suspended');
  await agesBefore(WITHDRAWN);
});

test('in the next second it is withdrawn everywhere', async () => {
  registry.now = WITHDRAWN;
  await isEverywhere('withdrawn');
});

test('with no server running, and no job that has run, it is the same', async () => {
  await registry.server.stop();
  for (const [moment, state] of [[GRANTED, 'active'], [SUSPENDED - 1, 'active'], [SUSPENDED, 'suspended'],
    [WITHDRAWN - 1, 'suspended'], [WITHDRAWN, 'withdrawn']]) {
    registry.now = moment;
    assert.equal(await shown(), state, new Date(moment * 1000).toISOString());
  }
});

test('a server writes each lapse to the log once, and says afterwards what it said before', async () => {
  registry.now = WITHDRAWN;
  const before = await events();
  await office.serve();
  let lapses;
  for (let i = 0; i < 100 && lapses?.length !== 2; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const size = Number((await (await registry.fetch('/log/checkpoint')).text()).split('\n')[1]);
    const bytes = Buffer.from(await (await registry.fetch(`/log/tile/entries/000.p/${size}`)).arrayBuffer()).toString();
    lapses = bytes.match(/"action":"[a-z]+-lapse"/g);
  }
  assert.deepEqual(lapses, ['"action":"suspend-lapse"', '"action":"withdraw-lapse"']);
  await registry.server.stop();
  assert.deepEqual(await events(), before);
  await isShownAt('2028-01-23', 'active');
  await isShownAt('2028-01-25', 'suspended');
  await isShownAt('2028-07-23', 'withdrawn');
});

async function isShownAt(day, state) {
  assert.equal((await office.must('mark', 'show', mark, '--at', day, '--json')).state, state, day);
}
