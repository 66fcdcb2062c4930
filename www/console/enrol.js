// The first visit: a one-time code becomes a key of one's own. The code stands behind the # of the link, so it goes into
// no request line and no log; it is taken out of the address at once.
import { alertBox, button, element, link, next, say, show } from './dom.js';
import { canSign, keepOwner, makeKey, ownKey } from './key.js';
import { problemBox } from './review.js';
import { enrol, signIn, Unreachable } from './server.js';
import { day, t, tFor } from './words.js';

export function rolesInWords(roles) {
  return roles
    .split(',')
    .map((role) => tFor('console.role', role))
    .join(', ');
}

function welcome(owner) {
  show(
    t('console.enrol.done', { name: owner.person }),
    element('p', {}, t('console.enrol.roles', { body: owner.body_name ?? owner.body, roles: rolesInWords(owner.roles) })),
    owner.invited_at &&
      element(
        'p',
        {},
        t('console.enrol.invited', {
          by: owner.invited_by ?? t('console.people.operator'),
          day: day(owner.invited_at),
        }),
      ),
    element('p', {}, t('console.enrol.kept')),
    element('p', {}, link(t('console.enrol.desk'), '/console#/', { class: 'button' })),
    next(t('console.enrol.next')),
  );
}

async function register(code, status) {
  const before = await ownKey();
  // A key that was made here and is not taken yet is used again: an answer may have been lost on its way.
  const key = before && !before.owner ? before : await makeKey();
  say(t('console.enrol.busy'));
  try {
    const owner = await enrol(key, code);
    await keepOwner(key, owner);
    welcome(owner);
  } catch (error) {
    if (error.type === 'invitation' || error.type === 'key-enrolled') {
      const taken = await signIn(key).then(
        () => true,
        () => false,
      );
      if (taken) {
        await keepOwner(key, {});
        location.assign('/console');
        return;
      }
    }
    status.replaceChildren(problemBox(error));
    if (error instanceof Unreachable) say(t('console.problem.unreachable'));
  }
}

export async function enrolPage() {
  const code = location.hash.slice(1);
  history.replaceState(null, '', location.pathname + location.search);
  if (!(await canSign())) {
    show(
      t('console.enrol.cannot'),
      alertBox(element('p', {}, t('console.enrol.cannot.text'))),
      next(t('console.enrol.cannot.next')),
    );
    return;
  }
  if (!/^[0-9a-f]{32}$/.test(code)) {
    show(t('console.enrol.title'), alertBox(t('console.enrol.no_code')), next(t('console.enrol.no_code.next')));
    return;
  }
  const key = await ownKey();
  const status = element('div');
  show(
    t('console.enrol.title'),
    element('p', {}, t('console.enrol.what')),
    element(
      'ul',
      { class: 'ticks' },
      ['here', 'own', 'lost'].map((word) => element('li', {}, t(`console.enrol.${word}`))),
    ),
    key?.owner && element('p', { class: 'banner' }, t('console.enrol.replaces')),
    status,
    element(
      'p',
      {},
      button(t('console.enrol.make'), () => register(code, status)),
    ),
    next(t('console.enrol.make.next')),
  );
}
