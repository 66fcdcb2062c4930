// Starting an audit: whose, of which kind, under which scheme, for which services.
import { alertBox, button, chosen, choices, element, field, next, say, show, table } from './dom.js';
import { newDraft, save } from './draft.js';
import { problemBox } from './review.js';
import { get } from './server.js';
import { day, inLanguage, t, tFor } from './words.js';

const KINDS = ['initial', 'surveillance', 'recertification', 'special', 'follow-up'];
const FEWEST = 2; // letters from which a name is searched for

// --------------------------------------------------------------------------------------------------- whose

function hitLine(hits) {
  const [{ kvk, name, city }] = hits;
  const marks = hits
    .filter(({ number }) => number)
    .map(({ scheme, state }) => `${scheme}: ${t(`state-short.${state}`)}`);
  return element(
    'li',
    {},
    element(
      'a',
      { class: 'hit', href: `#/start/${kvk}` },
      element('span', { class: 'hit-name' }, name),
      element('span', { class: 'quiet' }, [`KvK ${kvk}`, city, ...marks].filter(Boolean).join(' · ')),
    ),
  );
}

export function startPage() {
  const hits = element('ul', { class: 'hits' });
  let asked = 0;
  async function search(text) {
    const mine = ++asked;
    if (text.trim().length < FEWEST) return hits.replaceChildren();
    try {
      const found = await get(`providers?q=${encodeURIComponent(text.trim())}`);
      if (mine !== asked) return;
      const byKvk = Map.groupBy(found, ({ kvk }) => kvk);
      hits.replaceChildren(...[...byKvk.values()].map(hitLine));
      say(t('console.start.found', { number: byKvk.size }));
      if (!byKvk.size) hits.replaceChildren(element('li', {}, t('console.start.none')));
    } catch (error) {
      hits.replaceChildren(problemBox(error));
    }
  }
  const input = element('input', { type: 'search', autocomplete: 'off', input: () => search(input.value) });
  show(
    t('console.start.title'),
    field(t('console.start.who'), input, t('console.start.who.help')),
    hits,
    next(t('console.start.who.next')),
  );
}

// ------------------------------------------------------------------------------------------------ what and how

// What makes sense now, of the kinds of audit under this scheme.
function suggestKind(mark, open) {
  if (open) return 'follow-up';
  if (!mark || mark.state === 'withdrawn' || mark.state === 'expired') return 'initial';
  return 'surveillance';
}

