// The check of a list of suppliers, for those who have scripts: shows how far it is, can stop it, and sorts and filters the
// result without asking again. Without scripts the same forms do the same, each with a page of its own.

const main = document.querySelector('main');

const rowsOf = (table) => [...table.tBodies[0].rows];

// ----------------------------------------------------------------------------------------------------------- result

function sort(table, column, down) {
  const keys = [
    (row) => [Number(row.cells[0].textContent)],
    (row) => [row.cells[1].textContent.trim()],
    (row) => [Number(row.dataset.rank), Number(row.cells[0].textContent)],
  ];
  const order = (a, b) => (typeof a === 'number' ? a - b : a.localeCompare(b, document.documentElement.lang, { numeric: true }));
  const compare = (a, b) => a.key.reduce((found, part, i) => found || order(part, b.key[i]), 0);
  const sorted = rowsOf(table).map((row) => ({ row, key: keys[column](row) })).sort(compare);
  if (down) sorted.reverse();
  table.tBodies[0].append(...sorted.map(({ row }) => row));
}

function enableSorting(table) {
  const headings = [...table.tHead.rows[0].cells];
  table.classList.add('sortable');
  for (const [column, heading] of headings.entries()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = heading.textContent.trim();
    heading.replaceChildren(button);
    button.addEventListener('click', () => {
      const down = heading.ariaSort === 'ascending';
      for (const other of headings) other.removeAttribute('aria-sort');
      heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      sort(table, column, down);
    });
  }
}

// Only where all rows are in the page: else the registry is asked, as it is without scripts.
function enableFilters(table) {
  const buttons = [...main.querySelectorAll('button[name=show]')];
  const all = buttons.find(({ value }) => value === 'all');
  if (!all || all.ariaPressed !== 'true' || table.dataset.cut) return;
  for (const button of buttons) {
    button.type = 'button';
    button.addEventListener('click', () => {
      for (const other of buttons) other.removeAttribute('aria-pressed');
      button.setAttribute('aria-pressed', 'true');
      for (const row of rowsOf(table)) row.hidden = button !== all && row.dataset.answer !== button.value;
    });
  }
}

// ------------------------------------------------------------------------------------------------------------ upload

// Puts the page that was answered in the place of this one.
function show(text) {
  const page = new DOMParser().parseFromString(text, 'text/html');
  const answer = page.querySelector('main');
  if (!answer) return false;
  main.replaceChildren(...answer.childNodes);
  document.title = page.title;
  const heading = main.querySelector('h1');
  heading.tabIndex = -1;
  heading.focus();
  window.scrollTo(0, 0);
  enable();
  return true;
}

function enableProgress(form) {
  const panel = main.querySelector('#progress');
  const [bar, said, stop] = ['progress', '[role=status]', 'button'].map((part) => panel.querySelector(part));
  const button = form.querySelector('button');
  let request;
  const end = (words) => {
    request = undefined;
    button.disabled = false;
    bar.hidden = stop.hidden = true;
    said.textContent = words;
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (request) return;
    request = new XMLHttpRequest();
    request.open('POST', form.action);
    request.setRequestHeader('Accept', 'text/html');
    request.upload.addEventListener('progress', ({ lengthComputable, loaded, total }) => {
      if (lengthComputable) bar.value = loaded / total;
    });
    // All of it is sent: how long the rest takes, nobody knows.
    request.upload.addEventListener('load', () => {
      bar.removeAttribute('value');
      said.textContent = panel.dataset.checking;
    });
    request.addEventListener('load', ({ target }) => {
      end('');
      // What was typed is still there for who goes back.
      window.history.pushState({ checked: true }, '');
      if (!show(target.responseText)) end(panel.dataset.failed);
    });
    request.addEventListener('error', () => end(panel.dataset.failed));
    request.addEventListener('abort', () => end(panel.dataset.stopped));
    panel.hidden = bar.hidden = stop.hidden = false;
    button.disabled = true;
    bar.value = 0;
    said.textContent = panel.dataset.sending;
    request.send(new FormData(form));
  });
  stop.addEventListener('click', () => request?.abort());
}

function enable() {
  const table = main.querySelector('table.rows');
  const form = main.querySelector('form.long');
  if (table) {
    enableSorting(table);
    enableFilters(table);
  }
  if (form) enableProgress(form);
}

window.addEventListener('popstate', () => window.location.reload());
enable();
