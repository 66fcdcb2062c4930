#include "registry/fsck_part.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "registry/fsck_copy.h"
#include "registry/fsck_purge.h"
#include "registry/lapse_record.h"
#include "registry/log_publish.h"
#include "registry/purge.h"
#include "registry/sql.h"
#include "registry/submission.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an entry of the log says, as far as it steers what is made anew. */
struct leaf {
	int64_t position;
	json_t *json; /* owned */
	int64_t recorded;
	/* Borrowed from json; NULL where it has none. */
	const char *mark, *action, *submission, *credential;
	int64_t records; /* 0 where it is not about records */
};

static void leaf_done(struct leaf *leaf)
{
	json_decref(leaf->json);
}

struct replay {
	const struct km_fsck *fsck;
	struct km_store *fresh;
	int64_t submissions, events, records; /* so far */
	struct km_problem *problem;
};

static enum km_error tell_leaf(const struct replay *replay, const struct leaf *leaf, const char *column,
                               const char *what)
{
	char row[24];
	snprintf(row, sizeof row, "%" PRId64, leaf->position);
	return km_fsck_differ(replay->fsck, "log_entry", row, column, "%s", what);
}

static bool read_leaf(const void *bytes, size_t len, struct leaf *leaf)
{
	if (km_json_parse(bytes, len, "the entry", &leaf->json, NULL) != KM_OK ||
	    km_json_moment(leaf->json, "", "recorded", &leaf->recorded, NULL) != KM_OK)
		return false;
	leaf->mark = json_string_value(json_object_get(leaf->json, "mark"));
	leaf->action = json_string_value(json_object_get(leaf->json, "action"));
	leaf->submission = json_string_value(json_object_get(leaf->json, "submission"));
	leaf->credential = json_string_value(json_object_get(leaf->json, "credential"));
	leaf->records = json_integer_value(json_object_get(leaf->json, "records"));
	if (leaf->action || leaf->credential)
		return leaf->mark;
	return leaf->submission || leaf->records > 0;
}

/* -------------------------------------------------------------------------------------------------------- submissions
 */

static enum km_error execute(struct replay *replay, const char *literal)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(replay->fresh, literal, &statement, replay->problem);
	return error ? error : km_sql_run(statement, replay->problem);
}

/* No bytes have no text. */
static bool is_text_of(const void *digest, size_t len, const char *expected)
{
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	km_encode(KM_BASE64URL, digest, len, &text);
	return expected ? text.data && strcmp(text.data, expected) == 0 : len == 0;
}

static bool has_id(const void *bytes, size_t len, const char *id)
{
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(bytes, len, digest);
	return is_text_of(digest, sizeof digest, id);
}

/* The bytes that the log names, under their id or in their place; the caller's. NULL where they are gone. */
static enum km_error find_bytes(const struct replay *replay, const char *id, int64_t sequence, char **ret_bytes,
                                size_t *ret_len)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(replay->fsck->store,
	                             "SELECT bytes FROM submission WHERE id = :id UNION ALL"
	                             " SELECT bytes FROM submission WHERE sequence = :sequence",
	                             &statement, replay->problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	km_sql_int(statement, ":sequence", sequence);
	bool row = false;
	while (!(error = km_sql_step(statement, &row, replay->problem)) && row) {
		size_t len;
		const void *bytes = km_sql_get_blob(statement, 0, &len);
		if (!has_id(bytes, len, id))
			continue;
		char *copy = malloc(len + 1);
		if (!copy)
			return km_fail_memory(replay->problem);
		memcpy(copy, bytes, len);
		*ret_bytes = copy;
		*ret_len = len;
		return KM_OK;
	}
	return error;
}

/* What cannot be made anew is taken as it is, so that what comes after it keeps its numbers; it has been told of. */
static enum km_error give_up(struct replay *replay, const struct leaf *leaf, int64_t sequence, const char *why)
{
	char row[24];
	snprintf(row, sizeof row, "%" PRId64, sequence);
	enum km_error error = km_fsck_differ(replay->fsck, "submission", row, "", "%s", why);
	if (!error)
		error = km_fsck_copy_submission(replay->fsck->store, replay->fresh, sequence, replay->problem);
	if (!error && leaf->action)
		error = km_fsck_copy_mark(replay->fsck->store, replay->fresh, leaf->mark, replay->problem);
	if (!error && leaf->action)
		error = km_fsck_copy_event(replay->fsck->store, replay->fresh, replay->events + 1, replay->problem);
	return error;
}

