// Scans QR codes in the page, from the camera or from a picture. What is of this register is opened; with no network it
// is judged here, by what was saved on this device. What is of another host is named and never followed.

const scanner = document.querySelector('#scanner');
const { registry, lang, keep, token, verdict, decoder } = scanner.dataset;
const answer = scanner.querySelector('.scanned');
const view = scanner.querySelector('.view');
const video = view.querySelector('video');

const PICTURE_SIDES = [1000, 1800, 500]; // pixels; a code that is small in a large picture shows at one of these
const LOOK_EACH_MS = 120;
const RENEW_EACH_MS = 12 * 3600 * 1000; // status lists hold for a day
const SAVED = 'keurmerk-saved'; // as in worker.js

// ---------------------------------------------------------------------------------------------------- what is shown

const formatter = (options) =>
  new Intl.DateTimeFormat(lang === 'nl' ? 'nl-NL' : 'en-GB', { timeZone: 'Europe/Amsterdam', ...options });
const asMoment = (seconds) => formatter({ dateStyle: 'long', timeStyle: 'short' }).format(seconds * 1000);
const asDay = (seconds) => formatter({ dateStyle: 'long' }).format(seconds * 1000);

// Puts words in the places that are kept for them, as text only, and takes away the places for which there are none.
function fill(part, words) {
  for (const place of part.querySelectorAll('[data-slot]')) {
    const text = words[place.dataset.slot];
    if (text) place.textContent = text;
    else (place.closest('[data-optional]') ?? place).remove();
  }
}

function show(outcome, words = {}) {
  const part = scanner.querySelector(`template[data-outcome="${outcome}"]`).content.cloneNode(true);
  fill(part, words);
  answer.replaceChildren(part);
  answer.focus();
}

function clear() {
  answer.replaceChildren();
}

const schemeName = (id) => scanner.querySelector(`[data-scheme="${CSS.escape(id)}"]`)?.textContent ?? id;

const wordsOf = ({ claims, knownAt }) => ({
  known: knownAt && asMoment(knownAt),
  ...(claims && {
    name: claims.name,
    kvk: claims.kvk,
    number: claims.sub.match(/.{1,4}/g).join('-'),
    scheme: schemeName(claims.scheme),
    until: asDay(claims.exp),
  }),
});

// -------------------------------------------------------------------------------------------------- what was scanned

// What a text from a QR code is: a page or a token of this register, something of another host, or neither.
function classify(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    return { kind: 'other' };
  }
  if (!/^https?:$/.test(url.protocol)) return { kind: 'other' };
  if (url.host !== new URL(registry).host) return { kind: 'foreign', host: url.host };
  const [, room, name] = url.pathname.match(/^\/([mq])\/([^/]+)$/i) ?? [];
  if (!room) return { kind: 'other' };
  return { kind: room.toLowerCase() === 'q' ? 'token' : 'mark', name, path: `/${room.toLowerCase()}/${name}${keep}` };
}

async function readSaved() {
  const saved = { lists: {} };
  if (!(await caches.has(SAVED))) return saved; // and make none
  const cache = await caches.open(SAVED);
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    const reply = await cache.match(request);
    if (pathname === '/.well-known/jwks.json') saved.keyset = await reply.json();
    else saved.lists[registry + pathname] = await reply.text();
  }
  return saved;
}

async function judgeHere(text) {
  const [{ Malformed, readToken }, { canVerify, judge }] = await Promise.all([import(token), import(verdict)]);
  let read;
  try {
    read = readToken(text);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return show('forged');
  }
  if (!(await canVerify())) return show('unsupported');
  const judged = await judge(read, await readSaved(), registry, Math.floor(Date.now() / 1000));
  return show(judged.reason ?? judged.outcome, { ...wordsOf(judged), host: hostOf(read.claims.iss) });
}

// The host of an address that somebody claims; the claim itself where it is none.
function hostOf(address) {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}

async function take(text) {
  const found = classify(text);
  if (found.kind === 'foreign' || found.kind === 'other') show(found.kind, found);
  else if (navigator.onLine) location.assign(found.path);
  else if (found.kind === 'token') await judgeHere(found.name);
  else show('offline');
}

// ------------------------------------------------------------------------------------------------------- how it looks

