// The API is what its OpenAPI document says: every response of every operation, good and bad, is held to it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';
import addFormats from 'ajv-formats';

import { Site } from './browser/browser.mjs';

const Ajv = createRequire(import.meta.url)('ajv/dist/2020.js').default;

let site, document, ajv;
const seen = new Set(); // "GET /v1/marks 200": what was looked at

before(async () => {
  site = await Site.open();
  document = await (await fetch(`${site.url}/v1/openapi.json`)).json();
  ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(document, 'api');
});
after(() => site?.close());

const pointer = (...parts) => `api#/${parts.map((part) => encodeURIComponent(part.replace(/~/g, '~0').replace(/\//g, '~1'))).join('/')}`;
const resolve = (object) => (object.$ref ? object.$ref.slice(2).split('/').reduce((at, part) => at[part], document) : object);

// Asks, and holds the answer to what the document says of this operation and this status.
async function ask(method, template, path, status, options = {}) {
  const answer = await fetch(site.url + path, { method, redirect: 'manual', ...options });
  const text = await answer.text();
  const where = `${method} ${path}: ${answer.status} ${text.slice(0, 400)}`;
  assert.equal(answer.status, status, where);
  const operation = document.paths[template]?.[method.toLowerCase()];
  assert.ok(operation, `the document has no ${method} ${template}`);
  const said = resolve(operation.responses[status] ?? assert.fail(`the document has no ${status} for ${where}`));
  for (const [name, header] of Object.entries(said.headers ?? {})) {
    const value = answer.headers.get(name);
    const { required, schema } = resolve(header);
    assert.ok(value !== null || !required, `${name} is missing: ${where}`);
    if (value !== null) assert.ok(ajv.validate(schema, value), `${name}: ${value}: ${where}`);
  }
  const type = answer.headers.get('content-type');
  assert.deepEqual(Object.keys(said.content ?? {}), type ? [type] : [], where);
  if (type) {
    const { $ref } = said.content[type].schema;
    const validate = ajv.compile({ $ref: $ref ? `api${$ref}` : pointer('paths', template, method.toLowerCase(), 'responses', `${status}`, 'content', type, 'schema') });
    const body = JSON.parse(text);
    assert.ok(validate(body), `${where}\n${ajv.errorsText(validate.errors)}`);
    seen.add(`${method} ${template} ${status}`);
    return { answer, body };
  }
  seen.add(`${method} ${template} ${status}`);
  return { answer };
}

const post = (template, status, type, body) =>
  ask('POST', template, template, status, { headers: { 'Content-Type': type }, body });

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors, null, 1));
  assert.equal(validator.version, '3.1');
  assert.equal(document.servers[0].url, site.url);
  await ask('GET', '/v1/openapi.json', '/v1/openapi.json', 200);
});

test('marks can be listed, searched and turned over page by page', async () => {
  const { body: all } = await ask('GET', '/v1/marks', '/v1/marks', 200);
  assert.equal(all.marks.length, Object.keys(site.marks).length);
  const numbers = [];
  for (let next = `/v1/marks?limit=4`; next;) {
    const { answer, body } = await ask('GET', '/v1/marks', next, 200);
    numbers.push(...body.marks.map((mark) => mark.number));
    const link = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link'));
    next = link && link[1].slice(site.url.length);
  }
  assert.deepEqual(numbers, all.marks.map((mark) => mark.number));
  const { body: found } = await ask('GET', '/v1/marks', '/v1/marks?q=katrien', 200);
  assert.deepEqual(found.marks.map((mark) => mark.state), ['suspended']);
  await ask('GET', '/v1/marks', '/v1/marks?at=2026-01-01', 200);
  const { body: narrowed } = await ask('GET', '/v1/marks', '/v1/marks?state=withdrawn&city=amsterdam&scheme=mkb-ict', 200);
  assert.deepEqual(narrowed.marks.map((mark) => mark.state), ['withdrawn']);
  const { body: none } = await ask('GET', '/v1/marks', '/v1/marks?q=tset+bv+donlad', 200);
  assert.deepEqual(none.marks, []);
  assert.equal(none.near[0].name, 'Test BV Donald');
  await ask('GET', '/v1/marks', '/v1/marks?state=fine', 400);
  await ask('GET', '/v1/marks', '/v1/marks?service=%22', 422);
  await ask('GET', '/v1/marks', '/v1/marks?after=000000000000', 404);
  await ask('GET', '/v1/marks', '/v1/marks?limit=100', 400);
  await ask('GET', '/v1/marks', '/v1/marks?page=0', 400);
  await ask('GET', '/v1/marks', '/v1/marks?at=9999-01-01', 422);
  await ask('GET', '/v1/marks', '/v1/marks?q=7K3Q-9XM2-4HTX', 404);
});

test('companies can be listed page by page', async () => {
  const { body: all } = await ask('GET', '/v1/providers', '/v1/providers', 200);
  const { answer, body } = await ask('GET', '/v1/providers', '/v1/providers?limit=2', 200);
  assert.deepEqual(body.providers, all.providers.slice(0, 2));
  assert.equal(answer.headers.get('link'), `<${site.url}/v1/providers?limit=2&after=${body.providers[1].kvk}>; rel="next"`);
  await ask('GET', '/v1/providers', '/v1/providers?after=1', 400);
});

