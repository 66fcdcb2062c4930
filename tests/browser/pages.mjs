// What holds for every page. To have a page looked at: a line in the table.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';

import { axe, COLOUR_RULES, complaints, DESK, launch, PHONE, Site, Visitor } from './browser.mjs';

const stranger = crypto.generateKeyPairSync('ed25519').privateKey;
const yesterday = () => new Date(Date.now() - 86400e3).toISOString().slice(0, 10);
const qr = (claims, key) => async (site) => `/q/${await site.token(site.marks.active, claims, key)}`;

// path: may name a mark of the demo, between braces, by what the demo says of it; or makes the path from the site.
// status: other than 200.
const pages = [
  { name: 'the first page', path: '/' },
  { name: 'scan', path: '/scan' },
  { name: 'search: several', path: '/?q=test' },
  { name: 'search: a filter', path: '/?q=&service=beheer&state=active' },
  { name: 'search: nothing fits the filters', path: '/?q=&city=nergens' },
  { name: 'search: something like it', path: '/?q=tset+bv+donlad' },
  { name: 'search: none', path: '/?q=zzzzzzzz' },
  { name: 'search: mistyped number', path: '/?q=7K3Q-9XM2-4HTX' },
  { name: 'mark: active', path: '/m/{active}' },
  { name: 'mark: on an earlier day', path: (site) => `/m/${site.marks.active}?at=${yesterday()}` },
  { name: 'mark: suspended', path: '/m/{suspended}' },
  { name: 'mark: withdrawn', path: '/m/{withdrawn}' },
  { name: 'mark: with fewer services than before', path: '/m/{active, for fewer services than before}' },
  { name: 'mark: with a level', path: '/m/{active, of a scheme with levels}' },
  { name: 'mark: mistyped', path: '/m/7K3Q9XM24HTX', status: 404 },
  { name: 'signed QR', path: qr() },
  { name: 'signed QR: other words', path: qr({ name: 'Voorbeeld Oud BV', exp: 1999999999 }) },
  { name: 'signed QR: expired', path: qr({ exp: 1 }) },
  { name: 'signed QR: of another holder', path: qr({ kvk: '68727720', name: 'Test NV Katrien' }) },
  { name: 'signed QR: forged', path: '/q/AAAAAAAA', status: 404 },
  { name: 'signed QR: of another registry', path: qr({ iss: 'https://ander.example' }, stranger), status: 404 },
  { name: 'scheme', path: '/schemes/mkb-ict' },
  { name: 'scheme with levels', path: '/schemes/rijpheid' },
  { name: 'report', path: '/report/{active}' },
  { name: 'report of a hole', path: '/report/security' },
  { name: 'a list of suppliers', path: '/check' },
  { name: 'problems', path: '/problems' },
  { name: 'figures', path: '/figures' },
  { name: 'embedding', path: '/embed/{active}' },
  { name: 'embedding a mark that does not hold', path: '/embed/{suspended}' },
  { name: 'thanks for a report', path: '/report/thanks' },
  { name: 'no such page', path: '/nothing', status: 404 },
];
const WEIGHT_MAX_BYTES = 60 * 1024;

const inLanguage = (path, language) => path + (path.includes('?') ? '&' : '?') + `lang=${language}`;

let site, browser;
async function addressOf({ path }) {
  return typeof path === 'function' ? path(site) : path.replace(/\{(.+)\}/, (_, about) => site.marks[about]);
}

async function open(visitor, entry, language) {
  if (entry.status) visitor.expected.push(new RegExp(`status of ${entry.status} `));
  const answer = await visitor.page.goto(inLanguage(await addressOf(entry), language));
  assert.equal(answer.status(), entry.status ?? 200);
  assert.equal(await visitor.page.getAttribute('html', 'lang'), language);
}

