// Drafts: what is being written, kept on this device at each change, enciphered with a key that only this browser holds
// and that no page can read.
import { ids, read, write } from './keep.js';
import { random } from './key.js';

const text = new TextEncoder();
const IV_BYTES = 12;

async function cipherKey() {
  const kept = await read('keys', 'drafts');
  if (kept) return kept;
  const made = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  await write('keys', 'drafts', made);
  return made;
}

let key;
const settings = (id, iv) => ({ name: 'AES-GCM', iv, additionalData: text.encode(id) });

async function keep(draft) {
  key ??= await cipherKey();
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const data = await crypto.subtle.encrypt(settings(draft.id, iv), key, text.encode(JSON.stringify(draft)));
  await write('drafts', draft.id, { iv, data });
}

export function newDraft(content) {
  return { id: random(12), made: new Date().toISOString(), ...content };
}

// One write at a time, and always of the newest state: what changes during a write is in the next one.
let waiting = null;
let working = null;
async function work() {
  while (waiting) {
    const draft = waiting;
    waiting = null;
    await keep(draft);
  }
  working = null;
}

// Resolves when this state, or a newer one, is on disk.
export function save(draft) {
  waiting = structuredClone(draft);
  working ??= work().catch((error) => {
    working = null;
    throw error;
  });
  return working;
}

// Null where there is none; throws where it was touched by other hands: then none of it can be trusted.
export async function load(id) {
  const kept = await read('drafts', id);
  if (!kept) return null;
  key ??= await cipherKey();
  const bytes = await crypto.subtle.decrypt(settings(id, kept.iv), key, kept.data);
  return JSON.parse(new TextDecoder().decode(bytes));
}

export async function remove(id) {
  waiting = null;
  await working?.catch(() => {});
  await write('drafts', id, undefined);
}

// All that can be read, newest first, and the ids of those that cannot.
export async function list() {
  const drafts = [];
  const broken = [];
  for (const id of await ids('drafts')) {
    try {
      drafts.push(await load(id));
    } catch {
      broken.push(id);
    }
  }
  return { drafts: drafts.sort((a, b) => (a.made < b.made ? 1 : -1)), broken };
}
