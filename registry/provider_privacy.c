#include "registry/provider_privacy.h"

#include "base/clock.h"
#include "registry/mail.h"
#include "registry/provider.h"
#include "registry/record.h"
#include "registry/sql.h"

/* ---------------------------------------------------------------------------------------------- rows as objects */

enum kind { END, TEXT, NUMBER, MOMENT, DAY, JSON };

/* The columns of a statement, in its order, as members of an object. */
struct member {
	const char *name;
	enum kind kind;
};

static json_t *read_value(struct km_statement *statement, int column, enum kind kind)
{
	const char *text = km_sql_get_text(statement, column);
	char moment[KM_TIME_TEXT], day[KM_DATE_TEXT];
	if (!text)
		return json_null();
	switch (kind) {
	case NUMBER:
		return json_integer(km_sql_get_int(statement, column));
	case MOMENT:
		km_time_format(km_sql_get_int(statement, column), moment);
		return json_string(moment);
	case DAY:
		km_date_format(km_sql_get_int(statement, column), day);
		return json_string(day);
	case JSON:
		return json_loads(text, JSON_DECODE_ANY, NULL);
	default:
		return json_string(text);
	}
}

/* The present row; NULL where memory ran out. */
static json_t *read_object(struct km_statement *statement, const struct member *members)
{
	json_t *object = json_object();
	for (int column = 0; object && members[column].kind != END; column++) {
		json_t *value = read_value(statement, column, members[column].kind);
		if (!value || json_object_set_new(object, members[column].name, value) != 0) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}

/* Adds to `parent`, under `name`, an array of what the statement gives for :id, and calls `each` (may be NULL) with the
 * id in the column after the last member and the object, so that it can add to that in turn. */
static enum km_error add_rows(struct km_store *store, const char *literal, int64_t id, const struct member *members,
                              enum km_error (*each)(struct km_store *store, int64_t id, json_t *object,
                                                    struct km_problem *problem),
                              json_t *parent, const char *name, struct km_problem *problem)
{
	json_t *array = json_array();
	if (!array || json_object_set_new(parent, name, array) != 0)
		return km_fail_memory(problem);
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	int columns = 0;
	while (members[columns].kind != END)
		columns++;
	for (bool row = true;;) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		json_t *object = read_object(statement, members);
		if (!object || json_array_append_new(array, object) != 0)
			return km_fail_memory(problem);
		error = each ? each(store, km_sql_get_int(statement, columns), object, problem) : KM_OK;
		if (error)
			return error;
	}
}

/* --------------------------------------------------------------------------------------------------- what is held */

static enum km_error add_history(struct km_store *store, int64_t mark_id, json_t *mark, struct km_problem *problem)
{
	static const struct member period[] = {{"sequence", NUMBER},
	                                       {"holds_from", MOMENT},
	                                       {"recorded_at", MOMENT},
	                                       {"state", TEXT},
	                                       {"body", TEXT},
	                                       {"scheme_version", NUMBER},
	                                       {"scope", JSON},
	                                       {"level", TEXT},
	                                       {"valid_from", MOMENT},
	                                       {"valid_until", MOMENT},
	                                       {"surveillance_due", MOMENT},
	                                       {"surveillance_limit", MOMENT},
	                                       {"suspension_limit", MOMENT},
	                                       {NULL, END}};
	static const struct member event[] = {
		{"at", MOMENT},    {"recorded_at", MOMENT}, {"action", TEXT}, {"reason", TEXT},
		{"text_nl", TEXT}, {"text_en", TEXT},       {"state", TEXT},  {NULL, END}};
	enum km_error error = add_rows(store,
	                               "SELECT sequence, holds_from, recorded_at, state, body.slug, scheme_version, scope, "
	                               "level, valid_from, valid_until, "
	                               "surveillance_due, surveillance_limit, suspension_limit FROM mark_period "
	                               "JOIN body ON body.id = mark_period.body_id WHERE mark_id = :id ORDER BY sequence",
	                               mark_id, period, NULL, mark, "periods", problem);
	if (error)
		return error;
	return add_rows(store,
	                "SELECT at, recorded_at, action, reason, text_nl, text_en, state FROM event WHERE mark_id = :id "
	                "ORDER BY id",
	                mark_id, event, NULL, mark, "events", problem);
}

