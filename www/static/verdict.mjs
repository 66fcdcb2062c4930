// Is this signed QR code genuine, and does its mark hold? Judged on this device, with no network, by what was saved here
// before: the registry's key set and its status lists (W3C Bitstring Status List 1.0). Three kinds of answer that are
// never mixed: genuine and, as far as was known then, valid; not valid; cannot tell. "Valid" takes every check, and lists
// that have not expired.

const SKEW_S = 300; // how far this device's clock may be behind the registry's
const LIST_ENTRIES = 131072;
const LIST_BYTES = LIST_ENTRIES / 8;
const ED25519 = { name: 'Ed25519' };

const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (character) => character.charCodeAt(0));
const toBase64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const utf8 = (bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const seconds = (text) => Math.floor(Date.parse(text) / 1000);

// Whether this browser knows the signatures at all.
export async function canVerify() {
  try {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'; // RFC 8037, appendix A.2
    await crypto.subtle.importKey('jwk', { kty: 'OKP', crv: 'Ed25519', x }, ED25519, false, ['verify']);
    return typeof DecompressionStream === 'function';
  } catch {
    return false;
  }
}

// RFC 7638
async function thumbprint(x) {
  const text = `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`;
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

async function readKeys(keyset) {
  return Promise.all(
    keyset.keys.map(async ({ x, ...jwk }) => ({
      print: await thumbprint(x),
      purpose: jwk['keurmerk:purpose'],
      notBefore: jwk['keurmerk:nbf'],
      notAfter: jwk['keurmerk:exp'] ?? Infinity,
      revoked: jwk['keurmerk:revoked'] !== undefined,
      made: (signature, signed) =>
        crypto.subtle
          .importKey('jwk', { kty: 'OKP', crv: 'Ed25519', x }, ED25519, false, ['verify'])
          .then((key) => crypto.subtle.verify(ED25519, key, signature, signed)),
    })),
  );
}

const inUse = (key, at) => at >= key.notBefore && at <= key.notAfter;

// Exactly one list's bytes; no more than that is ever unpacked.
async function unpack(packed) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const bits = new Uint8Array(LIST_BYTES);
  let length = 0;
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    if (length + value.length > LIST_BYTES) throw new Error('a status list is too long');
    bits.set(value, length);
    length += value.length;
  }
  if (length !== LIST_BYTES) throw new Error('a status list is too short');
  return bits;
}

const addressOfList = (registry, purpose, number) => `${registry}/status/${purpose}/${number}`;

// One status list of this registry, saved as the compact JWS that it was served as; null where it cannot be trusted.
async function readList(token, purpose, number, keys, registry) {
  try {
    const [header, payload, signature] = token.split('.');
    const { alg, typ, kid } = JSON.parse(utf8(fromBase64url(header)));
    const list = JSON.parse(utf8(fromBase64url(payload)));
    const key = keys.find(({ print }) => kid === `${registry}/keys/${toBase64url(print)}.jwk`);
    const from = seconds(list.validFrom);
    const until = seconds(list.validUntil);
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    const { encodedList, statusPurpose } = list.credentialSubject;
    if (alg !== 'EdDSA' || typ !== 'vc+jwt' || !key || key.purpose !== 'status' || key.revoked || !inUse(key, from) ||
      !(await key.made(fromBase64url(signature), signed)) || list.id !== addressOfList(registry, purpose, number) ||
      statusPurpose !== purpose || !(from <= until) || encodedList[0] !== 'u')
      return null;
    return { from, until, bits: await unpack(fromBase64url(encodedList.slice(1))) };
  } catch {
    return null;
  }
}

const isSet = ({ bits }, place) => (bits[place >> 3] & (0x80 >> (place & 7))) !== 0;

// The state by the saved lists, and what is known of its age.
async function stateOf(index, saved, keys, registry, now) {
  const number = Math.floor(index / LIST_ENTRIES) + 1;
  const place = index % LIST_ENTRIES;
  const read = (purpose) => {
    const token = saved.lists[addressOfList(registry, purpose, number)];
    return token ? readList(token, purpose, number, keys, registry) : null;
  };
  const [revocation, suspension] = await Promise.all([read('revocation'), read('suspension')]);
  // A withdrawal is for ever, so even an old list tells of it.
  if (revocation && isSet(revocation, place)) return { outcome: 'withdrawn', knownAt: revocation.from };
  if (!revocation || !suspension) return { outcome: 'unknown', reason: 'no-status' };
  const knownAt = Math.min(revocation.from, suspension.from);
  if (now < Math.max(revocation.from, suspension.from) - SKEW_S) return { outcome: 'unknown', reason: 'clock', knownAt };
  if (now > Math.min(revocation.until, suspension.until)) return { outcome: 'unknown', reason: 'old-status', knownAt };
  return { outcome: isSet(suspension, place) ? 'suspended' : 'valid', knownAt };
}

// How old what was saved is, for show: when the oldest of its lists says that it was signed; null where there are none.
export function savedAt({ lists }) {
  const moments = Object.values(lists).map((token) => seconds(JSON.parse(utf8(fromBase64url(token.split('.')[1]))).validFrom));
  return moments.length ? Math.min(...moments) : null;
}

// Judges a token (of token.mjs) by `saved` = { keyset: JWKS, lists: { address: compact JWS } }, both as served by
// `registry`, an address; `now` in seconds. The claims are given back only where the signature was found good.
//   outcome: valid, suspended, withdrawn, expired; forged; foreign; unknown with reason: no-keys, key, no-status,
//            old-status, clock
//   knownAt: when the registry signed what that rests on
export async function judge(token, saved, registry, now) {
  if (token.claims.iss !== registry) return { outcome: 'foreign' };
  if (saved?.keyset?.['keurmerk:registry'] !== registry) return { outcome: 'unknown', reason: 'no-keys' };
  const keys = await readKeys(saved.keyset);
  const key = keys.find(({ print }) => equal(print.subarray(0, token.kid.length), token.kid));
  if (!key) return { outcome: 'unknown', reason: 'key' }; // it may be newer than what was saved
  const { claims } = token;
  if (key.purpose !== 'credential' || !(await key.made(token.signature, token.signed)) || !inUse(key, claims.iat))
    return { outcome: 'forged' };
  if (key.revoked) return { outcome: 'forged', reason: 'revoked-key' };
  const state = await stateOf(claims.index, saved, keys, registry, now);
  if (state.outcome === 'withdrawn' || state.outcome === 'suspended') return { ...state, claims };
  if (now > claims.exp) return { outcome: 'expired', claims };
  return { ...state, claims };
}
