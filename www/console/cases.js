// Appeals, complaints and misuse: what the public reported, what is open and by when, opening one and closing one.
import { saveTable } from './csv.js';
import { alertBox, button, choices, chosen, element, field, link, next, say, show, table } from './dom.js';
import { load, newDraft, save } from './draft.js';
import { hex } from './key.js';
import { get } from './server.js';
import { day, t, tFor } from './words.js';

const KINDS = ['misuse', 'complaint', 'appeal'];
const OUTCOMES = ['upheld', 'rejected', 'settled'];

function reportPart(reports) {
  const fresh = reports.filter((one) => !one.case);
  if (!fresh.length) return element('p', {}, t('console.cases.no_reports'));
  return element(
    'ul',
    {},
    fresh.map((one) =>
      element(
        'li',
        { class: 'laid-out' },
        element(
          'p',
          {},
          element('b', {}, tFor('console.case', one.kind)),
          ' · ',
          day(one.received),
          ' · ',
          link(one.number, `#/marks/${one.number}`),
          ' · ',
          element('code', {}, one.reference),
        ),
        element('p', {}, one.text),
        one.place && element('p', { class: 'quiet' }, t('console.cases.place'), ' ', one.place),
        one.contact && element('p', { class: 'quiet' }, t('console.cases.contact'), ' ', one.contact),
        link(t('console.cases.take'), `#/cases/open/${one.kind}/${one.reference}`, {
          class: 'button plain',
          'aria-label': `${t('console.cases.take')}: ${one.reference}`,
        }),
      ),
    ),
  );
}

function saveCases(cases) {
  const columns = ['kind', 'number', 'received', 'due', 'outcome', 'reason', 'closed', 'report', 'decision', 'id'];
  saveTable('zaken.csv', columns, cases);
  say(t('console.cases.exported', { number: cases.length }));
}

export async function casesPage() {
  const [cases, reports, { today }] = await Promise.all([get('cases'), get('reports'), get('me')]);
  const open = cases.filter(({ outcome }) => !outcome);
  const closed = cases.filter(({ outcome }) => outcome);
  const kind = (one) => tFor('console.case', one.kind);
  show(
    t('console.cases.title'),
    element(
      'section',
      { 'aria-labelledby': 'open' },
      element('h2', { id: 'open' }, t('console.cases.open')),
      open.length
        ? table(
            t('console.cases.open'),
            [
              t('console.cases.due'),
              t('console.cases.kind'),
              t('console.cases.received'),
              t('console.marks.number'),
              t('console.cases.do'),
            ],
            open.map((one) => [
              element(
                'span',
                { class: one.due < today ? 'late' : null },
                day(one.due),
                one.due < today ? ` (${t('console.desk.late')})` : '',
              ),
              kind(one),
              day(one.received),
              one.number ?? '–',
              link(t('console.cases.close'), `#/cases/close/${one.id}`, {
                'aria-label': `${t('console.cases.close')}: ${kind(one)}, ${day(one.due)}`,
              }),
            ]),
          )
        : element('p', {}, t('console.cases.none')),
    ),
    element(
      'section',
      { 'aria-labelledby': 'reports' },
      element('h2', { id: 'reports' }, t('console.cases.reports')),
      reportPart(reports),
    ),
    element(
      'div',
      { class: 'buttons' },
      link(t('console.cases.new'), '#/cases/open/complaint', { class: 'button plain' }),
      cases.length > 0 && button(t('console.marks.export'), () => saveCases(cases), { class: 'plain' }),
    ),
    closed.length
      ? element(
          'section',
          { 'aria-labelledby': 'closed' },
          element('h2', { id: 'closed' }, t('console.cases.closed')),
          table(
            t('console.cases.closed'),
            [t('console.cases.kind'), t('console.cases.received'), t('console.cases.outcome')],
            closed.map((one) => [
              kind(one),
              day(one.received),
              `${tFor('console.outcome', one.outcome)} (${one.reason})`,
            ]),
          ),
        )
      : null,
    next(t('console.cases.next')),
  );
}

