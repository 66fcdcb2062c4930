// A registry of its own for a test: the real program, in a folder that is gone afterwards, on a free port of this machine,
// at a time that the test sets. And a second hand that signs: node's own Ed25519, not ours.
import { execFile, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { ask, makeDatabase } from './postgres_server.mjs';

export const program = process.env.KEURMERK ?? path.resolve('keurmerk');
export const sources = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

// A port that was free just now.
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// Runs a command to its end, whatever its exit status.
export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const { input, ...rest } = options;
    const child = execFile(file, args, { maxBuffer: 1 << 26, ...rest }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ status: error ? error.code : 0, stdout, stderr });
    });
    child.stdin.on('error', () => {}); // it may end before it has read all
    child.stdin.end(input ?? '');
  });
}

export async function isThere(file) {
  try {
    await run(file, ['--version']);
    return true;
  } catch {
    return false;
  }
}

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

// The RFC 7638 thumbprint of a key.
export function thumbprint(key) {
  const { x } = crypto.createPublicKey(key).export({ format: 'jwk' });
  return base64url(crypto.createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest());
}

// A compact JWS. The payload is JSON, or, as a string, whatever the test wants it to be.
export function sign(key, header, payload) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const signed = `${base64url(JSON.stringify({ alg: 'EdDSA', ...header }))}.${base64url(text)}`;
  return `${signed}.${base64url(crypto.sign(null, Buffer.from(signed), key))}`;
}

// What a pipe of a child process has said so far, and a promise for the first match of a pattern in it.
class Voice {
  text = '';
  constructor(child, stream) {
    this.waiting = [];
    stream.setEncoding('utf8');
    stream.on('data', (more) => {
      this.text += more;
      this.waiting = this.waiting.filter((waits) => !waits());
    });
    child.on('close', () => {
      for (const waits of this.waiting) waits(true);
    });
  }
  says(pattern) {
    return new Promise((resolve, reject) => {
      const waits = (last) => {
        const match = this.text.match(pattern);
        if (match) resolve(match);
        else if (last) reject(new Error(`it ended without ${pattern}: ${this.text}`));
        return match || last;
      };
      if (!waits(false)) this.waiting.push(waits);
    });
  }
}

// A long-running use of the program.
export class Process {
  constructor(args, env) {
    this.child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((resolve) => this.child.on('close', (status, signal) => resolve({ status, signal })));
    this.out = new Voice(this.child, this.child.stdout);
    this.log = new Voice(this.child, this.child.stderr);
  }
  stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    return this.ended;
  }
  // The process that it started for one part of its work: server, signer or domain; undefined while there is none.
  part(name) {
    const { pid } = this.child;
    return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number).find((child) => {
      try {
        return child && new RegExp(`\\(keurmerk-${name}\\) [^ZX]`).test(fs.readFileSync(`/proc/${child}/stat`, 'utf8'));
      } catch {
        return false; // it has ended since
      }
    });
  }
}

export class Registry {
  static async make(now) {
    const registry = new Registry();
    registry.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keurmerk-test-'));
    registry.clock = registry.path('clock');
    registry.now = now;
    registry.port = await freePort();
    registry.url = `http://127.0.0.1:${registry.port}`;
    // Nothing of the one who runs the test comes in.
    registry.env = { PATH: process.env.PATH, HOME: registry.folder, KEURMERK_HOME: registry.path('home') };
    for (const name of ['ASAN_OPTIONS', 'LSAN_OPTIONS', 'UBSAN_OPTIONS', 'TMPDIR']) {
      if (process.env[name]) registry.env[name] = process.env[name];
    }
    registry.place = []; // what `init` is told of where the register is to be
    if (process.env.KEURMERK_TEST_POSTGRES) {
      registry.database = await makeDatabase();
      registry.place = ['--database', registry.database];
    }
    return registry;
  }
  path(...names) {
    return path.join(this.folder, ...names);
  }
  get now() {
    return this.moment;
  }
  set now(seconds) {
    this.moment = seconds;
    fs.writeFileSync(this.clock, `${seconds}\n`);
  }
  // Uses the program, at our time.
  use(...args) {
    return run(program, [...args, '--clock', this.clock], { env: this.env, cwd: this.folder });
  }
  // The same where it must succeed; gives what it printed, as JSON where it is that.
  async must(...args) {
    const { status, stdout, stderr } = await this.use(...args);
    if (status !== 0) throw new Error(`keurmerk ${args.join(' ')}: exit ${status}: ${stderr}`);
    return /^[[{]/.test(stdout) ? JSON.parse(stdout) : stdout;
  }
  write(name, content) {
    fs.writeFileSync(this.path(name), typeof content === 'object' ? JSON.stringify(content) : content);
    return this.path(name);
  }
  async serve() {
    this.server = new Process(['serve', '--clock', this.clock], this.env);
    await this.server.out.says(/is served at/);
  }
  fetch(target, options) {
    return fetch(this.url + target, { redirect: 'manual', ...options });
  }
  post(target, body, type = 'application/jose') {
    return this.fetch(target, { method: 'POST', body, headers: { 'Content-Type': type } });
  }
  // A submission by node's own hand; `claims` and `header` replace ours.
  compose(key, content, claims = {}, header = {}) {
    const kid = thumbprint(key);
    return sign(
      key,
      { typ: 'keurmerk-submission+jwt', kid, ...header },
      { iss: kid, aud: this.url, iat: this.now, jti: crypto.randomUUID(), ...content, ...claims },
    );
  }
  // The register on disk, as a digest: not one byte of it may change where nothing is to change.
  digest() {
    if (this.database) return ask(this.database, 'SELECT changes FROM keurmerk.schema_version');
    const hash = crypto.createHash('sha256');
    for (const ending of ['', '-wal']) {
      const file = this.path('home', `register.db${ending}`);
      hash.update(`${ending}\0`).update(fs.existsSync(file) ? fs.readFileSync(file) : '');
    }
    return hash.digest('hex');
  }
  async done() {
    if (this.server) await this.server.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

// The findings of an audit that found nothing wrong, for this scope, from the scheme file itself.
export function allConform(scheme, scope, level) {
  const levels = (scheme.levels ?? []).map(({ id }) => id);
  return scheme.criteria
    .filter((criterion) => !criterion.services || criterion.services.some((service) => scope.includes(service)))
    .filter((criterion) => !level || !criterion.level || levels.indexOf(criterion.level) <= levels.indexOf(level))
    .map((criterion) => ({ criterion: criterion.id, result: 'conform' }));
}
