// A table as a file, for spreadsheets: made here, from what the page has read already.
import { element } from './dom.js';

// A cell that no spreadsheet takes for a formula.
function cell(value) {
  const text = String(value ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

// rows: objects with these members.
export function saveTable(name, columns, rows) {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))].map((line) =>
    line.map(cell).join(';'),
  );
  const file = new Blob(['\ufeff', lines.join('\r\n'), '\r\n'], { type: 'text/csv' });
  const address = URL.createObjectURL(file);
  element('a', { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
