// Elements, made one by one: never from text that holds markup. And what changes on the page, told to who cannot see it.
import { t } from './words.js';

// element('a', { href: '#/' }, 'text', child): attributes; functions become listeners; null, undefined and false add
// nothing.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (name === 'value') made.value = value;
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const main = () => document.getElementById('main');

// Shows a page: its heading gets the focus, so that a reader by ear or by keyboard begins at its beginning.
export function show(title, ...children) {
  const heading = element('h1', { tabindex: '-1' }, title);
  document.title = `${title} – ${t('frame.name')}`;
  main().replaceChildren(heading, ...children.flat().filter(Boolean));
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

export function say(text) {
  document.getElementById('said').textContent = text;
}

// What comes next: each page ends with it.
export function next(...children) {
  return element('p', { class: 'next' }, element('strong', {}, t('console.next')), ' ', ...children);
}

let serial = 0;
// A field with its label, and a line of help where `help` is given.
export function field(label, input, help) {
  input.id ||= `field-${++serial}`;
  const note = help && element('p', { class: 'quiet', id: `${input.id}-help` }, help);
  if (note) input.setAttribute('aria-describedby', note.id);
  return element('div', { class: 'field' }, element('label', { for: input.id }, label), note, input);
}

// Radio buttons or checkboxes under one heading. options: [{ value, label, help }].
export function choices(legend, type, name, options, chosen, onchange) {
  const picked = new Set([chosen].flat());
  return element(
    'fieldset',
    {},
    element('legend', {}, legend),
    options.map(({ value, label, help }) =>
      element(
        'label',
        { class: 'choice' },
        element('input', { type, name, value, checked: picked.has(value), change: onchange }),
        element('span', {}, label, help && element('small', {}, ' ', help)),
      ),
    ),
  );
}

export function chosen(within, name) {
  return [...within.querySelectorAll(`input[name="${name}"]:checked`)].map((input) => input.value);
}

// A table that becomes a list on a phone. heads: texts; rows: lists of children.
export function table(caption, heads, rows) {
  return element(
    'table',
    { class: 'rows' },
    element('caption', { class: 'unseen' }, caption),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        heads.map((head) => element('th', { scope: 'col' }, head)),
      ),
    ),
    element(
      'tbody',
      {},
      rows.map((cells) =>
        element(
          'tr',
          {},
          cells.map((cell, i) => element('td', { 'data-head': heads[i] }, cell)),
        ),
      ),
    ),
  );
}

export function button(text, click, attributes = {}) {
  return element('button', { type: 'button', click, ...attributes }, text);
}

export function link(text, href, attributes = {}) {
  return element('a', { href, ...attributes }, text);
}

// A fault, told at once.
export function alertBox(...children) {
  return element('div', { class: 'notice', role: 'alert' }, ...children);
}
