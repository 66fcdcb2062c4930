// A registry that lies, stumbles or is somebody else: what the client commands make of it.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { Registry } from './registry.mjs';

const NOW = 1795539757; // 2026-11-24T17:02:37Z
const NUMBER = '7K3Q9XM24HTT';

let registry; // ours, for its key set; it does not serve: the server below answers in its place
let keys, server, asked, answers;

const json = (status, body, type = 'application/json') => ({ status, type, body: JSON.stringify(body) });
const problem = (status, detail) =>
  json(status, { type: `${registry.url}/problems#some-problem`, title: 'Problem', status, detail }, 'application/problem+json');

before(async () => {
  registry = await Registry.make(NOW);
  await registry.must('init', '--url', registry.url);
  keys = await registry.must('key', 'list', '--json');
  server = http.createServer((request, response) => {
    const body = [];
    request.on('data', (chunk) => body.push(chunk));
    request.on('end', () => {
      asked.push({ target: request.url, method: request.method, type: request.headers['content-type'],
        body: Buffer.concat(body).toString() });
      const made = answers[request.url];
      const answer = (typeof made === 'function' ? made() : made) ?? problem(404, 'no such page');
      response.writeHead(answer.status, { 'Content-Type': answer.type ?? 'text/plain', ...answer.headers });
      response.end(answer.body ?? '');
    });
  });
  await new Promise((resolve) => server.listen(registry.port, '127.0.0.1', resolve));
});
beforeEach(() => {
  asked = [];
  answers = { '/.well-known/jwks.json': json(200, keys, 'application/jwk-set+json') };
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await registry.done();
});

const verify = () => registry.use('verify', NUMBER, '--registry', registry.url);

async function cannotTell(pattern) {
  const { status, stdout, stderr } = await verify();
  assert.equal(status, 3, stdout + stderr);
  assert.match(stdout.split('\n')[0], /^Cannot tell/);
  assert.match(stdout, pattern);
}

test('that there is no such mark counts as “not valid” only in the registry’s own words', async () => {
  answers[`/m/${NUMBER}/status.jwt`] = problem(404, 'there is no mark with this number');
  const { status, stdout } = await verify();
  assert.equal(status, 1, stdout);
  assert.match(stdout, /no mark/);
});

test('any other 404, an error and a page in its place say nothing about the mark', async () => {
  for (const answer of [{ status: 404, type: 'text/html', body: 'Not Found' }, { status: 500 }, { status: 503 },
    { status: 200, type: 'text/html', body: '<h1>Welcome</h1>' }]) {
    answers[`/m/${NUMBER}/status.jwt`] = answer;
    await cannotTell(/./);
  }
});

test('no redirect is followed, wherever it leads', async () => {
  for (const target of [`${registry.url}/elsewhere`, 'https://evil.example/']) {
    answers['/.well-known/jwks.json'] = { status: 302, headers: { Location: target } };
    asked = [];
    await cannotTell(/not followed/);
    assert.deepEqual(asked.map(({ target: path }) => path), ['/.well-known/jwks.json']);
  }
});

test('keys of another registry are not taken', async () => {
  answers['/.well-known/jwks.json'] = json(200, { ...keys, 'keurmerk:registry': 'https://evil.example' });
  await cannotTell(/another registry/);
});

test('keys that are no key set are not taken', async () => {
  for (const body of ['', '{}', '{"keys": []', '[]', '\u001b[31m', '{"keys":[{"kty":"OKP"}],"keurmerk:registry":"x"}']) {
    answers['/.well-known/jwks.json'] = { status: 200, type: 'application/json', body };
    await cannotTell(/./);
  }
});

test('an answer without end is cut off', async () => {
  answers['/.well-known/jwks.json'] = { status: 200, type: 'application/json', body: ' '.repeat(256 * 1024 + 1) };
  await cannotTell(/larger than/);
});

test('what a registry says cannot steer the terminal', async () => {
  answers['/.well-known/jwks.json'] = problem(500, 'a\u001b[31mb\nc\u202ed\u009be');
  const { stdout, stderr } = await verify();
  assert.doesNotMatch(stdout + stderr, /[\u001b\u202e\u009b]/);
  answers['/v1/submissions'] = json(201, { id: 'a\u001b[31mb\u009bc\u202e' });
  registry.write('signed', 'eyJh.eyJh.c2ln');
  const reply = await registry.use('submit', '--registry', registry.url, registry.path('signed'));
  assert.equal(reply.status, 0, reply.stderr);
  assert.doesNotMatch(reply.stdout, /[\u001b\u202e\u009b]/);
  assert.deepEqual(JSON.parse(reply.stdout), { id: 'a\u001b[31mb\u009bc\u202e' }); // and programs lose nothing
});

test('submit sends the very same bytes again where no answer came', async () => {
  let first = true;
  answers['/v1/submissions'] = () => {
    const answer = first ? { status: 503 } : json(200, { id: 'x', type: 'audit' });
    first = false;
    return answer;
  };
  registry.write('signed', 'eyJh.eyJh.c2ln\n');
  const { status, stdout } = await registry.use('submit', '--registry', registry.url, registry.path('signed'));
  assert.equal(status, 0);
  assert.equal(JSON.parse(stdout).id, 'x');
  assert.deepEqual(asked.map(({ method, target, type, body }) => `${method} ${target} ${type} ${body}`),
    Array(2).fill('POST /v1/submissions application/jose eyJh.eyJh.c2ln'));
});

test('submit does not send again what was refused, and repeats the registry’s words', async () => {
  answers['/v1/submissions'] = problem(403, 'who audited does not decide');
  registry.write('signed', 'eyJh.eyJh.c2ln');
  const { status, stdout, stderr } = await registry.use('submit', '--registry', registry.url, registry.path('signed'));
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /who audited does not decide \(HTTP 403, some-problem\)/);
  assert.equal(asked.length, 1);
});

test('check shows nothing that was not signed', async () => {
  const list = registry.write('list.csv', '68750110\n');
  const results = [{ line: 1, given: { kvk: '68750110' }, answer: 'active', name: 'Test BV Donald', kvk: '68750110' }];
  for (const receipt of [undefined, '', 'eyJh.eyJh.c2ln', 'hello']) {
    answers['/v1/checks'] = json(200, { results, counts: { active: 1 }, receipt });
    const { status, stdout, stderr } = await registry.use('check', list, '--registry', registry.url);
    assert.equal(status, 3, stdout);
    assert.equal(stdout, '');
    assert.notEqual(stderr, '');
  }
});

test('enrol keeps the key that it made, so that it can be tried again', async () => {
  answers['/v1/enrolments'] = problem(401, 'this invitation is not known, used or expired');
  const file = registry.path('key.pem');
  const enrol = () => registry.use('enrol', registry.url, '--code', '0'.repeat(32), '--key', file);
  assert.equal((await enrol()).status, 1);
  answers['/v1/enrolments'] = json(201, { kid: 'k' });
  assert.equal((await enrol()).status, 0);
  const [one, two] = asked.map(({ body }) => JSON.parse(Buffer.from(body.split('.')[1], 'base64url')).jwk.x);
  assert.equal(one, two);
});
