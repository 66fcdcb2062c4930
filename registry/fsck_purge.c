#include "registry/fsck_purge.h"

#include "registry/cycle.h"
#include "registry/sql.h"

#include <string.h>

/* A row of `purge` beside what is left in the register made anew. What hangs on what was purged itself (whether a
 * finding was open, what a case was about) cannot be seen any more; how old it is, and whose, can. */
struct seen {
	const char *id, *record_id, *why;
	int64_t provider_id; /* 0 for nobody's */
	const char *scheme_id;
	int64_t last_at, purged_at;
	const char *type; /* of the submission; NULL where there is none */
	int64_t received_at;
	const char *action;     /* of the decision; NULL where it is none */
	int64_t of_provider_id; /* whose audit, or whose mark's decision it is; 0 where it is neither */
	const char *of_scheme_id;
	const char *root; /* the audit that it belongs to */
	int64_t group_last;
	int64_t kept, parts; /* of that record: audits that were not purged; what was */
	int64_t erased_at;   /* when its provider was */
};

static struct seen read_seen(struct km_statement *statement)
{
	return (struct seen){
		.id = km_sql_get_text(statement, 0),
		.record_id = km_sql_get_text(statement, 1),
		.why = km_sql_get_text(statement, 2),
		.provider_id = km_sql_get_int(statement, 3),
		.scheme_id = km_sql_get_text(statement, 4),
		.last_at = km_sql_get_int(statement, 5),
		.purged_at = km_sql_get_int(statement, 6),
		.type = km_sql_get_text(statement, 7),
		.received_at = km_sql_get_int(statement, 8),
		.action = km_sql_get_text(statement, 9),
		.of_provider_id = km_sql_get_int(statement, 10),
		.of_scheme_id = km_sql_get_text(statement, 11),
		.root = km_sql_get_text(statement, 12),
		.group_last = km_sql_get_int(statement, 13),
		.kept = km_sql_get_int(statement, 14),
		.parts = km_sql_get_int(statement, 15),
		.erased_at = km_sql_get_int(statement, 16),
	};
}

/* What is wrong with what the purge says of itself; NULL where nothing is. */
static const char *find_untruth(const struct seen *seen, int64_t recorded, int64_t now)
{
	if (!seen->type)
		return "is of a submission that there is not";
	if (seen->purged_at > recorded || seen->purged_at > now || seen->purged_at < seen->received_at)
		return "was not at the time that it says";
	if (seen->last_at < seen->received_at || seen->last_at < seen->group_last)
		return "says that the record is older than it is";
	bool told = strcmp(seen->type, "case") != 0 && strcmp(seen->type, "link") != 0; /* whose it is, by another row */
	if (told && (seen->provider_id != seen->of_provider_id || !seen->scheme_id || !seen->of_scheme_id ||
	             strcmp(seen->scheme_id, seen->of_scheme_id) != 0))
		return "counts by the cycle of another";
	return NULL;
}

/* What is wrong with taking that away, whenever it was. */
static const char *find_fault(const struct seen *seen)
{
	if (strcmp(seen->why, "erasure") == 0) {
		bool link = strcmp(seen->type, "link") == 0;
		if (!link && (!seen->action || strcmp(seen->action, "grant") == 0))
			return "took away what names nobody";
		return seen->erased_at && seen->erased_at == seen->purged_at ? NULL : "is for a provider that was not erased";
	}
	if (strcmp(seen->type, "case") == 0)
		return seen->parts == 2 ? NULL : "is of a case that was not closed";
	if (!seen->root || strcmp(seen->root, seen->record_id) != 0)
		return "is of another record than it says";
	if (seen->action && strcmp(seen->action, "refuse") != 0)
		return "took away the evidence of a public decision";
	return seen->kept ? "left a part of the record" : NULL;
}

