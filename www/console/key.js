// This browser's key: Ed25519, made here, never to leave: not even this page can read its private half.
import { read, write } from './keep.js';

const text = new TextEncoder();

export function base64url(bytes) {
  let binary = '';
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export async function hex(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function random(length) {
  return base64url(crypto.getRandomValues(new Uint8Array(length)));
}

// Whether this browser has what it takes. There is no weaker way.
export async function canSign() {
  try {
    await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
    return typeof indexedDB === 'object';
  } catch {
    return false;
  }
}

// { privateKey, jwk, kid, owner }; owner is null until the register has taken the key. Undefined where there is none.
export function ownKey() {
  return read('keys', 'signing');
}

export async function makeKey() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
  const { kty, crv, x } = await crypto.subtle.exportKey('jwk', publicKey);
  const jwk = { kty, crv, x };
  // RFC 7638: these members, in this order.
  const digest = await crypto.subtle.digest('SHA-256', text.encode(JSON.stringify({ crv, kty, x })));
  const key = { privateKey, jwk, kid: base64url(digest), owner: null };
  await write('keys', 'signing', key);
  return key;
}

export function keepOwner(key, owner) {
  return write('keys', 'signing', { ...key, owner });
}

export function forgetKey() {
  return write('keys', 'signing', undefined);
}

// A compact JWS over exactly this text.
export async function sign(key, typ, payload) {
  const header = { alg: 'EdDSA', typ, kid: key.kid };
  const signed = `${base64url(text.encode(JSON.stringify(header)))}.${base64url(text.encode(payload))}`;
  const signature = await crypto.subtle.sign({ name: 'Ed25519' }, key.privateKey, text.encode(signed));
  return `${signed}.${base64url(signature)}`;
}
