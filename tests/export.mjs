// A mirror as it is: each file has the bytes that the registry sends, a web server that knows nothing of us gives the same
// answers, a run writes what has changed and no more, and one that is killed is taken up.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Office } from './office.mjs';
import { freePort, isThere, program, Registry } from './registry.mjs';

const NOW = 1795539757; // 2026-11-24T17:02:37Z
const DAY_S = 86400;

let registry, office, mirror, first, second;

before(async () => {
  registry = await Registry.make(NOW);
  office = await Office.open(registry, 3, { clocked: true, domains: ['voorbeeld.example'] });
  first = await office.grant(office.providers[0]);
  second = await office.grant(office.providers[1]);
  mirror = registry.path('mirror');
});
after(() => registry.done());

const inMirror = (file) => path.join(mirror, 'files', file);
const exists = (file) => fs.existsSync(inMirror(file));
const read = (file) => fs.readFileSync(inMirror(file));
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');

function files() {
  const root = path.join(mirror, 'files');
  return fs.readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

async function exported(...options) {
  const said = await office.must('export', ...options, mirror);
  const [, written, removed] = said.match(/^([0-9]+) files written, ([0-9]+) taken away\./);
  return { written: Number(written), removed: Number(removed) };
}

// The files that a run puts, and those that it takes away.
async function changes(...options) {
  fs.rmSync(path.join(mirror, 'changes.txt'), { force: true });
  const counts = await exported(...options);
  const lines = fs.readFileSync(path.join(mirror, 'changes.txt'), 'utf8').split('\n').filter(Boolean);
  const of = (what) => lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1)).sort();
  assert.equal(of('put').length, counts.written);
  return { put: of('put'), removed: of('remove') };
}

// What a page of a mirror has else than that of the registry: its links to files, its links to the registry, a notice.
function asAtTheRegistry(page) {
  return page.replace(/^<p class="banner" id="copy" .*\n<script .*\n/m, '').replaceAll('%3F', '?').replaceAll(`="${registry.url}/`, '="/');
}

const signedApart = /^(register[.]jwt|status[/])/;
const ours = /^mirror[/]/;
const target = (file) => (file === 'v1/schemes.json' ? '/v1/schemes' : `/${file}`);

test('every file has the bytes that the registry sends for its address, in both languages and all forms', async () => {
  assert.ok((await exported()).written > 100);
  let compared = 0;
  for (const file of files()) {
    if (ours.test(file)) continue;
    const answer = await registry.fetch(target(file), { headers: { Accept: '*/*' } });
    assert.equal(answer.status, 200, file);
    const sent = Buffer.from(await answer.arrayBuffer()), kept = read(file);
    if (signedApart.test(file)) continue; // at another moment, and of what a mirror has beside; verified below
    if (answer.headers.get('content-type').startsWith('text/html')) {
      assert.ok(kept.includes(`href="${registry.url}/`), file);
      assert.equal(asAtTheRegistry(kept.toString()), asAtTheRegistry(sent.toString()), file);
    } else if (file === 'sw.js') {
      // Names a digest of the page /scan.
      assert.equal(kept.toString().replace(/"version":"[^"]*"/, ''), sent.toString().replace(/"version":"[^"]*"/, ''));
    } else assert.ok(kept.equals(sent), file);
    compared++;
  }
  assert.ok(compared > 100);
});

test('nothing is in it that was not public', () => {
  for (const file of files()) {
    const bytes = read(file);
    for (const secret of ['Anna', 'Bram', 'PRIVATE KEY'])
      if (!file.startsWith('static/')) assert.ok(!bytes.includes(secret), `${secret} in ${file}`);
  }
});