static enum km_error check_purge(const struct km_fsck *fsck, struct km_store *fresh, const struct seen *seen,
                                 int64_t recorded, struct km_problem *problem)
{
	const char *fault = find_untruth(seen, recorded, fsck->now);
	if (!fault)
		fault = find_fault(seen);
	/* How long a link of a provider is kept no cycle says. */
	bool counts = !fault && strcmp(seen->type, "link") != 0;
	struct km_cycle cycle = {0};
	enum km_error error = counts ? km_cycle_of(fresh, seen->provider_id, seen->scheme_id ? seen->scheme_id : "",
	                                           seen->purged_at, &cycle, problem)
	                             : KM_OK;
	if (!error && counts && km_cycle_may_go(&cycle, seen->last_at) > seen->purged_at)
		fault = "took away what had to be kept";
	return error || !fault ? error : km_fsck_differ(fsck, "purge", seen->id, "", "%s", fault);
}

/* The row of this submission, with what `struct seen` asks for. */
static enum km_error check_noted(const struct km_fsck *fsck, struct km_store *fresh, const char *id, int64_t recorded,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(fresh,
	           "SELECT q.submission_id, q.record_id, q.why, q.provider_id, q.scheme_id, q.last_at, q.purged_at, s.type,"
	           " s.received_at, d.action, coalesce(m.provider_id, a.provider_id), coalesce(m.scheme_id, a.scheme_id),"
	           " coalesce(a.follows, a.submission_id),"
	           " (SELECT max(g.recorded_at) FROM audit AS g WHERE g.submission_id = q.record_id"
	           "  OR g.follows = q.record_id),"
	           " (SELECT count(*) FROM audit AS g WHERE (g.submission_id = q.record_id OR g.follows = q.record_id)"
	           "  AND NOT EXISTS (SELECT 1 FROM purge WHERE submission_id = g.submission_id)),"
	           " (SELECT count(*) FROM purge AS o JOIN submission AS t ON t.id = o.submission_id"
	           "  WHERE o.record_id = q.record_id AND t.type = 'case'), p.erased_at"
	           " FROM purge AS q LEFT JOIN submission AS s ON s.id = q.submission_id"
	           " LEFT JOIN decision AS d ON d.submission_id = q.submission_id LEFT JOIN mark AS m ON m.id = d.mark_id"
	           " LEFT JOIN audit AS a ON a.submission_id = coalesce(d.audit_id, q.submission_id)"
	           " LEFT JOIN provider AS p ON p.id = q.provider_id WHERE q.submission_id = :id",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	bool found = false;
	error = km_sql_step(statement, &found, problem);
	if (error || !found)
		return error;
	const struct seen seen = read_seen(statement);
	return check_purge(fsck, fresh, &seen, recorded, problem);
}

enum km_error km_fsck_purges(const struct km_fsck *fsck, struct km_store *fresh, int64_t from, int64_t to,
                             int64_t recorded, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(fsck->store,
	                             "SELECT row_key FROM record WHERE sequence > :from AND sequence <= :to"
	                             " AND table_name = 'purge' ORDER BY sequence",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":from", from);
	km_sql_int(statement, ":to", to);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error = check_noted(fsck, fresh, km_sql_get_text(statement, 0), recorded, problem);
	return error;
}

/* The present row of what km_fsck_erasures asks for. */
static enum km_error check_erasure(const struct km_fsck *fsck, struct km_store *fresh, struct km_statement *statement,
                                   struct km_problem *problem)
{
	int64_t erased_at = km_sql_get_int(statement, 1);
	struct km_cycle cycle;
	enum km_error error =
		km_cycle_of(fresh, km_sql_get_int(statement, 0), km_sql_get_text(statement, 2), erased_at, &cycle, problem);
	if (error || (erased_at <= fsck->now && km_cycle_may_go(&cycle, km_sql_get_int(statement, 3)) <= erased_at))
		return error;
	return km_fsck_differ(fsck, "provider", km_sql_get_text(statement, 0), "erased_at",
	                      "is from when it still had to be known who had its marks");
}

enum km_error km_fsck_erasures(const struct km_fsck *fsck, struct km_store *fresh, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(fresh,
	           "SELECT p.id, p.erased_at, m.scheme_id, max(d.recorded_at) FROM provider AS p"
	           " JOIN mark AS m ON m.provider_id = p.id JOIN decision AS d ON d.mark_id = m.id"
	           " WHERE p.erased_at IS NOT NULL GROUP BY p.id, p.erased_at, m.scheme_id ORDER BY p.id, m.scheme_id",
	           &statement, problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error = check_erasure(fsck, fresh, statement, problem);
	return error;
}
