// Evidence: files are read and hashed here. They are not sent anywhere: the audit names each by its SHA-256.
import { button, element, field, say } from './dom.js';
import { hex } from './key.js';
import { t } from './words.js';

const FILE_MAX_BYTES = 1024 * 1024 * 1024;
const NAME_MAX = 255;

async function hashed(file) {
  return { name: file.name.slice(0, NAME_MAX), sha256: await hex(await file.arrayBuffer()), bytes: file.size };
}

// A place to drop files on, with a list of what was dropped. `changed` is called with the new list.
export function evidencePart(evidence, changed) {
  const list = element('ul', { class: 'evidence' });
  const part = element('section', { 'aria-labelledby': 'evidence-title', class: 'drop' });
  const input = element('input', { type: 'file', multiple: true, change: () => take(input.files) });
  const redraw = () =>
    list.replaceChildren(
      ...evidence.map((entry, i) =>
        element(
          'li',
          {},
          element('span', {}, entry.name),
          ' ',
          element('code', {}, entry.sha256.slice(0, 16), '…'),
          ' ',
          button(t('console.evidence.remove'), () => drop(i), {
            class: 'plain',
            'aria-label': `${t('console.evidence.remove')}: ${entry.name}`,
          }),
        ),
      ),
    );

  async function take(files) {
    for (const file of files) {
      if (file.size > FILE_MAX_BYTES) {
        say(t('console.evidence.large', { name: file.name }));
        continue;
      }
      say(t('console.evidence.hashing', { name: file.name }));
      const entry = await hashed(file);
      if (!evidence.some(({ sha256 }) => sha256 === entry.sha256)) evidence.push(entry);
      say(t('console.evidence.done', { name: file.name }));
    }
    input.value = '';
    redraw();
    changed(evidence);
  }
  function drop(i) {
    evidence.splice(i, 1);
    redraw();
    changed(evidence);
    input.focus();
  }

  part.addEventListener('dragover', (event) => {
    event.preventDefault();
    part.classList.add('over');
  });
  part.addEventListener('dragleave', () => part.classList.remove('over'));
  part.addEventListener('drop', (event) => {
    event.preventDefault();
    part.classList.remove('over');
    take(event.dataTransfer.files);
  });
  part.append(
    element('h2', { id: 'evidence-title' }, t('console.evidence.title')),
    field(t('console.evidence.choose'), input, t('console.evidence.help')),
    list,
  );
  redraw();
  return part;
}