// On a phone and at a desk, in both languages, light and dark.
async function isUsable(visitor, entry) {
  const { page } = visitor;
  for (const language of ['nl', 'en']) {
    await open(visitor, entry, language);
    for (const size of [PHONE, DESK]) {
      await page.setViewportSize(size);
      const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      assert.ok(wide <= room, `it is ${wide} pixels wide where there are ${room}`);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        const rules = colorScheme === 'dark' ? COLOUR_RULES : undefined;
        assert.deepEqual(await complaints(page, rules), [], `${language}, ${size.width} pixels, ${colorScheme}`);
      }
    }
  }
  visitor.isAtPeace();
}

// With all that it loads, pictures that wait to be seen too, by someone who was never here before.
async function isLight(entry) {
  const visitor = await Visitor.come(browser, site);
  const { page } = visitor;
  const sizes = [];
  page.on('requestfinished', (request) => sizes.push(request.sizes()));
  await open(visitor, entry, 'nl');
  await page.evaluate(() => {
    for (const image of document.images) image.loading = 'eager';
    return Promise.all([...document.images].map((image) => image.decode()));
  });
  const weights = (await Promise.all(sizes)).map((size) => size.responseHeadersSize + size.responseBodySize);
  const weight = weights.reduce((sum, more) => sum + more, 0);
  assert.ok(weights.length > 1 && weight <= WEIGHT_MAX_BYTES, `it weighs ${weight} bytes`);
  await visitor.leave();
}

async function read(visitor, entry) {
  await open(visitor, entry, 'nl');
  // What needs scripts is shown where there are any, and only there.
  await visitor.page.evaluate(() => document.querySelectorAll('[data-script]').forEach((part) => part.remove()));
  const text = await visitor.page.innerText('main');
  visitor.isAtPeace();
  return text.replace(/\d\d:\d\d/g, '(time)');
}

async function needsNoScript(visitor, visitorWithout, entry) {
  const said = await read(visitor, entry);
  assert.ok(said.trim());
  assert.equal(await read(visitorWithout, entry), said);
}

// A few pages at the same time, each hand with visitors of its own, which saves more than half of it.
const AT_ONCE = 3;
const claims = pages.flatMap((entry) => [
  { name: `${entry.name}: anyone can use it, on a phone and at a desk, in both languages, light and dark`,
    holds: ({ visitor }) => isUsable(visitor, entry) },
  { name: `${entry.name}: loads little, from one host`, holds: () => isLight(entry) },
  { name: `${entry.name}: says the same without scripts`,
    holds: ({ visitor, visitorWithout }) => needsNoScript(visitor, visitorWithout, entry) },
]);

async function work(left) {
  const visitor = await Visitor.come(browser, site);
  await visitor.page.addInitScript(axe);
  const visitorWithout = await Visitor.come(browser, site, { javaScriptEnabled: false });
  for (let claim = left.shift(); claim; claim = left.shift())
    await claim.holds({ visitor, visitorWithout }).then(claim.resolve, claim.reject);
}

before(async () => {
  site = await Site.open();
  browser = await launch();
  for (const claim of claims) {
    claim.checked = new Promise((resolve, reject) => Object.assign(claim, { resolve, reject }));
    claim.checked.catch(() => {}); // its test tells
  }
  const left = [...claims];
  for (let i = 0; i < AT_ONCE; i++) work(left).catch((error) => claims.forEach(({ reject }) => reject(error)));
});
after(async () => {
  await browser?.close();
  await site?.close();
});

for (const claim of claims) test(claim.name, () => claim.checked);

test('the search works without scripts', async () => {
  const visitor = await Visitor.come(browser, site, { javaScriptEnabled: false });
  await visitor.page.goto('/');
  await visitor.page.fill('#q', 'donald');
  await visitor.page.click('form[role=search] button');
  assert.match(await visitor.page.innerText('.hits'), /Test BV Donald/);
  await visitor.page.click('.hits a');
  assert.match(await visitor.page.innerText('h1'), /Echt en geldig/);
  await visitor.leave();
});
