// What nobody has to keep any longer is listed and purged with the program, beside a server at work: the mark's page, its
// proof, the log, `fsck`, `backup` and who watches the log notice nothing of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { Office } from './office.mjs';
import { Registry } from './registry.mjs';

const GRANTED = Date.UTC(2026, 10, 24, 17, 2, 37) / 1000;
const WITHDRAWN = GRANTED + 86400;
// As long again as the term of 36 months, to the end of the day in Amsterdam.
const LAST = Date.UTC(2029, 10, 25, 22, 59, 59) / 1000;

let registry, office, mark, kept, lost, code;

before(async () => {
  registry = await Registry.make(GRANTED);
  office = await Office.open(registry, 3, { clocked: true });
  mark = await office.grant(office.providers[0]);
  kept = await office.grant(office.providers[1]);
  registry.now = WITHDRAWN;
  await office.decide({ action: 'withdraw', mark, reason: 'voorbeeld', text: { nl: 'Uitleg.', en: 'Explanation.' } });
});
after(() => registry.done());

const show = (...args) => office.must('mark', 'show', mark, '--json', ...args);
const audits = async () => (await office.must('provider', 'export', office.providers[0])).audits.length;
const watch = () => office.must('log', 'check', registry.url);

test('until the last second there is nothing to purge', async () => {
  await watch();
  registry.now = LAST;
  assert.match(await office.must('retention', 'list'), /Nothing may go yet/);
});

test('in the next second it is listed, with the command that takes it away', async () => {
  registry.now = LAST + 1;
  const list = await office.must('retention', 'list');
  assert.match(list, new RegExp(`audit +initial .*\\n.*KvK number ${office.providers[0]}, scheme mkb-ict, mark ${mark}`));
  assert.doesNotMatch(list, new RegExp(office.providers[1]));
  [, code] = list.match(/1 record may go\. .*: keurmerk retention purge ([0-9a-f]{12})\n$/);
  const { records } = await office.must('retention', 'list', '--json');
  assert.deepEqual(records.map(({ what, kvk, why }) => [what, kvk, why]), [['audit', office.providers[0], 'mark-ended']]);
});

test('with another code nothing goes', async () => {
  const { status, stderr } = await office.use('retention', 'purge', '000000000000');
  assert.equal(status, 1);
  assert.match(stderr, /keurmerk retention list/);
  assert.match(await office.must('retention', 'list'), /1 record may go/);
});

test('purged, it is told of, and the mark is what it was', async () => {
  const was = await show(), then = await show('--at', '2026-11-25');
  assert.equal(await audits(), 1);
  assert.match(await office.must('retention', 'purge', code), /^Purged 1 record\.\n$/);
  assert.match(await office.must('retention', 'list'), /Nothing may go yet/);
  assert.deepEqual(await show(), was);
  assert.deepEqual(await show('--at', '2026-11-25'), then);
  const { purged } = await office.must('provider', 'export', office.providers[0]);
  assert.deepEqual(purged.map(({ type, why }) => [type, why]), [['audit', 'retention']]);
});

test('the log still proves it, and who watches it finds nothing changed', async () => {
  await registry.server.stop();
  await office.serve(); // takes the purge into the log, and what time has done to the other mark
  const proof = await registry.fetch(`/m/${mark}.tlog-proof`);
  assert.equal(proof.status, 200);
  let seen;
  for (let i = 0; i < 100 && seen?.status !== 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    seen = await office.use('log', 'check', registry.url);
  }
  assert.equal(seen.status, 0, seen.stdout + seen.stderr);
  assert.match(seen.stdout, /nothing that was in it has changed/);
});

const erase = (...args) => office.use('provider', 'erase', office.providers[2], '--all', ...args);
const page = async (language) => (await registry.fetch(`/m/${lost}?lang=${language}`,
  { headers: { Accept: 'text/html' } })).text();