test('the parts name every file, as sha256sum knows them, and the snapshot names the parts', () => {
  const claims = JSON.parse(Buffer.from(read('register.jwt').toString().split('.')[1], 'base64url'));
  assert.equal(claims.sha256, sha256(read('register.jsonl')));
  assert.equal(claims.sequence, Number(read('log/checkpoint').toString().split('\n')[1]));
  const named = new Map();
  for (const [name, digest] of Object.entries(claims.parts)) {
    const text = read(`mirror/${name}.${digest}.txt`);
    assert.equal(sha256(text), digest);
    for (const line of text.toString().split('\n').filter(Boolean)) named.set(line.slice(66), line.slice(0, 64));
  }
  const proven = /^(register[.]jwt$|log[/]|mirror[/])/; // by their own signatures
  assert.deepEqual([...named.keys()].sort(), files().filter((file) => !proven.test(file)));
  for (const [file, digest] of named) assert.equal(sha256(read(file)), digest, file);
});

test('a second run writes nothing, and one after half of the time signs what would run out, and no more', async () => {
  assert.deepEqual(await changes(), { put: [], removed: [] });
  registry.now = NOW + DAY_S / 2;
  const { put } = await changes();
  assert.deepEqual(put.filter((file) => !/^(mirror[/]site|v1[/]figures|figures|[.]well-known[/]security|feed)/.test(file)),
    ['register.jwt', 'status/revocation/1', 'status/suspension/1']);
});

test('after a decision, only its mark, its provider and what is made of all of them are written', async () => {
  await office.decide({ action: 'suspend', mark: second, reason: 'surveillance-overdue', text: { nl: 'Voorbeeld.', en: 'Sample.' } });
  const { put, removed } = await changes();
  assert.ok(put.includes(`m/${second}?lang=nl`) && put.includes(`m/${second}.svg?lang=en&theme=dark`));
  assert.ok(put.includes('register.jsonl') && put.includes('status/suspension/1') && put.includes('log/checkpoint'));
  assert.ok(put.includes(`v1/providers/${office.providers[1]}`));
  assert.deepEqual(put.filter((file) => file.includes(first) || file.startsWith('static/') || file.startsWith('schemes/')), []);
  assert.ok(!put.includes(`m/${second}.qr.svg`), 'the address in a QR code does not change');
  assert.ok(put.indexOf('log/checkpoint') >= 0 && removed.every((file) => file.startsWith('log/tile') || file.startsWith('mirror/')));
  assert.match(read(`m/${second}?lang=nl`).toString(), /state-suspended/);
  const order = fs.readFileSync(path.join(mirror, 'changes.txt'), 'utf8').split('\n');
  const place = (pattern) => order.findIndex((line) => pattern.test(line));
  assert.ok(place(/log\/tile/) < place(/log\/checkpoint/));
  assert.ok(place(/status\/suspension/) < place(new RegExp(second)));
  assert.equal(order.at(-2), 'put register.jwt');
});

test('what time alone has changed is written, too', async () => {
  const { valid_until: until } = JSON.parse(read(`m/${first}.json`));
  registry.now = Date.parse(until) / 1000 + 1;
  const { put } = await changes();
  assert.ok(put.includes(`m/${first}?lang=nl`) && put.includes(`m/${second}.svg`));
  assert.match(read(`m/${first}?lang=nl`).toString(), /state-withdrawn/);
  assert.match(read('register.jsonl').toString(), /"state":"withdrawn"/);
});

test('of a provider that was erased nothing is left', async () => {
  const kvk = office.providers[2];
  assert.ok(exists(`v1/providers/${kvk}`));
  await office.must('provider', 'erase', '--all', kvk);
  const { removed } = await changes();
  assert.ok(removed.includes(`v1/providers/${kvk}`));
  for (const file of files()) if (!file.startsWith('mirror/')) assert.ok(!file.includes(kvk) && !read(file).includes(kvk), file);
  await changes(); // by which the part that named it goes, too
  for (const file of files()) assert.ok(!read(file).includes(kvk), file);
});

