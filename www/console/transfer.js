// Marks that another body offers to this one: what is offered, what comes with it, and the answer.
import { alertBox, element, link, next, show, table } from './dom.js';
import { get } from './server.js';
import { day, has, inLanguage, language, t, tFor } from './words.js';

// Where it stands, in words.
export function transferState(transfer) {
  if (transfer.state !== 'answered') return t(`console.transfer.state.${transfer.state}`, transferDays(transfer));
  return t(`console.transfer.answer.${transfer.answer}`, { day: day(transfer.answer_from) });
}

const transferDays = ({ opens, closes }) => ({ opens: day(opens), closes: day(closes) });

export function transfersPart(transfers) {
  if (!transfers.length) return null;
  return element(
    'section',
    { 'aria-labelledby': 'offered' },
    element('h2', { id: 'offered' }, t('console.transfer.offered')),
    table(
      t('console.transfer.offered'),
      [t('console.audit.provider'), t('console.transfer.from'), t('console.transfer.stands')],
      transfers.map((one) => [link(one.name, `#/transfers/${one.id}`), one.from, transferState(one)]),
    ),
  );
}

function fact(word, value) {
  return value ? element('div', {}, element('dt', {}, t(word)), element('dd', {}, value)) : null;
}

function facts({ transfer, record }) {
  return element(
    'dl',
    {},
    fact('console.marks.number', link(record.shown, `/m/${record.number}`)),
    fact('console.marks.state', t(`state-short.${record.state}`)),
    fact('console.audit.scheme', inLanguage(record.scheme.name)),
    fact('console.audit.scope', record.scope.map(({ name }) => inLanguage(name)).join(', ')),
    record.level && fact('console.audit.level', inLanguage(record.level.name)),
    fact('console.transfer.from', transfer.from),
    fact('console.transfer.recorded', day(transfer.recorded)),
  );
}

// What falls to whoever takes it over.
function burdenPart(burden) {
  return element(
    'section',
    { 'aria-labelledby': 'burden' },
    element('h2', { id: 'burden' }, t('console.transfer.burden')),
    element('p', {}, t('console.transfer.burden.intro')),
    element(
      'dl',
      {},
      fact('console.marks.until', day(burden.until)),
      fact('console.transfer.surveillance', day(burden.surveillance)),
      fact('console.transfer.surveillance_limit', day(burden.surveillance_limit)),
      fact('console.transfer.suspension_limit', day(burden.suspension_limit)),
      fact('console.transfer.findings', t('console.transfer.findings.count', burden)),
      fact('console.transfer.first_due', day(burden.first_due)),
    ),
    element('p', { class: 'quiet' }, t('console.transfer.files')),
  );
}

function historyPart({ events }) {
  return element(
    'section',
    { 'aria-labelledby': 'history' },
    element('h2', { id: 'history' }, t('console.transfer.history')),
    element(
      'ul',
      {},
      events.map((event) =>
        element(
          'li',
          { class: 'laid-out' },
          day(event.at.slice(0, 10)),
          ' ',
          element('b', {}, tFor('event', event.action)),
          event.reason && has(`reason.${event.reason}`) ? ` ${t(`reason.${event.reason}`)}` : '',
          event.text ? ` ${event.text[language] ?? ''}` : '',
        ),
      ),
    ),
  );
}

function answerPart(transfer, me) {
  if (transfer.state !== 'open') return null;
  const decides = me.roles.split(',').includes('decider');
  return element(
    'section',
    { 'aria-labelledby': 'answer' },
    element('h2', { id: 'answer' }, t('console.transfer.reply')),
    decides
      ? element(
          'ul',
          { class: 'actions' },
          ['accept-transfer', 'refuse-transfer'].map((action) =>
            element(
              'li',
              {},
              link(tFor('console.action', action), `#/transfers/${transfer.id}/decide/${action}`, {
                class: action === 'accept-transfer' ? 'button' : 'button plain',
              }),
              ' ',
              element('span', { class: 'quiet' }, t(`console.action.why.${action}`)),
            ),
          ),
        )
      : alertBox(t('console.transfer.role')),
  );
}

export async function transferPage(id) {
  const [offer, me] = await Promise.all([get(`transfers/${id}`), get('me')]);
  const { transfer, record, burden } = offer;
  show(
    t('console.transfer.title', { name: transfer.name }),
    element('p', { class: 'banner' }, transferState(transfer)),
    facts(offer),
    burden && burdenPart(burden),
    historyPart(record),
    answerPart(transfer, me),
    next(t(transfer.state === 'open' ? 'console.transfer.next' : 'console.transfer.next.done')),
  );
}
