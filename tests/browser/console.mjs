// The console, driven as people would: an auditor and a decider, each in a profile of their own, mostly by keyboard alone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { DESK, Visitor } from './browser.mjs';
import {
  begin,
  closePlace,
  enrol,
  fill,
  follow,
  handOver,
  heading,
  invite,
  isSaved,
  isUsable,
  openPlace,
  operate,
  payloadOf,
  place,
  recommend,
  review,
  submissionsOf,
  tabTo,
} from './hands.mjs';

const people = {};
let site, browser;

before(async () => {
  await openPlace();
  ({ site, browser } = place);
  people.auditor = await enrol('Anna', 'auditor');
  people.decider = await enrol('Bram', 'decider');
  people.both = await enrol('Carla', 'auditor,decider');
});
after(closePlace);

test('the code of an invitation is in no request and not left in the address', async () => {
  for (const { asked, code, page } of Object.values(people)) {
    assert.ok(!page.url().includes(code));
    for (const request of asked) {
      const body = request.postData() ?? '';
      assert.ok(!request.url().includes(code) && !(request.headers().referer ?? '').includes(code));
      // Inside the signed enrolment, and nowhere else.
      if (payloadOf(body.includes('.') ? body : '.').includes(code))
        assert.equal(new URL(request.url()).pathname, '/v1/enrolments');
    }
  }
  assert.ok(!site.demo.log.text.includes(people.auditor.code));
});

test('the private key cannot leave the browser', async () => {
  const { page } = people.auditor;
  const told = await page.evaluate(async () => {
    const request = indexedDB.open('keurmerk-console');
    await new Promise((resolve) => (request.onsuccess = resolve));
    const all = request.result.transaction('keys').objectStore('keys').getAll();
    await new Promise((resolve) => (all.onsuccess = resolve));
    const key = all.result.find(({ privateKey }) => privateKey).privateKey;
    const tried = ['pkcs8', 'jwk', 'raw'].map((form) =>
      crypto.subtle.exportKey(form, key).then(
        () => form,
        () => null,
      ),
    );
    return { extractable: key.extractable, exported: (await Promise.all(tried)).filter(Boolean) };
  });
  assert.deepEqual(told, { extractable: false, exported: [] });
});

test('without Ed25519 it says so, and makes nothing weaker', async () => {
  const { link } = invite('Oud', 'auditor');
  const visitor = await Visitor.come(browser, site);
  await visitor.page.addInitScript(() => {
    const { generateKey } = crypto.subtle;
    crypto.subtle.generateKey = function (algorithm, ...rest) {
      if ((algorithm.name ?? algorithm) === 'Ed25519') return Promise.reject(new DOMException('', 'NotSupportedError'));
      return generateKey.call(this, algorithm, ...rest);
    };
  });
  await visitor.page.goto(link.slice(site.url.length));
  await heading(visitor.page, 'Deze browser kan het niet');
  assert.match(await visitor.page.innerText('main'), /Ed25519.*Iets zwakkers nemen we niet/s);
  assert.equal(await visitor.page.locator('main button').count(), 0);
  await isUsable(visitor.page);
  await visitor.leave();
});