static enum km_error add_public(struct km_store *store, int64_t id, json_t *export, struct km_problem *problem)
{
	static const struct member trade_name[] = {{"name", TEXT}, {NULL, END}};
	static const struct member domain[] = {{"domain", TEXT}, {"proven_at", MOMENT}, {NULL, END}};
	static const struct member mark[] = {{"number", TEXT}, {"scheme", TEXT}, {"granted_at", MOMENT}, {NULL, END}};
	static const struct member link[] = {{"body", TEXT}, {"made_at", MOMENT}, {"expires_at", MOMENT}, {NULL, END}};
	enum km_error error =
		add_rows(store, "SELECT name FROM provider_trade_name WHERE provider_id = :id ORDER BY position", id,
	             trade_name, NULL, export, "trade_names", problem);
	if (!error)
		error =
			add_rows(store, "SELECT domain, proven_at FROM provider_domain WHERE provider_id = :id ORDER BY position",
		             id, domain, NULL, export, "domains", problem);
	if (!error)
		error =
			add_rows(store, "SELECT number, scheme_id, granted_at, id FROM mark WHERE provider_id = :id ORDER BY id",
		             id, mark, add_history, export, "marks", problem);
	if (!error)
		error = add_rows(store,
		                 "SELECT body.slug, made_at, expires_at FROM provider_link JOIN body ON body.id = body_id"
		                 " WHERE provider_id = :id ORDER BY made_at, token_sha256",
		                 id, link, NULL, export, "links", problem);
	return error;
}

static enum km_error add_contact(struct km_store *store, int64_t id, json_t *export, struct km_problem *problem)
{
	static const struct member contact[] = {
		{"name", TEXT}, {"email", TEXT}, {"phone", TEXT}, {"language", TEXT}, {NULL, END}};
	return add_rows(store, "SELECT name, email, phone, language FROM provider_contact WHERE provider_id = :id", id,
	                contact, NULL, export, "contact", problem);
}

/* Decisions on a mark of the provider, and those on its audits that gave no mark. */
#define DECISION                                                                                                       \
	"SELECT decision.submission_id AS id, mark.number, decision.audit_id, body.slug, action, reason, text_nl, "        \
	"text_en, "                                                                                                        \
	"holds_from, decision.recorded_at AS recorded_at FROM "

static enum km_error add_evidence(struct km_store *store, int64_t id, json_t *export, struct km_problem *problem)
{
	static const struct member audit[] = {
		{"id", TEXT},        {"body", TEXT},           {"scheme", TEXT},        {"version", NUMBER}, {"kind", TEXT},
		{"started_on", DAY}, {"finished_on", DAY},     {"scope", JSON},         {"level", TEXT},     {"majors", NUMBER},
		{"minors", NUMBER},  {"recommendation", TEXT}, {"recorded_at", MOMENT}, {NULL, END}};
	static const struct member decision[] = {
		{"id", TEXT},           {"mark", TEXT},          {"audit", TEXT},   {"body", TEXT},
		{"action", TEXT},       {"reason", TEXT},        {"text_nl", TEXT}, {"text_en", TEXT},
		{"holds_from", MOMENT}, {"recorded_at", MOMENT}, {NULL, END}};
	enum km_error error =
		add_rows(store,
	             "SELECT submission_id, body.slug, scheme_id, scheme_version, kind, started_on, finished_on, scope, "
	             "level, majors, "
	             "minors, recommendation, recorded_at FROM audit JOIN body ON body.id = audit.body_id "
	             "WHERE provider_id = :id ORDER BY recorded_at, submission_id",
	             id, audit, NULL, export, "audits", problem);
	if (!error)
		error =
			add_rows(store,
		             DECISION "mark JOIN decision ON decision.mark_id = mark.id "
		                      "JOIN body ON body.id = decision.body_id WHERE mark.provider_id = :id UNION ALL " DECISION
		                      "audit JOIN decision ON decision.audit_id = audit.submission_id "
		                      "JOIN body ON body.id = decision.body_id LEFT JOIN mark ON mark.id = decision.mark_id "
		                      "WHERE audit.provider_id = :id AND decision.mark_id IS NULL "
		                      "ORDER BY recorded_at, id",
		             id, decision, NULL, export, "decisions", problem);
	return error;
}

