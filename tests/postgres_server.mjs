// A PostgreSQL server for tests, the real one: in a folder that is gone afterwards, on a socket there and on no port.
// Whoever starts one names its folder in KEURMERK_TEST_POSTGRES; registries that a test makes are then kept on it.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

// Where the programs are; undefined where there are none.
function programs() {
  const base = '/usr/lib/postgresql';
  const versions = fs.existsSync(base) ? fs.readdirSync(base).map(Number).sort((a, b) => b - a) : [];
  const folders = [...versions.map((version) => `${base}/${version}/bin`), ...process.env.PATH.split(':')];
  return folders.find((folder) => fs.existsSync(`${folder}/initdb`) && fs.existsSync(`${folder}/postgres`));
}

export const havePostgres = () => programs() !== undefined;

// It does not run as root.
function asWho() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export class Postgres {
  static start() {
    const server = new Postgres();
    server.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keurmerk-pg-'));
    server.who = asWho();
    if (server.who.uid) fs.chownSync(server.folder, server.who.uid, server.who.gid);
    server.run('initdb', '-D', `${server.folder}/data`, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '-A', 'trust', '-N');
    // The machine does not lose its power here; that costs nothing of what the tests are about.
    fs.appendFileSync(`${server.folder}/data/postgresql.conf`, `
listen_addresses = ''
unix_socket_directories = '${server.folder}'
fsync = off
full_page_writes = off
`);
    server.begin();
    process.env.KEURMERK_TEST_POSTGRES = server.folder;
    return server;
  }
  run(program, ...args) {
    const env = { ...process.env, LC_ALL: 'C' };
    return execFileSync(`${programs()}/${program}`, args, { ...this.who, env, cwd: this.folder, stdio: 'pipe' });
  }
  control(...args) {
    return this.run('pg_ctl', '-D', `${this.folder}/data`, '-w', '-s', '-l', `${this.folder}/log`, ...args);
  }
  begin() {
    this.control('start');
  }
  // `mode`: immediate is as if it were killed.
  end(mode = 'fast') {
    this.control('stop', '-m', mode);
  }
  done() {
    delete process.env.KEURMERK_TEST_POSTGRES;
    this.end('immediate');
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

const addressOf = (name) => `postgresql://postgres@/${name}?host=${process.env.KEURMERK_TEST_POSTGRES}`;

// What one statement gives, as text.
export function ask(address, sql) {
  const args = ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-c', sql, address];
  return execFileSync(`${programs()}/psql`, args, { encoding: 'utf8', cwd: '/' }).trim();
}

// The address of a new database.
export async function makeDatabase() {
  const name = `r${crypto.randomBytes(6).toString('hex')}`;
  ask(addressOf('postgres'), `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  return addressOf(name);
}
