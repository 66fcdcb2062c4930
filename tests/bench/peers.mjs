// peers.mjs PACKAGES SECONDS jose|jose-64|qrcode PAYLOAD_FILE: how much of one thing a package of npm does, as one JSON
// object on a line: a second, and how many µs of processor each takes. jose: one credential at a time; jose-64: 64 in flight, on the threads that node has for that.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const [packages, seconds, what, file] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const WARM_MS = 500;

async function rateOf(once, atOnce) {
  const run = async (ms) => {
    const began = process.hrtime.bigint();
    const end = began + BigInt(Math.round(ms * 1e6));
    const processor = process.cpuUsage();
    let count = 0;
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (process.hrtime.bigint() < end) {
        await once();
        count++;
      }
    }));
    const { user, system } = process.cpuUsage(processor);
    return { rate: count / (Number(process.hrtime.bigint() - began) / 1e9), each_us: (user + system) / count };
  };
  await run(WARM_MS);
  return run(Number(seconds) * 1000);
}

async function signing() {
  const { SignJWT, importPKCS8 } = require('jose');
  const { privateKey } = crypto.generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const payload = JSON.parse(fs.readFileSync(file, 'utf8'));
  const kid = 'https://keurmerk.example/keys/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ.jwk';
  const key = await importPKCS8(privateKey, 'EdDSA');
  return () => new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid }).sign(key);
}

function drawing() {
  const toString = promisify(require('qrcode').toString);
  const text = `https://keurmerk.example/m/7K3QW8ZN4T2X?a=${'bcdefghijklmnopqrstuvwxyz'.repeat(10)}`.slice(0, 120);
  return () => toString(text, { type: 'svg', errorCorrectionLevel: 'M' });
}

const once = what === 'qrcode' ? drawing() : await signing();
console.log(JSON.stringify(await rateOf(once, what === 'jose-64' ? 64 : 1)));