test('from link to public mark by keyboard alone: audit, sign, decide', async () => {
  const { page } = people.auditor;
  await begin(page, 'dagobert', ['software', 'advies']);
  await isUsable(page);
  await fill(page, 'Leveranciers zijn niet nagegaan.');
  await isSaved(page);
  await recommend(page, 'grant');
  const shown = await review(page);
  await isUsable(page);
  await follow(page, 'Onderteken en verzend');
  await heading(page, 'De audit staat vast');
  await isUsable(page);
  // What was shown is what was signed, character by character.
  const [sent] = submissionsOf(people.auditor);
  assert.equal(payloadOf(sent.postData()), shown);
  const { audit } = JSON.parse(shown);
  assert.deepEqual(audit.findings[0], {
    criterion: 'R1',
    result: 'minor',
    note: 'Leveranciers zijn niet nagegaan.',
    due: '2027-03-01',
  });
  assert.equal(audit.findings.filter(({ result }) => result === 'conform').length, audit.findings.length - 1);

  const decider = people.decider.page;
  await decider.goto('/console#/audits');
  await heading(decider, 'Wacht op beslissing');
  await isUsable(decider);
  await follow(decider, 'Test EMZ Dagobert');
  await heading(decider, 'Audit van Test EMZ Dagobert');
  assert.match(
    await decider.innerText('main'),
    /Afwijkingen \(1\)[^]*R1 kleine afwijking[^]*Leveranciers zijn niet nagegaan\./,
  );
  await isUsable(decider);
  await follow(decider, 'Toekennen');
  await heading(decider, 'Toekennen: Test EMZ Dagobert');
  assert.match(await decider.innerText('.preview'), /Echt en geldig/);
  await isUsable(decider);
  await review(decider);
  await follow(decider, 'Onderteken en verzend');
  await heading(decider, 'De beslissing staat vast');
  const address = await decider.getAttribute('main a[href^="/m/"]', 'href');
  const anyone = await Visitor.come(browser, site);
  await anyone.page.goto(address);
  assert.match(await anyone.page.innerText('h1'), /Echt en geldig/);
  assert.equal((await anyone.page.request.get(`${address}.qr.svg`)).status(), 200);
  people.mark = address.slice(3);

  // And what the public sees follows a suspension at once.
  await decider.goto(`/console#/marks/${people.mark}/decide/suspend`);
  await heading(decider, 'Schorsen');
  await tabTo(decider, '[name=reason]');
  await decider.keyboard.type('measures-not-kept');
  await tabTo(decider, '[name=text-nl]');
  await decider.keyboard.type('Back-ups zijn niet getest.');
  await tabTo(decider, '[name=text-en]');
  await decider.keyboard.type('Back-ups were not tested.');
  assert.match(
    await decider.innerText('main'),
    /Zo ziet het publiek het[^]*Geschorst: nu niet geldig[^]*Back-ups zijn niet getest\./,
  );
  await isUsable(decider);
  await review(decider);
  await follow(decider, 'Onderteken en verzend');
  await heading(decider, 'De beslissing staat vast');
  await anyone.page.reload();
  assert.match(await anyone.page.innerText('main'), /Geschorst: nu niet geldig[^]*Back-ups zijn niet getest\./);
  await anyone.leave();
  people.auditor.isAtPeace();
  people.decider.isAtPeace();
});

test('who audited is told why somebody else decides, and the register refuses it too', async () => {
  const { page } = people.both;
  await begin(page, 'dagobert', ['advies']);
  await tabTo(page, '.finding input');
  const count = await page.locator('.finding').count();
  for (let i = 0; i < count; i++) await page.keyboard.press('1');
  await recommend(page, 'refuse');
  await review(page);
  await follow(page, 'Onderteken en verzend');
  await heading(page, 'De audit staat vast');
  await page.goto('/console#/audits');
  await follow(page, 'Test EMZ Dagobert');
  await heading(page, 'Audit van Test EMZ Dagobert');
  assert.match(await page.innerText('main'), /Vier ogen: u deed mee aan deze audit/);
  assert.equal(await page.locator('.actions a').count(), 0);
  await isUsable(page);
  const [, id] = page.url().match(/audits\/([\w-]+)/);
  people.open = id;
  await page.goto(`/console#/audits/${id}/decide/refuse`);
  await heading(page, 'Weigeren');
  await page.fill('[name=reason]', 'not-met');
  await review(page);
  people.both.expected.push(/status of 403 /);
  await follow(page, 'Onderteken en verzend');
  await page.locator('[role=alert]', { hasText: 'Vier ogen: wie auditeerde, beslist niet.' }).waitFor();
  people.both.isAtPeace();
});

test('marks, one mark, cases, a new case and the desk can be used by anyone', async () => {
  const { page } = people.decider;
  for (const [address, title] of [
    ['#/', 'Uw bureau'],
    ['#/marks', 'Keurmerken van uw instelling'],
    [`#/marks/${people.mark}`, 'Test EMZ Dagobert'],
    ['#/cases', 'Meldingen en zaken'],
    ['#/cases/open/complaint', 'Nieuwe zaak'],
    ['#/nowhere', 'Dat lukte niet'],
  ]) {
    await page.goto(`/console${address}`);
    await heading(page, title);
    await isUsable(page);
  }
  people.decider.isAtPeace();
});

