// People and keys: a second device for oneself; for an admin, inviting others, their roles, and revoking what was lost. The
// one-time code is made here: the register is told its digest only.
import { alertBox, button, choices, chosen, element, field, link, next, show } from './dom.js';
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

async function toReview(content, who, code, more = {}) {
  const draft = newDraft({
    type: 'person',
    content,
    who,
    link: code && `${location.origin}/console/enrol#${code}`,
    ...more,
  });
  await save(draft);
  location.hash = `#/draft/${draft.id}/review`;
}

const by = (name) => name ?? t('console.people.operator');

// Those that could still be used.
const isOpen = ({ used, until, ended }, today) => !used && !ended && until >= today;

async function inviteAgain({ person, name, invitations }, today) {
  const code = makeCode();
  const [open] = invitations.filter((one) => isOpen(one, today));
  await toReview(
    { action: 'invite-again', person, code_sha256: await hex(new TextEncoder().encode(code)) },
    name,
    code,
    open && { replaces: { by: by(open.by_name), day: open.made } },
  );
}

// The lists of the register, by person.
export function byPerson({ keys, invitations, roles }) {
  const people = new Map();
  for (const one of keys) {
    const entry = people.get(one.person) ?? { person: one.person, name: one.name, roles: one.roles, keys: [] };
    if (one.key) entry.keys.push(one);
    people.set(one.person, entry);
  }
  for (const entry of people.values()) {
    entry.invitations = invitations.filter(({ person }) => person === entry.person);
    entry.history = roles.filter(({ person }) => person === entry.person);
  }
  return [...people.values()];
}

// What others have done so that somebody can act as the owner of this browser's key: invitations by others that are open,
// and keys that came of one after this one. Whoever did none of it knows from this.
export function doneByOthers({ me, kid, today, ...lists }) {
  const own = byPerson(lists).find(({ person }) => person === me);
  const since = own.keys.findIndex(({ key }) => key === kid);
  return own.invitations.filter((one) => {
    if (one.by === me) return false;
    const key = own.keys.findIndex((each) => each.key === one.key);
    return isOpen(one, today) || (key > since && !own.keys[key].revoked);
  });
}

export function warning(list) {
  if (!list.length) return null;
  return alertBox(
    element('p', {}, t('console.people.warning')),
    element(
      'ul',
      {},
      list.map((one) => element('li', {}, invitationInWords(one))),
    ),
    element('p', {}, t('console.people.warning.do'), ' ', link(t('console.people.title'), '#/people')),
  );
}

function invitationInWords(one, today) {
  const what = one.used
    ? 'used'
    : one.ended
      ? 'ended'
      : today && !isOpen(one, today)
        ? 'expired'
        : 'open';
  return t(`console.people.invitation.${what}`, {
    by: by(one.by_name),
    made: day(one.made),
    used: day(one.used),
    until: day(one.until),
  });
}

// ------------------------------------------------------------------------------------------------------- one person

function keyLine(key, entry, { me, admin, kid }) {
  const invitation = entry.invitations.find((one) => one.key === key.key);
  const since = t('console.people.since', { day: day(key.enrolled) });
  return element(
    'li',
    {},
    element(
      'span',
      {},
      since,
      key.key === kid ? ` (${t('console.people.this')})` : '',
      invitation ? `, ${t('console.people.by', { by: by(invitation.by_name) })}` : '',
    ),
    (admin || entry.person === me) &&
      button(t('console.people.revoke'), () => toReview({ action: 'revoke', key: key.key }, entry.name), {
        class: 'plain small',
        'aria-label': `${t('console.people.revoke')}: ${entry.name}, ${since}`,
      }),
  );
}

function pastOf({ keys, invitations, history }, today) {
  const lines = [
    ...invitations.map((one) => [one.made, invitationInWords(one, today)]),
    ...keys
      .filter(({ revoked }) => revoked)
      .map(({ enrolled, revoked }) => [
        revoked,
        t('console.people.was_revoked', { since: day(enrolled), day: day(revoked) }),
      ]),
    ...history.map((one) => [
      one.day,
      t(one.first ? 'console.people.roles.first' : 'console.people.roles.set', {
        roles: rolesInWords(one.roles),
        day: day(one.day),
        by: by(one.by_name),
      }),
    ]),
  ];
  return element(
    'details',
    {},
    element('summary', {}, t('console.people.past')),
    element(
      'ul',
      {},
      lines.sort(([a], [b]) => (a < b ? 1 : a > b ? -1 : 0)).map(([, text]) => element('li', {}, text)),
    ),
  );
}

