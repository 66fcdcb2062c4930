// Tokens of signed QR codes, written out by hand and signed by node's own Ed25519: a second hand, for tests of those who
// read them. CBOR (RFC 8949), COSE_Sign1 (RFC 9052), CWT (RFC 8392), base32 (RFC 4648).
import crypto from 'node:crypto';

import { thumbprint } from './registry.mjs';

export const SYMBOLS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
export function base32(bytes) {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.match(/.{1,5}/g).map((five) => SYMBOLS[parseInt(five.padEnd(5, '0'), 2)]).join('');
}

// The head of an item, in its shortest form.
function head(kind, number) {
  if (number < 24) return Buffer.from([(kind << 5) | number]);
  const size = number < 256 ? 1 : number < 65536 ? 2 : number < 2 ** 32 ? 4 : 8;
  const bytes = Buffer.alloc(9);
  bytes[0] = (kind << 5) | (24 + Math.log2(size));
  bytes.writeBigUInt64BE(BigInt(number) << BigInt(64 - 8 * size), 1);
  return bytes.subarray(0, 1 + size);
}
const integer = (number) => (number < 0 ? head(1, -1 - number) : head(0, number));
export const bytesItem = (content) => Buffer.concat([head(2, content.length), content]);
const text = (content) => Buffer.concat([head(3, Buffer.byteLength(content)), Buffer.from(content)]);
const value = (content) => (typeof content === 'number' ? integer(content) : text(content));

const LABELS = { iss: 1, sub: 2, exp: 4, iat: 6, name: -65537, kvk: -65538, scheme: -65539, index: -65540 };

// What a token names a key by.
export const kidOf = (key) => Buffer.from(thumbprint(key), 'base64url').subarray(0, 8);

// Signs all of the claims with this key; it may name another.
export function writeToken(claims, key, kid = kidOf(key)) {
  const header = Buffer.concat([head(5, 2), integer(1), integer(-8), integer(4), bytesItem(kid)]);
  const payload = Buffer.concat([head(5, 8), ...Object.entries(LABELS).flatMap(([name, label]) =>
    [integer(label), value(claims[name])])]);
  const signed = Buffer.concat([head(4, 4), text('Signature1'), bytesItem(header), bytesItem(Buffer.alloc(0)),
    bytesItem(payload)]);
  const signature = crypto.sign(null, signed, key);
  return base32(Buffer.concat([head(6, 18), head(4, 4), bytesItem(header), head(5, 0), bytesItem(payload),
    bytesItem(signature)]));
}