/* What others have said of it. Who reported something is told to the body alone: those are the data of another. */
static enum km_error add_remarks(struct km_store *store, int64_t id, json_t *export, struct km_problem *problem)
{
	static const struct member finding[] = {{"audit", TEXT}, {"criterion", TEXT}, {"result", TEXT},
	                                        {"note", TEXT},  {"due_on", DAY},     {NULL, END}};
	static const struct member file[] = {{"id", TEXT},          {"kind", TEXT},    {"mark", TEXT},
	                                     {"decision", TEXT},    {"body", TEXT},    {"received_on", DAY},
	                                     {"due_at", MOMENT},    {"outcome", TEXT}, {"reason", TEXT},
	                                     {"closed_at", MOMENT}, {NULL, END}};
	static const struct member report[] = {{"reference", TEXT}, {"kind", TEXT},          {"mark", TEXT}, {"text", TEXT},
	                                       {"place", TEXT},     {"received_at", MOMENT}, {NULL, END}};
	enum km_error error = add_rows(store,
	                               "SELECT f.audit_id, f.criterion, f.result, f.note, f.due_on FROM audit AS a"
	                               " JOIN finding AS f ON f.audit_id = a.submission_id WHERE a.provider_id = :id"
	                               " ORDER BY a.recorded_at, f.audit_id, f.criterion",
	                               id, finding, NULL, export, "findings", problem);
	if (!error)
		error = add_rows(store,
		                 "SELECT c.submission_id, c.kind, m.number, c.decision_id, b.slug, c.received_on, c.due_at,"
		                 " x.outcome, x.reason, x.recorded_at FROM case_file AS c JOIN body AS b ON b.id = c.body_id"
		                 " LEFT JOIN case_closure AS x ON x.case_id = c.submission_id"
		                 " LEFT JOIN decision AS e ON e.submission_id = c.decision_id"
		                 " LEFT JOIN mark AS m ON m.id = coalesce(c.mark_id, e.mark_id) WHERE c.submission_id IN ("
		                 "  SELECT f.submission_id FROM mark AS o JOIN case_file AS f ON f.mark_id = o.id"
		                 "  WHERE o.provider_id = :id UNION"
		                 "  SELECT f.submission_id FROM mark AS o JOIN decision AS d ON d.mark_id = o.id"
		                 "  JOIN case_file AS f ON f.decision_id = d.submission_id WHERE o.provider_id = :id UNION"
		                 "  SELECT f.submission_id FROM audit AS a JOIN decision AS d ON d.audit_id = a.submission_id"
		                 "  JOIN case_file AS f ON f.decision_id = d.submission_id WHERE a.provider_id = :id)"
		                 " ORDER BY c.recorded_at, c.submission_id",
		                 id, file, NULL, export, "cases", problem);
	if (!error)
		error = add_rows(store,
		                 "SELECT r.reference, r.kind, m.number, r.text, r.place, r.received_at FROM mark AS m"
		                 " JOIN report AS r ON r.mark_id = m.id WHERE m.provider_id = :id ORDER BY r.id",
		                 id, report, NULL, export, "reports", problem);
	return error;
}