/* Between two savepoints, so that nothing is left of one that is refused. */
static enum km_error apply(struct replay *replay, const struct leaf *leaf, const char *bytes, size_t len,
                           struct km_problem *refusal)
{
	struct km_outcome outcome = {0};
	enum km_error error = execute(replay, "SAVEPOINT submission");
	if (error)
		return error;
	error = km_submission_replay(replay->fresh, bytes, len, leaf->recorded, leaf->mark, &outcome, refusal);
	km_outcome_done(&outcome);
	if (error == KM_NO_MEMORY) {
		*replay->problem = *refusal;
		return error;
	}
	if (error)
		error = execute(replay, "ROLLBACK TO submission");
	return error ? error : execute(replay, "RELEASE submission");
}

/* What is left of it is of the submission that the log names, and from when it came. */
static enum km_error check_left(struct replay *replay, const struct leaf *leaf, int64_t sequence)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		replay->fresh, "SELECT 1 FROM submission WHERE sequence = :sequence AND id = :id AND received_at = :recorded",
		&statement, replay->problem);
	if (error)
		return error;
	km_sql_int(statement, ":sequence", sequence);
	km_sql_text(statement, ":id", leaf->submission);
	km_sql_int(statement, ":recorded", leaf->recorded);
	bool same = false;
	error = km_sql_step(statement, &same, replay->problem);
	if (error || same)
		return error;
	char row[24];
	snprintf(row, sizeof row, "%" PRId64, sequence);
	return km_fsck_differ(replay->fsck, "submission", row, "", "is not what is left of the one that the log names");
}

/* Of what was purged, what is left is taken as it is: there is a record of each row of it. */
static enum km_error take_purged(struct replay *replay, const struct leaf *leaf, int64_t sequence)
{
	enum km_error error =
		km_fsck_copy_purged(replay->fsck->store, replay->fresh, leaf->submission, sequence, replay->problem);
	if (!error && leaf->action)
		error = km_fsck_copy_event(replay->fsck->store, replay->fresh, replay->events + 1, replay->problem);
	return error ? error : check_left(replay, leaf, sequence);
}

static enum km_error replay_submission(struct replay *replay, const struct leaf *leaf)
{
	auto_free char *bytes = NULL;
	size_t len = 0;
	int64_t sequence = ++replay->submissions;
	struct km_problem refusal = {0};
	bool purged = false;
	enum km_error error = km_purged(replay->fsck->store, leaf->submission, &purged, replay->problem);
	if (error || purged)
		return error ? error : take_purged(replay, leaf, sequence);
	error = find_bytes(replay, leaf->submission, sequence, &bytes, &len);
	if (!error && !bytes)
		return give_up(replay, leaf, sequence, "does not have the bytes that the log names");
	if (!error)
		error = apply(replay, leaf, bytes, len, &refusal);
	if (error || !refusal.code)
		return error;
	km_problem_prefix(&refusal, "cannot have been accepted");
	return give_up(replay, leaf, sequence, refusal.message);
}

/* ------------------------------------------------------------------------------------------------------------- entries
 */

static enum km_error find_mark(struct replay *replay, const char *number, int64_t *ret_id)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error =
		km_sql(replay->fresh, "SELECT id FROM mark WHERE number = :number", &statement, replay->problem);
	if (error)
		return error;
	km_sql_text(statement, ":number", number);
	error = km_sql_step(statement, &row, replay->problem);
	if (!error)
		*ret_id = row ? km_sql_get_int(statement, 0) : 0;
	return error;
}

/* The entry that follows from the event says the same, but for the credential, which was made with it. */
static enum km_error check_event(struct replay *replay, const struct leaf *leaf)
{
	auto_free char *entry = NULL, *said = NULL;
	size_t len = 0;
	enum km_error error = km_log_event_of(replay->fresh, replay->events, &entry, &len, replay->problem);
	if (error == KM_ABSENT)
		return tell_leaf(replay, leaf, "bytes", "tells of something that has not happened");
	if (error)
		return error;
	json_auto_t *without = json_copy(leaf->json);
	if (!without || json_object_set_new(without, "credential", json_null()) != 0 || !(said = km_json_text(without)))
		return km_fail_memory(replay->problem);
	return strcmp(said, entry) == 0 ? KM_OK : tell_leaf(replay, leaf, "bytes", "tells otherwise than it was");
}

static enum km_error replay_event(struct replay *replay, const struct leaf *leaf, int64_t *ret_mark_id)
{
	enum km_error error = leaf->submission ? replay_submission(replay, leaf) : KM_OK;
	replay->events++;
	if (!error)
		error = find_mark(replay, leaf->mark, ret_mark_id);
	if (!error && !leaf->submission && *ret_mark_id)
		error = km_lapses_record_mark(replay->fresh, *ret_mark_id, leaf->recorded, replay->problem);
	return error ? error : check_event(replay, leaf);
}