function personCard(entry, all) {
  const { me, admin, today } = all;
  const own = entry.person === me;
  const live = entry.keys.filter(({ revoked }) => !revoked);
  const id = `person-${entry.person}`;
  return element(
    'section',
    { class: 'person', 'aria-labelledby': id },
    element('h2', { id }, entry.name, own ? ` (${t('console.people.you')})` : ''),
    element('p', {}, rolesInWords(entry.roles)),
    live.length
      ? element(
          'ul',
          { class: 'drafts' },
          live.map((key) => keyLine(key, entry, all)),
        )
      : element('p', { class: 'banner' }, t('console.people.keyless')),
    element(
      'div',
      { class: 'buttons' },
      (own || (admin && !live.length)) &&
        button(t(own ? 'console.people.another' : 'console.people.again'), () => inviteAgain(entry, today), {
          class: 'plain',
          'aria-label': `${t(own ? 'console.people.another' : 'console.people.again')}: ${entry.name}`,
        }),
      admin &&
        link(t('console.people.roles.change'), `#/people/${entry.person}`, {
          class: 'button plain',
          'aria-label': `${t('console.people.roles.change')}: ${entry.name}`,
        }),
    ),
    pastOf(entry, today),
  );
}

// ------------------------------------------------------------------------------------------------------------ pages

function rolesFields(roles) {
  return choices(
    t('console.people.roles'),
    'checkbox',
    'roles',
    ROLES.map((value) => ({ value, label: t(`console.role.${value}`), help: t(`console.role.help.${value}`) })),
    roles,
  );
}

function inviteForm() {
  const name = element('input', { name: 'name', maxlength: '100', required: true, autocomplete: 'off' });
  const status = element('div');
  const form = element(
    'form',
    {
      class: 'long',
      novalidate: true,
      submit: async (event) => {
        event.preventDefault();
        const roles = chosen(form, 'roles').join(',');
        const missing = name.value.trim() ? (roles ? null : 'roles') : 'person';
        if (missing) {
          status.replaceChildren(alertBox(t('console.decide.missing', { what: t(`console.member.${missing}`) })));
          form.querySelector(`[name="${missing === 'person' ? 'name' : missing}"]`).focus();
          return;
        }
        const code = makeCode();
        await toReview(
          { action: 'invite', name: name.value.trim(), roles, code_sha256: await hex(new TextEncoder().encode(code)) },
          name.value.trim(),
          code,
        );
      },
    },
    field(t('console.people.name'), name),
    rolesFields(['auditor']),
    status,
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
  const all = { ...people, kid };
  show(
    t('console.people.title'),
    element('p', {}, t(people.admin ? 'console.people.intro.admin' : 'console.people.intro')),
    warning(doneByOthers(all)),
    byPerson(people).map((entry) => personCard(entry, all)),
    people.admin && inviteForm(),
    next(t('console.people.next')),
  );
}

// The roles of one of them.
export async function rolesPage(id) {
  const people = await get('people');
  const entry = byPerson(people).find(({ person }) => String(person) === id);
  if (!entry || !people.admin) throw new RangeError(id);
  const status = element('div');
  const form = element(
    'form',
    {
      class: 'long',
      novalidate: true,
      submit: async (event) => {
        event.preventDefault();
        const roles = chosen(form, 'roles').join(',');
        if (!roles || roles === entry.roles) {
          status.replaceChildren(alertBox(t(roles ? 'console.problem.same-roles' : 'console.people.roles.none')));
          form.querySelector('[name="roles"]').focus();
          return;
        }
        await toReview({ action: 'roles', person: entry.person, roles }, entry.name, undefined, { before: entry.roles });
      },
    },
    rolesFields(entry.roles.split(',')),
    status,
    element(
      'div',
      { class: 'buttons' },
      element('button', {}, t('console.decide.review')),
      link(t('console.back'), '#/people', { class: 'button plain' }),
    ),
  );
  show(
    t('console.people.roles.title', { name: entry.name }),
    element('p', {}, t('console.people.roles.intro')),
    form,
    next(t('console.people.roles.next')),
  );
}
