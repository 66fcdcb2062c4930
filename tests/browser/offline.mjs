// Verifying signed QR codes with the network cut, by what was saved before; and that nothing is kept unasked.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { kidOf, writeToken } from '../cwt.mjs';
import { run } from '../registry.mjs';
import { axe, complaints, launch, Site, tool, Visitor } from './browser.mjs';

const stranger = crypto.generateKeyPairSync('ed25519').privateKey;
const HOUR_MS = 3600e3;

let site, browser;
before(async () => {
  site = await Site.open();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

// Someone who asked to keep what is needed, and whose network is gone since.
async function comeSaved({ lang = 'nl', ...options } = {}) {
  const visitor = await Visitor.come(browser, site, options);
  const { page, context } = visitor;
  await page.goto(`/scan?lang=${lang}`);
  await page.click('#offline .not-saved button');
  await page.locator('#offline .saved').waitFor();
  await context.setOffline(true);
  visitor.expected.push(/ERR_INTERNET_DISCONNECTED/);
  return visitor;
}

// What the page answers to a token's address.
async function answerTo(page, token, lang = 'nl') {
  await page.goto(`/Q/${token}?lang=${lang}`);
  await page.locator('.scanned > *').first().waitFor();
  return page.innerText('.scanned');
}

const known = /Dit wisten we op \d+ [a-z]+ \d{4} om \d\d:\d\d/;

test('nothing is kept on the device of those who did not ask for it', async () => {
  const visitor = await Visitor.come(browser, site);
  const { page } = visitor;
  for (const target of ['/', '/scan', `/m/${site.marks.active}`, `/q/${await site.token(site.marks.active)}`]) {
    await page.goto(target, { waitUntil: 'networkidle' });
    const kept = await page.evaluate(async () => [
      (await navigator.serviceWorker.getRegistrations()).length, await caches.keys(), localStorage.length,
      sessionStorage.length, (await indexedDB.databases()).length, document.cookie,
    ]);
    assert.deepEqual(kept, [0, [], 0, 0, 0, ''], target);
  }
  await visitor.leave();
});

test('a genuine code is valid by what was known, and the page says when that was', async () => {
  const visitor = await comeSaved();
  const said = await answerTo(visitor.page, await site.token(site.marks.active));
  assert.match(said, /^Echt en geldig\n/);
  assert.match(said, known);
  assert.match(said, /Test BV Donald\n\nKvK 68750110\n[^]*Is dit het bedrijf waarmee u zaken doet\?/);
  assert.match(said, new RegExp(site.marks.active.replace(/(.{4})(.{4})(.{4})/, '$1-$2-$3')));
  assert.match(said, /Keurmerk ICT-dienstverlener/); // by its name
  await visitor.leave();
});

test('a mark that is suspended or withdrawn is so without a network too', async () => {
  const visitor = await comeSaved();
  for (const [about, words] of [['suspended', /^Geschorst: nu niet geldig\n/], ['withdrawn', /^Ingetrokken\n/]]) {
    const said = await answerTo(visitor.page, await site.token(site.marks[about]));
    assert.match(said, words);
    assert.match(said, known);
    assert.doesNotMatch(said, /Echt en geldig/);
  }
  await visitor.leave();
});

test('what is forged, expired or another’s is told from what nobody can tell', async () => {
  const visitor = await comeSaved();
  const { active } = site.marks;
  const good = await site.token(active);
  const now = Math.floor(Date.now() / 1000);
  const kid = kidOf(site.credentialKey());
  const cases = [
    [await site.token(active, { exp: now - 60 }), /^Deze QR-code is verlopen\n/],
    [good.slice(0, 150) + (good[150] === 'A' ? 'B' : 'A') + good.slice(151), /^Niet echt\n/],
    [writeToken(await site.claims(active, { name: 'Vals BV' }), stranger, kid), /^Niet echt\n/],
    [good.slice(0, -8), /^Niet echt\n/],
    ['AAAA', /^Niet echt\n/],
    [await site.token(active, { iss: 'https://ander.example' }, stranger), /^Niet van dit register\n[^]*ander\.example/],
    [await site.token(active, {}, stranger), /^We kunnen dit nu niet controleren\n[^]*sleutel die dit apparaat niet kent/],
    [await site.token(active, { index: 131072 }), /^We kunnen dit nu niet controleren\n[^]*De handtekening klopt/],
  ];
  for (const [token, words] of cases) {
    const said = await answerTo(visitor.page, token);
    assert.match(said, words);
    assert.doesNotMatch(said, /Echt en geldig|Vals BV/);
  }
  await visitor.leave();
});

test('what is known too long ago, or by a clock that is wrong, tells nothing', async () => {
  for (const [ms, words] of [[25 * HOUR_MS, /te oud: het is van \d+ /], [-24 * HOUR_MS, /De klok van dit apparaat loopt niet goed/]]) {
    const visitor = await comeSaved();
    const token = await site.token(site.marks.active, { iat: Math.floor((Date.now() - 60e3) / 1000) });
    await visitor.page.clock.setFixedTime(Date.now() + ms);
    const said = await answerTo(visitor.page, token);
    assert.match(said, /^We kunnen dit nu niet controleren\n/);
    assert.match(said, words);
    assert.doesNotMatch(said, /Echt en geldig/);
    await visitor.leave();
  }
});

test('a browser that does not know the signatures says so', async () => {
  const visitor = await comeSaved();
  await visitor.page.addInitScript(() => {
    const { importKey } = SubtleCrypto.prototype;
    SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...more) {
      if (algorithm?.name === 'Ed25519') return Promise.reject(new DOMException('no', 'NotSupportedError'));
      return importKey.call(this, format, key, algorithm, ...more);
    };
  });
  const said = await answerTo(visitor.page, await site.token(site.marks.active));
  assert.match(said, /^We kunnen dit nu niet controleren\n[^]*Deze browser kan de handtekening niet controleren/);
  await visitor.leave();
});

test('where nothing was saved, nobody can tell', async () => {
  const visitor = await comeSaved();
  await visitor.page.evaluate(() => caches.delete('keurmerk-saved'));
  const said = await answerTo(visitor.page, await site.token(site.marks.active));
  assert.match(said, /^We kunnen dit nu niet controleren\n[^]*nog niets bewaard/);
  await visitor.leave();
});

test('a picture is scanned and judged in the page; a compact code is no proof without a network', async () => {
  const visitor = await comeSaved({ lang: 'en' });
  const { page } = visitor;
  await page.goto('/scan?lang=en');
  const scan = async (text) => {
    const file = path.join(site.folder, 'code.png');
    assert.equal((await run(tool('write_qr'), [file, text])).status, 0);
    await page.evaluate(() => document.querySelector('.scanned').replaceChildren());
    await page.setInputFiles('#scanner input[type=file]', file);
    await page.locator('.scanned > *').first().waitFor();
    return page.innerText('.scanned');
  };
  const { host } = new URL(site.url);
  assert.match(await scan(`HTTP://${host}/Q/${await site.token(site.marks.active)}`), /^Genuine and valid\n[^]*Checked without internet/);
  assert.match(await scan(`HTTP://${host}/M/${site.marks.active}`), /^We cannot check this now\n[^]*There is no internet/);
  assert.match(await scan(`HTTPS://ANDER.EXAMPLE/Q/${await site.token(site.marks.active)}`), /^Not of this register\n[^]*ander\.example/);
  await visitor.leave();
});

test('any other page says that there is no network, in the reader’s language', async () => {
  const visitor = await comeSaved();
  const { page } = visitor;
  for (const [target, words] of [[`/m/${site.marks.active}`, /Er is geen internet/], ['/check?lang=en', /There is no internet/]]) {
    await page.goto(target);
    await page.locator('.scanned > *').first().waitFor();
    assert.match(await page.innerText('.scanned'), words);
  }
  await visitor.leave();
});

test('anyone can use the answers, in both languages, light and dark', async () => {
  for (const lang of ['nl', 'en']) {
    const visitor = await comeSaved({ lang });
    const { page } = visitor;
    await page.addInitScript(axe);
    for (const token of [await site.token(site.marks.active), await site.token(site.marks.suspended), 'AAAA',
      await site.token(site.marks.active, { iss: 'https://ander.example' }, stranger), await site.token(site.marks.active, {}, stranger)]) {
      await answerTo(page, token, lang);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await complaints(page), [], `${lang}, ${colorScheme}`);
      }
    }
    await visitor.leave();
  }
});

