// The link that a body hands out to a provider, for its own page. The token in it is made here: the register is told its
// digest only, so that nobody finds it there.
import { button, element, link, next, show } from './dom.js';
import { newDraft, save } from './draft.js';
import { hex } from './key.js';
import { get } from './server.js';
import { day, t } from './words.js';

const TOKEN_BYTES = 16;

function makeToken() {
  return [...crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

async function toReview(content, { name, present }, token) {
  const draft = newDraft({
    type: 'link',
    content,
    who: name,
    back: `#/link/${content.provider}`,
    replaces: present && content.action === 'give' ? present.made : undefined,
    link: token && `${location.origin}/p/${token}`,
  });
  await save(draft);
  location.hash = `#/draft/${draft.id}/review`;
}

async function give(kvk, provider) {
  const token = makeToken();
  const digest = await hex(new TextEncoder().encode(token));
  await toReview({ action: 'give', provider: kvk, token_sha256: digest }, provider, token);
}

export async function linkPage(kvk) {
  const provider = await get(`links/${kvk}`);
  const { name, present } = provider;
  show(
    t('console.link.title', { name }),
    element('p', {}, t('console.link.what')),
    element(
      'p',
      { class: 'banner' },
      present
        ? t('console.link.present', {
            by: present.by ?? t('console.people.operator'),
            made: day(present.made),
            until: day(present.until),
          })
        : t('console.link.none'),
    ),
    element(
      'div',
      { class: 'buttons' },
      button(t(present ? 'console.link.anew' : 'console.link.make'), () => give(kvk, provider)),
      present &&
        button(t('console.link.withdraw'), () => toReview({ action: 'withdraw', provider: kvk }, provider), {
          class: 'plain',
        }),
      link(t('console.back'), `#/start/${kvk}`, { class: 'button plain' }),
    ),
    next(t('console.link.next')),
  );
}
