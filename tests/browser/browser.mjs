// What tests in a browser begin with: the demo's register, served by the real program on a free port, and Debian's
// Chromium. Every page that a test opens is watched: a request to another host, an error or a breach of the
// Content-Security-Policy fails the test.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { writeToken } from '../cwt.mjs';
import { Process, program } from '../registry.mjs';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

// A program that is made for tests.
export const tool = (name) => path.join(path.dirname(program), 'tests', name);

export const PHONE = { width: 360, height: 640 };
export const DESK = { width: 1280, height: 800 };

// To be given to a page as a script of its own, before complaints() is called.
export const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// The rules of axe that look at colours; all others say the same in the dark.
export const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

// What axe has to say of the page as it is now, in lines; by these rules only, where some are given.
export async function complaints(page, rules) {
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: { type: 'rule', values: rules } }) };
  const { violations } = await page.evaluate((given) => globalThis.axe.run(document, given), options);
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target}: ${node.failureSummary}`));
}

export class Site {
  // Starts the demo, with its messages in `folder`.
  static async open() {
    const site = new Site();
    site.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keurmerk-test-'));
    const env = { ...process.env, HOME: site.folder, TMPDIR: site.folder };
    delete env.KEURMERK_HOME;
    site.demo = new Process(['demo', '--listen', '127.0.0.1:0'], env);
    await site.demo.out.says(/mark list --home .*\n/);
    site.url = site.demo.out.text.match(/^ +(http:\S+)\/ /m)[1];
    // The numbers of its marks, by what the demo says of them.
    site.marks = Object.fromEntries(
      [...site.demo.out.text.matchAll(/^ +http:\S+\/m\/(\S+) +.+: (.+)$/gm)].map(([, number, about]) => [about, number]),
    );
    return site;
  }
  // What the registry says in the token of this mark's signed QR code; `more` replaces that.
  async claims(number, more = {}) {
    const record = await (await fetch(`${this.url}/m/${number}.json`)).json();
    const credential = await (await fetch(`${this.url}/m/${number}.jwt`)).text();
    const { credentialStatus } = JSON.parse(Buffer.from(credential.split('.')[1], 'base64url'));
    return {
      iss: this.url, sub: number, exp: Date.parse(record.valid_until) / 1000, iat: Math.floor(Date.now() / 1000),
      name: record.provider.name, kvk: record.provider.kvk, scheme: record.scheme.id,
      index: Number(credentialStatus[0].statusListIndex), ...more,
    };
  }
  // Such a token, as the registry signs it or would never; `key` may be another's.
  async token(number, more = {}, key = this.credentialKey()) {
    return writeToken(await this.claims(number, more), key);
  }
  credentialKey() {
    const folder = path.join(this.demo.out.text.match(/mark list --home (.+)/)[1], 'keys');
    const [name] = fs.readdirSync(folder).filter((file) => file.startsWith('credential-'));
    return crypto.createPrivateKey(fs.readFileSync(path.join(folder, name)));
  }
  async close() {
    await this.demo.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

export function launch(...more) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...flags, ...more] });
}

// A visitor: a browser context of their own, whose pages are watched. `expected` are patterns of messages on the
// console that belong to what the test does, such as a page that is not found.
export class Visitor {
  static async come(browser, site, options = {}) {
    const visitor = new Visitor();
    visitor.site = site;
    visitor.faults = [];
    visitor.expected = [];
    visitor.context = await browser.newContext({ baseURL: site.url, viewport: PHONE, locale: 'nl-NL', ...options });
    visitor.context.setDefaultTimeout(30_000);
    visitor.context.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== site.url) visitor.faults.push(`asks another host: ${request.url()}`);
    });
    visitor.context.on('console', (message) => {
      if (message.type() === 'error') visitor.faults.push(`${message.text()} (${message.location().url})`);
    });
    visitor.context.on('weberror', (error) => visitor.faults.push(String(error.error())));
    visitor.page = await visitor.context.newPage();
    return visitor;
  }
  // Nothing has happened that should not, since this was last asked.
  isAtPeace() {
    const faults = this.faults.splice(0).filter((fault) => !this.expected.some((pattern) => pattern.test(fault)));
    this.expected = [];
    assert.deepEqual(faults, []);
  }
  async leave() {
    await this.context.close();
    this.isAtPeace();
  }
}
