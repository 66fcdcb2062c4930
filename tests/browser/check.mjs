// The check of a list of suppliers in a browser: how far it is, stopping it, sorting and filtering; and the same without
// scripts.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { axe, complaints, DESK, launch, PHONE, Site, Visitor } from './browser.mjs';

let site, browser;
before(async () => {
  site = await Site.open();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const LIST = 'naam;kvk\nTest NV Katrien;68727720\nTest BV Donald;68750110\nVoorbeeld Nergens BV;12345678\nTest EMZ Dagobert;69599084\n';

async function visit(options) {
  const visitor = await Visitor.come(browser, site, options);
  await visitor.page.goto('/check');
  return visitor;
}

async function check(visitor, list = LIST) {
  await visitor.page.fill('#list', list);
  await visitor.page.click('form.long > button');
  await visitor.page.locator('table.rows').waitFor();
}

const lines = (page) =>
  page.locator('.rows tbody tr:visible .line').allInnerTexts().then((all) => all.map((text) => Number(text)));
const answers = (page) => page.locator('.rows tbody tr').evaluateAll((rows) => rows.map((row) => row.dataset.answer));

test('the result says the same with scripts and without, in one order', async () => {
  const seen = [];
  for (const javaScriptEnabled of [true, false]) {
    const visitor = await visit({ javaScriptEnabled });
    await check(visitor);
    seen.push((await visitor.page.innerText('main')).replace(/\d\d:\d\d/, '(time)').replace(/\s+/g, ' '));
    assert.match(visitor.page.url(), /\/check$/);
    await visitor.leave();
  }
  assert.match(seen[0], /Test NV Katrien/);
  assert.equal(seen[0], seen[1]);
});

test('anyone can use the result, on a phone and at a desk, in both languages, light and dark', async () => {
  for (const language of ['nl', 'en']) {
    const visitor = await Visitor.come(browser, site);
    await visitor.page.addInitScript(axe);
    await visitor.page.goto(`/check?lang=${language}`);
    await check(visitor);
    for (const size of [PHONE, DESK]) {
      await visitor.page.setViewportSize(size);
      const [wide, room] = await visitor.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      assert.ok(wide <= room, `it is ${wide} pixels wide where there are ${room}`);
      for (const colorScheme of ['light', 'dark']) {
        await visitor.page.emulateMedia({ colorScheme });
        assert.deepEqual(await complaints(visitor.page), [], `${language}, ${size.width} pixels, ${colorScheme}`);
      }
    }
    assert.equal(await visitor.page.evaluate(() => document.activeElement.tagName), 'H1');
    await visitor.leave();
  }
});

test('it is sorted by any column, up and down', async () => {
  const visitor = await visit({ viewport: DESK });
  const { page } = visitor;
  await check(visitor);
  const first = await lines(page);
  const heading = (n) => page.locator('.rows th').nth(n);
  await heading(0).locator('button').click();
  assert.deepEqual(await lines(page), [2, 3, 4, 5]);
  assert.equal(await heading(0).getAttribute('aria-sort'), 'ascending');
  await heading(0).locator('button').click();
  assert.deepEqual(await lines(page), [5, 4, 3, 2]);
  assert.equal(await heading(0).getAttribute('aria-sort'), 'descending');
  await heading(1).locator('button').click();
  assert.deepEqual(await lines(page), [3, 5, 2, 4]); // Donald, Dagobert of Test EMZ, Katrien of Test NV, Voorbeeld
  assert.equal(await heading(0).getAttribute('aria-sort'), null);
  await heading(2).locator('button').click();
  assert.deepEqual(await lines(page), first); // what needs attention first, as it came
  await visitor.leave();
});

test('it is filtered by answer without asking again', async () => {
  const visitor = await visit();
  const { page } = visitor;
  await check(visitor);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  assert.deepEqual((await answers(page)).toSorted(), ['active', 'suspended', 'unknown', 'withdrawn']);
  await page.click('button[name=show][value=suspended]');
  assert.deepEqual(await lines(page), [2]);
  assert.equal(await page.getAttribute('button[value=suspended]', 'aria-pressed'), 'true');
  assert.equal(await page.getAttribute('button[value=all]', 'aria-pressed'), null);
  await page.click('button[value=all]');
  assert.equal((await lines(page)).length, 4);
  assert.deepEqual(asked, []);
  await visitor.leave();
});

test('a list of ten thousand shows how far it is; too long for the page, the registry filters it', async () => {
  const visitor = await visit();
  const { page } = visitor;
  const file = path.join(site.folder, 'list.csv');
  fs.writeFileSync(file, 'naam;kvk\n' + Array.from({ length: 10000 }, (_, i) =>
    `Voorbeeld ${i};${i % 1000 ? '12345678' : '68750110'}\n`).join(''));
  await page.setInputFiles('#file', file);
  await page.evaluate(() => {
    window.said = [];
    new MutationObserver(() => window.said.push(document.querySelector('#progress')?.innerText))
      .observe(document.querySelector('#progress'), { subtree: true, childList: true });
  });
  await page.click('form.long > button');
  await page.locator('table.rows').waitFor({ timeout: 60_000 });
  const said = (await page.evaluate(() => window.said)).join('\n');
  assert.match(said, /Uw lijst wordt verstuurd/);
  assert.match(said, /Uw lijst wordt gecontroleerd/);
  assert.match(await page.innerText('main'), /eerste 500 regels/);
  await page.click('button[name=show][value=active]');
  await page.locator('button[value=active][aria-pressed=true]').waitFor({ timeout: 60_000 });
  assert.equal((await lines(page)).length, 10);
  await visitor.leave();
});

test('it can be stopped, and begun again with what was typed', async () => {
  const visitor = await visit();
  const { page } = visitor;
  let go;
  const held = new Promise((resolve) => (go = resolve));
  await page.route('**/check', async (route) => {
    await held;
    await route.continue().catch(() => {});
  }, { times: 1 });
  await page.fill('#list', LIST);
  await page.click('form.long > button');
  await page.click('#progress button');
  go();
  assert.match(await page.innerText('#progress'), /Gestopt\. Er is niets bewaard\./);
  assert.equal(await page.isVisible('#progress progress'), false);
  assert.equal(await page.inputValue('#list'), LIST);
  await page.click('form.long > button');
  await page.locator('table.rows').waitFor();
  await visitor.leave();
});

test('what is refused says why, and the way back leads to the form', async () => {
  const visitor = await visit();
  const { page } = visitor;
  visitor.expected.push(/status of 422 /);
  await page.fill('#list', '');
  await page.click('form.long > button');
  await page.getByRole('heading', { name: 'Er staat geen bedrijf in de lijst' }).waitFor();
  await page.goBack();
  await page.locator('#list').waitFor();
  await visitor.leave();
});

test('a connection that breaks is told, and nothing is lost', async () => {
  const visitor = await visit();
  const { page } = visitor;
  visitor.expected.push(/ERR_FAILED/);
  await page.route('**/check', (route) => route.abort(), { times: 1 });
  await page.fill('#list', LIST);
  await page.click('form.long > button');
  await page.getByText('Het lukte niet om de lijst te versturen').waitFor();
  assert.equal(await page.inputValue('#list'), LIST);
  await visitor.leave();
});
