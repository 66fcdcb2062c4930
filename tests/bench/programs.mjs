// The programs that the bench starts and puts under load, each on a free port of this machine.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

export const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const started = new Set();

// Whatever happens, nothing that was started here stays behind.
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function answers(port, target) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`));
    socket.on('data', (data) => {
      resolve(data.toString().startsWith('HTTP/1.1 200'));
      socket.destroy();
    });
  });
}

// A program with a server in it. `cores`: those that it may run on ("0", "0,1").
export class Server {
  static async start(name, cores, command, target, options = {}) {
    const port = await freePort();
    const server = new Server();
    const words = ['taskset', '-c', cores, ...command(port)];
    const began = process.hrtime.bigint();
    server.port = port;
    server.child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], ...options });
    let said = '';
    server.child.stderr.on('data', (text) => (said += text));
    started.add(server.child);
    server.ended = new Promise((resolve) => server.child.on('close', resolve));
    for (let tries = 0; !(await answers(port, target)); tries++) {
      if (tries > 20000 || server.child.exitCode !== null) throw new Error(`${name} does not answer: ${said}`);
      await sleep(1);
    }
    server.startedInMs = Number(process.hrtime.bigint() - began) / 1e6;
    return server;
  }

  // It and all that it has started: workers, signers.
  processes() {
    const found = [this.child.pid]; // taskset becomes what it starts
    for (const pid of found) {
      const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
      found.push(...children.split(' ').filter(Boolean).map(Number));
    }
    return found;
  }

  // MB of all of them together: of their own, and with the pages of files that they look at.
  memory() {
    const sum = (name) => this.processes().reduce((total, pid) =>
      total + Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))[1]), 0);
    return { own: sum('RssAnon') / 1024, all: sum('VmRSS') / 1024 };
  }

  // Seconds of processor that they have taken so far.
  processor() {
    const ticks = (pid) => {
      const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      return Number(fields[11]) + Number(fields[12]);
    };
    return this.processes().reduce((sum, pid) => sum + ticks(pid), 0) / 100;
  }

  async stop() {
    this.child.kill('SIGTERM');
    await this.ended;
    started.delete(this.child);
  }
}

export function keurmerk(program, home, cores, target) {
  const command = (port) => [program, 'serve', '--home', home, '--listen', `127.0.0.1:${port}`, '--limit', '0',
    '--no-domain-checks'];
  return Server.start('keurmerk', cores, command, target);
}

// nginx as a file server, as fast as it goes: no log, files kept open, and read, which for small ones takes less than
// sendfile. `files`: name → bytes. All that is asked for under /m/ is the file mark.json, so that a client that draws
// numbers can be the same.
export async function nginx(folder, files, workers, cores) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, 'root'), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) fs.writeFileSync(path.join(folder, 'root', name), bytes);
  return Server.start('nginx', cores, (port) => {
    fs.writeFileSync(path.join(folder, 'nginx.conf'), `
worker_processes ${workers};
daemon off;
pid ${folder}/pid;
error_log stderr error;
${process.getuid() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http {
  types { text/html html; application/json json; image/svg+xml svg; }
  access_log off;
  sendfile off;
  keepalive_requests 1000000000;
  open_file_cache max=1000;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder};`).join(' ')}
  server {
    listen 127.0.0.1:${port};
    root ${folder}/root;
    location /m/ { rewrite ^ /mark.json break; }
  }
}
`);
    return ['nginx', '-e', 'stderr', '-c', path.join(folder, 'nginx.conf')];
  }, `/${Object.keys(files)[0]}`);
}

export function fastify(home, packages, cores, target) {
  const command = (port) => [process.execPath, path.join(here, 'fastify.mjs'), packages, `${home}/register.db`, port];
  return Server.start('Fastify', cores, command, target);
}

// Puts a server under load for some seconds. `random`: { path, file, seed } draws numbers.
export function load(server, { seconds, cores, threads, connections, target = '/', random }) {
  const words = ['-c', cores, 'wrk', '-t', threads, '-c', connections, '-d', `${seconds}s`, '-s',
    path.join(here, 'load.lua'), `http://127.0.0.1:${server.port}${target}`];
  if (random) words.push('--', random.path, random.file, random.seed);
  const before = server.processor();
  const said = execFileSync('taskset', words.map(String), { encoding: 'utf8' });
  const result = JSON.parse(said.match(/^\{.*\}$/m)[0]);
  if (result.errors) throw new Error(`${result.errors} of the requests for ${target} went wrong: ${said}`);
  const taken = server.processor() - before;
  return { ...result, each_us: (taken / (result.rate * seconds)) * 1e6 };
}