static enum km_error replay_records(struct replay *replay, const struct leaf *leaf)
{
	const char *chain = json_string_value(json_object_get(leaf->json, "chain"));
	bool fits = false;
	enum km_error error = km_fsck_copy_records(replay->fsck->store, replay->fresh, replay->records, leaf->records,
	                                           chain ? chain : "", &fits, replay->problem);
	if (!error)
		error = km_fsck_purges(replay->fsck, replay->fresh, replay->records, leaf->records, leaf->recorded,
		                       replay->problem);
	replay->records = leaf->records;
	if (error || fits)
		return error;
	char row[24];
	snprintf(row, sizeof row, "%" PRId64, leaf->records);
	error = tell_leaf(replay, leaf, "bytes", "commits to other records than there are");
	if (!error)
		error = km_fsck_differ(replay->fsck, "record", row, "", "is not what the log commits to, or is missing");
	return error;
}

/* The columns that say what the entry is about. */
static enum km_error check_source(struct replay *replay, const struct leaf *leaf, struct km_statement *statement,
                                  int64_t mark_id)
{
	const struct {
		const char *column;
		int64_t expected;
	} sources[] = {{"mark_id", mark_id},
	               {"event_id", leaf->action ? replay->events : 0},
	               {"submission", leaf->submission ? replay->submissions : 0},
	               {"record", leaf->records}};
	enum km_error error = KM_OK;
	size_t len;
	const void *digest = km_sql_get_blob(statement, 6, &len);
	if (!is_text_of(digest, len, leaf->credential))
		error = tell_leaf(replay, leaf, "credential", "is of another credential than the entry names");
	for (int i = 0; !error && i < (int)(sizeof sources / sizeof *sources); i++)
		if (km_sql_get_int(statement, i + 2) != sources[i].expected)
			error = tell_leaf(replay, leaf, sources[i].column, "names another row than the entry is about");
	return error;
}

/* The present row of what replay_log asks for. */
static enum km_error replay_entry(struct replay *replay, struct km_statement *statement)
{
	__attribute__((cleanup(leaf_done))) struct leaf leaf = {.position = km_sql_get_int(statement, 0)};
	size_t len;
	const void *bytes = km_sql_get_blob(statement, 1, &len);
	int64_t mark_id = 0;
	enum km_error error;
	if (!read_leaf(bytes, len, &leaf))
		return tell_leaf(replay, &leaf, "bytes", "is no entry of ours");
	if (leaf.action)
		error = replay_event(replay, &leaf, &mark_id);
	else if (leaf.submission)
		error = replay_submission(replay, &leaf);
	else
		error = leaf.records ? replay_records(replay, &leaf) : KM_OK; /* a credential changes nothing */
	return error ? error : check_source(replay, &leaf, statement, mark_id);
}

static enum km_error replay_log(struct replay *replay)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(replay->fsck->store,
	           "SELECT position, bytes, mark_id, event_id, submission, record, credential FROM log_entry"
	           " ORDER BY position",
	           &statement, replay->problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, replay->problem)) && row)
		error = replay_entry(replay, statement);
	return error;
}

/* What follows from submissions, and the plan of it all. */
static const struct km_fsck_table tables[] = {
	{"sqlite_schema", 1, "SELECT name, type, tbl_name, sql FROM sqlite_schema ORDER BY name"},
	{"submission", 1, "SELECT * FROM submission ORDER BY sequence"},
	{"person_roles", 2, "SELECT * FROM person_roles WHERE submission_id IS NOT NULL ORDER BY person_id, sequence"},
	{"audit", 1, "SELECT * FROM audit ORDER BY submission_id"},
	{"finding", 2, "SELECT * FROM finding ORDER BY audit_id, criterion"},
	{"mark", 1, "SELECT * FROM mark ORDER BY id"},
	{"decision", 1, "SELECT * FROM decision ORDER BY submission_id"},
	{"mark_period", 2, "SELECT * FROM mark_period ORDER BY mark_id, sequence"},
	{"event", 1, "SELECT * FROM event ORDER BY id"},
	{"case_file", 1, "SELECT * FROM case_file ORDER BY submission_id"},
	{"mark_facet", 2, "SELECT * FROM mark_facet ORDER BY facet, mark_id"},
	{"case_closure", 1, "SELECT * FROM case_closure ORDER BY submission_id"},
};

enum km_error km_fsck_replay(const struct km_fsck *fsck, struct km_store *fresh, struct km_problem *problem)
{
	struct km_problem own = {0};
	struct replay replay = {.fsck = fsck, .fresh = fresh, .problem = problem ? problem : &own};
	enum km_error error = replay_log(&replay);
	if (!error)
		error = km_fsck_erasures(fsck, fresh, problem);
	size_t first = km_sql_is_sqlite(fsck->store) ? 0 : 1; /* the plan of a file is compared with that of a file */
	for (size_t i = first; !error && i < sizeof tables / sizeof *tables; i++)
		error = km_fsck_compare(fsck, fresh, &tables[i], problem);
	return error;
}