/* Of whose bytes nothing is left. */
static enum km_error add_purged(struct km_store *store, int64_t id, json_t *export, struct km_problem *problem)
{
	static const struct member purged[] = {{"id", TEXT},  {"type", TEXT},        {"received_at", MOMENT},
	                                       {"why", TEXT}, {"purged_at", MOMENT}, {NULL, END}};
	return add_rows(store,
	                "SELECT s.id, s.type, s.received_at, q.why, q.purged_at FROM purge AS q"
	                " JOIN submission AS s ON s.id = q.submission_id WHERE q.provider_id = :id ORDER BY s.sequence",
	                id, purged, NULL, export, "purged", problem);
}

static enum km_error add_mail(struct km_store *store, int64_t id, json_t *export, struct km_problem *problem)
{
	static const struct member mail[] = {{"kind", TEXT},  {"due_at", MOMENT}, {"queued_at", MOMENT},
	                                     {"state", TEXT}, {"at", MOMENT},     {NULL, END}};
	return add_rows(store,
	                "SELECT kind, due_at, queued_at, state, at FROM mail WHERE provider_id = :id"
	                " AND recipient = 'provider' ORDER BY id",
	                id, mail, NULL, export, "mail", problem);
}

/* Takes the one object out of an array of one; null where it is empty. */
static enum km_error unwrap(json_t *export, const char *name, struct km_problem *problem)
{
	json_t *only = json_array_get(json_object_get(export, name), 0);
	int failed = only ? json_object_set(export, name, only) : json_object_set_new(export, name, json_null());
	return failed ? km_fail_memory(problem) : KM_OK;
}

enum km_error km_provider_export(struct km_store *store, const char *kvk, json_t **ret_export,
                                 struct km_problem *problem)
{
	static const struct member provider[] = {
		{"kvk", TEXT},     {"establishment", TEXT}, {"rsin", TEXT}, {"lei", TEXT},
		{"euid", TEXT},    {"name", TEXT},          {"city", TEXT}, {"region", TEXT},
		{"country", TEXT}, {"added_at", MOMENT},    {NULL, END}};
	int64_t id = 0;
	enum km_error error = km_provider_find_id(store, kvk, &id, problem);
	if (error)
		return error;
	json_auto_t *export = json_object();
	if (!export)
		return km_fail_memory(problem);
	error = add_rows(store,
	                 "SELECT kvk, establishment, rsin, lei, euid, name, city, region, country, added_at FROM provider "
	                 "WHERE id = :id",
	                 id, provider, NULL, export, "provider", problem);
	if (!error)
		error = unwrap(export, "provider", problem);
	if (!error)
		error = add_contact(store, id, export, problem);
	if (!error)
		error = unwrap(export, "contact", problem);
	if (!error)
		error = add_public(store, id, export, problem);
	if (!error)
		error = add_evidence(store, id, export, problem);
	if (!error)
		error = add_remarks(store, id, export, problem);
	if (!error)
		error = add_purged(store, id, export, problem);
	if (!error)
		error = add_mail(store, id, export, problem);
	if (error)
		return error;
	*ret_export = json_incref(export);
	return KM_OK;
}

enum km_error km_provider_erase_contact(struct km_store *store, const char *kvk, int64_t now,
                                        struct km_problem *problem)
{
	int64_t id = 0;
	enum km_error error = km_provider_find_id(store, kvk, &id, problem);
	if (error)
		return error;
	auto_statement struct km_statement *statement = NULL;
	error = km_sql(store, "DELETE FROM provider_contact WHERE provider_id = :id RETURNING provider_id", &statement,
	               problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	bool had = false, more = false;
	error = km_sql_step(statement, &had, problem);
	if (!error && had)
		error = km_sql_step(statement, &more, problem);
	if (!error)
		error = km_mail_forget_provider(store, id, now, problem);
	if (error || !had)
		return error;
	return km_record_erase(store, "provider_contact", km_record_key("%lld", (long long)id), now, problem);
}
