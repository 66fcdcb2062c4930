// The hands and eyes of who works in the console: a keyboard, and no mouse.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { program } from '../registry.mjs';
import { axe, COLOUR_RULES, complaints, DESK, launch, PHONE, Site, Visitor } from './browser.mjs';

const BODY = 'voorbeeld-certificatie';

// Where they are: a demo of their own.
export const place = {};

export async function openPlace() {
  [place.site, place.browser] = await Promise.all([Site.open(), launch()]);
  [, place.home] = place.site.demo.out.text.match(/--home (\S+)/);
}

export async function closePlace() {
  await place.browser?.close();
  await place.site?.close();
}

export function operate(...args) {
  return execFileSync(program, [...args, '--home', place.home], { encoding: 'utf8' });
}

export function invite(name, role, body = BODY) {
  return JSON.parse(operate('person', 'invite', '--body', body, '--name', name, '--role', role, '--json'));
}

// Presses Tab until what has the focus matches; a person without a mouse has no other way.
export async function tabTo(page, selector, limit = 250) {
  for (let i = 0; i < limit; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  assert.fail(`the keyboard does not come to ${selector}`);
}

// Presses Enter on the link or button with this text.
export async function follow(page, text) {
  for (let i = 0; i < 250; i++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate((wanted) => {
      const on = document.activeElement;
      return on?.matches('a, button') && on.innerText.trim().startsWith(wanted);
    }, text);
    if (!found) continue;
    await page.keyboard.press('Enter');
    return;
  }
  assert.fail(`the keyboard does not come to "${text}"`);
}

export const heading = (page, text) => page.locator('h1', { hasText: text }).waitFor();

// axe finds nothing, nothing is wider than the screen, on a phone and at a desk, light and dark.
export async function isUsable(page) {
  await page.evaluate(axe.replace(/^/, 'globalThis.axe ||'));
  for (const size of [PHONE, DESK]) {
    await page.setViewportSize(size);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(wide <= room, `${await page.title()}: it is ${wide} pixels wide where there are ${room}`);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const found = await complaints(page, colorScheme === 'dark' ? COLOUR_RULES : undefined);
      assert.deepEqual(found, [], `${await page.title()}, ${size.width} pixels, ${colorScheme}`);
    }
  }
}

export async function enrol(name, role, body, options) {
  const { link } = invite(name, role, body);
  const visitor = await Visitor.come(place.browser, place.site, { viewport: DESK, bypassCSP: false, ...options });
  visitor.asked = [];
  visitor.context.on('request', (request) => visitor.asked.push(request));
  await visitor.page.goto(link.slice(place.site.url.length));
  await heading(visitor.page, 'Uw eigen sleutel maken');
  await follow(visitor.page, 'Maak mijn sleutel');
  await heading(visitor.page, `Welkom, ${name}`);
  visitor.code = link.split('#')[1];
  return visitor;
}

// Begins an audit of a provider by keyboard, up to its findings.
export async function begin(page, provider, services) {
  await page.goto('/console#/start');
  await heading(page, 'Audit starten');
  await tabTo(page, 'input[type=search]');
  await page.keyboard.type(provider);
  await page.locator('.hit').first().waitFor();
  await tabTo(page, '.hit');
  await page.keyboard.press('Enter');
  await heading(page, 'Audit bij');
  for (const service of services) {
    await tabTo(page, `input[name=scope][value="${service}"]`);
    await page.keyboard.press('Space');
  }
  await follow(page, 'Begin met de bevindingen');
  await heading(page, 'Bevindingen');
}

export async function isSaved(page) {
  await page.locator('.saved', { hasText: /Bewaard op dit apparaat om/ }).waitFor();
}

// Fills all criteria: the first is a minor finding, the others are in order.
export async function fill(page, note) {
  await tabTo(page, '.finding input');
  await page.keyboard.press('2');
  await page.keyboard.type(note);
  await page.keyboard.press('Tab');
  await page.keyboard.type('03012027'); // a date field takes the digits of the day in the order of the browser
  const count = await page.locator('.finding').count();
  await page.keyboard.press('Control+Enter');
  for (let i = 1; i < count; i++) await page.keyboard.press('1');
}

export async function recommend(page, action) {
  await tabTo(page, `input[name=recommendation]`);
  for (let i = 0; i < 10 && !(await page.isChecked(`input[name=recommendation][value="${action}"]`)); i++)
    await page.keyboard.press(i ? 'ArrowDown' : 'Space');
  assert.ok(await page.isChecked(`input[name=recommendation][value="${action}"]`));
}

export async function review(page, button = 'Nakijken') {
  if (button) await follow(page, button);
  await heading(page, 'Nakijken en ondertekenen');
  await page.waitForFunction(() => document.querySelector('pre').textContent.length > 10);
  return page.textContent('pre');
}

export const submissionsOf = (visitor) =>
  visitor.asked.filter(
    (request) => request.method() === 'POST' && new URL(request.url()).pathname === '/v1/submissions',
  );

export const payloadOf = (token) => Buffer.from(token.split('.')[1], 'base64url').toString();

// Signs what is under review, which must hold a link for somebody; opens it in a new profile.
export async function handOver(page, name) {
  await review(page, null);
  assert.ok(!(await page.textContent('main pre')).includes('/console/enrol#'));
  await follow(page, 'Onderteken en verzend');
  await heading(page, 'Het register heeft dit aangenomen');
  const link = await page.textContent('main pre');
  await isUsable(page);
  const visitor = await Visitor.come(place.browser, place.site, { viewport: DESK });
  await visitor.page.goto(link.slice(place.site.url.length));
  await heading(visitor.page, 'Uw eigen sleutel maken');
  await follow(visitor.page, 'Maak mijn sleutel');
  await heading(visitor.page, `Welkom, ${name}`);
  return visitor;
}
