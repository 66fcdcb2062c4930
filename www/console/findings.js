// Filling in an audit: one criterion after the other, by keyboard alone if wished, with each change kept at once.
import { byPrinciple, criteriaOf, isOpen, lacking, lacks, NOTE_MAX, RESULTS } from './content.js';
import { alertBox, button, choices, element, field, next, say, show } from './dom.js';
import { save } from './draft.js';
import { evidencePart } from './evidence.js';
import { problemBox } from './review.js';
import { get } from './server.js';
import { day, inLanguage, t, tFor } from './words.js';

class Findings {
  constructor(draft, rules) {
    this.draft = draft;
    this.rules = rules;
    this.saved = element('p', { class: 'saved quiet' });
    this.bar = element('progress', { max: criteriaOf(draft).length, 'aria-label': t('console.findings.progress') });
    this.count = element('span');
    this.groups = new Map();
    this.status = element('div');
    this.sets = [];
  }
  open() {
    const { draft } = this;
    show(
      t('console.findings.title', { name: draft.provider.name }),
      element(
        'p',
        { class: 'quiet' },
        `${tFor('audit', draft.kind)} · ${inLanguage(draft.scheme.short_name ?? draft.scheme.name)}`,
      ),
      element('p', {}, t('console.findings.keys')),
      element('div', { class: 'progress' }, this.bar, this.count, this.saved),
      this.principles(),
      byPrinciple(draft).map((group) => this.group(group)),
      evidencePart(draft.evidence, () => this.changed()),
      this.recommendation(),
      this.status,
      element(
        'div',
        { class: 'buttons' },
        button(t('console.findings.review'), () => this.toReview()),
      ),
      next(t('console.findings.next')),
    );
    this.count_up();
    this.saved.textContent = t('console.findings.kept');
  }
  principles() {
    return element(
      'nav',
      { 'aria-label': t('console.findings.principles'), class: 'principles' },
      element(
        'ul',
        {},
        byPrinciple(this.draft).map(({ id, name }) => {
          const count = element('span', { class: 'quiet' });
          this.groups.set(id, count);
          return element(
            'li',
            {},
            button(name, () => this.goTo(id), { class: 'plain' }),
            ' ',
            count,
          );
        }),
      ),
    );
  }
  goTo(id) {
    const heading = document.getElementById(`principle-${id}`);
    heading.focus();
    heading.scrollIntoView();
  }
  group({ id, name, criteria }) {
    return element(
      'section',
      { 'aria-labelledby': `principle-${id}` },
      element('h2', { id: `principle-${id}`, tabindex: '-1' }, name),
      criteria.map((criterion) => this.criterion(criterion)),
    );
  }
  criterion(criterion) {
    const { draft } = this;
    const finding = (draft.findings[criterion.id] ??= {});
    const details = element('div', { class: 'details' });
    const results = RESULTS.filter((result) => result !== 'not-applicable' || !criterion.mandatory);
    const set = choices(
      element('span', {}, element('b', {}, criterion.id), ' ', inLanguage(criterion.text)),
      'radio',
      `result-${criterion.id}`,
      results.map((value, i) => ({ value, label: t(`console.result.${value}`), help: String(i + 1) })),
      finding.result,
      (event) => {
        finding.result = event.target.value;
        this.details(criterion, finding, details);
        this.changed();
      },
    );
    set.classList.add('finding');
    set.addEventListener('keydown', (event) => this.key(event, set, results));
    const before = draft.last?.[criterion.id];
    if (before)
      set
        .querySelector('legend')
        .append(
          element(
            'small',
            { class: 'before' },
            t('console.findings.before', { result: t(`console.result.${before.result}`), day: day(before.on) }),
            before.note ? ` ${before.note}` : '',
          ),
        );
    set.append(details);
    this.details(criterion, finding, details);
    this.sets.push({ id: criterion.id, set });
    return set;
  }
  // What a result asks for beside itself.
  details(criterion, finding, place) {
    const lines = [];
    if (finding.result && finding.result !== 'conform') {
      const note = element('textarea', {
        rows: '3',
        maxlength: String(NOTE_MAX),
        value: finding.note ?? '',
        input: () => {
          finding.note = note.value;
          this.changed();
        },
      });
      lines.push(field(t(finding.result === 'not-applicable' ? 'console.lacks.why' : 'console.lacks.note'), note));
    }
    if (isOpen(finding.result)) {
      const due = element('input', {
        type: 'date',
        min: this.draft.finished,
        value: finding.due ?? '',
        input: () => {
          finding.due = due.value;
          this.changed();
        },
      });
      lines.push(field(t('console.lacks.due'), due));
    }
    place.replaceChildren(...lines);
  }
  // Keys count only where the focus is on a result: 1 to 4 choose, Enter goes on; Ctrl+Enter goes on from a text too.
  key(event, set, results) {
    const onResult = event.target.type === 'radio';
    if (onResult && /^[1-4]$/.test(event.key) && results[event.key - 1]) {
      event.preventDefault();
      const radio = set.querySelectorAll('input[type="radio"]')[event.key - 1];
      radio.checked = true;
      radio.focus();
      radio.dispatchEvent(new Event('change', { bubbles: true }));
      const more = set.querySelector('.details textarea');
      if (more) more.focus();
      else this.goOn(set);
    } else if (event.key === 'Enter' && (onResult || event.ctrlKey)) {
      event.preventDefault();
      this.goOn(set);
    }
  }
  goOn(set) {
    const at = this.sets.findIndex((one) => one.set === set);
    const target = this.sets[at + 1]?.set;
    if (target) this.enter(target);
    else this.status.parentElement.querySelector('.drop input').focus();
  }
  enter(set) {
    (set.querySelector('input:checked') ?? set.querySelector('input')).focus();
    set.scrollIntoView({ block: 'center' });
  }
  recommendation() {
    const options = this.rules.filter(
      ({ action, audit_kinds }) =>
        action === 'refuse' ||
        audit_kinds.includes(this.draft.kind) ||
        (this.draft.kind === 'follow-up' && action === 'maintain'),
    );
    return element(
      'section',
      {},
      choices(
        t('console.findings.recommend'),
        'radio',
        'recommendation',
        options.map(({ action }) => ({ value: action, label: tFor('console.action', action) })),
        this.draft.recommendation,
        (event) => {
          this.draft.recommendation = event.target.value;
          this.changed();
        },
      ),
    );
  }
  changed() {
    this.saved.textContent = t('console.findings.saving');
    const kept = save(this.draft);
    kept.then(
      () => {
        this.saved.textContent = t('console.findings.saved', {
          time: new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' }),
        });
      },
      () => {
        this.status.replaceChildren(alertBox(t('console.findings.not_saved')));
      },
    );
    this.count_up();
    return kept;
  }
  count_up() {
    const { draft } = this;
    const isDone = ({ id }) => lacks(draft.findings[id], draft.finished) === null;
    const all = criteriaOf(draft);
    const done = all.filter(isDone).length;
    this.bar.value = done;
    this.count.textContent = t('console.findings.count', { done, all: all.length });
    for (const { id, criteria } of byPrinciple(draft))
      this.groups.get(id).textContent = t('console.findings.count', {
        done: criteria.filter(isDone).length,
        all: criteria.length,
      });
    for (const { id, set } of this.sets) set.classList.toggle('done', isDone({ id }));
  }
  async toReview() {
    const { draft } = this;
    const left = lacking(draft);
    const none = !criteriaOf(draft).some(({ id }) => draft.findings[id]?.result);
    if (left.length || none) {
      const { id } = left[0] ?? criteriaOf(draft)[0];
      this.status.replaceChildren(
        alertBox(
          t('console.findings.left', {
            number: left.length,
            id,
            what: t(`console.lacks.${lacks(draft.findings[id], draft.finished) ?? 'result'}`),
          }),
        ),
      );
      this.enter(this.sets.find((one) => one.id === id).set);
      return;
    }
    if (!draft.recommendation) {
      this.status.replaceChildren(alertBox(t('console.findings.no_recommendation')));
      document.querySelector('input[name="recommendation"]').focus();
      return;
    }
    await this.changed();
    say('');
    location.hash = `#/draft/${draft.id}/review`;
  }
}

// What may be recommended is the registry's table; kept with the draft, so that an audit goes on without a connection.
export async function findingsPage(draft) {
  try {
    if (!draft.rules) {
      draft.rules = (await get('rules')).map(({ action, audit_kinds }) => ({ action, audit_kinds }));
      await save(draft);
    }
    new Findings(draft, draft.rules).open();
  } catch (error) {
    show(t('console.findings.title', { name: draft.provider.name }), problemBox(error));
  }
}