test('what was saved is renewed by a visit, and thrown away when asked', async () => {
  const visitor = await comeSaved();
  const { page, context } = visitor;
  await context.setOffline(false);
  const savedAt = () => page.evaluate(async () => {
    const cache = await caches.open('keurmerk-saved');
    return Number((await cache.match('/status/suspension/1')).headers.get('Saved-At'));
  });
  // As if it had been saved an hour ago.
  await page.evaluate(async (then) => {
    const cache = await caches.open('keurmerk-saved');
    for (const request of await cache.keys()) {
      const text = await (await cache.match(request)).text();
      await cache.put(request, new Response(text, { headers: { 'Saved-At': String(then) } }));
    }
  }, Date.now() - HOUR_MS);
  const before = await savedAt();
  await page.goto(`/m/${site.marks.active}`);
  for (let i = 0; i < 100 && (await savedAt()) === before; i++) await page.waitForTimeout(50);
  assert.ok((await savedAt()) > before);
  await page.goto('/scan');
  await page.click('#offline .saved button');
  await page.locator('#offline .not-saved').waitFor();
  const left = await page.evaluate(async () => [(await navigator.serviceWorker.getRegistrations()).length, await caches.keys()]);
  assert.deepEqual(left, [0, []]);
  await visitor.leave();
});

test('it can be installed as an app', async () => {
  const visitor = await Visitor.come(browser, site);
  await visitor.page.goto('/scan');
  const session = await visitor.context.newCDPSession(visitor.page);
  const { errors, data } = await session.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  const manifest = JSON.parse(data);
  for (const { src, sizes, type } of manifest.icons) {
    const answer = await fetch(site.url + src);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), type);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (type === 'image/png') assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes);
  }
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  assert.deepEqual(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'), []); // where tests run
  await visitor.leave();
});

// The last one: it takes the register away.
test('a register that is down keeps nobody from verifying a signed code', async () => {
  const token = await site.token(site.marks.active);
  const visitor = await comeSaved();
  await visitor.context.setOffline(false);
  await site.demo.stop();
  visitor.expected.push(/ERR_CONNECTION/);
  assert.match(await answerTo(visitor.page, token), /^Echt en geldig\n/);
  await visitor.leave();
});
