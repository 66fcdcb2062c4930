// The first page: what there is to do, by date.
import { alertBox, button, element, link, next, say, show, table } from './dom.js';
import { list, remove } from './draft.js';
import { rolesInWords } from './enrol.js';
import { doneByOthers, warning } from './people.js';
import { get, Unreachable } from './server.js';
import { day, t, tFor } from './words.js';

const target = {
  audit: (one) => `#/draft/${one.id}`,
  decision: (one) => `#/draft/${one.id}`,
  case: (one) => `#/draft/${one.id}`,
  person: (one) => `#/draft/${one.id}/review`,
  link: (one) => `#/draft/${one.id}/review`,
};

function draftName(draft) {
  if (draft.type === 'audit') return `${tFor('audit', draft.kind)}: ${draft.provider.name}`;
  if (draft.type === 'decision') return `${tFor('console.action', draft.content.action)}: ${draft.provider.name}`;
  if (draft.type === 'link') return t(`console.sum.link.${draft.content.action}`, { name: draft.who });
  if (draft.type === 'person') return t(`console.sum.person.${draft.content.action}`, { name: draft.who });
  return t('console.cases.new');
}

async function discard(id, name) {
  if (!window.confirm(t('console.desk.discard.sure', { name }))) return;
  await remove(id);
  await deskPage();
  say(t('console.desk.discarded'));
}

function draftsPart({ drafts, broken }) {
  if (!drafts.length && !broken.length) return null;
  return element(
    'section',
    { 'aria-labelledby': 'drafts' },
    element('h2', { id: 'drafts' }, t('console.desk.drafts')),
    element(
      'ul',
      { class: 'drafts' },
      drafts.map((draft) =>
        element(
          'li',
          {},
          link(draftName(draft), target[draft.type](draft)),
          ' ',
          element('span', { class: 'quiet' }, draft.signed ? t('console.desk.unsent') : day(draft.made.slice(0, 10))),
          ' ',
          button(t('console.desk.discard'), () => discard(draft.id, draftName(draft)), {
            class: 'plain small',
            'aria-label': `${t('console.desk.discard')}: ${draftName(draft)}`,
          }),
        ),
      ),
      broken.map((id) =>
        element(
          'li',
          { class: 'notice' },
          t('console.draft.broken'),
          ' ',
          button(t('console.desk.discard'), () => discard(id, id), { class: 'plain small' }),
        ),
      ),
    ),
  );
}

function what(one) {
  const detail = {
    finding: () => t('console.due.finding', { criterion: one.detail, result: t(`console.result.${one.result}`) }),
    case: () => t('console.due.case', { kind: tFor('console.case', one.detail) }),
  }[one.kind];
  return detail ? detail() : t(`console.due.${one.kind}`);
}

function where(one) {
  if (one.kind === 'case') return `#/cases/close/${one.id}`;
  if (one.kind === 'suspension') return `#/marks/${one.number}`;
  return `#/start/${one.kvk}`;
}

function duePart(due, today) {
  const sorted = [...due].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return element(
    'section',
    { 'aria-labelledby': 'due' },
    element('h2', { id: 'due' }, t('console.desk.due')),
    sorted.length
      ? table(
          t('console.desk.due'),
          [t('console.desk.when'), t('console.audit.provider'), t('console.desk.what')],
          sorted.map((one) => [
            element(
              'span',
              { class: one.at < today ? 'late' : null },
              day(one.at),
              one.at < today ? ` (${t('console.desk.late')})` : '',
            ),
            link(one.name ?? t('console.cases.title'), where(one)),
            what(one),
          ]),
        )
      : element('p', {}, t('console.desk.nothing')),
  );
}

export async function deskPage() {
  const kept = await list();
  let read;
  try {
    read = await Promise.all([get('me'), get('due'), get('audits'), get('people'), get('transfers')]);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    show(
      t('console.desk.title'),
      alertBox(t('console.desk.offline')),
      draftsPart(kept),
      next(t('console.desk.next.draft')),
    );
    return;
  }
  const [me, due, audits, people, transfers] = read;
  const offered = transfers.filter(({ state }) => state === 'open');
  const roles = me.roles.split(',');
  const mine = audits.filter((one) => !one.took_part);
  show(
    t('console.desk.title'),
    element('p', {}, t('console.desk.hello', { name: me.name, body: me.body.name, roles: rolesInWords(me.roles) })),
    element(
      'div',
      { class: 'buttons' },
      roles.includes('auditor') && link(t('console.start.title'), '#/start', { class: 'button' }),
      link(t('console.desk.queue', { number: mine.length }), '#/audits', {
        class: roles.includes('decider') ? 'button' : 'button plain',
      }),
      roles.includes('admin') && link(t('console.people.title'), '#/people', { class: 'button plain' }),
    ),
    warning(doneByOthers(people)),
    offered.map((one) =>
      element(
        'p',
        { class: 'banner' },
        t('console.desk.offered', { body: one.from, name: one.name, day: day(one.closes) }),
        ' ',
        link(t('console.desk.answer'), `#/transfers/${one.id}`),
      ),
    ),
    draftsPart(kept),
    duePart(due, me.today),
    next(
      t(
        kept.drafts.length
          ? 'console.desk.next.draft'
          : roles.includes('auditor')
            ? 'console.desk.next.auditor'
            : roles.includes('decider')
              ? 'console.desk.next.decider'
              : 'console.desk.next.admin',
      ),
    ),
  );
}