class CaseForm {
  constructor(draft) {
    this.draft = draft;
    this.status = element('div');
  }
  value(name) {
    return this.form.elements[name]?.value?.trim() || undefined;
  }
  show(title, read, fields) {
    this.form = element(
      'form',
      {
        class: 'long',
        novalidate: true,
        input: () => this.keep(read()),
        submit: (event) => this.toReview(event, read()),
      },
      fields,
      this.status,
      element('button', {}, t('console.decide.review')),
    );
    show(title, this.form, next(t('console.decide.next')));
  }
  keep(content) {
    this.draft.content = Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
    return save(this.draft);
  }
  async toReview(event, content) {
    event.preventDefault();
    await this.keep(content);
    const missing = this.draft.needs.find((member) => !this.draft.content[member]);
    if (missing) {
      this.status.replaceChildren(alertBox(t('console.decide.missing', { what: t(`console.member.${missing}`) })));
      this.form.querySelector(`[name="${missing}"]`)?.focus();
      return;
    }
    location.hash = `#/draft/${this.draft.id}/review`;
  }
}

async function draftFor(id, made) {
  return (await load(id).catch(() => null)) ?? newDraft({ ...made, id, type: 'case' });
}

// about: the reference of a report, or the decision that an appeal is against.
export async function openCase(kind, about) {
  const me = await get('me');
  const reports = kind === 'appeal' ? [] : await get('reports');
  const report = reports.find(({ reference }) => reference === about);
  const draft = await draftFor(`case-${kind}-${about ?? 'new'}`, {
    needs: kind === 'appeal' ? ['kind', 'decision', 'received'] : ['kind', 'received'],
    content: {
      action: 'open',
      kind,
      mark: report?.number,
      decision: kind === 'appeal' ? about : undefined,
      report: report?.reference,
      received: report?.received ?? me.today,
    },
  });
  openForm(draft, me.today);
}

function openForm(draft, today) {
  const form = new CaseForm(draft);
  const { content } = draft;
  const letter = element('input', {
    type: 'file',
    name: 'letter',
    change: async () => {
      const [file] = letter.files;
      draft.content.sha256 = file ? await hex(await file.arrayBuffer()) : undefined;
      digest.textContent = draft.content.sha256 ?? '';
      await save(draft);
    },
  });
  const digest = element('code', {}, content.sha256 ?? '');
  const read = () => ({
    action: 'open',
    kind: chosen(form.form, 'kind')[0],
    mark: form.value('mark'),
    decision: form.value('decision'),
    report: form.value('report'),
    received: form.value('received'),
    sha256: draft.content.sha256,
  });
  form.show(t('console.cases.new'), read, [
    choices(
      t('console.cases.kind'),
      'radio',
      'kind',
      KINDS.map((value) => ({ value, label: tFor('console.case', value), help: t(`console.case.help.${value}`) })),
      content.kind,
    ),
    field(
      `${t('console.marks.number')} ${t('console.optional')}`,
      element('input', { name: 'mark', value: content.mark ?? '', autocomplete: 'off' }),
    ),
    field(
      t('console.cases.decision'),
      element('input', { name: 'decision', value: content.decision ?? '', autocomplete: 'off' }),
      t('console.cases.decision.help'),
    ),
    field(
      `${t('console.cases.report')} ${t('console.optional')}`,
      element('input', { name: 'report', value: content.report ?? '', autocomplete: 'off' }),
    ),
    field(
      t('console.cases.received'),
      element('input', { type: 'date', name: 'received', value: content.received ?? '', max: today }),
    ),
    field(`${t('console.cases.letter')} ${t('console.optional')}`, letter, t('console.evidence.help')),
    digest,
  ]);
}

export async function closeCase(id) {
  closeForm(await draftFor(`close-${id}`, { needs: ['outcome', 'reason'], content: { action: 'close', case: id } }));
}

function closeForm(draft) {
  const form = new CaseForm(draft);
  const { content } = draft;
  const read = () => ({
    action: 'close',
    case: content.case,
    outcome: chosen(form.form, 'outcome')[0],
    reason: form.value('reason'),
  });
  form.show(t('console.cases.close.title'), read, [
    element('p', { class: 'banner' }, t('console.cases.close.who')),
    choices(
      t('console.cases.outcome'),
      'radio',
      'outcome',
      OUTCOMES.map((value) => ({ value, label: tFor('console.outcome', value) })),
      content.outcome,
    ),
    field(
      t('console.decide.reason'),
      element('input', { name: 'reason', value: content.reason ?? '', maxlength: '40', autocomplete: 'off' }),
      t('console.decide.reason.help'),
    ),
  ]);
}

// A case whose draft is on this device already.
export function casePage(draft) {
  if (draft.content.action === 'close') closeForm(draft);
  else openForm(draft);
}
