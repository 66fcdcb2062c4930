// Who looks at a mirror needs no trust in it: each file that is missing, old, altered or one too many is named, and nothing
// that rests on such a mirror is called genuine.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Office } from './office.mjs';
import { Registry } from './registry.mjs';
import { serveFiles } from './file_server.mjs';

const NOW = 1795539757; // 2026-11-24T17:02:37Z
const HOUR_S = 3600;

let registry, office, mirror, keys, active, suspended, earlier;

before(async () => {
  registry = await Registry.make(NOW);
  office = await Office.open(registry, 2, { clocked: true });
  active = await office.grant(office.providers[0]);
  earlier = registry.path('earlier');
  await office.must('export', earlier);
  suspended = await office.grant(office.providers[1]);
  await office.decide({ action: 'suspend', mark: suspended, reason: 'surveillance-overdue', text: { nl: 'Voorbeeld.', en: 'Sample.' } });
  mirror = registry.path('mirror');
  await office.must('export', '--next-update', '2', mirror);
  keys = registry.write('keys.json', await (await registry.fetch('/.well-known/jwks.json')).text());
  await registry.server.stop(); // from here on there are only the files, and the keys that were saved
  delete registry.server;
});
after(() => registry.done());

const file = (name) => path.join(mirror, 'files', name);
const names = () => fs.readdirSync(path.join(mirror, 'files'), { recursive: true });
const named = (pattern) => names().find((name) => pattern.test(name));

async function verify(...args) {
  const { status, stdout, stderr } = await office.use('verify', '--keyset', keys, '--mirror', mirror, '--json', ...args);
  assert.ok(stdout, stderr);
  return { status, ...JSON.parse(stdout) };
}

const found = ({ mirror: { found: list } }) => list.map(({ what, path: of }) => `${what} ${of}`);

// Does something to a file, looks, and puts it back.
async function having(name, change, look) {
  const bytes = fs.readFileSync(file(name));
  change(file(name), bytes);
  try {
    await look();
  } finally {
    fs.rmSync(file(name), { force: true });
    fs.writeFileSync(file(name), bytes);
  }
}

const flip = (at) => (name, bytes) => {
  const other = Buffer.from(bytes);
  other[Math.floor(other.length * at)] ^= 1;
  fs.rmSync(name);
  fs.writeFileSync(name, other);
};

test('a whole mirror is found to be what the registry has signed, offline', async () => {
  const all = await verify('--offline');
  assert.equal(all.status, 0);
  assert.equal(all.reason, 'mirror');
  assert.deepEqual(all.mirror.found, []);
  assert.ok(all.mirror.files > 100);
  const { status, stdout } = await office.use('verify', '--keyset', keys, '--mirror', mirror);
  assert.equal(status, 0);
  assert.match(stdout, /^Genuine: each of [0-9]+ files is what .* has signed: snapshot [0-9]+, of 2 marks, good until /);
});

test('a mark is looked up in it: by number, by address, by the badge itself', async () => {
  for (const thing of [active, `${registry.url}/m/${active}`, file(`m/${active}.svg`), file(`m/${active}.jwt`)]) {
    const verdict = await verify('--offline', thing);
    assert.equal(verdict.status, 0, thing);
    assert.equal(verdict.reason, 'active');
    for (const check of ['signature', 'status', 'log'])
      assert.equal(verdict.checks.find((one) => one.check === check).result, 'good', check);
  }
  assert.equal((await verify(suspended)).reason, 'suspended');
  assert.equal((await verify(suspended)).status, 1);
  const unknown = await verify('7K3Q-9XM2-4HTT');
  assert.equal(unknown.status, 1);
  assert.match(unknown.sentence, /^Not valid: snapshot [0-9]+ of .* has no mark 7K3Q9XM24HTT/);
});

