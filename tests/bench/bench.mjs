// `make bench`: measures keurmerk beside programs that are known for doing the same well, in the same run, turn by turn,
// so that what else the machine does weighs on both. What counts are the ratios. Everything is made and started here.
//
// Environment: KEURMERK (the program), BENCH_TOOLS (folder of register and measure), BENCH_DIR (where registers, packages
// and results go); BENCH_QUICK=1: small registers and one second for each turn; BENCH_MARKS: of the large register;
// BENCH_ONLY: parts to run ("look-ups hands size"); BENCH_ROUNDS, BENCH_SECONDS.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fastify, here, keurmerk, load, nginx } from './programs.mjs';
import { plot, table } from './table.mjs';

const quick = process.env.BENCH_QUICK === '1';
const dir = path.resolve(process.env.BENCH_DIR ?? 'bench');
const tools = path.resolve(process.env.BENCH_TOOLS ?? 'tests/bench');
const program = path.resolve(process.env.KEURMERK ?? 'keurmerk');
const marks = Number(process.env.BENCH_MARKS ?? (quick ? 10000 : 1000000));
const rounds = Number(process.env.BENCH_ROUNDS ?? (quick ? 3 : 7));
const seconds = Number(process.env.BENCH_SECONDS ?? (quick ? 1 : 3));
const parts = (process.env.BENCH_ONLY ?? 'look-ups hands size').split(' ');
const say = (text) => process.stderr.write(`* ${text}\n`);
const run = (file, args, options) =>
  execFileSync(file, args.map(String), { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'], ...options });

const results = [];
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

// ------------------------------------------------------------------------------------------------- what is compared

// Each round measures both, first the one and then the other, in the next round the other way round. `bar`: what the
// ratio must reach; `better`: whether more or less is better.
function compare({ name, peer, ours, theirs, unit = '/s', bar }) {
  const us = [], them = [], ratios = [];
  for (let round = 0; round < rounds; round++) {
    const turns = [() => us.push(ours(round)), () => them.push(theirs(round))];
    for (const turn of round % 2 ? turns.reverse() : turns) turn();
    ratios.push(us.at(-1).rate / them.at(-1).rate);
  }
  const result = { name, peer, unit, ours: median(us.map((one) => one.rate)),
    theirs: median(them.map((one) => one.rate)), ratio: median(ratios), lowest: Math.min(...ratios),
    highest: Math.max(...ratios), bar };
  if (us[0].each_us && them[0].each_us)
    result.by_processor = median(them.map((one, i) => one.each_us / us[i].each_us));
  if (us[0].p99_us)
    Object.assign(result, { p99_us: median(us.map((one) => one.p99_us)), their_p99_us: median(them.map((one) => one.p99_us)) });
  results.push(result);
  say(`${name}: ${result.ratio.toFixed(2)} × ${peer}`);
}

// Something that is one value, and less is better.
function note({ name, value, unit, most }) {
  results.push({ name, value, unit, most });
  say(`${name}: ${value} ${unit}`);
}

// ------------------------------------------------------------------------------------------------- what is measured

// By which a register that was made before is known to be one of today's.
const schema = crypto.createHash('sha256').update(fs.readFileSync(path.join(here, '../../registry/schema.sql')))
  .digest('hex').slice(0, 8);

// A registry of so many marks, made once and kept; and the numbers of its marks.
function registry(count) {
  const home = path.join(dir, `marks-${count}-${schema}`), numbers = `${home}.txt`;
  if (!fs.existsSync(numbers)) {
    say(`Making a register of ${count} marks`);
    run(path.join(tools, 'register'), [home, count], { stdio: 'inherit' });
    fs.writeFileSync(numbers, run(path.join(tools, 'measure'), [home, 0, 'numbers']));
  }
  return { home, numbers, count, first: fs.readFileSync(numbers, 'utf8').slice(0, 12) };
}

const measure = (home, what, time = seconds) => JSON.parse(run(path.join(tools, 'measure'), [home, time, what]));

// better-sqlite3 is built from its source, with the headers that come with node (Debian: libnode-dev): where those or a
// compiler are missing, it is left out, and the table says so.
function packages() {
  const folder = path.join(dir, 'npm'), lock = path.join(here, 'package-lock.json');
  const seen = path.join(folder, 'node_modules/.installed-lock');
  if (!fs.existsSync(seen) || fs.readFileSync(seen, 'utf8') !== fs.readFileSync(lock, 'utf8')) {
    say('Installing the packages from npm that are measured beside it');
    fs.mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      fs.copyFileSync(path.join(here, file), path.join(folder, file));
    run('npm', ['--prefix', folder, 'ci', '--ignore-scripts', '--no-audit', '--no-fund']);
    fs.copyFileSync(lock, seen);
  }
  return folder;
}

function buildSqlite(folder) {
  const package_ = path.join(folder, 'node_modules/better-sqlite3');
  const built = path.join(package_, 'build/Release/better_sqlite3.node');
  const headers = path.resolve(path.dirname(fs.realpathSync(process.execPath)), '..');
  const gyp = path.join(run('npm', ['root', '-g']).trim(), 'npm/node_modules/node-gyp/bin/node-gyp.js');
  try {
    if (!fs.existsSync(built)) {
      say('Building better-sqlite3 from its source');
      const command = fs.existsSync(gyp) ? [process.execPath, gyp] : ['node-gyp'];
      run(command[0], [...command.slice(1), 'rebuild', '--release', `--nodedir=${headers}`],
        { cwd: package_, stdio: ['ignore', 'ignore', 'ignore'] });
    }
    createRequire(`${folder}/`)('better-sqlite3')(':memory:').close();
    return true;
  } catch (error) {
    say(`better-sqlite3 cannot be built here, and is left out: ${error.message.split('\n')[0]}`);
    return false;
  }
}

const ONE = { cores: '1', threads: 1, connections: 32 }; // the client on one core, the server on the other
const TWO = { cores: '0,1', threads: 2, connections: 64 }; // all of them on both

async function body(server, target) {
  const reply = await fetch(`http://127.0.0.1:${server.port}${target}`);
  if (!reply.ok) throw new Error(`${target}: ${reply.status}`);
  return Buffer.from(await reply.arrayBuffer());
}

const forms = [
  { name: 'JSON', ending: '.json', file: 'mark.json', bar: 1.2, cold: 0.6 },
  { name: 'page', ending: '', file: 'page.html', bar: 1.0 },
  { name: 'badge', ending: '.svg', file: 'badge.svg', bar: 1.0 },
  { name: 'QR code', ending: '.qr.svg', file: 'qr.svg' },
];

async function files(register) {
  const server = await keurmerk(program, register.home, '0', '/healthz');
  const found = {};
  for (const form of forms) found[form.file] = await body(server, `/m/${register.first}${form.ending}`);
  await server.stop();
  return found;
}

// Look-ups that stand ready, and those that do not; nginx has the same bytes as a file.
async function lookUps(register, client, workers, withSqlite) {
  const where = workers === 1 ? 'one core' : 'two workers on the cores of the client';
  const cores = workers === 1 ? '0' : '0,1';
  const peer = await nginx(path.join(dir, 'nginx'), await files(register), workers, cores);
  const ours = await keurmerk(program, register.home, cores, `/m/${register.first}.json`);
  const many = register.count.toLocaleString('en');
  for (const form of forms) {
    const target = `/m/${register.first}${form.ending}`;
    compare({ name: `hot ${form.name}, ${many} marks, ${where}`, peer: 'nginx', bar: form.bar,
      ours: () => load(ours, { seconds, ...client, target }),
      theirs: () => load(peer, { seconds, ...client, target: `/${form.file}` }) });
  }
  for (const form of register.count > 1 ? forms : []) {
    const random = (round) => ({ path: `/m/{number}${form.ending}`, file: register.numbers, seed: round + 1 });
    compare({ name: `cold ${form.name}, ${many} marks, ${where}`, peer: 'nginx',
      bar: workers === 1 ? form.cold : undefined,
      ours: (round) => load(ours, { seconds, ...client, random: random(round) }),
      theirs: (round) => load(peer, { seconds, ...client, target: `/${form.file}`, random: random(round) }) });
  }
  await peer.stop();
  if (withSqlite && workers === 1 && register.count > 1) {
    const node = await fastify(register.home, path.join(dir, 'npm'), cores, `/m/${register.first}.json`);
    const said = await Promise.all([ours, node].map((one) => body(one, `/m/${register.first}.json`)));
    const [a, b] = said.map((bytes) => ({ ...JSON.parse(bytes), as_of: 0, checked_at: 0 }));
    if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(`Fastify answers otherwise: ${said.join('\n')}`);
    const random = (round) => ({ path: '/m/{number}.json', file: register.numbers, seed: round + 1 });
    compare({ name: `cold JSON, ${many} marks, ${where}`, peer: 'Fastify + better-sqlite3', bar: 2,
      ours: (round) => load(ours, { seconds, ...client, random: random(round) }),
      theirs: (round) => load(node, { seconds, ...client, random: random(round) }) });
    await node.stop();
  }
  const memory = ours.memory();
  note({ name: `own memory of all its processes after that, ${many} marks, ${where}`, value: Math.round(memory.own), unit: 'MB', most: 256 });
  note({ name: `the same with the file's pages, ${many} marks, ${where}`, value: Math.round(memory.all), unit: 'MB' });
  await ours.stop();
}

// openssl says the rates of both in one line.
function raw(column) {
  const line = run('taskset', ['-c', 0, 'openssl', 'speed', '-seconds', Math.max(1, seconds / 2), 'ed25519'],
    { stdio: ['ignore', 'pipe', 'ignore'] }).split('\n').find((one) => one.includes('Ed25519')  && one.includes('bits'));
  return { rate: Number(line.trim().split(/\s+/).at(column)) };
}

// What is signed, verified and drawn, without a server.
function hands(register, folder) {
  const payload = path.join(dir, 'payload.json');
  fs.writeFileSync(payload, run(path.join(tools, 'measure'), [register.home, 0, 'payload']));
  const peer = (what) => () => JSON.parse(run(process.execPath, [path.join(here, 'peers.mjs'), folder, seconds, what, payload]));
  const ours = (what) => () => measure(register.home, what);
  // As openssl speed counts: by processor time.
  const counted = (what) => () => ({ rate: 1e6 / measure(register.home, what).each_us });
  compare({ name: 'complete credentials signed, one thread', peer: 'raw Ed25519 of openssl speed', bar: 0.7,
    ours: counted('sign'), theirs: () => raw(-2) });
  compare({ name: 'complete credentials verified, one thread', peer: 'raw Ed25519 of openssl speed', bar: 0.8,
    ours: counted('verify'), theirs: () => raw(-1) });
  compare({ name: 'complete credentials signed, one at a time', peer: 'jose', bar: 2,
    ours: ours('sign'), theirs: peer('jose') });
  compare({ name: 'complete credentials signed, two threads', peer: 'jose, 64 in flight', ours: ours('sign-2'),
    theirs: peer('jose-64') });
  compare({ name: 'QR codes of 120 characters as SVG', peer: 'qrcode', bar: 3, ours: ours('qr'), theirs: peer('qrcode') });
}

// What a register costs by the number of its marks.
async function bySize() {
  const points = [];
  for (let count = 1000; count <= marks; count *= 10) {
    const register = registry(count);
    const many = count.toLocaleString('en');
    const found = measure(register.home, 'search');
    const target = `/m/${register.first}.json`;
    const starts = [];
    let first;
    for (let i = 0; i < rounds; i++) {
      const server = await keurmerk(program, register.home, '0', target);
      starts.push(server.startedInMs);
      first = server.memory();
      if (i === rounds - 1) {
        const rates = [];
        for (let round = 0; round < rounds; round++)
          rates.push(load(server, { seconds, ...ONE,
            random: { path: '/m/{number}.json', file: register.numbers, seed: round + 1 } }).each_us);
        points.push({ marks: count, cold_us: median(rates), search_us: found.median_us,
          start_ms: median(starts), bytes: fs.statSync(path.join(register.home, 'register.db')).size });
      }
      await server.stop();
    }
    const large = count === marks;
    note({ name: `search by 3 to 5 letters, ${many} providers: median`, value: found.median_us, unit: 'µs',
      most: large ? 100 : undefined });
    note({ name: `the same by processor time`, value: found.processor_us, unit: 'µs' });
    note({ name: `search by 3 to 5 letters, ${many} providers: 99 of 100 within`, value: found.p99_us, unit: 'µs' });
    note({ name: `from its start to its first answer, ${many} marks`, value: Math.round(median(starts)), unit: 'ms',
      most: large ? 50 : undefined });
    note({ name: `own memory of all its processes at first, ${many} marks`, value: Math.round(first.own), unit: 'MB',
      most: large ? 32 : undefined });
  }
  return points;
}

function machine() {
  const text = (file, args) => run(file, args, { stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const nginxVersion = execFileSync('sh', ['-c', 'nginx -v 2>&1'], { encoding: 'utf8' }).trim().replace(/.*\//, '');
  return { date: new Date().toISOString().slice(0, 10), processor: os.cpus()[0].model.trim(), cores: os.cpus().length,
    load_before: os.loadavg()[0], nginx: nginxVersion, node: process.version, openssl: text('openssl', ['version']),
    keurmerk: text(program, ['--version']), rounds, seconds, marks };
}

fs.mkdirSync(dir, { recursive: true });
const about = machine();
const folder = packages();
let points = [];
if (parts.includes('look-ups')) {
  const withSqlite = buildSqlite(folder);
  for (const count of [1, marks]) {
    await lookUps(registry(count), ONE, 1, withSqlite);
    await lookUps(registry(count), TWO, 2, false);
  }
}
if (parts.includes('hands')) hands(registry(1), folder);
if (parts.includes('size')) points = await bySize();
about.load_after = os.loadavg()[0];
const text = table(about, results);
fs.writeFileSync(path.join(dir, 'bench.json'), `${JSON.stringify({ about, results, points }, null, 1)}\n`);
fs.writeFileSync(path.join(dir, 'bench.txt'), text);
if (points.length) fs.writeFileSync(path.join(dir, 'bench.svg'), plot(points));
process.stdout.write(text);
say(`The same is in ${path.join(dir, 'bench.txt')}, bench.json and bench.svg.`);
