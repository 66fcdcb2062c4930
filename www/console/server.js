// What the console asks of the registry. Reading takes a session, which begins by signing a challenge; changing anything
// takes what a person signed, and no session.
import { ownKey, sign } from './key.js';

// The registry said no; type is its word for why.
export class Refused extends Error {
  constructor(status, { type = '', detail = '' }) {
    super(detail);
    this.status = status;
    this.type = type.split('#')[1] ?? '';
  }
}
// No answer came: no connection, or none now.
export class Unreachable extends Error {}

let ahead = 0; // seconds by which the registry's clock is ahead of ours, which may be wrong
let audience;
let signedInUntil = 0; // as far as this page knows; the cookie itself it cannot see

async function ask(path, options = {}) {
  let reply;
  try {
    reply = await fetch(path, { cache: 'no-store', redirect: 'error', ...options });
  } catch {
    throw new Unreachable(path);
  }
  if (reply.status === 503 || reply.status === 502 || reply.status === 504) throw new Unreachable(path);
  const body = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Refused(reply.status, body);
  return body;
}

function send(path, body) {
  return ask(path, { method: 'POST', body, headers: { 'Content-Type': 'application/jose' } });
}

async function challenge() {
  const asked = await ask('/console/api/challenge');
  ahead = asked.now - Math.floor(Date.now() / 1000);
  audience = asked.aud;
  return asked;
}

const now = () => Math.floor(Date.now() / 1000) + ahead;

// What every submission says beside its content: of this registry, at this moment.
export async function envelope() {
  if (audience === undefined) await challenge();
  return { aud: audience, iat: now() };
}

export async function signIn(key) {
  const { challenge: text, aud } = await challenge();
  const claims = JSON.stringify({ aud, iat: now(), challenge: text });
  const { seconds } = await send('/console/api/session', await sign(key, 'keurmerk-session+jwt', claims));
  signedInUntil = Date.now() + (seconds - 10) * 1000;
}

let signing; // one sign-in at a time, however many reads wait for it
async function signInOnce() {
  const key = await ownKey();
  if (!key) throw new Refused(401, { type: '#no-key' });
  signing ??= signIn(key).finally(() => {
    signing = undefined;
  });
  return signing;
}

// Reads; signs in where that is needed.
export async function get(path) {
  if (Date.now() < signedInUntil) {
    try {
      return await ask(`/console/api/${path}`);
    } catch (error) {
      if (error.type !== 'session') throw error;
    }
  }
  await signInOnce();
  return ask(`/console/api/${path}`);
}

export function signOut() {
  signedInUntil = 0;
  return send('/console/api/session/end', '');
}

export async function enrol(key, code) {
  const claims = JSON.stringify({ ...(await envelope()), code, jwk: key.jwk });
  return send('/v1/enrolments', await sign(key, 'keurmerk-enrolment+jwt', claims));
}

// Hands in what was signed. The same bytes again get the same answer.
export function submit(token) {
  return send('/v1/submissions', token);
}
