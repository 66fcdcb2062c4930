// People and keys: a second device for oneself; for an admin, inviting others and revoking what was lost. The one-time code
// is made here: the register is told its digest only.
import { choices, chosen, element, field, next, show, table } from './dom.js';
import { newDraft, save } from './draft.js';
import { rolesInWords } from './enrol.js';
import { hex, ownKey } from './key.js';
import { get } from './server.js';
import { day, t } from './words.js';

const ROLES = ['auditor', 'decider', 'admin'];
const CODE_BYTES = 16;

function makeCode() {
  return [...crypto.getRandomValues(new Uint8Array(CODE_BYTES))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

async function toReview(content, who, code) {
  const draft = newDraft({ type: 'person', content, who, link: code && `${location.origin}/console/enrol#${code}` });
  await save(draft);
  location.hash = `#/draft/${draft.id}/review`;
}

async function inviteAgain(person, name) {
  const code = makeCode();
  await toReview(
    { action: 'invite-again', person, code_sha256: await hex(new TextEncoder().encode(code)) },
    name,
    code,
  );
}

function row(one, { me, admin, kid, keys }) {
  const works = keys.some(({ person, key, revoked }) => person === one.person && key && !revoked);
  const state = one.revoked
    ? t('console.people.revoked', { day: day(one.revoked) })
    : one.key
      ? t('console.people.since', { day: day(one.enrolled) })
      : t('console.people.invited');
  const act = [];
  if (one.person === me || (admin && !works))
    act.push(
      element(
        'button',
        {
          type: 'button',
          class: 'plain small',
          'aria-label': `${t('console.people.another')}: ${one.name}`,
          click: () => inviteAgain(one.person, one.name),
        },
        t('console.people.another'),
      ),
    );
  if (one.key && !one.revoked && (admin || one.person === me))
    act.push(
      ' ',
      element(
        'button',
        {
          type: 'button',
          class: 'plain small',
          'aria-label': `${t('console.people.revoke')}: ${one.name}, ${state}`,
          click: () => toReview({ action: 'revoke', key: one.key }, one.name),
        },
        t('console.people.revoke'),
      ),
    );
  return [
    one.name,
    rolesInWords(one.roles),
    element('span', {}, state, one.key === kid ? ` (${t('console.people.this')})` : ''),
    element('span', {}, act),
  ];
}

function inviteForm() {
  const name = element('input', { name: 'name', maxlength: '100', required: true, autocomplete: 'off' });
  const form = element(
    'form',
    {
      class: 'long',
      submit: async (event) => {
        event.preventDefault();
        const roles = chosen(form, 'roles').join(',');
        if (!roles || !name.value.trim()) return;
        const code = makeCode();
        await toReview(
          { action: 'invite', name: name.value.trim(), roles, code_sha256: await hex(new TextEncoder().encode(code)) },
          name.value.trim(),
          code,
        );
      },
    },
    field(t('console.people.name'), name),
    choices(
      t('console.people.roles'),
      'checkbox',
      'roles',
      ROLES.map((value) => ({ value, label: t(`console.role.${value}`) })),
      ['auditor'],
    ),
    element('button', {}, t('console.decide.review')),
  );
  return element(
    'section',
    { 'aria-labelledby': 'invite' },
    element('h2', { id: 'invite' }, t('console.people.invite')),
    form,
  );
}

export async function peoplePage() {
  const people = await get('people');
  const { kid } = await ownKey();
  show(
    t('console.people.title'),
    element('p', {}, t(people.admin ? 'console.people.intro.admin' : 'console.people.intro')),
    table(
      t('console.people.title'),
      [t('console.people.name'), t('console.people.roles'), t('console.people.key'), t('console.cases.do')],
      people.keys.map((one) => row(one, { ...people, kid })),
    ),
    people.admin && inviteForm(),
    next(t('console.people.next')),
  );
}
