// Audits that wait, and one audit laid out to be judged.
import { counts, RESULTS, servicesIn } from './content.js';
import { element, link, next, show, table } from './dom.js';
import { get } from './server.js';
import { day, inLanguage, t, tFor } from './words.js';

const ALIVE = ['active', 'suspended'];
const RANK = { conform: 0, 'not-applicable': 0, minor: 1, major: 2 };

export async function queuePage() {
  const audits = await get('audits');
  show(
    t('console.queue.title'),
    element('p', {}, t(audits.length ? 'console.queue.intro' : 'console.queue.empty')),
    audits.length
      ? table(
          t('console.queue.title'),
          [
            t('console.audit.provider'),
            t('console.audit.what'),
            t('console.audit.day'),
            t('console.audit.found'),
            t('console.audit.by'),
          ],
          audits.map((audit) => [
            link(audit.name, `#/audits/${audit.id}`),
            `${tFor('audit', audit.kind)} (${audit.scheme})`,
            day(audit.recorded),
            t('console.audit.counts', audit),
            audit.took_part
              ? element('span', {}, audit.auditor, ' ', element('span', { class: 'sample' }, t('console.audit.mine')))
              : audit.auditor,
          ]),
        )
      : null,
    next(t('console.queue.next')),
  );
}

// ------------------------------------------------------------------------------------------------ one, laid out

export function resultShown(result) {
  return element('span', { class: `result result-${result}` }, t(`console.result.${result}`));
}

function change({ before, result }) {
  if (!before || before === result) return null;
  return RANK[result] > RANK[before] ? 'worse' : RANK[result] < RANK[before] ? 'better' : 'other';
}

function findingLine(finding, criterion) {
  const changed = change(finding);
  return element(
    'li',
    { class: 'laid-out' },
    element(
      'p',
      {},
      element('b', {}, finding.criterion),
      ' ',
      resultShown(finding.result),
      ' ',
      changed &&
        element(
          'span',
          { class: 'sample' },
          t(`console.change.${changed}`, { before: t(`console.result.${finding.before}`) }),
        ),
      finding.after && finding.after !== finding.result
        ? element('span', { class: 'sample' }, t('console.audit.now', { result: t(`console.result.${finding.after}`) }))
        : null,
    ),
    element('p', { class: 'quiet' }, inLanguage(criterion?.text)),
    finding.note && element('p', {}, finding.note),
    finding.due && element('p', {}, t('console.audit.due', { day: day(finding.due) })),
  );
}

function findingsPart(title, id, findings, scheme) {
  if (!findings.length) return null;
  const criterion = (one) => scheme.criteria.find((each) => each.id === one.criterion);
  return element(
    'section',
    { 'aria-labelledby': id },
    element('h2', { id }, title, ` (${findings.length})`),
    element(
      'ul',
      {},
      findings.map((one) => findingLine(one, criterion(one))),
    ),
  );
}

// The rest stands folded under its principle: it is as it was, and in order.
function restPart(findings, scheme) {
  const groups = [...(scheme.principles ?? []), {}].map(({ id, name }) => ({
    name: name ? inLanguage(name) : t('console.findings.other'),
    list: findings.filter((one) => scheme.criteria.find((each) => each.id === one.criterion)?.principle === id),
  }));
  return element(
    'section',
    { 'aria-labelledby': 'rest' },
    element('h2', { id: 'rest' }, t('console.audit.rest')),
    groups
      .filter(({ list }) => list.length)
      .map(({ name, list }) =>
        element(
          'details',
          {},
          element('summary', {}, `${name} (${list.length})`),
          element(
            'ul',
            {},
            list.map((one) =>
              findingLine(
                one,
                scheme.criteria.find((each) => each.id === one.criterion),
              ),
            ),
          ),
        ),
      ),
  );
}

function facts(audit, scheme) {
  const { signed } = audit;
  const number = counts(audit.findings);
  const rows = [
    ['provider', `${audit.name}, KvK ${audit.kvk}`],
    ['what', tFor('audit', audit.kind)],
    ['scheme', `${inLanguage(scheme.name)}, ${t('console.audit.version', { version: audit.version })}`],
    signed.scope && ['scope', servicesIn(scheme, signed.scope)],
    audit.level && ['level', audit.level],
    ['days', `${day(signed.started)} – ${day(signed.finished)}`],
    ['by', audit.auditor],
    [
      'found',
      RESULTS.filter((result) => number[result])
        .map((result) => `${number[result]} × ${t(`console.result.${result}`)}`)
        .join(', '),
    ],
    ['recommends', tFor('console.action', audit.recommendation)],
  ];
  return element(
    'dl',
    {},
    rows
      .filter(Boolean)
      .map(([word, value]) =>
        element('div', {}, element('dt', {}, t(`console.audit.${word}`)), element('dd', {}, value)),
      ),
  );
}

function evidence({ evidence: list }) {
  if (!list.length) return element('p', { class: 'quiet' }, t('console.audit.no_evidence'));
  return element(
    'ul',
    { class: 'evidence' },
    list.map(({ name, sha256 }) => element('li', {}, name, ' ', element('code', {}, sha256))),
  );
}