test('a run that is killed at any moment leaves whole files, and the next one makes it whole', async () => {
  await office.must('export', '--all', mirror);
  const truth = files();
  for (let i = 0; i < 6; i++) {
    const child = spawn(program, ['export', '--all', mirror, '--clock', registry.clock], { env: registry.env, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 20 + 45 * i));
    child.kill('SIGKILL');
    await ended;
    for (const file of truth.filter((name) => name.endsWith('.json'))) assert.doesNotThrow(() => JSON.parse(read(file)), file);
  }
  await exported();
  assert.deepEqual(files().filter((file) => !ours.test(file)), truth.filter((file) => !ours.test(file)));
  assert.deepEqual(fs.readdirSync(path.join(mirror, 'incoming')), []);
  await exported();
  assert.equal(files().filter((file) => ours.test(file)).length, Object.keys(JSON.parse(fs.readFileSync(path.join(mirror, 'state.json'))).parts).length);
});

test('what makes no mirror is said: another registry, a wrong wish, a part that is gone', async () => {
  const state = path.join(mirror, 'state.json'), text = fs.readFileSync(state, 'utf8');
  fs.writeFileSync(state, text.replace(registry.url, 'https://other.example'));
  const other = await office.use('export', mirror);
  assert.equal(other.status, 1);
  assert.match(other.stderr, /holds a mirror of https:\/\/other[.]example, not of http.*give another folder/);
  fs.writeFileSync(state, text);
  const wish = await office.use('export', '--next-update', '48', mirror);
  assert.equal(wish.status, 2);
  assert.match(wish.stderr, /1 to 24/);
  const part = files().find((file) => file.startsWith('mirror/site'));
  const bytes = read(part);
  fs.rmSync(inMirror(part));
  const gone = await office.use('export', mirror);
  assert.equal(gone.status, 1);
  assert.match(gone.stderr, /missing or was changed; delete the folder/);
  fs.writeFileSync(inMirror(part), bytes);
});

// -------------------------------------------------------------------------------------------------------------- nginx

