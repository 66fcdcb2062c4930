// Where each address of the console leads.
import { auditPage, queuePage } from './audit.js';
import { casePage, casesPage, closeCase, openCase } from './cases.js';
import { decideOnAudit, decideOnMark, decideOnTransfer, decidePage, decisionPreview } from './decide.js';
import { deskPage } from './desk.js';
import { alertBox, element, link, next, show } from './dom.js';
import { load } from './draft.js';
import { enrolPage } from './enrol.js';
import { findingsPage } from './findings.js';
import { ownKey } from './key.js';
import { linkPage } from './link.js';
import { markPage, marksPage } from './marks.js';
import { peoplePage, rolesPage } from './people.js';
import { problemBox, review } from './review.js';
import { signOut } from './server.js';
import { startAt, startPage } from './start.js';
import { transferPage } from './transfer.js';
import { loadWords, t } from './words.js';

async function withDraft(id, page) {
  let draft = null;
  try {
    draft = await load(id);
  } catch {
    show(t('console.draft.title'), alertBox(t('console.draft.broken')), next(link(t('console.desk.title'), '#/')));
    return;
  }
  if (!draft)
    show(
      t('console.draft.title'),
      element('p', {}, t('console.draft.gone')),
      next(link(t('console.desk.title'), '#/')),
    );
  else await page(draft);
}

// What was signed stays as it is until the registry has answered.
// People and links have no form to go back to: what was chosen is signed or discarded.
const pages = { audit: findingsPage, decision: decidePage, case: casePage };
const edit = (draft) => (draft.signed || !pages[draft.type] ? check(draft) : pages[draft.type](draft));
const check = (draft) =>
  review(
    draft,
    draft.back ?? (draft.type === 'person' ? '#/people' : `#/draft/${draft.id}`),
    draft.type === 'decision' ? decisionPreview(draft) : null,
  );

async function signOutPage() {
  await signOut();
  show(t('console.out.title'), element('p', {}, t('console.out.text')), next(link(t('console.out.again'), '#/')));
}

const part = '([A-Za-z0-9_-]+)';
const routes = [
  ['#?/?', deskPage],
  ['#/start', startPage],
  [`#/start/${part}`, startAt],
  [`#/draft/${part}`, (id) => withDraft(id, edit)],
  [`#/draft/${part}/review`, (id) => withDraft(id, check)],
  ['#/audits', queuePage],
  [`#/audits/${part}`, auditPage],
  [`#/audits/${part}/decide/${part}`, decideOnAudit],
  ['#/marks', marksPage],
  [`#/marks/${part}`, markPage],
  [`#/marks/${part}/decide/${part}`, decideOnMark],
  ['#/people', peoplePage],
  [`#/people/${part}`, rolesPage],
  [`#/transfers/${part}`, transferPage],
  [`#/transfers/${part}/decide/${part}`, decideOnTransfer],
  [`#/link/${part}`, linkPage],
  ['#/cases', casesPage],
  [`#/cases/open/${part}`, openCase],
  [`#/cases/open/${part}/${part}`, openCase],
  [`#/cases/close/${part}`, closeCase],
  ['#/out', signOutPage],
].map(([pattern, page]) => [new RegExp(`^${pattern}$`), page]);

function mark(hash) {
  const [, room = ''] = hash.split('/');
  for (const each of document.querySelectorAll('.rooms a')) {
    if (each.hash.split('/')[1] === room) each.setAttribute('aria-current', 'page');
    else each.removeAttribute('aria-current');
  }
}

async function go() {
  const { hash } = location;
  mark(hash);
  for (const [pattern, page] of routes) {
    const match = hash.match(pattern);
    if (!match) continue;
    try {
      await page(...match.slice(1));
    } catch (error) {
      show(
        t('console.problem.title'),
        problemBox(error),
        next(
          t(error.type === 'no-key' ? 'console.problem.no_key' : 'console.problem.next'),
          ' ',
          link(t('console.desk.title'), '#/'),
        ),
      );
    }
    return;
  }
  show(
    t('console.problem.title'),
    element('p', {}, t('console.problem.nowhere')),
    next(link(t('console.desk.title'), '#/')),
  );
}

// One page after the other, so that a slow one does not come up over the one that was asked for after it.
let turn = Promise.resolve();
function goInTurn() {
  const { hash } = location;
  turn = turn.then(() => (location.hash === hash ? go() : null));
  return turn;
}

async function begin() {
  const { words, site } = document.getElementById('main').dataset;
  await loadWords([site, words]);
  if (location.pathname.endsWith('/enrol')) {
    await enrolPage();
    return;
  }
  const key = await ownKey();
  document.querySelector('.rooms').hidden = !key;
  if (!key) {
    show(t('console.stranger.title'), element('p', {}, t('console.stranger.text')), next(t('console.stranger.next')));
    return;
  }
  window.addEventListener('hashchange', goInTurn);
  await goInTurn();
}

begin();