// One of each kind of file.
const kinds = () => [`m/${active}?lang=nl`, `embed/${active}?lang=en`, `m/${active}.json`, `v1/marks/${active}`, `m/${active}.json-ld`,
  `m/${active}.jwt`, `m/${active}.atom`, `m/${active}.svg?lang=en&theme=dark`, `m/${active}.qr.png`, `m/${active}.signed-qr.svg`,
  `m/${active}.tlog-proof`, `v1/providers/${office.providers[0]}`, 'register.csv', 'register.jsonl', 'status/revocation/1',
  'status/suspension/1', '.well-known/jwks.json', 'contexts/v1', 'embed.js', 'feed.json', '?lang=nl', 'figures?lang=en', 'sw.js',
  'v1/schemes.json', named(/^static\/style/), named(/^keys\//), named(/^mirror\/m-/), named(/^mirror\/site/), 'log/checkpoint',
  named(/^log\/tile\/0\/000[.]p\//), named(/^log\/tile\/entries\/000[.]p\//)];

// Does that to all of these at once, and looks.
const havingAll = (list, change, look) => (list.length ? having(list[0], change, () => havingAll(list.slice(1), change, look)) : look());

// A part that is not as it was signed hides what it names.
const parts = (name) => /^mirror[/]/.test(name);

// Entries of the log and their hashes tell on each other: one at a time.
const leaves = (name) => /^log[/]tile/.test(name);

const changes = [
  ['altered', 'altered by one bit', flip(0.5)],
  ['missing', 'taken away', (place) => fs.rmSync(place)],
  ['altered', 'a link to something else', (place) => (fs.rmSync(place), fs.symlinkSync('/etc/hostname', place)), true],
];
for (const [what, words, change, some] of changes) {
  test(`each kind of file, ${words}, is named, and no other`, async () => {
    const all = kinds().filter((name) => !some || !leaves(name) && !parts(name) && !/^(log|status)[/]/.test(name));
    const groups = [all.filter((name) => !parts(name) && !leaves(name)), ...all.filter((name) => parts(name) || leaves(name)).map((name) => [name])];
    for (const group of groups)
      await havingAll(group, change, async () => {
        const verdict = await verify();
        assert.equal(verdict.status, 1);
        assert.deepEqual(found(verdict).sort(), group.map((name) => `${what} ${name}`).sort());
      });
  });
}

// The bytes of a bundle come from whoever serves the mirror: a length of which one byte is left is none.
test('entries of the log that break off, after whichever byte, are named', async () => {
  const bundle = named(/^log\/tile\/entries\/000[.]p\//);
  for (const len of [0, 1, 2, 3])
    await having(bundle, (place, bytes) => (fs.rmSync(place), fs.writeFileSync(place, bytes.subarray(0, len))), async () => {
      const verdict = await verify();
      assert.equal(verdict.status, 1);
      assert.deepEqual(found(verdict), [`altered ${bundle}`]);
    });
});

// Each of its files was signed once; what came into the log after that is to be seen by nobody.
test('a log that was put back, under a later snapshot, is named', async () => {
  fs.renameSync(file('log'), registry.path('log'));
  fs.cpSync(path.join(earlier, 'files', 'log'), file('log'), { recursive: true });
  try {
    const verdict = await verify();
    assert.equal(verdict.status, 1);
    assert.deepEqual(found(verdict), ['old log/checkpoint']);
  } finally {
    fs.rmSync(file('log'), { recursive: true });
    fs.renameSync(registry.path('log'), file('log'));
  }
});

test('a file that nobody has signed is named', async () => {
  fs.writeFileSync(file('m/7K3Q9XM24HTT?lang=nl'), fs.readFileSync(file(`m/${active}?lang=nl`)));
  const verdict = await verify();
  fs.rmSync(file('m/7K3Q9XM24HTT?lang=nl'));
  assert.equal(verdict.status, 1);
  assert.deepEqual(found(verdict), ['not of the mirror m/7K3Q9XM24HTT?lang=nl']);
});

test('a snapshot that was altered, or is gone, or is of another, tells nothing', async () => {
  for (const at of [0.05, 0.5, 0.99])
    await having('register.jwt', flip(at), async () => {
      for (const thing of [[], [active]]) {
        const verdict = await verify(...thing);
        assert.equal(verdict.status, 3);
        assert.match(verdict.sentence, /^Cannot tell: register[.]jwt: /);
      }
    });
  await having('register.jwt', (place) => fs.rmSync(place), async () => assert.equal((await verify()).status, 3));
  const other = await Registry.make(NOW);
  try {
    await other.must('init', '--url', 'https://other.example', '--home', other.path('home'));
    const published = other.path('home', 'keys', 'published', 'keys.json');
    const { status, stdout } = await office.use('verify', '--keyset', published, '--mirror', mirror);
    assert.equal(status, 3);
    assert.match(stdout, /register[.]jwt: it is signed with a key that is not one of the registry's/);
  } finally {
    await other.done();
  }
});

test('no mark is genuine by a mirror in which one of its files was altered', async () => {
  for (const name of [`m/${active}?lang=nl`, 'status/suspension/1', `m/${active}.svg`])
    await having(name, flip(0.5), async () => {
      const verdict = await verify(active);
      assert.equal(verdict.status, 3, name);
      assert.equal(verdict.reason, 'mirror-altered');
    });
  await having(`m/${active}.jwt`, (place) => fs.copyFileSync(file(`m/${suspended}.jwt`), place), async () =>
    assert.equal((await verify(active)).status, 3));
});

test('a mirror that was put back is refused by whoever knows of a later one, and so is one of which the time is over', async () => {
  const { sequence } = (await verify()).mirror;
  assert.equal((await verify('--after', String(sequence))).status, 0);
  for (const thing of [[], [active]]) {
    const verdict = await verify('--after', String(sequence + 1), ...thing);
    assert.equal(verdict.status, 3);
    assert.equal(verdict.reason, 'mirror-old');
    assert.deepEqual(found(verdict), ['old register.jwt']);
  }
  registry.now = NOW + 2 * HOUR_S;
  assert.equal((await verify(active)).status, 0);
  registry.now = NOW + 2 * HOUR_S + 1;
  for (const thing of [[], [active]]) {
    const verdict = await verify(...thing);
    assert.equal(verdict.status, 3);
    assert.equal(verdict.reason, 'mirror-old');
  }
  assert.equal((await verify(suspended)).status, 1); // what was not valid has not become unknown by that
  registry.now = NOW + 25 * HOUR_S;
  assert.deepEqual(found(await verify()), ['old register.jwt', 'old status/revocation/1', 'old status/suspension/1']);
  registry.now = NOW;
});

test('the same over the network, by a server that only serves files', async () => {
  const server = await serveFiles(path.join(mirror, 'files'));
  const look = async (...args) => {
    const { status, stdout } = await office.use('verify', '--keyset', keys, '--mirror', server.url, '--json', ...args);
    return { status, ...JSON.parse(stdout) };
  };
  try {
    assert.equal((await look()).status, 0);
    assert.equal((await look(active)).reason, 'active');
    await having(`m/${active}?lang=nl`, flip(0.5), async () => assert.deepEqual(found(await look()), [`altered m/${active}?lang=nl`]));
    assert.equal((await look('--offline')).status, 3);
  } finally {
    await server.close();
  }
  assert.equal((await look()).status, 3);
});

test('wrong usage is told from a mirror that tells nothing', async () => {
  for (const [args, words] of [[[], /Name a THING, or a mirror/], [['--after', '3', active], /--after goes with --mirror/],
    [['--mirror', mirror, '--after', 'x'], /give the number of a snapshot/], [['--mirror', mirror, '--receipt', active], /no receipts/]]) {
    const { status, stderr } = await office.use('verify', '--keyset', keys, ...args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, words);
  }
  const none = await office.use('verify', '--keyset', keys, '--mirror', registry.path('none'));
  assert.equal(none.status, 3);
  assert.match(none.stdout, /there is no such folder/);
});
