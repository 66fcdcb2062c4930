// The marks that the body holds, and one of them with all that was decided about it.
import { saveTable } from './csv.js';
import { alertBox, button, element, link, next, say, show, table } from './dom.js';
import { get } from './server.js';
import { transfersPart } from './transfer.js';
import { day, has, language, t, tFor } from './words.js';

function stateShown(state) {
  return element('span', { class: `hit-state state-${state}` }, t(`state-short.${state}`));
}

async function all() {
  const marks = [];
  for (let page = 0, more = true; more; page++) {
    const part = await get(`marks?page=${page}`);
    marks.push(...part.marks);
    ({ more } = part);
  }
  return marks;
}

function save(marks) {
  const columns = ['number', 'kvk', 'name', 'scheme', 'version', 'level', 'state', 'since', 'until', 'surveillance'];
  saveTable('keurmerken.csv', columns, marks);
  say(t('console.marks.exported', { number: marks.length }));
}

export async function marksPage() {
  const [marks, transfers] = await Promise.all([all(), get('transfers')]);
  const counted = Object.entries(Object.groupBy(marks, ({ state }) => state)).map(
    ([state, list]) => `${list.length} × ${t(`state-short.${state}`)}`,
  );
  show(
    t('console.marks.title'),
    transfersPart(transfers),
    element('p', {}, counted.join(', ') || t('console.marks.none')),
    table(
      t('console.marks.title'),
      [
        t('console.audit.provider'),
        t('console.marks.number'),
        t('console.audit.scheme'),
        t('console.marks.state'),
        t('console.marks.until'),
      ],
      marks.map((mark) => [
        link(mark.name, `#/marks/${mark.number}`),
        element('code', {}, mark.number),
        mark.scheme,
        stateShown(mark.state),
        day(mark.until),
      ]),
    ),
    element(
      'div',
      { class: 'buttons' },
      button(t('console.marks.export'), () => save(marks), { class: 'plain' }),
    ),
    next(t('console.marks.next')),
  );
}

// How the body that it was offered to has answered.
function answered({ to, answer, answer_reason: reason, answer_text: text }) {
  if (!to) return null;
  const why = [reason && (has(`reason.${reason}`) ? t(`reason.${reason}`) : reason), text[language]].filter(Boolean);
  return element(
    'span',
    { class: 'quiet' },
    ` ${t('console.transfer.to', { body: to })}: ${t(`console.transfer.short.${answer ?? 'none'}`)}`,
    why.length ? ` (${why.join(': ')})` : '',
  );
}

function decisions(list) {
  return element(
    'section',
    { 'aria-labelledby': 'decided' },
    element('h2', { id: 'decided' }, t('console.mark.decided')),
    table(
      t('console.mark.decided'),
      [t('console.mark.action'), t('console.mark.recorded'), t('console.mark.by'), t('console.mark.appeal')],
      list.map((one) => [
        element('span', {}, tFor('console.action', one.action), answered(one)),
        day(one.recorded),
        one.decider,
        link(t('console.mark.appeal.open'), `#/cases/open/appeal/${one.id}`, {
          'aria-label': `${t('console.mark.appeal.open')}: ${tFor('console.action', one.action)}, ${day(one.recorded)}`,
        }),
      ]),
    ),
  );
}

function actionsPart(mark, rules, me) {
  const allowed = rules.filter(
    (rule) => rule.from.includes(mark.state) && !rule.needs.includes('audit') && !rule.needs.includes('transfer'),
  );
  return element(
    'section',
    { 'aria-labelledby': 'decide' },
    element('h2', { id: 'decide' }, t('console.mark.decide')),
    me.roles.split(',').includes('decider')
      ? element(
          'ul',
          { class: 'actions' },
          allowed.map(({ action }) =>
            element(
              'li',
              {},
              link(tFor('console.action', action), `#/marks/${mark.number}/decide/${action}`, {
                class: 'button plain',
              }),
              ' ',
              element('span', { class: 'quiet' }, t(`console.action.why.${action}`)),
            ),
          ),
        )
      : alertBox(t('console.barred.role')),
  );
}

export async function markPage(number) {
  const [{ marks, decisions: decided, audits, open }, rules, me] = await Promise.all([
    get(`marks/${number}`),
    get('rules'),
    get('me'),
  ]);
  const mark = marks.find((one) => one.number === number.toUpperCase()) ?? marks[0];
  show(
    `${mark.name}: ${mark.number}`,
    element(
      'p',
      {},
      stateShown(mark.state),
      ' ',
      t('console.mark.since', { day: day(mark.since) }),
      ' · ',
      t('console.mark.until', { day: day(mark.until) }),
      ' · ',
      link(t('console.mark.public'), `/m/${mark.number}`),
    ),
    mark.surveillance && element('p', {}, t('console.mark.surveillance', { day: day(mark.surveillance) })),
    element('p', {}, t('console.mark.open', open)),
    element(
      'div',
      { class: 'buttons' },
      link(t('console.mark.audit'), `#/start/${mark.kvk}`, { class: 'button plain' }),
      link(t('console.link.open'), `#/link/${mark.kvk}`, { class: 'button plain' }),
    ),
    decisions(decided),
    element(
      'section',
      { 'aria-labelledby': 'audits' },
      element('h2', { id: 'audits' }, t('console.mark.audits')),
      table(
        t('console.mark.audits'),
        [t('console.audit.what'), t('console.audit.day'), t('console.audit.found')],
        audits
          .filter((one) => one.scheme === mark.scheme)
          .map((audit) => [
            link(tFor('audit', audit.kind), `#/audits/${audit.id}`),
            day(audit.finished),
            t('console.audit.counts', audit),
          ]),
      ),
    ),
    actionsPart(mark, rules, me),
    next(t('console.mark.next')),
  );
}