async function nginx() {
  const port = await freePort(), folder = registry.path('nginx');
  fs.mkdirSync(folder, { recursive: true });
  const file = registry.write('nginx.conf', `daemon off; pid ${folder}/pid; error_log ${folder}/error; user root;
    events { } http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
    uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s; include ${mirror}/nginx-http.conf;
    server { listen 127.0.0.1:${port}; include ${mirror}/nginx-server.conf; } }`);
  const server = spawn('nginx', ['-c', file, '-e', `${folder}/error`], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => server.on('close', resolve));
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i++) {
    try {
      await fetch(url);
      break;
    } catch (error) {
      if (i === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return { url, stop: () => (server.kill(), ended) };
}

const kept = ['content-type', 'cache-control', 'content-security-policy', 'x-content-type-options', 'referrer-policy',
  'cross-origin-resource-policy', 'access-control-allow-origin', 'cross-origin-opener-policy', 'permissions-policy',
  'content-language', 'content-disposition', 'api-version', 'vary'];

// The registry says a shorter time shortly before a mark changes by itself; files do not know what time it is.
const withoutAge = (text) => text?.replace(/^no-cache$|^public, max-age=[0-9]+, must-revalidate$/, 'for a while');

test('nginx gives the answers of the registry, by path, language and form', async (t) => {
  if (!(await isThere('nginx'))) return t.skip('there is no nginx here');
  const { url, stop } = await nginx();
  try {
    const asked = [];
    for (const file of files()) if (!ours.test(file)) asked.push([target(file), { Accept: '*/*' }]);
    for (const page of ['/', `/m/${first}`, '/figures', '/schemes/mkb-ict', '/scan', `/embed/${first}`]) {
      for (const language of ['nl', 'en', 'en-GB,en;q=0.9,nl;q=0.8', 'nl-NL,nl;q=0.9,en;q=0.8', 'de', 'fr,en;q=0.5'])
        asked.push([page, { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'Accept-Language': language }]);
    }
    for (const accept of ['application/json', 'application/vc']) asked.push([`/m/${first}`, { Accept: accept }]);
    asked.push(['/schemes/mkb-ict', { Accept: 'application/json' }], [`/M/${first}`, { Accept: 'text/html' }],
      [`/m/${first}.svg?form=card&theme=dark&lang=en`, {}], ['/feed.atom?lang=en', {}]);
    for (const [address, headers] of asked) {
      const options = { headers: { 'Accept-Language': 'nl', ...headers }, redirect: 'manual' };
      const [a, b] = await Promise.all([fetch(registry.url + address, options), fetch(url + address, options)]);
      assert.equal(b.status, a.status, address);
      const negotiated = /^[/]schemes/.test(address) && headers.Accept === 'application/json'; // is a file of the API
      for (const name of kept) {
        if (negotiated && name === 'api-version') continue;
        const here = name === 'content-security-policy' ? b.headers.get(name)?.replace(` ${registry.url};`, ';') : b.headers.get(name);
        assert.equal(withoutAge(here), withoutAge(a.headers.get(name)), `${name} of ${address} ${JSON.stringify(headers)}`);
      }
      const page = b.headers.get('content-type').startsWith('text/html');
      const [sent, found] = [await a.text(), await b.text()];
      // A page without ?lang= leads on in the language that it is in.
      if (page) assert.equal(asAtTheRegistry(found).replaceAll(/[?&]lang=(nl|en)/g, '').length > 0, true);
      if (page) assert.equal(b.headers.get('content-language'), found.match(/<html lang="(..)"/)[1]);
      else if (!signedApart.test(address.slice(1)) && address !== '/sw.js') assert.equal(found, sent, address);
    }
  } finally {
    await stop();
  }
});

test('nginx serves files by links in which %3F stands, and sends on to the registry what a mirror does not have', async (t) => {
  if (!(await isThere('nginx'))) return t.skip('there is no nginx here');
  const { url, stop } = await nginx();
  try {
    for (const address of ['/', `/m/${first}`, `/m/${second}`, `/embed/${first}`, '/schemes/mkb-ict', '/figures', '/scan', '/problems']) {
      const page = await (await fetch(url + address, { headers: { 'Accept-Language': 'en' } })).text();
      const links = [...page.matchAll(/(?:href|src|srcset)="(\/[^"]*)"/g)].map(([, link]) => link.replaceAll('&amp;', '&'));
      assert.ok(links.some((link) => link.includes('%3F')));
      for (const link of new Set(links)) assert.equal((await fetch(url + link, { redirect: 'manual' })).status, 200, `${link} on ${address}`);
    }
    for (const away of ['/?q=Voorbeeld', '/check', `/m/${first}/status.jwt`, `/m/${first}.png`, `/m/${first}?at=2026-11-24`,
      `/m/${first}.svg?form=seal`, '/v1/marks?q=x', '/metrics', '/console', `/report/${first}`, '/no/such/page', '/../etc/passwd']) {
      const answer = await fetch(url + away, { redirect: 'manual' });
      assert.equal(answer.status, 302, away);
      assert.ok(answer.headers.get('location').startsWith(`${registry.url}/`), away);
    }
  } finally {
    await stop();
  }
});

test('object storage is told the headers of each file, and what is elsewhere', () => {
  const { registry: of, objects, elsewhere } = JSON.parse(fs.readFileSync(path.join(mirror, 'objects.json')));
  assert.equal(of, registry.url);
  for (const file of files()) {
    const rules = objects.filter(({ match }) => new RegExp(match).test(`/${file}`));
    assert.ok(rules.length >= 1, file);
    assert.ok(rules[0].headers['Content-Type'], file);
    assert.ok(rules[0].headers['Cache-Control'], file);
  }
  for (const away of ['/check', `/m/${first}/status.jwt`, '/q/ABC']) assert.ok(elsewhere.some(({ match, why }) => why && new RegExp(match).test(away)), away);
});
