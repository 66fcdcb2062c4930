// The service worker: lets signed QR codes be verified with no network. It is there only for those who asked for it, and
// keeps little: the page that verifies, the key set and the status lists. It puts the first in the place of a page that
// cannot be fetched, and touches nothing else.
//
// www/endpoints/sw.c puts a line before this: const keurmerk = { version, shell: […], saved: […] }, all addresses here.
/* global keurmerk */

const SHELL = `keurmerk-shell-${keurmerk.version}`;
const SAVED = 'keurmerk-saved'; // as in scan.mjs
const FRESH_MS = 10 * 60 * 1000;
const PATIENCE_MS = 8000;

async function install() {
  const cache = await caches.open(SHELL);
  await cache.addAll(keurmerk.shell.map((address) => new Request(address, { cache: 'no-cache' })));
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys())
    if (name.startsWith('keurmerk-shell-') && name !== SHELL) await caches.delete(name);
  await self.clients.claim();
}

async function fetchFresh(address) {
  const reply = await fetch(address, { cache: 'no-cache' });
  if (!reply.ok) throw new Error(`${address}: ${reply.status}`);
  return [address, new Response(await reply.blob(), { headers: { 'Saved-At': String(Date.now()) } })];
}

// All or nothing, so that keys and lists fit each other.
async function save() {
  const replies = await Promise.all(keurmerk.saved.map(fetchFresh));
  const cache = await caches.open(SAVED);
  for (const [address, reply] of replies) await cache.put(address, reply);
  for (const client of await self.clients.matchAll()) client.postMessage('saved');
}

async function saveAgain() {
  const last = await caches.match(keurmerk.saved.at(-1), { cacheName: SAVED });
  // Where nothing was saved, or all of it was thrown away, nobody asked for it.
  if (last && Date.now() - Number(last.headers.get('Saved-At')) > FRESH_MS) await save();
}

function languageOf(url) {
  const wanted = [url.searchParams.get('lang'), ...navigator.languages].map((code) => code?.slice(0, 2));
  return wanted.find((code) => code === 'nl' || code === 'en') ?? 'nl';
}

const standIn = (url) => caches.match(`/scan?lang=${languageOf(url)}`, { ignoreVary: true });

const tooSlow = () => new Promise((_, reject) => setTimeout(() => reject(new Error('too slow')), PATIENCE_MS));

async function page(request) {
  const url = new URL(request.url);
  try {
    const reply = await Promise.race([fetch(request), tooSlow()]);
    // A register that is down need not keep anyone from verifying a signed code.
    if (reply.status >= 500 && /^\/q\//i.test(url.pathname)) return (await standIn(url)) ?? reply;
    return reply;
  } catch (error) {
    const instead = await standIn(url);
    if (instead) return instead;
    throw error;
  }
}

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('message', (event) => {
  if (event.data !== 'save') return;
  const tell = (good) => () => event.ports[0].postMessage(good);
  event.waitUntil(save().then(tell(true), tell(false)));
});
self.addEventListener('periodicsync', (event) => event.waitUntil(saveAgain()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || new URL(request.url).origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    event.respondWith(page(request));
    event.waitUntil(saveAgain().catch(() => {})); // next time, then
  } else if (keurmerk.shell.includes(new URL(request.url).pathname)) {
    event.respondWith(caches.match(request, { ignoreVary: true }).then((kept) => kept ?? fetch(request)));
  }
});
