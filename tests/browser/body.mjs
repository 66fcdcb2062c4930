// What a body's people do about each other and with other bodies: roles, invitations, and marks that change hands.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { PHONE, Visitor } from './browser.mjs';
import { closePlace, enrol, follow, handOver, heading, isUsable, openPlace, operate, place, review, tabTo } from './hands.mjs';

const people = {};

before(async () => {
  await openPlace();
  people.admin = await enrol('Beheer', 'admin');
  people.fenna = await enrol('Fenna', 'auditor');
});
after(closePlace);

const person = (page, name) => page.locator('.person').filter({ has: page.locator('h2', { hasText: name }) });

async function sign(page) {
  await review(page);
  await follow(page, 'Onderteken en verzend');
}

test('an admin changes roles, which count at once; the last admin stays one', async () => {
  const { page } = people.admin;
  await page.goto('/console#/people');
  await heading(page, 'Mensen en sleutels');
  await isUsable(page);
  await person(page, 'Fenna').getByRole('link', { name: 'Rollen wijzigen' }).focus();
  await page.keyboard.press('Enter');
  await heading(page, 'Rollen van Fenna');
  await isUsable(page);
  await tabTo(page, 'input[value=decider]');
  await page.keyboard.press('Space');
  await review(page);
  assert.match(await page.innerText('.summary'), /Rollen nu: auditor\.[^]*Rollen daarna: auditor, beslisser\./);
  await follow(page, 'Onderteken en verzend');
  await heading(page, 'Het register heeft dit aangenomen');
  await people.fenna.page.goto('/console');
  await people.fenna.page.getByText('auditor, beslisser').waitFor();

  await page.goto('/console#/people');
  await heading(page, 'Mensen en sleutels');
  await person(page, 'Fenna').locator('summary').click();
  assert.match(await person(page, 'Fenna').innerText(), /auditor, beslisser\. Gewijzigd door Beheer\./);
  await person(page, 'Beheer').getByRole('link', { name: 'Rollen wijzigen' }).click();
  await heading(page, 'Rollen van Beheer');
  await page.check('input[value=auditor]');
  await page.uncheck('input[value=admin]');
  await review(page);
  people.admin.expected.push(/status of 409 /);
  await follow(page, 'Onderteken en verzend');
  await page.locator('[role=alert]', { hasText: 'geen beheerder meer met een sleutel' }).waitFor();
  people.admin.isAtPeace();
});

test('for a colleague whose key works there is no other link; whoever is invited sees by whom', async () => {
  const { page } = people.admin;
  await page.goto('/console#/');
  await page.goto('/console#/people');
  await heading(page, 'Mensen en sleutels');
  assert.equal(await person(page, 'Fenna').getByRole('button', { name: /Link|Opnieuw/ }).count(), 0);
  await person(page, 'Fenna').getByRole('button', { name: 'Sleutel intrekken' }).focus();
  await page.keyboard.press('Enter');
  await review(page, null);
  await follow(page, 'Onderteken en verzend');
  await heading(page, 'Het register heeft dit aangenomen');
  await page.goto('/console#/people');
  await heading(page, 'Mensen en sleutels');
  assert.match(await person(page, 'Fenna').innerText(), /Heeft nu geen sleutel die werkt/);
  await isUsable(page);
  await person(page, 'Fenna').getByRole('button', { name: 'Opnieuw uitnodigen' }).focus();
  await page.keyboard.press('Enter');
  const fenna = await handOver(page, 'Fenna');
  assert.match(await fenna.page.innerText('main'), /U bent uitgenodigd door Beheer, op /);
  await fenna.page.goto('/console#/people');
  await heading(fenna.page, 'Mensen en sleutels');
  assert.match(await fenna.page.innerText('.person'), /dit apparaat\), uitgenodigd door Beheer/);
  // A link that somebody else makes for her, here the operator, shows on her desk.
  assert.equal(await fenna.page.locator('[role=alert]').count(), 0);
  const { person: id } = JSON.parse(operate('person', 'list', '--json')).find(({ name }) => name === 'Fenna');
  operate('person', 'invite', '--again', String(id));
  await fenna.page.goto('/console');
  await fenna.page.locator('[role=alert]', { hasText: 'in uw naam kan ondertekenen' }).waitFor();
  await isUsable(fenna.page);
  await fenna.leave();
  people.fenna.expected.push(/status of 401 /);
});