class Form {
  constructor(provider, me, schemes) {
    Object.assign(this, { provider, me, schemes });
    this.body = element('form', { class: 'long', submit: (event) => this.begin(event) });
    this.status = element('div');
  }
  open(schemeId = this.schemes[0]?.id) {
    show(
      t('console.start.at', { name: this.provider.name }),
      element('p', { class: 'quiet' }, [`KvK ${this.provider.kvk}`, this.provider.city].filter(Boolean).join(' · ')),
      this.past(),
      this.body,
      next(t('console.start.next')),
    );
    this.draw(schemeId);
  }
  past() {
    if (!this.provider.audits.length) return element('p', {}, t('console.start.first'));
    return element(
      'section',
      { 'aria-labelledby': 'past' },
      element('h2', { id: 'past' }, t('console.start.past')),
      table(
        t('console.start.past'),
        [t('console.audit.what'), t('console.audit.day'), t('console.audit.found')],
        this.provider.audits
          .slice(0, 5)
          .map((audit) => [
            element('a', { href: `#/audits/${audit.id}` }, `${tFor('audit', audit.kind)} (${audit.scheme})`),
            day(audit.finished),
            t('console.audit.counts', audit),
          ]),
      ),
    );
  }
  draw(schemeId, kind) {
    this.scheme = this.schemes.find(({ id }) => id === schemeId);
    const { scheme, provider } = this;
    this.mark = provider.marks.find(
      (mark) => mark.scheme === scheme.id && mark.state !== 'withdrawn' && mark.state !== 'expired',
    );
    this.followable = provider.audits.filter(
      (audit) => audit.scheme === scheme.id && audit.kind !== 'follow-up' && audit.majors + audit.minors,
    );
    kind ??= suggestKind(this.mark, false);
    const today = this.me.today;
    const services = scheme.services.map(({ id, name, text }) => ({
      value: id,
      label: inLanguage(name),
      help: inLanguage(text),
    }));
    const kinds = KINDS.filter((one) => one !== 'follow-up' || this.followable.length);
    this.body.replaceChildren(
      ...[
        this.schemes.length > 1 &&
          choices(
            t('console.start.scheme'),
            'radio',
            'scheme',
            this.schemes.map(({ id, name }) => ({ value: id, label: inLanguage(name) })),
            scheme.id,
            (event) => this.redraw(event.target.value),
          ),
        choices(
          t('console.start.kind'),
          'radio',
          'kind',
          kinds.map((one) => ({ value: one, label: tFor('audit', one), help: t(`console.kind.${one}`) })),
          kind,
          (event) => this.redraw(scheme.id, event.target.value),
        ),
        kind === 'follow-up'
          ? choices(
              t('console.start.follows'),
              'radio',
              'follows',
              this.followable.map((audit) => ({
                value: audit.id,
                label: `${tFor('audit', audit.kind)}, ${day(audit.finished)}`,
                help: t('console.audit.counts', audit),
              })),
              this.followable[0].id,
            )
          : [
              choices(t('console.start.scope'), 'checkbox', 'scope', services, this.mark?.scope ?? []),
              scheme.levels?.length
                ? choices(
                    t('console.start.level'),
                    'radio',
                    'level',
                    scheme.levels.map(({ id, name }) => ({ value: id, label: inLanguage(name) })),
                    this.mark?.level ?? scheme.levels[0].id,
                  )
                : null,
            ],
        element(
          'div',
          { class: 'row' },
          field(
            t('console.start.started'),
            element('input', { type: 'date', name: 'started', required: true, max: today, value: today }),
          ),
          field(
            t('console.start.finished'),
            element('input', { type: 'date', name: 'finished', required: true, max: today, value: today }),
          ),
        ),
        this.status,
        element('button', {}, t('console.start.begin')),
      ]
        .flat()
        .filter(Boolean),
    );
  }
  // The same choice has the focus after a change as before it.
  redraw(schemeId, kind) {
    const { name, value } = document.activeElement;
    this.draw(schemeId, kind);
    this.body.querySelector(`input[name="${name}"][value="${value}"]`)?.focus();
  }
  refuse(words) {
    this.status.replaceChildren(alertBox(words));
  }
  async begin(event) {
    event.preventDefault();
    const values = (name) => chosen(this.body, name);
    const [kind] = values('kind');
    const [started, finished] = ['started', 'finished'].map((name) => this.body.elements[name].value);
    const scope = values('scope');
    if (kind !== 'follow-up' && !scope.length) return this.refuse(t('console.start.no_scope'));
    if (started > finished) return this.refuse(t('console.start.order'));
    const { provider } = this;
    try {
      const draft = newDraft({
        type: 'audit',
        provider: { kvk: provider.kvk, name: provider.name, city: provider.city },
        scheme: this.scheme,
        kind,
        started,
        finished,
        scope,
        level: values('level')[0],
        findings: {},
        evidence: [],
        mark: this.mark?.number,
      });
      Object.assign(draft, kind === 'follow-up' ? await this.whatIsOpen(values('follows')[0]) : await this.lastTime());
      await save(draft);
      location.hash = `#/draft/${draft.id}`;
    } catch (error) {
      this.status.replaceChildren(problemBox(error));
    }
  }
  // A follow-up looks at what is open still, under the version of the scheme of the audit that it follows.
  async whatIsOpen(id) {
    const audit = await get(`audits/${id}`);
    const open = audit.findings.filter(({ result, after }) => ['minor', 'major'].includes(after ?? result));
    const last = Object.fromEntries(
      audit.findings.map((one) => [
        one.criterion,
        { result: one.after ?? one.result, note: one.note, on: audit.finished },
      ]),
    );
    return {
      follows: id,
      open: open.map(({ criterion }) => criterion),
      last,
      scheme: await get(`schemes/${audit.scheme}/${audit.version}`),
    };
  }
  // What the last audit said, to be shown beside each criterion.
  async lastTime() {
    const audit = this.provider.audits.find((one) => one.scheme === this.scheme.id);
    if (!audit) return { last: {} };
    const { findings, finished } = await get(`audits/${audit.id}`);
    return {
      last: Object.fromEntries(
        findings.map(({ criterion, result, note }) => [criterion, { result, note, on: finished }]),
      ),
    };
  }
}

export async function startAt(kvk) {
  const [provider, me] = await Promise.all([get(`providers/${kvk}`), get('me')]);
  const schemes = await Promise.all(me.schemes.map((id) => get(`schemes/${id}/0`)));
  if (!me.roles.split(',').includes('auditor')) {
    show(t('console.start.title'), alertBox(t('console.start.no_auditor')));
    return;
  }
  new Form(provider, me, schemes).open();
}