test('a mark is given in each state, now and then', async () => {
  for (const number of Object.values(site.marks)) {
    const { answer, body } = await ask('GET', '/v1/marks/{number}', `/v1/marks/${number}`, 200);
    assert.equal(body.number, number);
    const etag = answer.headers.get('etag');
    assert.match(etag, /^"[A-Za-z0-9_-]{24}(-gz)?"$/);
  }
  const { body } = await ask('GET', '/v1/marks/{number}', `/v1/marks/${site.marks.active}?at=2026-01-01`, 200);
  assert.equal(body.as_of, '2026-01-01T22:59:59Z');
  await ask('GET', '/v1/marks/{number}', `/v1/marks/${site.marks.active}?at=2000-01-01`, 404);
  await ask('GET', '/v1/marks/{number}', `/v1/marks/${site.marks.active}?at=soon`, 400);
  await ask('GET', '/v1/marks/{number}', `/v1/marks/${site.marks.active}?at=9999-01-01`, 422);
  await ask('GET', '/v1/marks/{number}', '/v1/marks/7K3Q9XM24HTT', 404);
});

test('what the client has is not sent again', async () => {
  for (const [template, path] of [['/v1/schemes', '/v1/schemes'], ['/v1/openapi.json', '/v1/openapi.json'],
    ['/v1/schemes/{id}', '/v1/schemes/mkb-ict'], ['/v1/providers/{kvk}', '/v1/providers/68750110']]) {
    const etag = (await fetch(site.url + path)).headers.get('etag');
    await ask('GET', template, path, 304, { headers: { 'If-None-Match': etag } });
  }
});

test('companies and schemes are given', async () => {
  const { body } = await ask('GET', '/v1/providers/{kvk}', '/v1/providers/68750110', 200);
  assert.equal(body.marks.length, 2);
  await ask('GET', '/v1/providers/{kvk}', '/v1/providers/12345678', 404);
  await ask('GET', '/v1/providers/{kvk}', '/v1/providers/1', 404);
  const { body: list } = await ask('GET', '/v1/schemes', '/v1/schemes', 200);
  for (const { id } of list.schemes) await ask('GET', '/v1/schemes/{id}', `/v1/schemes/${id}`, 200);
  await ask('GET', '/v1/schemes/{id}', '/v1/schemes/absent', 404);
  await ask('GET', '/v1/schemes/{id}', '/v1/schemes/mkb-ict?version=x', 400);
});

test('the register is given in numbers', async () => {
  const { body } = await ask('GET', '/v1/figures', '/v1/figures', 200);
  const all = Object.values(body.states).reduce((sum, count) => sum + count, 0);
  assert.equal(all, Object.keys(site.marks).length);
  assert.equal(body.schemes.reduce((sum, scheme) => sum + scheme.all, 0), all);
});

test('a list of suppliers is answered row by row', async () => {
  const list = `name;kvk;domain;number\nTest BV Donald;68750110;;\nTest BV Donlad;;;\n;68727720;;\n;;;7K3Q9XM24HTX\n;12345678;;${site.marks.active}\n;69599084;;\n`;
  const { body } = await post('/v1/checks', 200, 'text/csv', list);
  assert.deepEqual(body.results.map((row) => row.answer), ['active', 'unknown', 'suspended', 'mistyped', 'differs', 'withdrawn']);
  await post('/v1/checks', 422, 'text/csv', '');
  await post('/v1/checks', 400, 'text/csv', 'PK\u0003\u0004\u0000');
  await post('/v1/checks', 415, 'application/json', '{}');
  await post('/v1/checks', 413, 'text/csv', 'kvk\n' + '12345678\n'.repeat(10001));
});

test('what is not rightly signed is refused', async () => {
  for (const path of ['/v1/submissions', '/v1/enrolments']) {
    await post(path, 400, 'application/jose', 'a.b.c');
    await post(path, 415, 'text/plain', 'a.b.c');
    await post(path, 413, 'application/jose', 'a'.repeat(300 * 1024));
  }
});

test('who asks without end is told to wait', async () => {
  // Many at a time, for what one address may ask comes back by the second.
  for (let asked = 0, last = 200; last !== 429; asked += 50) {
    assert.ok(asked < 3000, 'there is no limit');
    const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${site.url}/v1/marks?q=test`)));
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    last = Math.max(...answers.map(({ status }) => status));
  }
  while ((await fetch(`${site.url}/v1/marks?q=test`)).status === 200);
  await post('/v1/checks', 429, 'text/csv', 'kvk\n68750110\n');
  await ask('GET', '/v1/marks', '/v1/marks?q=test', 429);
  await ask('GET', '/v1/marks/{number}', `/v1/marks/${site.marks.active}`, 200); // what costs nothing goes on
});

test('every operation was looked at, and every GET in all that it may answer', () => {
  const missed = [];
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, { responses }] of Object.entries(operations))
      for (const status of Object.keys(responses))
        if (method === 'get' && !seen.has(`GET ${path} ${status}`) && status !== '304') missed.push(`GET ${path} ${status}`);
        else if (method === 'post' && ![...seen].some((line) => line.startsWith(`POST ${path} `))) missed.push(`POST ${path}`);
  assert.deepEqual(missed, []);
});
