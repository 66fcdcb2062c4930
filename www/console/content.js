// What is to be signed: made from a draft, told in plain words. doc/submissions.md has the form.
import { day, inLanguage, t, tFor } from './words.js';

export const RESULTS = ['conform', 'minor', 'major', 'not-applicable'];
export const NOTE_MAX = 2000;

export const isOpen = (result) => result === 'minor' || result === 'major';

function demanded(scheme, criterion, scope, level) {
  const levels = (scheme.levels ?? []).map(({ id }) => id);
  const inScope = !criterion.services?.length || criterion.services.some((service) => scope.includes(service));
  return inScope && (!levels.length || levels.indexOf(criterion.level ?? levels[0]) <= levels.indexOf(level));
}

// The criteria that an audit looks at: those of its scope and level, or those that a follow-up picks up again.
export function criteriaOf(draft) {
  const { scheme } = draft;
  return draft.kind === 'follow-up'
    ? scheme.criteria.filter(({ id }) => draft.open.includes(id))
    : scheme.criteria.filter((criterion) => demanded(scheme, criterion, draft.scope, draft.level));
}

// Criteria under their principle: [{ id, name, criteria }], in the order of the scheme.
export function byPrinciple(draft) {
  const groups = [...(draft.scheme.principles ?? []), { id: undefined, name: null }].map(({ id, name }) => ({
    id: id ?? 'other',
    name: name ? inLanguage(name) : t('console.findings.other'),
    criteria: criteriaOf(draft).filter((criterion) => criterion.principle === id),
  }));
  return groups.filter(({ criteria }) => criteria.length);
}

// What a finding still needs: a word of console.lacks, or null.
export function lacks(finding, finished) {
  if (!finding?.result) return 'result';
  if (finding.result === 'conform') return null;
  if (!finding.note?.trim()) return finding.result === 'not-applicable' ? 'why' : 'note';
  if (isOpen(finding.result) && !finding.due) return 'due';
  if (isOpen(finding.result) && finding.due < finished) return 'early';
  return null;
}

export function lacking(draft) {
  return criteriaOf(draft).filter(({ id }) => {
    const finding = draft.findings[id];
    // A follow-up looks again at what it can, and leaves the rest open.
    if (draft.kind === 'follow-up' && !finding?.result) return false;
    return lacks(finding, draft.finished) !== null;
  });
}

function findingOf(criterion, finding) {
  const { result, note, due } = finding;
  return { criterion, result, ...(note?.trim() && { note: note.trim() }), ...(isOpen(result) && { due }) };
}

export function auditContent(draft) {
  const followUp = draft.kind === 'follow-up';
  return {
    provider: draft.provider.kvk,
    scheme: draft.scheme.id,
    version: draft.scheme.version,
    kind: draft.kind,
    ...(followUp && { follows: draft.follows }),
    started: draft.started,
    finished: draft.finished,
    ...(!followUp && { scope: draft.scheme.services.map(({ id }) => id).filter((id) => draft.scope.includes(id)) }),
    ...(!followUp && draft.level && { level: draft.level }),
    findings: criteriaOf(draft)
      .filter(({ id }) => draft.findings[id]?.result)
      .map(({ id }) => findingOf(id, draft.findings[id])),
    evidence: draft.evidence.map(({ name, sha256 }) => ({ name, sha256 })),
    recommendation: draft.recommendation,
  };
}

export function counts(findings) {
  return Object.fromEntries(RESULTS.map((result) => [result, findings.filter((one) => one.result === result).length]));
}

export function servicesIn(scheme, scope) {
  return scheme.services
    .filter(({ id }) => scope.includes(id))
    .map(({ name }) => inLanguage(name))
    .join(', ');
}

// The audit in sentences.
export function auditSummary(draft) {
  const content = auditContent(draft);
  const number = counts(content.findings);
  return [
    t('console.sum.audit', { kind: tFor('audit', draft.kind), name: draft.provider.name, kvk: draft.provider.kvk }),
    t('console.sum.scheme', { scheme: inLanguage(draft.scheme.name), version: draft.scheme.version }),
    content.scope && t('console.sum.scope', { services: servicesIn(draft.scheme, content.scope) }),
    t('console.sum.days', { started: day(draft.started), finished: day(draft.finished) }),
    t('console.sum.findings', {
      total: content.findings.length,
      conform: number.conform,
      minor: number.minor,
      major: number.major,
      other: number['not-applicable'],
    }),
    t('console.sum.evidence', { number: content.evidence.length }),
    t('console.sum.recommend', { action: tFor('console.action', draft.recommendation) }),
  ].filter(Boolean);
}

export function decisionSummary(draft) {
  const { content } = draft;
  return [
    t('console.sum.decision', { action: tFor('console.action', content.action), name: draft.provider.name }),
    content.mark && t('console.sum.mark', { number: content.mark }),
    content.audit && t('console.sum.rests', { kind: tFor('audit', draft.auditKind), day: day(draft.auditDay) }),
    content.scope && t('console.sum.scope', { services: servicesIn(draft.scheme, content.scope) }),
    content.state && t('console.sum.state', { state: tFor('state-short', content.state) }),
    content.name && t('console.sum.name', { name: content.name }),
    content.to && t('console.sum.to', { body: draft.bodies?.find(({ slug }) => slug === content.to)?.name ?? content.to }),
    draft.from_body && t('console.sum.from_body', { body: draft.from_body }),
    content.reason && t('console.sum.reason', { reason: content.reason }),
    content.holds_from ? t('console.sum.from', { moment: content.holds_from }) : t('console.sum.now'),
    t(draft.isPublic ? 'console.sum.public' : 'console.sum.private'),
  ].filter(Boolean);
}

function rolesOf(roles) {
  return roles
    .split(',')
    .map((role) => tFor('console.role', role))
    .join(', ');
}

export function personSummary({ content, who, before, replaces }) {
  return [
    t(`console.sum.person.${content.action}`, { name: who }),
    replaces && t('console.sum.replaces', { by: replaces.by, day: day(replaces.day) }),
    before && t('console.sum.roles.before', { roles: rolesOf(before) }),
    content.roles &&
      t(before ? 'console.sum.roles.after' : 'console.sum.roles', { roles: rolesOf(content.roles) }),
    t('console.sum.private'),
  ].filter(Boolean);
}

export function linkSummary({ content, who, replaces }) {
  return [
    t(`console.sum.link.${content.action}`, { name: who }),
    replaces && t('console.sum.link.replaces', { day: day(replaces) }),
    content.action === 'give' && t('console.sum.link.digest'),
    t('console.sum.private'),
  ].filter(Boolean);
}

export function caseSummary({ content }) {
  return content.action === 'open'
    ? [
        t('console.sum.case', { kind: tFor('console.case', content.kind), day: day(content.received) }),
        content.mark && t('console.sum.mark', { number: content.mark }),
        t('console.sum.private'),
      ].filter(Boolean)
    : [
        t('console.sum.close', { outcome: tFor('console.outcome', content.outcome), reason: content.reason }),
        t('console.sum.private'),
      ];
}
