// The last page before a signature: what it says in plain words, exactly what is signed, and one button. What was signed
// is kept until the registry has answered, so that a lost connection costs nothing.
import { auditContent, auditSummary, caseSummary, decisionSummary, linkSummary, personSummary } from './content.js';
import { alertBox, button, element, link, next, say, show } from './dom.js';
import { remove, save } from './draft.js';
import { ownKey, random, sign } from './key.js';
import { envelope, Refused, submit, Unreachable } from './server.js';
import { day, has, t } from './words.js';

const TOO_OLD_S = 10 * 60; // the registry takes 15 minutes
const RETRY_MS = 5000;

const contentOf = (draft) => (draft.type === 'audit' ? auditContent(draft) : draft.content);
const summaryOf = {
  audit: auditSummary,
  decision: decisionSummary,
  case: caseSummary,
  person: personSummary,
  link: linkSummary,
};

// The text that is signed, as it is shown.
async function compose(draft, key) {
  const { aud, iat } = await envelope();
  const claims = { iss: key.kid, aud, iat, jti: random(18), type: draft.type, [draft.type]: contentOf(draft) };
  return { text: JSON.stringify(claims, null, 2), made: Date.now() };
}

export function problemWords(error) {
  if (error instanceof Unreachable) return t('console.problem.unreachable');
  if (!(error instanceof Refused)) return t('console.problem.browser');
  const key = `console.problem.${error.type}`;
  return has(key) ? t(key) : t('console.problem.other');
}

export function problemBox(error) {
  return alertBox(
    element('p', {}, problemWords(error)),
    error instanceof Refused && error.message ? element('p', { class: 'quiet', lang: 'en' }, error.message) : null,
  );
}

function copyPart(text) {
  const told = element('span', { class: 'quiet' });
  const tell = (word) => {
    told.textContent = t(word);
    say(t(word));
  };
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => tell('console.done.copied'),
      () => tell('console.done.not_copied'),
    );
  return element('p', {}, button(t('console.done.copy'), copy, { class: 'plain small' }), ' ', told);
}

function finished(draft, reply) {
  const done = `console.done.${draft.type}`;
  const shown =
    draft.type === 'decision' && reply.url
      ? [
          element(
            'p',
            {},
            t('console.done.state', { state: t(`state-short.${reply.state}`) }),
            ' ',
            link(t('console.done.public'), new URL(reply.url).pathname, { target: '_blank', rel: 'noopener' }),
            reply.action === 'grant' && [' · ', link(t('console.link.open'), `#/link/${draft.provider.kvk}`)],
          ),
        ]
      : [];
  const giving = t(draft.type === 'link' ? 'console.done.link.provider' : 'console.done.link', {
    name: draft.who,
    day: day(reply.expires),
  });
  const handOver = draft.link
    ? [
        element('p', {}, giving),
        element('pre', { tabindex: '0', role: 'group', 'aria-label': giving }, draft.link),
        copyPart(draft.link),
      ]
    : [];
  show(
    t(`${done}.title`),
    element('p', {}, t(`${done}.text`)),
    shown,
    handOver,
    element('p', { class: 'quiet' }, t('console.done.id'), ' ', element('code', {}, reply.id)),
    next(t(`${done}.next`), ' ', link(t('console.desk.title'), '#/')),
  );
  say(t(`${done}.title`));
}

class Review {
  constructor(draft, back, preview) {
    this.draft = draft;
    this.back = back;
    this.preview = preview;
    this.status = element('div', { class: 'status' });
    this.exact = element('pre', { tabindex: '0', role: 'group', 'aria-label': t('console.review.exact') });
    this.sendButton = button(t('console.review.sign'), () => this.signAndSend());
  }
  async open() {
    this.key = await ownKey();
    const { draft } = this;
    // What was chosen with one button has no form in which it could be put right.
    const hasForm = draft.type !== 'person' && draft.type !== 'link';
    show(
      t('console.review.title'),
      element('p', {}, t(hasForm ? 'console.review.intro' : 'console.review.intro.other')),
      element(
        'section',
        { 'aria-labelledby': 'plain' },
        element('h2', { id: 'plain' }, t('console.review.plain')),
        element(
          'ul',
          { class: 'summary' },
          summaryOf[draft.type](draft).map((line) => element('li', {}, line)),
        ),
      ),
      this.preview,
      element(
        'section',
        { 'aria-labelledby': 'exact' },
        element('h2', { id: 'exact' }, t('console.review.exact')),
        element('p', { class: 'quiet' }, t('console.review.exact.help')),
        this.exact,
      ),
      this.status,
      element(
        'div',
        { class: 'buttons' },
        this.sendButton,
        link(t(hasForm ? 'console.review.back' : 'console.back'), this.back, { class: 'button plain' }),
      ),
      next(t('console.review.next')),
    );
    if (draft.signed) this.showSigned();
    else await this.renew();
  }
  async renew() {
    try {
      this.composed = await compose(this.draft, this.key);
      this.exact.textContent = this.composed.text;
      this.sendButton.disabled = false;
    } catch (error) {
      this.sendButton.disabled = true;
      this.status.replaceChildren(problemBox(error));
      if (error instanceof Unreachable) this.later(() => this.renew());
    }
  }
  showSigned() {
    this.exact.textContent = this.draft.signedText;
    this.sendButton.textContent = t('console.review.again');
    this.status.replaceChildren(element('p', { class: 'banner' }, t('console.review.signed')));
  }
  // As long as this page is shown.
  later(act) {
    setTimeout(() => this.exact.isConnected && act(), RETRY_MS);
  }
  async signAndSend() {
    const { draft } = this;
    this.sendButton.disabled = true;
    try {
      if (!draft.signed) {
        if (Date.now() - this.composed.made > TOO_OLD_S * 1000) {
          await this.renew();
          this.status.replaceChildren(alertBox(t('console.review.renewed')));
          return;
        }
        draft.signed = await sign(this.key, 'keurmerk-submission+jwt', this.composed.text);
        draft.signedText = this.composed.text;
        await save(draft);
      }
      await this.send();
    } catch (error) {
      this.status.replaceChildren(problemBox(error));
    } finally {
      this.sendButton.disabled = false;
    }
  }
  async send() {
    const { draft } = this;
    say(t('console.review.sending'));
    try {
      const reply = await submit(draft.signed);
      await remove(draft.id);
      finished(draft, reply);
    } catch (error) {
      if (error instanceof Unreachable) {
        this.showSigned();
        this.status.replaceChildren(alertBox(t('console.review.kept')));
        this.later(() => this.send());
        return;
      }
      // It was not taken, so it may be put right and signed anew.
      delete draft.signed;
      delete draft.signedText;
      await save(draft);
      this.sendButton.textContent = t('console.review.sign');
      await this.renew();
      this.status.replaceChildren(problemBox(error));
    }
  }
}

// draft: of type audit, decision or case. back: where what is wrong can be put right. preview: how the public will see it.
export function review(draft, back, preview = null) {
  return new Review(draft, back, preview).open();
}
