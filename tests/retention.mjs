// What nobody has to keep any longer is listed and purged with the program, beside a server at work: the mark's page, its
// proof, the log, `fsck`, `backup` and who watches the log notice nothing of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Office } from './office.mjs';
import { Registry } from './registry.mjs';

const GRANTED = Date.UTC(2026, 10, 24, 17, 2, 37) / 1000;
const WITHDRAWN = GRANTED + 86400;
// As long again as the term of 36 months, to the end of the day in Amsterdam.
const LAST = Date.UTC(2029, 10, 25, 22, 59, 59) / 1000;

let registry, office, mark, kept, code;

before(async () => {
  registry = await Registry.make(GRANTED);
  office = await Office.open(registry, 2, { clocked: true });
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

test('the register and a copy of it fit their own evidence', async () => {
  const { status, stdout, stderr } = await office.use('fsck');
  assert.equal(status, 0, stdout + stderr);
  await office.must('backup', registry.path('copy.db'));
});