test('it speaks English as well', async () => {
  const { page } = people.both;
  for (const [address, title] of [
    ['#/', 'Your desk'],
    ['#/start', 'Start an audit'],
    ['#/start/68750110', 'Audit of Test BV Donald'],
    ['#/audits', 'Awaiting decision'],
    ['#/marks', 'Marks of your body'],
    [`#/marks/${people.mark}`, 'Test EMZ Dagobert'],
    [`#/marks/${people.mark}/decide/transfer`, 'Transfer'],
    ['#/cases', 'Reports and cases'],
    ['#/people', 'People and keys'],
    ['#/link/68750110', 'Link for Test BV Donald'],
  ]) {
    await page.goto(`/console?lang=en${address}`);
    await heading(page, title);
    assert.doesNotMatch(await page.innerText('body'), /console\.[a-z]|\b(?:het|een|niet)\b/);
  }
  people.both.isAtPeace();
});

// What a page offers to save.
async function saved(page) {
  const [file] = await Promise.all([page.waitForEvent('download'), follow(page, 'Opslaan als tabel')]);
  return fs.readFileSync(await file.path(), 'utf8');
}

test('a report becomes a case, and the case is closed', async () => {
  const reporter = await Visitor.come(browser, site);
  await reporter.page.goto(`/report/${people.mark}`);
  await reporter.page.fill('#text', 'Dit bedrijf toont het keurmerk voor hosting.');
  await reporter.page.click('form.long button');
  await heading(reporter.page, /./);
  await reporter.leave();
  const { page } = people.decider;
  await page.goto('/console#/');
  await page.goto('/console#/cases');
  await heading(page, 'Meldingen en zaken');
  assert.match(await page.innerText('main'), /toont het keurmerk voor hosting/);
  await follow(page, 'Zaak openen');
  await heading(page, 'Nieuwe zaak');
  await review(page);
  await follow(page, 'Onderteken en verzend');
  await heading(page, 'De zaak staat vast');
  await page.goto('/console#/cases');
  await heading(page, 'Meldingen en zaken');
  await follow(page, 'Afsluiten');
  await heading(page, 'Zaak afsluiten');
  await tabTo(page, 'input[name=outcome]');
  await page.keyboard.press('Space');
  await tabTo(page, 'input[name=reason]');
  await page.keyboard.type('told-to-stop');
  await review(page);
  await follow(page, 'Onderteken en verzend');
  await heading(page, 'De zaak staat vast');
  await page.goto('/console#/cases');
  await heading(page, 'Meldingen en zaken');
  assert.match(await saved(page), new RegExp(`"misuse";"${people.mark}";.*;"told-to-stop";`));
  await page.goto('/console#/marks');
  await heading(page, 'Keurmerken van uw instelling');
  assert.match(await saved(page), new RegExp(`"${people.mark}";"69599084";"Test EMZ Dagobert";`));
  people.decider.isAtPeace();
});

test('an admin invites by a link that the register never sees; what is lost is revoked from a second device', async () => {
  const admin = await enrol('Beheer', 'admin');
  await admin.page.goto('/console#/people');
  await heading(admin.page, 'Mensen en sleutels');
  await isUsable(admin.page);
  await tabTo(admin.page, 'input[name=name]');
  await admin.page.keyboard.type('Dora');
  await follow(admin.page, 'Nakijken');
  const first = await handOver(admin.page, 'Dora');
  assert.ok(!submissionsOf(admin).some((request) => payloadOf(request.postData()).includes('enrol#')));

  await first.page.goto('/console#/people');
  await heading(first.page, 'Mensen en sleutels');
  assert.equal(await first.page.locator('.person').count(), 1);
  await follow(first.page, 'Link voor een apparaat');
  const second = await handOver(first.page, 'Dora');

  await second.page.goto('/console#/people');
  await heading(second.page, 'Mensen en sleutels');
  const lost = second.page.locator('.person li').filter({ hasNotText: 'dit apparaat' });
  await lost.getByRole('button', { name: 'Sleutel intrekken' }).focus();
  await second.page.keyboard.press('Enter');
  await review(second.page, null);
  await follow(second.page, 'Onderteken en verzend');
  await heading(second.page, 'Het register heeft dit aangenomen');
  first.expected.push(/status of 401 /);
  await first.page.goto('/console');
  await first.page.locator('[role=alert]', { hasText: 'De sleutel van deze browser is ingetrokken' }).waitFor();
  await Promise.all([first.leave(), second.leave(), admin.leave()]);
});

