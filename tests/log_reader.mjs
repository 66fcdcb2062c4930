// Reads a transparency log as anyone can, over HTTP: tiles and checkpoints of C2SP, hashes of RFC 6962. By node's own hand.
import crypto from 'node:crypto';

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), crypto.createHash('sha256')).digest();
export const leafHash = (entry) => sha256(Buffer.from([0]), entry);
const node = (left, right) => sha256(Buffer.from([1]), left, right);

// { origin, size, root } of a checkpoint whose signature holds under this raw Ed25519 key.
export function openCheckpoint(note, publicKey) {
  const end = note.indexOf('\n\n') + 1;
  const body = note.slice(0, end);
  const [origin, size, root, rest] = body.split('\n');
  if (rest !== '' || !/^(0|[1-9][0-9]*)$/.test(size)) throw new Error(`no checkpoint: ${note}`);
  const [, name, blob] = note.slice(end + 1).match(/^— (\S+) (\S+)\n/);
  const bytes = Buffer.from(blob, 'base64');
  const id = sha256(`${name}\n`, Buffer.from([1]), publicKey).subarray(0, 4);
  if (!id.equals(bytes.subarray(0, 4))) throw new Error('signed by another key');
  const key = crypto.createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]), format: 'der', type: 'spki',
  });
  if (!crypto.verify(null, Buffer.from(body), key, bytes.subarray(4))) throw new Error('the signature does not fit');
  return { origin, size: Number(size), root };
}

export function tilePath(index) {
  const groups = [];
  let rest = index;
  do groups.unshift(String(rest % 1000).padStart(3, '0'));
  while ((rest = Math.floor(rest / 1000)) > 0);
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
}

// All entries of a log of this size; `get` fetches a path under the log and gives its bytes.
export async function readEntries(size, get) {
  const entries = [];
  for (let bundle = 0; entries.length < size; bundle++) {
    const width = Math.min(256, size - bundle * 256);
    const bytes = await get(`tile/entries/${tilePath(bundle)}${width < 256 ? `.p/${width}` : ''}`);
    let at = 0;
    for (let i = 0; i < width; i++) {
      const len = bytes.readUInt16BE(at);
      entries.push(bytes.subarray(at + 2, at + 2 + len));
      at += 2 + len;
    }
    if (at !== bytes.length) throw new Error('there is more in this bundle than it should hold');
  }
  return entries;
}

// The roots of the trees of the first 0, 1, 2 … entries, in base64.
export function allRoots(entries) {
  const roots = [sha256().toString('base64')];
  const edge = []; // complete subtrees from the left: { size, hash }
  for (const entry of entries) {
    edge.push({ size: 1, hash: leafHash(entry) });
    while (edge.length > 1 && edge.at(-1).size === edge.at(-2).size) {
      const right = edge.pop();
      const left = edge.pop();
      edge.push({ size: 2 * left.size, hash: node(left.hash, right.hash) });
    }
    let root = edge.at(-1).hash;
    for (let i = edge.length - 2; i >= 0; i--) root = node(edge[i].hash, root);
    roots.push(root.toString('base64'));
  }
  return roots;
}
