// Scanning QR codes in the page: from pictures and from a camera.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { run } from '../registry.mjs';
import { launch, Site, tool, Visitor } from './browser.mjs';

let site, browser;
before(async () => {
  site = await Site.open();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

// A picture of a QR code with this text.
async function pictureOf(text, name = 'picture.png') {
  const file = path.join(site.folder, name);
  const { status, stderr } = await run(tool('write_qr'), [file, text]);
  assert.equal(status, 0, stderr);
  return file;
}

async function fetched(target, name = 'fetched.png') {
  const file = path.join(site.folder, name);
  const answer = await fetch(site.url + target);
  assert.equal(answer.status, 200, target);
  fs.writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
  return file;
}

async function visit(target, options) {
  const visitor = await Visitor.come(browser, site, options);
  await visitor.page.goto(target);
  await visitor.page.locator('#scanner').waitFor();
  return visitor;
}

const scan = (page, file) => page.setInputFiles('#scanner input[type=file]', file);
const answerOf = async (page) => {
  await page.locator('.scanned > *').first().waitFor();
  return page.innerText('.scanned');
};

// The pictures are answered with these words, and no address is followed.
async function areAnswered(cases, target = '/scan') {
  const visitor = await visit(target);
  const { page } = visitor;
  const before = page.url();
  for (const [file, words] of cases) {
    await page.evaluate(() => document.querySelector('.scanned').replaceChildren());
    await scan(page, file);
    assert.match(await answerOf(page), words);
    assert.equal(page.url(), before);
    assert.equal(await page.evaluate(() => document.activeElement.className), 'scanned');
  }
  await visitor.leave();
}

for (const start of ['/', '/scan', '/scan?lang=en']) {
  test(`at ${start}, a picture that the register itself serves opens the mark's page`, async () => {
    const visitor = await visit(start);
    await scan(visitor.page, await fetched(`/m/${site.marks.active}.qr.png`));
    await visitor.page.waitForURL(`**/m/${site.marks.active}${start.includes('en') ? '?lang=en' : ''}`);
    assert.match(await visitor.page.innerText('h1'), start.includes('en') ? /Genuine and valid/ : /Echt en geldig/);
    await visitor.leave();
  });
}

test('a code in one pixel a module, in a large picture, and in a badge', async () => {
  const { active } = site.marks;
  for (const target of [`/m/${active}.qr.png?scale=1`, `/m/${active}.qr.png?scale=32`, `/m/${active}.svg`]) {
    const visitor = await visit('/scan');
    await scan(visitor.page, await fetched(target, target.endsWith('svg') ? 'badge.svg' : 'code.png'));
    await visitor.page.waitForURL(`**/m/${active}`);
    await visitor.leave();
  }
});

test('a code of another host is named and not followed', async () => {
  const number = site.marks.active;
  const { host, hostname } = new URL(site.url);
  const cases = [
    [`HTTPS://KEURMERK.OTHER.EXAMPLE/M/${number}`, 'keurmerk.other.example'],
    [`https://${host}@evil.example/m/${number}`, 'evil.example'],
    [`https://${hostname}.evil.example/m/${number}`, `${hostname}.evil.example`],
    [`http://${hostname}/m/${number}`, hostname], // another port
    [`https://k\u0435urmerk.example/m/${number}`, 'xn--kurmerk-7gg.example'], // a Cyrillic letter
  ];
  const shown = [];
  for (const [i, [text, name]] of cases.entries())
    shown.push([await pictureOf(text, `${i}.png`), new RegExp(`Niet van dit register[^]*\n${name.replaceAll('.', '\\.')}\n`)]);
  await areAnswered(shown);
});

test('what is no mark is said to be none', async () => {
  const texts = ['7K3Q', 'javascript:alert(1)', 'WIFI:T:WPA;S:gast;P:geheim;;', `${site.url}/schemes/mkb-ict`,
    'data:text/html,x', '<b>x</b>'];
  const shown = [];
  for (const [i, text] of texts.entries())
    shown.push([await pictureOf(text, `${i}.png`), /^Dit is geen QR-code van een keurmerk\.$/]);
  await areAnswered(shown);
});

test('a picture without a code, and a file that is no picture', async () => {
  const write = (name, text) => {
    fs.writeFileSync(path.join(site.folder, name), text);
    return path.join(site.folder, name);
  };
  await areAnswered([
    [write('empty.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"/>'), /find no QR code in this picture/],
    [write('no.png', 'no picture'), /cannot read this file as a picture/],
  ], '/scan?lang=en');
});

test('without a camera, or leave to use it, the page says so', async () => {
  const visitor = await visit('/scan');
  await visitor.page.click('.camera');
  assert.match(await answerOf(visitor.page), /De camera is niet te gebruiken/);
  await visitor.leave();
});

// One frame of a film, which a browser takes for its camera: the picture in the middle of grey.
async function writeFilm(picture, file) {
  const [width, height] = [640, 480];
  const visitor = await visit('/scan');
  const luma = await visitor.page.evaluate(async ([source, width, height]) => {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    context.fillStyle = '#888';
    context.fillRect(0, 0, width, height);
    const bitmap = await createImageBitmap(await (await fetch(source)).blob());
    context.drawImage(bitmap, (width - bitmap.width) / 2, (height - bitmap.height) / 2);
    const { data } = context.getImageData(0, 0, width, height);
    return Array.from({ length: width * height }, (_, i) => data[4 * i]);
  }, [picture, width, height]);
  await visitor.leave();
  fs.writeFileSync(file, Buffer.concat([
    Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\nFRAME\n`),
    Buffer.from(luma), Buffer.alloc((width * height) / 2, 128),
  ]));
}

test('the camera sees a code, and its page opens', async () => {
  const film = path.join(site.folder, 'film.y4m');
  await writeFilm(`/m/${site.marks.withdrawn}.qr.png`, film);
  const camera = await launch('--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${film}`);
  try {
    const visitor = await Visitor.come(camera, site);
    await visitor.page.goto('/');
    await visitor.page.click('.camera');
    await visitor.page.waitForURL(`**/m/${site.marks.withdrawn}`);
    assert.match(await visitor.page.innerText('h1'), /Ingetrokken/);
    await visitor.leave();
  } finally {
    await camera.close();
  }
});

test('where the browser reads QR codes itself, the library is not fetched', async () => {
  const visitor = await Visitor.come(browser, site);
  const { page } = visitor;
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.addInitScript((text) => {
    globalThis.BarcodeDetector = class {
      static getSupportedFormats = async () => ['qr_code'];
      detect = async () => [{ rawValue: text }];
    };
  }, `${site.url}/M/${site.marks.active}`);
  await page.goto('/scan');
  await scan(page, await fetched(`/m/${site.marks.suspended}.qr.png`));
  await page.waitForURL(`**/m/${site.marks.active}`);
  assert.ok(asked.length && !asked.some((url) => url.includes('jsqr')));
  await visitor.leave();
});

test('where the browser says that it reads QR codes and does not, the library does', async () => {
  const visitor = await Visitor.come(browser, site);
  const { page } = visitor;
  await page.addInitScript(() => {
    globalThis.BarcodeDetector = class {
      static getSupportedFormats = async () => ['qr_code'];
      detect = () => Promise.reject(new DOMException('no service', 'NotSupportedError'));
    };
  });
  await page.goto('/scan');
  await scan(page, await fetched(`/m/${site.marks.active}.qr.png`));
  await page.waitForURL(`**/m/${site.marks.active}`);
  await visitor.leave();
});

test('only the pages that scan may ask for the camera', async () => {
  const policy = async (target) => (await fetch(site.url + target, { headers: { Accept: 'text/html' } })).headers.get('permissions-policy');
  for (const target of ['/', '/scan']) assert.match(await policy(target), /camera=\(self\)/, target);
  for (const target of ['/?q=test', `/m/${site.marks.active}`, '/check', '/q/AAAA', '/nothing'])
    assert.match(await policy(target), /camera=\(\)/, target);
});

test('the worker may fetch from here and do nothing else, and is asked about each time', async () => {
  const { status, headers } = await fetch(`${site.url}/sw.js`);
  assert.equal(status, 200);
  assert.equal(headers.get('cache-control'), 'no-cache');
  assert.match(headers.get('content-security-policy'), /^default-src 'none'; connect-src 'self'; frame-ancestors 'none'$/);
});
