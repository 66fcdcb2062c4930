// Reads the token of a signed QR code: a CBOR Web Token (RFC 8392) in COSE_Sign1 (RFC 9052, section 4.2), in base32
// (RFC 4648, section 6, without padding). It takes the one form that the registry signs and no other, so that what is
// read here is what was signed: tag 18; protected header {1: -8 (EdDSA), 4: kid}; nothing unprotected; all of the claims
// below, in the deterministic encoding of RFC 8949, section 4.2.1. keys/cwt.h says the same of the program itself.

export class Malformed extends Error {}

const SYMBOLS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const TOKEN_MAX = 1024; // symbols
const TEXT_MAX = 255; // bytes of a claim that is a text
const KID_BYTES = 8; // the first of the key's RFC 7638 thumbprint
const SIGNATURE_BYTES = 64;

// In the order in which a deterministic map has them.
const CLAIMS = [
  [1, 'iss', 'text'],
  [2, 'sub', 'text'],
  [4, 'exp', 'number'],
  [6, 'iat', 'number'],
  [-65537, 'name', 'text'],
  [-65538, 'kvk', 'text'],
  [-65539, 'scheme', 'text'],
  [-65540, 'index', 'number'],
];

export function decodeBase32(text) {
  if (text.length > TOKEN_MAX || [1, 3, 6].includes(text.length % 8)) throw new Malformed('length');
  const bytes = [];
  let bits = 0;
  let value = 0;
  for (const symbol of text) {
    const digit = SYMBOLS.indexOf(symbol);
    if (digit < 0) throw new Malformed('symbol');
    value = (value << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push(value >> bits);
      value &= (1 << bits) - 1;
    }
  }
  if (value !== 0) throw new Malformed('left-over bits'); // one spelling only
  return Uint8Array.from(bytes);
}

// The kinds of CBOR items that a token is made of (RFC 8949, section 3.1).
const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  take(length) {
    if (length > this.bytes.length - this.at) throw new Malformed('cut short');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  // The kind and the number of the next item, which must stand in the fewest bytes that hold it.
  head() {
    const [first] = this.take(1);
    const short = first & 31;
    if (short < 24) return [first >> 5, short];
    if (short > 27) throw new Malformed('length not given');
    const size = 1 << (short - 24);
    const number = this.take(size).reduce((sum, byte) => sum * 256 + byte, 0);
    if (number < (size === 1 ? 24 : 256 ** (size / 2))) throw new Malformed('longer than needed');
    if (!Number.isSafeInteger(number)) throw new Malformed('too large');
    return [first >> 5, number];
  }
  expect(kind, number) {
    const [found, value] = this.head();
    if (found !== kind || (number !== undefined && value !== number)) throw new Malformed('another item');
    return value;
  }
  expectInteger(number) {
    if (number < 0) this.expect(NEGATIVE, -1 - number);
    else this.expect(UNSIGNED, number);
  }
  number() {
    return this.expect(UNSIGNED);
  }
  bytesItem() {
    return this.take(this.expect(BYTES));
  }
  text() {
    const bytes = this.take(this.expect(TEXT));
    if (bytes.length === 0 || bytes.length > TEXT_MAX || bytes.includes(0)) throw new Malformed('text');
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new Malformed('text');
    }
  }
  end() {
    if (this.at !== this.bytes.length) throw new Malformed('more behind it');
  }
}

function readHeader(bytes) {
  const reader = new Reader(bytes);
  reader.expect(MAP, 2);
  reader.expectInteger(1);
  reader.expectInteger(-8);
  reader.expectInteger(4);
  const kid = reader.bytesItem();
  if (kid.length !== KID_BYTES) throw new Malformed('kid');
  reader.end();
  return kid;
}

function readClaims(bytes) {
  const reader = new Reader(bytes);
  const claims = {};
  reader.expect(MAP, CLAIMS.length);
  for (const [label, name, kind] of CLAIMS) {
    reader.expectInteger(label);
    claims[name] = reader[kind]();
  }
  reader.end();
  return claims;
}

const concat = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));

// A byte string as an item, for lengths below 65,536.
function bytesItem(bytes) {
  const { length } = bytes;
  const head = length < 24 ? [length] : length < 256 ? [24, length] : [25, length >> 8, length & 255];
  head[0] |= BYTES << 5;
  return concat(head, bytes);
}

// What is signed: the Sig_structure ["Signature1", header, no other data, claims] of RFC 9052, section 4.4.
function sigStructure(header, claims) {
  const context = new TextEncoder().encode('Signature1');
  return concat([(ARRAY << 5) | 4, (TEXT << 5) | context.length], context, bytesItem(header), bytesItem([]),
    bytesItem(claims));
}

// Takes a token apart, in capitals or not; throws Malformed. Nothing in it is trusted yet: `signature` must first be
// found to be that of `signed` by a key of the registry.
export function readToken(text) {
  if (!/^[A-Za-z2-7]*$/.test(text)) throw new Malformed('symbol'); // letters of other alphabets have capitals too
  const reader = new Reader(decodeBase32(text.toUpperCase()));
  reader.expect(TAG, 18);
  reader.expect(ARRAY, 4);
  const header = reader.bytesItem();
  reader.expect(MAP, 0);
  const payload = reader.bytesItem();
  const signature = reader.bytesItem();
  reader.end();
  if (signature.length !== SIGNATURE_BYTES) throw new Malformed('signature');
  const kid = readHeader(header);
  return { claims: readClaims(payload), kid, signed: sigStructure(header, payload), signature };
}
