// A decision: the fields that its rule asks for, and how the public will see it.
import { auditAndMark } from './audit.js';
import { alertBox, choices, chosen, element, field, next, show } from './dom.js';
import { load, newDraft, save } from './draft.js';
import { get } from './server.js';
import { day, has, inLanguage, language, t, tFor } from './words.js';

const REASONS = [
  'measures-not-kept',
  'misleading-use',
  'non-conformity',
  'surveillance-overdue',
  'corrected',
  'service-ended',
  'under-investigation',
  'not-met',
  'mistake',
];
const TEXT_MAX = 1000;
const STATES = ['active', 'suspended', 'withdrawn'];

// As on the public page about the mark, in both languages.
function preview(rule, draft) {
  if (!rule.public) return element('p', { class: 'banner' }, t('console.decide.not_public'));
  const { content } = draft;
  const state = content.state ?? rule.to ?? draft.state ?? 'active';
  return element(
    'section',
    { 'aria-labelledby': 'public' },
    element('h2', { id: 'public' }, t('console.decide.public')),
    element(
      'div',
      { class: `state state-${state} preview` },
      element(
        'div',
        {},
        element('p', { class: 'preview-title' }, t(`state.${state}`)),
        element('p', {}, draft.provider.name),
      ),
    ),
    content.text && element('blockquote', { lang: 'nl' }, content.text.nl || '…'),
    content.text && element('blockquote', { lang: 'en' }, content.text.en || '…'),
    element(
      'p',
      { class: 'quiet' },
      `${day(draft.today)} `,
      element('b', {}, tFor('event', rule.action)),
      ' ',
      content.reason && has(`reason.${content.reason}`) ? t(`reason.${content.reason}`) : '',
      content.text ? ` ${content.text[language] ?? ''}` : '',
    ),
  );
}

class Decision {
  constructor(draft, rule, back) {
    Object.assign(this, { draft, rule, back });
    this.preview = element('div');
    this.status = element('div');
  }
  has(member) {
    return this.rule.needs.includes(member) || this.rule.takes.includes(member);
  }
  must(member) {
    return this.rule.needs.includes(member);
  }
  open() {
    const { draft, rule } = this;
    this.form = element(
      'form',
      { class: 'long', novalidate: true, input: () => this.changed(), submit: (event) => this.toReview(event) },
      this.fields(),
      this.preview,
      this.status,
      element('button', {}, t('console.decide.review')),
    );
    show(
      `${tFor('console.action', rule.action)}: ${draft.provider.name}`,
      element('p', {}, t(`console.action.why.${rule.action}`)),
      this.form,
      next(t('console.decide.next')),
    );
    this.draw();
  }
  label(words, member) {
    return this.must(member) ? t(words) : `${t(words)} ${t('console.optional')}`;
  }
  fields() {
    const { content, audits, scheme } = this.draft;
    const services = (scheme?.services ?? []).map(({ id, name }) => ({ value: id, label: inLanguage(name) }));
    return [
      this.has('audit') &&
        audits?.length &&
        choices(
          t('console.decide.audit'),
          'radio',
          'audit',
          [
            ...(this.must('audit') ? [] : [{ value: '', label: t('console.decide.no_audit') }]),
            ...audits.map(({ id, kind, finished, recommendation }) => ({
              value: id,
              label: `${tFor('audit', kind)}, ${day(finished)}`,
              help: tFor('console.action', recommendation),
            })),
          ],
          content.audit ?? '',
        ),
      this.has('scope') &&
        choices(
          this.label('console.decide.scope', 'scope'),
          'checkbox',
          'scope',
          services,
          content.scope ?? this.draft.scope ?? [],
        ),
      this.has('state') &&
        choices(
          t('console.decide.state'),
          'radio',
          'state',
          STATES.map((value) => ({ value, label: t(`state-short.${value}`) })),
          content.state,
        ),
      this.has('name') && field(t('console.decide.name'), this.input('name', { maxlength: '200' })),
      this.has('to') && this.bodyField(),
      this.has('reason') && [
        field(
          this.label('console.decide.reason', 'reason'),
          this.input('reason', { maxlength: '40', list: 'reasons' }),
          t('console.decide.reason.help'),
        ),
        element(
          'datalist',
          { id: 'reasons' },
          REASONS.map((value) =>
            element('option', { value, label: has(`reason.${value}`) ? t(`reason.${value}`) : value }),
          ),
        ),
      ],
      this.has('text') &&
        ['nl', 'en'].map((lang) =>
          field(
            this.label(`console.decide.${this.reader()}.${lang}`, 'text'),
            element('textarea', {
              name: `text-${lang}`,
              rows: '4',
              maxlength: String(TEXT_MAX),
              lang,
              value: content.text?.[lang] ?? '',
            }),
          ),
        ),
      !['grant', 'refuse', 'refuse-transfer'].includes(this.rule.action) &&
        field(
          this.must('state') ? t('console.decide.since') : `${t('console.decide.from')} ${t('console.optional')}`,
          element('input', { type: 'datetime-local', name: 'holds_from', value: this.draft.from ?? '' }),
        ),
    ]
      .flat()
      .filter(Boolean);
  }
  bodyField() {
    const { bodies, content } = this.draft;
    if (!bodies?.length) return alertBox(t('console.decide.no_bodies'));
    return field(
      t('console.decide.to'),
      element(
        'select',
        { name: 'to' },
        element('option', { value: '' }, t('console.decide.choose')),
        bodies.map(({ slug, name }) => element('option', { value: slug, selected: slug === content.to }, name)),
      ),
    );
  }
  // Who will read the text.
  reader() {
    return this.rule.public ? 'text' : this.has('transfer') ? 'other' : 'private';
  }
  input(name, attributes) {
    return element('input', { name, value: this.draft.content[name] ?? '', autocomplete: 'off', ...attributes });
  }
  // The form into the content, in the order of the members.
  read() {
    const { draft, rule, form } = this;
    const value = (name) => form.elements[name]?.value?.trim() || undefined;
    const before = draft.content;
    const content = { action: rule.action };
    const audit = draft.audits ? chosen(form, 'audit')[0] : before.audit;
    if (audit) content.audit = audit;
    if (before.mark) content.mark = before.mark;
    const scope = this.has('scope') && chosen(form, 'scope');
    if (scope && (this.must('scope') || scope.join() !== (draft.scope ?? []).join())) content.scope = scope;
    if (before.transfer) content.transfer = before.transfer;
    for (const name of ['reason', 'name', 'to'])
      if (this.has(name) && value(name)) content[name] = value(name);
    const text = { nl: value('text-nl') ?? '', en: value('text-en') ?? '' };
    if (this.has('text') && (text.nl || text.en)) content.text = text;
    if (this.has('state') && chosen(form, 'state')[0]) [content.state] = chosen(form, 'state');
    draft.from = value('holds_from');
    if (draft.from) content.holds_from = new Date(draft.from).toISOString().replace(/\.\d+/, '');
    draft.content = content;
  }
  draw() {
    this.preview.replaceChildren(preview(this.rule, this.draft));
  }
  changed() {
    this.read();
    this.draw();
    return save(this.draft);
  }
  async toReview(event) {
    event.preventDefault();
    await this.changed();
    const { content } = this.draft;
    const missing =
      this.rule.needs.find((member) => !content[member] || content[member].length === 0) ??
      (content.text && !(content.text.nl && content.text.en) ? 'text' : null) ??
      (this.must('state') && !content.holds_from ? 'holds_from' : null);
    if (missing) {
      this.status.replaceChildren(alertBox(t('console.decide.missing', { what: t(`console.member.${missing}`) })));
      this.form.querySelector(`[name="${missing === 'text' ? 'text-nl' : missing}"]`)?.focus();
      return;
    }
    location.hash = `#/draft/${this.draft.id}/review`;
  }
}

