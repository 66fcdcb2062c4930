// A page of a mirror says that it is a copy; and once the mirror is no longer kept up to date, it no longer says that a mark
// is valid. Served by a web server that knows nothing but files.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { serveFiles } from '../file_server.mjs';
import { Office } from '../office.mjs';
import { Registry } from '../registry.mjs';
import { axe, complaints, launch, PHONE } from './browser.mjs';

const NOW = 1795539757; // 2026-11-24T17:02:37Z
const DAY_S = 86400;

let registry, office, browser, server, mark;
before(async () => {
  registry = await Registry.make(NOW);
  office = await Office.open(registry, 1, { clocked: true });
  mark = await office.grant(office.providers[0]);
  await office.must('export', registry.path('mirror'));
  await registry.server.stop();
  delete registry.server;
  server = await serveFiles(path.join(registry.path('mirror'), 'files'));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
  await registry?.done();
});

// The page as a reader sees it at this moment.
async function read(at, language, { without, old } = {}) {
  const context = await browser.newContext({ baseURL: server.url, viewport: PHONE });
  const page = await context.newPage();
  await page.clock.setFixedTime(at * 1000);
  if (without) await page.route(without, (route) => route.abort());
  await page.goto(`/m/${mark}%3Flang=${language}`, { waitUntil: old ? 'load' : 'networkidle' });
  if (old) await page.locator('#copy.notice').waitFor();
  return { page, context };
}

test('a copy that is kept up to date says so, and is like the page itself', async () => {
  const { page, context } = await read(NOW + DAY_S - 60, 'nl');
  assert.match(await page.innerText('#copy'), /^U leest een kopie van het register/);
  assert.equal(await page.innerText('main > .state h1'), 'Echt en geldig');
  await page.addScriptTag({ content: axe });
  assert.deepEqual(await complaints(page), []);
  await page.click('a.language');
  assert.equal(await page.innerText('main > .state h1'), 'Genuine and valid');
  await context.close();
});

test('one that is too old, or cannot be asked, does not say that a mark is valid', async () => {
  for (const [at, without] of [[NOW + DAY_S + 60], [NOW, '**/status/**']])
    for (const [language, words, unknown] of [['nl', /^Deze kopie is te oud/, 'Niet bekend of dit nu geldt'],
      ['en', /^This copy is too old/, 'Not known whether this holds now']]) {
      const { page, context } = await read(at, language, { without, old: true });
      assert.match(await page.innerText('#copy'), words);
      assert.equal(await page.innerText('main > .state'), unknown);
      assert.equal(await page.getAttribute('#copy a', 'href'), `${registry.url}/m/${mark}?lang=${language}`);
      assert.equal(await page.locator('.state-active').count(), 0);
      await context.close();
    }
});