// The pixels of a bitmap, a frame of a video, or a drawing, which has as many as one likes.
function pixelsOf(source, side) {
  const width = source.videoWidth ?? source.naturalWidth ?? source.width;
  const height = source.videoHeight ?? source.naturalHeight ?? source.height;
  const fits = side / Math.max(width, height);
  const scale = source instanceof HTMLImageElement ? fits : Math.min(1, fits);
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = '#fff'; // behind what is transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

async function libraryReader() {
  await import(decoder);
  return (source, sides) => {
    for (const side of sides) {
      const { data, width, height } = pixelsOf(source, side);
      const code = globalThis.jsQR(data, width, height);
      if (code?.data) return code.data;
    }
    return undefined;
  };
}

// The browser's own reader where there is one that knows QR codes, and the library where there is none.
let reader;
async function look(source, sides) {
  try {
    if (!reader && (await BarcodeDetector.getSupportedFormats()).includes('qr_code')) {
      const detector = new BarcodeDetector({ formats: ['qr_code'] });
      reader = async (seen) => (await detector.detect(seen))[0]?.rawValue;
    }
    if (reader) return await reader(source, sides);
  } catch {
    // There is none, or it does not work here.
  }
  reader = await libraryReader();
  return reader(source, sides);
}

let stream = null;
function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
  view.hidden = true;
}

async function watch() {
  stop();
  clear();
  let mine;
  try {
    mine = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
  } catch {
    return show('no-camera');
  }
  stream = mine;
  view.hidden = false;
  video.srcObject = mine;
  await video.play();
  view.scrollIntoView({ block: 'nearest' });
  while (stream === mine) {
    const text = video.videoWidth ? await look(video, [PICTURE_SIDES[0]]) : undefined;
    if (text && stream === mine) {
      stop();
      return take(text);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EACH_MS));
  }
}

// A badge as SVG is a drawing, which createImageBitmap does not take. As an image it can run and fetch nothing.
async function drawingOf(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
  } finally {
    URL.revokeObjectURL(image.src);
  }
  return image;
}

async function readPicture(file) {
  stop();
  clear();
  let picture;
  try {
    picture = await createImageBitmap(file).catch(() => drawingOf(file));
  } catch {
    return show('no-picture');
  }
  const text = await look(picture, PICTURE_SIDES);
  return text ? take(text) : show('no-code');
}

// ------------------------------------------------------------------------------------------ for where there is no network

const offline = document.querySelector('#offline');

async function showSaved() {
  const { savedAt } = await import(verdict);
  const known = savedAt(await readSaved());
  offline.querySelector('.not-saved').hidden = known !== null;
  offline.querySelector('.saved').hidden = known === null;
  if (known !== null) offline.querySelector('.saved time').textContent = asMoment(known);
}

async function save(button) {
  button.disabled = true;
  const failed = offline.querySelector('.failed');
  failed.hidden = true;
  try {
    await navigator.serviceWorker.register('/sw.js', { scope: '/', updateViaCache: 'none' });
    const { active, periodicSync } = await navigator.serviceWorker.ready;
    const channel = new MessageChannel();
    const done = new Promise((resolve) => (channel.port1.onmessage = ({ data }) => resolve(data)));
    active.postMessage('save', [channel.port2]);
    failed.hidden = await done;
    // An installed app may renew it by itself, where the browser lets it.
    await periodicSync?.register('save', { minInterval: RENEW_EACH_MS }).catch(() => {});
  } catch {
    failed.hidden = false;
  }
  button.disabled = false;
  await showSaved();
}

async function forget() {
  for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
  for (const name of await caches.keys()) if (name.startsWith('keurmerk-')) await caches.delete(name);
  await showSaved();
}

// --------------------------------------------------------------------------------------------------------- it begins

// What goes wrong against all expectation is no answer about the mark.
const safely = (act) => async (event) => {
  try {
    await act(event);
  } catch (error) {
    show('failed');
    throw error;
  }
};

const cameraButton = scanner.querySelector('.camera');
const pictureInput = scanner.querySelector('input[type=file]');
cameraButton.hidden = !navigator.mediaDevices?.getUserMedia;
cameraButton.addEventListener('click', safely(watch));
view.querySelector('button').addEventListener('click', () => {
  stop();
  cameraButton.focus();
});
pictureInput.addEventListener('change', safely(async () => {
  const [file] = pictureInput.files;
  if (file) await readPicture(file);
  pictureInput.value = ''; // so that the same picture can be chosen again
}));
addEventListener('pagehide', stop);
document.addEventListener('visibilitychange', () => document.hidden && stop());
scanner.hidden = false;

if (offline && 'serviceWorker' in navigator && 'caches' in globalThis) {
  const button = offline.querySelector('.not-saved button');
  button.addEventListener('click', safely(() => save(button)));
  offline.querySelector('.saved button').addEventListener('click', safely(forget));
  addEventListener('appinstalled', safely(() => save(button))); // who installs it wants it to work anywhere
  navigator.serviceWorker.addEventListener('message', safely(showSaved)); // something newer was saved
  await showSaved();
  offline.hidden = false;
}

// Shown in place of a page that could not be fetched: the worker puts this page there.
if (offline && location.pathname !== '/scan') {
  const [, text] = location.pathname.match(/^\/q\/([^/]+)$/i) ?? [];
  await safely(async () => (text ? judgeHere(text) : show('offline')))();
}