test('a provider is not forgotten while its mark is alive, or while its records have to be kept', async () => {
  await office.must('provider', 'contact', office.providers[2], '--email', 'post@dagobert.example');
  await office.must('body', 'contact', 'vc', '--email', 'post@vc.example');
  lost = await office.grant(office.providers[2]);
  let { status, stderr } = await erase();
  assert.equal(status, 1);
  assert.match(stderr, /its mark of scheme mkb-ict is active/);
  await office.decide({ action: 'rename', mark: lost, name: 'Nieuwe Naam EMZ' });
  await office.decide({ action: 'withdraw', mark: lost, reason: 'voorbeeld',
    text: { nl: 'Nieuwe Naam stopt.', en: 'Nieuwe Naam stops.' } });
  ({ status, stderr } = await erase());
  assert.equal(status, 1);
  assert.match(stderr, /ask again on 2032-11-27/);
  assert.match(await page('nl'), /Nieuwe Naam EMZ/);
});

const mirrored = async () => {
  await office.must('export', registry.path('mirror'));
  return fs.readdirSync(registry.path('mirror', 'files'), { recursive: true })
    .filter((file) => /Nieuwe Naam|90000002/.test(file + (fs.statSync(registry.path('mirror', 'files', file)).isFile()
      ? fs.readFileSync(registry.path('mirror', 'files', file), 'latin1') : '')));
};

test('a mirror has it until then', async () => {
  assert.notEqual((await mirrored()).length, 0);
});

test('then it is, and the page of its mark says so in words', async () => {
  registry.now = Date.UTC(2032, 10, 27) / 1000;
  const { status, stdout, stderr } = await erase();
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Forgot provider 90000002/);
  const [nl, en] = [await page('nl'), await page('en')];
  assert.match(nl, /Naam gewist/);
  assert.match(nl, /Ingetrokken/);
  assert.match(en, /Name erased/);
  for (const text of [nl, en]) assert.doesNotMatch(text, /Nieuwe Naam|90000002|KvK/);
  assert.equal((await erase()).status, 1);
});

test('the lists of mail about it are still given, and say no number', async () => {
  for (const state of ['queued', 'dropped']) {
    const list = await office.must('mail', 'list', '--state', state, '--json');
    assert.notEqual(list.length, 0, state);
    for (const { provider } of list) assert.equal(provider, null);
  }
  assert.match(await office.must('mail', 'list', '--state', 'dropped'), /to the provider \(erased\), mark/);
});

test('no other answer names it, and each is still given', async () => {
  for (const target of [`/m/${lost}.json`, `/m/${lost}.svg`, `/m/${lost}.png`, `/m/${lost}.pdf`, `/m/${lost}.atom`,
    `/m/${lost}.qr.svg`, `/m/${lost}.tlog-proof`, `/m/${lost}/status.jwt`, `/v1/marks/${lost}`, `/embed/${lost}`,
    '/feed.atom', '/feed.json', '/?q=', '/v1/marks', '/v1/providers', '/register.csv', '/register.jsonl', '/figures']) {
    const answer = await registry.fetch(target);
    const text = await answer.text();
    assert.doesNotMatch(text, /Nieuwe Naam|90000002/, target);
    assert.equal(answer.status, 200, target);
  }
  const record = await (await registry.fetch(`/m/${lost}.json`)).json();
  assert.equal(record.provider.kvk, null);
  assert.equal((await registry.fetch('/v1/providers/90000002')).status, 404);
  assert.equal((await registry.fetch('/?q=Nieuwe+Naam')).status, 200);
  for (const ending of ['jwt', 'json-ld', 'signed-qr.svg']) {
    assert.equal((await registry.fetch(`/m/${lost}.${ending}`)).status, 404, ending);
  }
});

test('the next export takes it out of the mirror, and the one after that out of its own lists', async () => {
  await mirrored();
  assert.deepEqual(await mirrored(), []);
});

test('the register and a copy of it fit their own evidence', async () => {
  await registry.server.stop();
  await office.serve();
  let seen;
  for (let i = 0; i < 100 && seen?.status !== 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    seen = await office.use('log', 'check', registry.url);
  }
  assert.equal(seen.status, 0, seen.stdout + seen.stderr);
  const { status, stdout, stderr } = await office.use('fsck');
  assert.equal(status, 0, stdout + stderr);
  await office.must('backup', registry.path('copy.db'));
});