test('a mark is offered to another body, which sees what it takes over, and takes it', async () => {
  operate('body', 'add', 'andere', '--name', 'Andere Instelling (voorbeeld)', '--accreditation', 'VOORBEELD-001',
    '--scheme', 'mkb-ict');
  const [bram, otto] = [await enrol('Bram', 'decider'), await enrol('Otto', 'decider', 'andere')];
  const number = Object.values(place.site.marks)[0];
  for (const answer of ['Niet overnemen', 'Overnemen']) {
    await bram.page.goto(`/console#/marks/${number}/decide/transfer`);
    await heading(bram.page, 'Overdragen');
    await tabTo(bram.page, 'select[name=to]');
    await bram.page.keyboard.type('Andere');
    await isUsable(bram.page);
    await sign(bram.page);
    await heading(bram.page, 'De beslissing staat vast');

    await otto.page.goto('/console#/out');
    await heading(otto.page, 'U bent afgemeld');
    await otto.page.goto('/console#/');
    await heading(otto.page, 'Uw bureau');
    assert.match(await otto.page.innerText('main'), /biedt uw instelling het keurmerk van .* aan/);
    await follow(otto.page, 'Bekijken en antwoorden');
    await heading(otto.page, 'overnemen?');
    assert.match(await otto.page.innerText('main'), /Wat u overneemt[^]*Open afwijkingen[^]*Openbare geschiedenis/);
    await isUsable(otto.page);
    await follow(otto.page, answer);
    await heading(otto.page, answer);
    if (answer === 'Niet overnemen') {
      await tabTo(otto.page, 'input[name=reason]');
      await otto.page.keyboard.type('no-capacity');
    }
    await isUsable(otto.page);
    await sign(otto.page);
    await heading(otto.page, 'De beslissing staat vast');
    if (answer === 'Niet overnemen') {
      await bram.page.goto(`/console#/marks/${number}`);
      await bram.page.getByText('niet overgenomen (no-capacity)').waitFor();
    }
  }
  await otto.page.goto(`/console#/marks/${number}`);
  await otto.page.getByText('Wat er nu kan zonder audit').waitFor();
  bram.expected.push(/status of 403 /);
  await bram.page.goto(`/console#/marks/${number}`);
  await bram.page.locator('[role=alert]', { hasText: 'Dit is van een andere instelling.' }).waitFor();
  await Promise.all([bram.leave(), otto.leave()]);
});

test('a provider sees its own page by a link that only its body and it know, without script, until it is withdrawn', async () => {
  const dora = await enrol('Dora', 'auditor');
  const { page } = dora;
  const donald = '68750110';
  await page.goto(`/console#/link/${donald}`);
  await heading(page, 'Link voor Test BV Donald');
  await isUsable(page);
  await follow(page, 'Link maken');
  await review(page, null);
  const signed = await page.textContent('main pre');
  await follow(page, 'Onderteken en verzend');
  await heading(page, 'Het register heeft dit aangenomen');
  const address = await page.textContent('main pre');
  await isUsable(page);
  await dora.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await follow(page, 'Kopiëren');
  await page.getByText('Gekopieerd.').first().waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), address);
  const [, token] = address.match(/\/p\/([0-9a-f]{32})$/);
  assert.ok(!signed.includes(token));
  assert.ok(!dora.asked.some((request) => `${request.url()} ${request.postData()}`.includes(token)));

  const provider = await Visitor.come(place.browser, place.site, { javaScriptEnabled: false, viewport: PHONE });
  const reply = await provider.page.goto(address);
  const headers = reply.headers();
  assert.deepEqual(
    [headers['cache-control'], headers['referrer-policy'], headers['x-robots-tag']],
    ['no-store', 'no-referrer', 'noindex, nofollow'],
  );
  const text = await provider.page.innerText('main');
  assert.match(text, /Wat er te doen is[^]*loopt af[^]*Echt en geldig[^]*nu van Andere Instelling[^]*_keurmerk\.testbvdonald\.example/);
  assert.match(text, /bezwaar of klacht aan /);
  await provider.page.click('summary >> nth=0');
  assert.match(await provider.page.innerText('main'), /Strook:\s+SVG\s+PNG\s+PDF[^]*QR-code met handtekening/);
  for (const link of await provider.page.locator('a[download]').evaluateAll((all) => all.map(({ href }) => href)))
    assert.equal((await provider.page.request.get(link)).status(), 200, link);
  assert.ok(!place.site.demo.log.text.includes(token));
  await provider.leave();

  const seen = await Visitor.come(place.browser, place.site, { viewport: PHONE, bypassCSP: true });
  for (const lang of ['nl', 'en']) {
    await seen.page.goto(`${address}?lang=${lang}`);
    await isUsable(seen.page);
  }
  await page.goto(`/console#/link/${donald}`);
  await page.getByText('gemaakt door Dora').waitFor();
  await follow(page, 'Link intrekken');
  await review(page, null);
  await follow(page, 'Onderteken en verzend');
  await heading(page, 'Het register heeft dit aangenomen');
  seen.expected.push(/status of 404 /);
  await seen.page.reload();
  await heading(seen.page, 'This link works no longer');
  await Promise.all([seen.leave(), dora.leave()]);
});