test('with the cookie alone nothing changes', async () => {
  const cookies = await people.auditor.context.cookies();
  const [cookie] = cookies.filter(({ name }) => name.startsWith('keurmerk'));
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);
  const thief = await Visitor.come(browser, site, { viewport: DESK });
  await thief.context.addCookies([cookie]);
  await thief.page.goto('/console');
  await heading(thief.page, 'Deze browser kennen we nog niet');
  const before = operate('mark', 'list', '--json');
  thief.expected.push(/status of 40[0-9] /);
  const statuses = await thief.page.evaluate(async (token) => {
    const post = (path, body) =>
      fetch(path, { method: 'POST', body, headers: { 'Content-Type': 'application/jose' } }).then(
        ({ status }) => status,
      );
    const changed = token.replace(/\.(.)/, (_, first) => `.${first === 'A' ? 'B' : 'A'}`);
    return [
      await post('/v1/submissions', '{}'),
      await post('/v1/submissions', changed),
      await post('/v1/enrolments', changed),
    ];
  }, submissionsOf(people.auditor)[0].postData());
  assert.ok(
    statuses.every((status) => status >= 400 && status < 500),
    String(statuses),
  );
  assert.equal(operate('mark', 'list', '--json'), before);
  await thief.leave();
});

test('a submission that is sent again counts once', async () => {
  const [sent] = submissionsOf(people.decider);
  const before = operate('mark', 'list', '--json');
  const again = await fetch(`${site.url}/v1/submissions`, {
    method: 'POST',
    body: sent.postData(),
    headers: { 'Content-Type': 'application/jose' },
  });
  assert.equal(again.status, 200);
  assert.equal(await again.text(), await (await sent.response()).text());
  assert.equal(operate('mark', 'list', '--json'), before);
});

test('another site can do nothing with a session', async () => {
  const page = `<!doctype html><form method="post" enctype="text/plain" action="${site.url}/console/api/session/end"></form><script>
    Promise.allSettled([
      fetch('${site.url}/console/api/audits', { credentials: 'include' }).then((r) => r.text()),
      fetch('${site.url}/console/api/session/end', { method: 'POST', credentials: 'include', mode: 'no-cors' }),
    ]).then((results) => { document.title = results[0].status; document.forms[0].submit(); });</script>`;
  const server = http
    .createServer((_, reply) => reply.setHeader('Content-Type', 'text/html').end(page))
    .listen(0, '127.0.0.1');
  const { context } = people.auditor;
  const other = await context.newPage();
  const answered = [];
  other.on(
    'response',
    (reply) => new URL(reply.url()).pathname.startsWith('/console/api') && answered.push(reply.status()),
  );
  await other.goto(`http://localhost:${server.address().port}/`);
  await other.waitForURL(`${site.url}/**`);
  assert.ok(answered.length >= 1);
  assert.ok(
    answered.every((status) => status >= 400),
    String(answered),
  );
  await other.close();
  server.close();
  people.auditor.faults.length = 0; // all of them were to be
  // The session is there still.
  const status = await people.auditor.page.evaluate(() => fetch('/console/api/me').then((reply) => reply.status));
  assert.equal(status, 200);
});

test('the files of another body are not shown', async () => {
  operate(
    'body',
    'add',
    'andere',
    '--name',
    'Andere Instelling (voorbeeld)',
    '--accreditation',
    'VOORBEELD-001',
    '--scheme',
    'mkb-ict',
  );
  const other = await enrol('Otto', 'auditor,decider', 'andere');
  other.expected.push(/status of 40[34] /);
  await other.page.goto(`/console#/audits/${people.open}`);
  await other.page.locator('[role=alert]', { hasText: 'is van een andere instelling' }).waitFor();
  other.expected.push(/status of 40[34] /);
  await other.page.goto(`/console#/marks/${people.mark}`);
  await other.page.locator('[role=alert]', { hasText: 'Dit is van een andere instelling.' }).waitFor();
  await other.page.goto('/console#/audits');
  await heading(other.page, 'Wacht op beslissing');
  assert.match(await other.page.innerText('main'), /Er wacht niets/);
  other.expected.push(/status of 40[34] /);
  await other.leave();
});

