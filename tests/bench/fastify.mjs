// fastify.mjs PACKAGES DATABASE PORT: answers /m/NUMBER.json from a register with Fastify and better-sqlite3, as one
// would write it: statements prepared once, schemes and bodies kept in memory. It asks the register the same questions
// as keurmerk does, and gives the same answer for a mark on which time has done nothing yet; it does not look whether it
// has, which keurmerk does.
import { createRequire } from 'node:module';

const [packages, database, port] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const db = new (require('better-sqlite3'))(database, { readonly: true });
db.pragma('mmap_size = 268435456');
const app = require('fastify')();

const url = db.prepare('SELECT url FROM register').pluck().get();
const get = {
  mark: db.prepare('SELECT id, provider_id, scheme_id, granted_at FROM mark WHERE number = ?'),
  periods: db.prepare('SELECT * FROM mark_period WHERE mark_id = ? ORDER BY sequence'),
  provider: db.prepare('SELECT * FROM provider WHERE id = ?'),
  trade_names: db.prepare('SELECT name FROM provider_trade_name WHERE provider_id = ? ORDER BY position').pluck(),
  domains: db.prepare('SELECT domain, proven_at FROM provider_domain WHERE provider_id = ? ORDER BY position'),
  events: db.prepare('SELECT * FROM event WHERE mark_id = ? AND at <= ? ORDER BY id DESC'),
  audits: db.prepare(`SELECT a.kind, a.finished_on FROM decision AS d JOIN audit AS a ON a.submission_id = d.audit_id
    WHERE d.mark_id = ? AND d.holds_from <= ? ORDER BY a.finished_on DESC`),
};
const schemes = new Map();
for (const row of db.prepare('SELECT id, version, json FROM scheme').all())
  schemes.set(`${row.id}/${row.version}`, JSON.parse(row.json));
const bodies = new Map(db.prepare('SELECT * FROM body').all().map((body) => [body.id, body]));
const inTransaction = db.transaction((read) => read());

const moment = (seconds) => (seconds ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z` : null);
const amsterdam = new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Amsterdam' });
const days = new Map();
function day(seconds) {
  if (!days.has(seconds)) days.set(seconds, amsterdam.format(new Date(seconds * 1000)));
  return days.get(seconds);
}
const words = (nl, en) => (nl ? { nl, en: en ?? '' } : null);
const item = (items, id) => {
  const { name } = items.find((one) => one.id === id);
  return { id, name };
};

function read(number, now) {
  const mark = get.mark.get(number);
  if (!mark) return null;
  const periods = get.periods.all(mark.id).filter((one) => one.holds_from <= now);
  const period = periods.at(-1);
  const scheme = schemes.get(`${mark.scheme_id}/${period.scheme_version}`);
  const provider = get.provider.get(mark.provider_id);
  const body = bodies.get(period.body_id);
  const events = get.events.all(mark.id, now);
  const scope = JSON.parse(period.scope);
  const had = new Set(periods.flatMap((one) => JSON.parse(one.scope)).filter((id) => !scope.includes(id)));
  const shown = number.match(/.{4}/g).join('-');
  return {
    number, shown, state: period.state, state_since: moment(period.holds_from), reason: events[0]?.reason ?? null,
    text: words(events[0]?.text_nl, events[0]?.text_en), notice: null, as_of: moment(now), checked_at: moment(now),
    granted_at: moment(mark.granted_at), valid_from: moment(period.valid_from),
    valid_until: moment(period.valid_until), surveillance_due: moment(period.surveillance_due),
    provider: {
      name: provider.name, kvk: provider.kvk, establishment: provider.establishment, euid: provider.euid,
      lei: provider.lei, trade_names: get.trade_names.all(provider.id),
      domains: get.domains.all(provider.id).map((one) => ({ name: one.domain, proven_at: moment(one.proven_at) })),
      city: provider.city, region: provider.region, country: provider.country,
    },
    scheme: { id: scheme.id, version: scheme.version, name: scheme.name, sample: scheme.sample,
      url: `${url}/schemes/${scheme.id}` },
    scope: scope.map((id) => item(scheme.services, id)),
    scope_dropped: [...had].map((id) => item(scheme.services, id)),
    level: period.level ? item(scheme.levels, period.level) : null,
    body: { id: body.slug, name: body.name, accreditation: body.accreditation, city: body.city, url: body.url },
    audits: get.audits.all(mark.id, now).map((one) => ({ kind: one.kind, finished: day(one.finished_on) })),
    events: events.map((one) => ({ at: moment(one.at), recorded_at: moment(one.recorded_at), action: one.action,
      reason: one.reason, text: words(one.text_nl, one.text_en), state: one.state })),
    links: { page: `${url}/m/${number}`, credential: `${url}/m/${number}.jwt`,
      document: `${url}/m/${number}.json-ld`, status: `${url}/m/${number}/status.jwt`,
      badge: `${url}/m/${number}.svg`, qr: `${url}/m/${number}.qr.svg` },
  };
}

app.get('/m/:file', (request, reply) => {
  const number = request.params.file.replace(/\.json$/, '');
  const record = inTransaction(() => read(number, Math.floor(Date.now() / 1000)));
  if (!record) return reply.code(404).send({ title: 'there is no mark with this number' });
  reply.header('cache-control', 'public, max-age=60');
  return record;
});
await app.listen({ host: '127.0.0.1', port: Number(port) });