// ------------------------------------------------------------------------------------------------------ what may be

// Why this decision is barred: a word of console.barred, or null.
function barred(rule, audit, me) {
  if (!me.roles.split(',').includes('decider')) return 'role';
  if (audit.took_part) return 'four-eyes';
  if (audit.decision && audit.decision !== 'refuse') return 'used';
  if (rule.clear_majors && audit.open.majors) return 'open-major';
  return rule.clear_overdue && audit.open.overdue ? 'overdue-minor' : null;
}

// The decisions that can rest on this audit, in the present state of the mark.
export function decisionsOn(rules, audit, mark, me) {
  const alive = mark && ALIVE.includes(mark.state);
  return rules
    .filter(
      (rule) =>
        rule.audit_kinds.includes(audit.kind) &&
        (rule.without_mark ? rule.action === 'refuse' || !alive : mark && rule.from.includes(mark.state)),
    )
    .map((rule) => ({ rule, bar: barred(rule, audit, me) }));
}

function decisionPart(decisions, audit) {
  const bars = [...new Set(decisions.map(({ bar }) => bar).filter(Boolean))];
  const free = decisions.filter(({ bar }) => !bar);
  return element(
    'section',
    { 'aria-labelledby': 'decide' },
    element('h2', { id: 'decide' }, t('console.audit.decide')),
    bars.map((bar) =>
      element(
        'p',
        { class: bar === 'open-major' || bar === 'overdue-minor' ? 'banner' : 'notice' },
        t(`console.barred.${bar}`),
        free.length
          ? ` ${t('console.barred.actions', {
              actions: decisions
                .filter((one) => one.bar === bar)
                .map(({ rule }) => tFor('console.action', rule.action))
                .join(', '),
            })}`
          : '',
      ),
    ),
    free.length
      ? element(
          'ul',
          { class: 'actions' },
          free.map(({ rule }) =>
            element(
              'li',
              {},
              link(tFor('console.action', rule.action), `#/audits/${audit.id}/decide/${rule.action}`, {
                class: rule.action === audit.recommendation ? 'button' : 'button plain',
              }),
              ' ',
              element(
                'span',
                { class: 'quiet' },
                t(`console.action.why.${rule.action}`),
                rule.action === audit.recommendation ? ` ${t('console.audit.recommended')}` : '',
              ),
            ),
          ),
        )
      : null,
  );
}

// All that is needed to judge, and to decide.
export async function auditAndMark(id) {
  const audit = await get(`audits/${id}`);
  const [scheme, provider, rules, me] = await Promise.all([
    get(`schemes/${audit.scheme}/${audit.version}`),
    get(`providers/${audit.kvk}`),
    get('rules'),
    get('me'),
  ]);
  const ofScheme = provider.marks.filter((one) => one.scheme === audit.scheme);
  const mark = ofScheme.find(({ state }) => ALIVE.includes(state)) ?? ofScheme.at(-1);
  return { audit, scheme, provider, rules, me, mark };
}

export async function auditPage(id) {
  const { audit, scheme, rules, me, mark } = await auditAndMark(id);
  const isOpen = (one) =>
    ['minor', 'major'].includes(one.after ?? one.result) || ['minor', 'major'].includes(one.result);
  const open = audit.findings.filter(isOpen).sort((a, b) => RANK[b.result] - RANK[a.result]);
  const changed = audit.findings.filter((one) => !isOpen(one) && change(one));
  const rest = audit.findings.filter((one) => !isOpen(one) && !change(one));
  show(
    t('console.audit.title', { name: audit.name }),
    facts(audit, scheme),
    mark &&
      element(
        'p',
        {},
        t('console.audit.mark'),
        ' ',
        link(mark.number, `#/marks/${mark.number}`),
        ` (${t(`state-short.${mark.state}`)})`,
      ),
    element('p', {}, link(t('console.link.open'), `#/link/${audit.kvk}`)),
    audit.decision &&
      element('p', { class: 'banner' }, t('console.audit.decided', { action: tFor('console.action', audit.decision) })),
    findingsPart(t('console.audit.open'), 'open', open, scheme) ?? element('p', {}, t('console.audit.none_open')),
    findingsPart(t('console.audit.changed'), 'changed', changed, scheme),
    audit.follow_ups.length
      ? element(
          'section',
          { 'aria-labelledby': 'follow' },
          element('h2', { id: 'follow' }, t('console.audit.follow_ups')),
          element(
            'ul',
            {},
            audit.follow_ups.map((one) =>
              element('li', {}, link(`${day(one.finished)}: ${t('console.audit.counts', one)}`, `#/audits/${one.id}`)),
            ),
          ),
        )
      : null,
    restPart(rest, scheme),
    element(
      'section',
      { 'aria-labelledby': 'evidence' },
      element('h2', { id: 'evidence' }, t('console.evidence.title')),
      evidence(audit.signed),
    ),
    decisionPart(decisionsOn(rules, audit, mark, me), audit),
    next(t(audit.took_part ? 'console.audit.next.mine' : 'console.audit.next')),
  );
}