test('the network is pulled and the tab killed in the middle of an audit: nothing typed is lost', async () => {
  const { context } = people.auditor;
  let { page } = people.auditor;
  await begin(page, 'guus', []);
  await context.setOffline(true);
  people.auditor.expected.push(/ERR_INTERNET_DISCONNECTED/);
  await tabTo(page, '.finding input');
  await page.keyboard.press('2');
  await page.keyboard.type('Midden in deze zin valt de trei');
  await isSaved(page);
  const client = await context.newCDPSession(page);
  const crashed = new Promise((resolve) => page.once('crash', resolve));
  client.send('Page.crash').catch(() => {});
  await crashed;
  await page.close();
  await context.setOffline(false);
  page = people.auditor.page = await context.newPage();
  await page.goto('/console');
  await heading(page, 'Uw bureau');
  await isUsable(page);
  await follow(page, 'Tussentijdse controle: Test VOF Guus');
  await heading(page, 'Bevindingen');
  assert.equal(await page.inputValue('.finding textarea'), 'Midden in deze zin valt de trei');
  // It goes on, and what is signed without a connection is sent once there is one again.
  await tabTo(page, '.finding textarea');
  await page.keyboard.press('End');
  await page.keyboard.type('n uit.');
  await page.keyboard.press('Tab');
  await page.keyboard.type('03012027');
  await page.keyboard.press('Control+Enter');
  const count = await page.locator('.finding').count();
  for (let i = 1; i < count; i++) await page.keyboard.press('1');
  await recommend(page, 'maintain');
  await review(page);
  await context.setOffline(true);
  people.auditor.expected.push(/ERR_INTERNET_DISCONNECTED/);
  await follow(page, 'Onderteken en verzend');
  await page.locator('[role=alert]', { hasText: 'Wat u ondertekende staat veilig op dit apparaat' }).waitFor();
  const before = submissionsOf(people.auditor).length;
  await context.setOffline(false);
  await heading(page, 'De audit staat vast');
  const tokens = new Set(
    submissionsOf(people.auditor)
      .slice(before - 1)
      .map((request) => request.postData()),
  );
  assert.equal(tokens.size, 1);
  people.auditor.isAtPeace();
});

test('a draft that other hands have changed is not used', async () => {
  const { page } = people.both;
  await begin(page, 'guus', []);
  await tabTo(page, '.finding input');
  await page.keyboard.press('1');
  await isSaved(page);
  const plain = await page.evaluate(async () => {
    const request = indexedDB.open('keurmerk-console');
    await new Promise((resolve) => (request.onsuccess = resolve));
    const store = request.result.transaction('drafts', 'readwrite').objectStore('drafts');
    const [keys, values] = await Promise.all(
      [store.getAllKeys(), store.getAll()].map(
        (asked) => new Promise((resolve) => (asked.onsuccess = () => resolve(asked.result))),
      ),
    );
    const text = values.map(({ data }) => new TextDecoder('latin1').decode(data)).join();
    for (const [i, value] of values.entries()) {
      new Uint8Array(value.data)[40] ^= 1;
      store.put(value, keys[i]);
    }
    return text;
  });
  assert.ok(!plain.includes('Guus'));
  await page.reload();
  await page.locator('[role=alert]', { hasText: 'door iets anders veranderd' }).waitFor();
  await page.goto('/console#/');
  await heading(page, 'Uw bureau');
  assert.match(await page.innerText('.drafts'), /door iets anders veranderd/);
  people.both.isAtPeace();
});

test('a key that is revoked signs in no more', async () => {
  const visitor = await enrol('Weg', 'auditor');
  const { kid } = JSON.parse(operate('person', 'list', '--json')).find(({ name }) => name === 'Weg');
  await visitor.page.goto('/console');
  await heading(visitor.page, 'Uw bureau');
  operate('person', 'revoke', kid);
  visitor.expected.push(/status of 401 /);
  await visitor.page.reload();
  await visitor.page.locator('[role=alert]', { hasText: 'De sleutel van deze browser is ingetrokken' }).waitFor();
  await visitor.leave();
});