// What is written for one decision is found again, by what it is about.
async function draftFor(id, made) {
  return (await load(id).catch(() => null)) ?? newDraft({ ...made, id, type: 'decision' });
}

function pageOf(draft, rule) {
  draft.rule = rule;
  draft.isPublic = rule.public;
  new Decision(draft, rule).open();
}

export async function decideOnAudit(id, action) {
  const { audit, scheme, provider, rules, me, mark } = await auditAndMark(id);
  const rule = rules.find((one) => one.action === action);
  if (!rule) throw new RangeError(action);
  const draft = await draftFor(`on-${id}-${action}`, {
    provider: { name: provider.name, kvk: provider.kvk },
    scheme,
    today: me.today,
    auditKind: audit.kind,
    auditDay: audit.finished,
    state: mark?.state,
    scope: rule.action === 'extend' ? audit.signed.scope : mark?.scope,
    content: { action, audit: id, ...(!rule.without_mark && { mark: mark.number }) },
  });
  pageOf(draft, rule);
}

export async function decideOnMark(number, action) {
  const [{ record, marks, audits }, rules, me] = await Promise.all([get(`marks/${number}`), get('rules'), get('me')]);
  const rule = rules.find((one) => one.action === action);
  const mark = marks.find((one) => one.number === record.number);
  if (!rule || !mark) throw new RangeError(action);
  const scheme = await get(`schemes/${mark.scheme}/${mark.version}`);
  const usable = audits.filter(
    (one) => one.scheme === mark.scheme && rule.audit_kinds.includes(one.kind) && !one.decision && !one.took_part,
  );
  const draft = await draftFor(`mark-${mark.number}-${action}`, {
    provider: { name: mark.name, kvk: mark.kvk },
    scheme,
    today: me.today,
    state: mark.state,
    scope: mark.scope,
    content: { action, mark: mark.number },
  });
  draft.audits = usable;
  if (rule.needs.includes('to')) draft.bodies = await get(`bodies/${mark.scheme}`);
  pageOf(draft, rule);
}

// Answers the offer of another body.
export async function decideOnTransfer(id, action) {
  const [{ transfer, record }, rules, me] = await Promise.all([get(`transfers/${id}`), get('rules'), get('me')]);
  const rule = rules.find((one) => one.action === action && one.needs.includes('transfer'));
  if (!rule) throw new RangeError(action);
  const draft = await draftFor(`transfer-${id}-${action}`, {
    provider: { name: transfer.name, kvk: transfer.kvk },
    today: me.today,
    state: record.state,
    from_body: transfer.from,
    content: { action, mark: record.number, transfer: id },
  });
  pageOf(draft, rule);
}

// A decision whose draft is on this device already.
export function decidePage(draft) {
  pageOf(draft, draft.rule);
}

export function decisionPreview(draft) {
  return preview(draft.rule, draft);
}
