// Words for people, in the language of the page.
const texts = {};
export const language = document.documentElement.lang;

export async function loadWords(addresses) {
  const lists = await Promise.all(addresses.map(async (address) => (await fetch(address)).json()));
  Object.assign(texts, ...lists);
}

export function has(key) {
  return Object.hasOwn(texts, key);
}

// The text of this key, with {name} replaced by its value.
export function t(key, values = {}) {
  if (!has(key)) console.error(`there are no words for ${key}`);
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// The text of PREFIX.NAME, or of PREFIX.other.
export function tFor(prefix, name) {
  return has(`${prefix}.${name}`) ? t(`${prefix}.${name}`) : has(`${prefix}.other`) ? t(`${prefix}.other`) : name;
}

// A text of a scheme, {nl, en}.
export function inLanguage(both) {
  return both?.[language] ?? both?.nl ?? '';
}

const dayFormat = new Intl.DateTimeFormat(language, {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});

// "2026-11-24" as a reader writes it.
export function day(iso) {
  return iso ? dayFormat.format(new Date(`${iso}T00:00:00Z`)) : '';
}
