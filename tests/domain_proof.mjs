// Proof of domains, with a web server and a name server of our own on this machine.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { Office } from './office.mjs';
import { Registry } from './registry.mjs';

const NOW = Date.UTC(2026, 10, 24, 17, 2, 37) / 1000;
const DAY = 86400;

let registry, office, mark, web, names, options;
const files = {}; // host: how its keurmerk.txt is answered: a text, or a function of the response
const records = {}; // name: an array of TXT records, each an array of strings
const asked = []; // hosts and names, in the order in which they were asked for

// One answer of the DNS (RFC 1035), to the question that is in the query.
function answerTo(query) {
  const labels = [];
  let at = 12;
  for (; query[at]; at += query[at] + 1) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
  const question = query.subarray(12, at + 5);
  const name = labels.join('.').toLowerCase();
  asked.push(name);
  const found = records[name];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(found ? 0x8180 : 0x8183, 2); // no error, or no such name
  header.writeUInt16BE(found?.length ?? 0, 6);
  header.writeUInt32BE(0, 8);
  const answers = (found ?? []).map((strings) => {
    const data = Buffer.concat(strings.flatMap((text) => [Buffer.from([text.length]), Buffer.from(text)]));
    const record = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 255]);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([header, question, ...answers]);
}

before(async () => {
  web = http.createServer((request, response) => {
    asked.push(request.headers.host + request.url);
    const file = files[request.headers.host];
    if (typeof file === 'function') file(response);
    else response.writeHead(file === undefined ? 404 : 200, { 'Content-Type': 'text/plain' }).end(file);
  });
  await new Promise((done) => web.listen(0, '127.0.0.1', done));
  names = dgram.createSocket('udp4');
  names.on('message', (query, from) => names.send(answerTo(query), from.port, from.address));
  await new Promise((done) => names.bind(0, '127.0.0.1', done));
  options = ['--domain-server', `127.0.0.1:${web.address().port}`, '--resolver', `127.0.0.1:${names.address().port}`];
  registry = await Registry.make(NOW);
  office = await Office.open(registry, 1, { clocked: true, serving: options, domains: ['donald.example', 'café.example'] });
  mark = await office.grant(office.providers[0]);
});
after(async () => {
  await registry?.done();
  web?.close();
  names?.close();
});

const tokenOf = async (domain) => (await registry.must('domain', 'token', domain)).split('\n')[0];
const check = (...domains) => registry.use('domain', 'check', ...domains, ...options);
const state = async (domain) => (await registry.must('domain', 'list', '--json')).find((entry) => entry.domain === domain);

test('what is asked of a provider is said, in any script', async () => {
  const said = await registry.must('domain', 'token', 'café.example');
  const token = said.split('\n')[0];
  assert.match(token, /^keurmerk-[a-z2-7]{26}$/);
  assert.match(said, /https:\/\/xn--caf-dma\.example\/\.well-known\/keurmerk\.txt/);
  assert.ok(said.includes(`_keurmerk.xn--caf-dma.example. TXT "${token}"`));
  assert.notEqual(await tokenOf('donald.example'), token);
  assert.equal((await registry.use('domain', 'token', 'elsewhere.example')).status, 1);
});

test('without proof a domain is not proven, and why is said', async () => {
  const { status, stdout } = await check('donald.example');
  assert.equal(status, 1);
  assert.match(stdout, /^not proven donald\.example: file: HTTP 404; DNS: no such record$/m);
  assert.deepEqual(asked.slice(-2), ['donald.example/.well-known/keurmerk.txt', '_keurmerk.donald.example']);
  assert.equal((await state('donald.example')).proven_at, null);
});

test('a line of the file proves it', async () => {
  const token = await tokenOf('donald.example');
  files['donald.example'] = `# ours\r\n  ${token} \r\nother\r\n`;
  assert.match((await check('donald.example')).stdout, /^proven +donald\.example: found in the file$/m);
  assert.equal((await state('donald.example')).proven_at, '2026-11-24T17:02:37Z');
  const record = await (await registry.fetch(`/v1/marks/${mark}`)).json();
  assert.ok(record.provider.domains.find(({ name }) => name === 'donald.example').proven_at);
});

test('so does a record of the DNS', async () => {
  const token = await tokenOf('café.example');
  records['_keurmerk.xn--caf-dma.example'] = [['v=spf1 -all'], ['other', token]];
  assert.match((await check('café.example')).stdout, /^proven +xn--caf-dma\.example: found in the DNS$/m);
});

test('what is not quite the proof is none', async () => {
  const token = await tokenOf('donald.example');
  const others = await tokenOf('café.example');
  const redirect = (response) =>
    response.writeHead(302, { Location: `http://127.0.0.1:${web.address().port}/.well-known/keurmerk.txt` }).end();
  const endless = (response) => response.end(`${'x'.repeat(4096)}\n${token}\n`);
  for (const [file, reason] of [
    [others, 'the token is not in it'],
    [`x${token}`, 'the token is not in it'],
    [token.slice(0, -1), 'the token is not in it'],
    [token.toUpperCase(), 'the token is not in it'],
    ['', 'the token is not in it'],
    [(response) => response.writeHead(404).end(token), 'HTTP 404'],
    [redirect, 'a redirect, which is not followed'],
    [endless, 'larger than 4096 bytes'],
    [(response) => response.destroy(), '[A-Z].+'],
  ]) {
    files['donald.example'] = file;
    const { status, stdout } = await check('donald.example');
    assert.equal(status, 1, stdout);
    assert.match(stdout, new RegExp(`file: ${reason}; DNS: `));
  }
  delete files['donald.example'];
  for (const strings of [[others], [`${token}x`], [token.slice(0, 10), token.slice(10)], ['']]) {
    records['_keurmerk.donald.example'] = [strings];
    assert.match((await check('donald.example')).stdout, /DNS: the token is not in it/);
  }
  delete records['_keurmerk.donald.example'];
});

test('a proof that is gone still counts for thirty days, and then no longer', async () => {
  const lookAgain = async (days) => {
    registry.now = NOW + days * DAY;
    await check('donald.example');
    return (await state('donald.example')).proven_at;
  };
  assert.ok(await lookAgain(29));
  assert.equal(await lookAgain(30), null);
  files['donald.example'] = await tokenOf('donald.example');
  assert.ok(await lookAgain(31));
});

test('the service looks by itself when it is time', async () => {
  const before = (await state('donald.example')).proven_at;
  registry.now = NOW + 38 * DAY;
  const deadline = Date.now() + 20_000;
  while ((await state('donald.example')).proven_at === before && Date.now() < deadline)
    await new Promise((done) => setTimeout(done, 200));
  assert.equal((await state('donald.example')).proven_at, '2027-01-01T17:02:37Z');
});

test('names for examples are not looked for on the network', async () => {
  await registry.server.stop(); // it asks too
  const before = asked.length;
  const { stdout } = await registry.use('domain', 'check', 'donald.example');
  assert.match(stdout, /a name for examples and tests/);
  assert.equal(asked.length, before);
});

test('a wrong use is said', async () => {
  for (const wrong of [
    ['domain', 'check', '--all', 'donald.example'],
    ['domain', 'check', '--resolver', 'ns.example:53'],
    ['domain', 'check', '--domain-server', '192.0.2.1:80'],
  ])
    assert.equal((await registry.use(...wrong)).status, 2, wrong.join(' '));
  assert.equal((await registry.use('domain', 'check', 'not a domain')).status, 1);
});
