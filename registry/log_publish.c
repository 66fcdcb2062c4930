#include "registry/log_publish.h"

#include "base/buf.h"
#include "base/digest.h"
#include "registry/log.h"
#include "registry/log_event.h"
#include "registry/record.h"
#include "registry/sql.h"

#include <string.h>

/* The last rows that have an entry. */
struct published {
	int64_t event_id, submission, record;
};

static enum km_error find_published(struct km_store *store, struct published *ret_published, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store,
	                             "SELECT coalesce((SELECT max(event_id) FROM log_entry), 0),"
	                             " coalesce((SELECT max(submission) FROM log_entry), 0),"
	                             " coalesce((SELECT max(record) FROM log_entry), 0)",
	                             &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	*ret_published =
		(struct published){km_sql_get_int(statement, 0), km_sql_get_int(statement, 1), km_sql_get_int(statement, 2)};
	return KM_OK;
}

enum km_error km_log_behind(struct km_store *store, bool *ret_behind, struct km_problem *problem)
{
	struct published published;
	enum km_error error = find_published(store, &published, problem);
	if (error)
		return error;
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	error = km_sql(store,
	               "SELECT coalesce((SELECT max(id) FROM event), 0) > :event"
	               " OR coalesce((SELECT max(sequence) FROM submission), 0) > :submission"
	               " OR coalesce((SELECT max(sequence) FROM record), 0) > :record",
	               &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":event", published.event_id);
	km_sql_int(statement, ":submission", published.submission);
	km_sql_int(statement, ":record", published.record);
	error = km_sql_step(statement, &row, problem);
	if (!error)
		*ret_behind = km_sql_get_int(statement, 0);
	return error;
}

/* The chain of the last record commits to all before it. */
static enum km_error publish_records(struct km_store *store, int64_t last, int64_t now, struct km_problem *problem)
{
	struct km_log_source source = {0};
	uint8_t chain[KM_SHA256_BYTES];
	auto_free char *entry = NULL;
	size_t len = 0;
	uint64_t index;
	enum km_error error = km_record_last(store, &source.record, chain, problem);
	if (error || source.record <= last)
		return error;
	error = km_log_record_entry(source.record, chain, now, &entry, &len, problem);
	return error ? error : km_log_append(store, &source, entry, len, &index, problem);
}

#define EVENT                                                                                                          \
	"SELECT event.id, event.mark_id, submission.sequence, mark.number,"                                                \
	" (SELECT count(*) FROM event AS e WHERE e.mark_id = event.mark_id AND e.id <= event.id), event.at,"               \
	" event.recorded_at, event.action, event.state, event.reason, submission.id, credential.token"                     \
	" FROM event JOIN mark ON mark.id = event.mark_id LEFT JOIN submission ON submission.id = event.decision_id"       \
	" LEFT JOIN credential ON credential.mark_id = event.mark_id"

/* The present row of such a statement. */
static struct km_log_event read_event(struct km_statement *statement)
{
	return (struct km_log_event){
		.mark = km_sql_get_text(statement, 3),
		.sequence = km_sql_get_int(statement, 4),
		.at = km_sql_get_int(statement, 5),
		.recorded = km_sql_get_int(statement, 6),
		.action = km_sql_get_text(statement, 7),
		.state = km_sql_get_text(statement, 8),
		.reason = km_sql_get_text(statement, 9),
		.submission = km_sql_get_text(statement, 10),
		.credential = km_sql_get_text(statement, 11),
	};
}

enum km_error km_log_event_of(struct km_store *store, int64_t event_id, char **ret_entry, size_t *ret_len,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, EVENT " WHERE event.id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", event_id);
	error = km_sql_expect(statement, problem, KM_ABSENT, "event", "there is no event %lld", (long long)event_id);
	if (error)
		return error;
	struct km_log_event event = read_event(statement);
	event.credential = NULL;
	return km_log_event_entry(&event, ret_entry, ret_len, problem);
}

static enum km_error publish_event(struct km_store *store, struct km_statement *statement, struct km_problem *problem)
{
	const struct km_log_event event = read_event(statement);
	uint8_t digest[KM_SHA256_BYTES];
	if (event.credential)
		km_sha256(event.credential, strlen(event.credential), digest);
	const struct km_log_source source = {.mark_id = km_sql_get_int(statement, 1),
	                                     .event_id = km_sql_get_int(statement, 0),
	                                     .submission = km_sql_get_int(statement, 2),
	                                     .credential = event.credential ? digest : NULL};
	auto_free char *entry = NULL;
	size_t len = 0;
	uint64_t index;
	enum km_error error = km_log_event_entry(&event, &entry, &len, problem);
	return error ? error : km_log_append(store, &source, entry, len, &index, problem);
}

static enum km_error publish_events(struct km_store *store, int64_t last, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, EVENT " WHERE event.id > :last ORDER BY event.id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":last", last);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error = publish_event(store, statement, problem);
	return error;
}

static enum km_error publish_submission(struct km_store *store, struct km_statement *statement,
                                        struct km_problem *problem)
{
	const struct km_log_source source = {.submission = km_sql_get_int(statement, 0)};
	auto_free char *entry = NULL;
	size_t len = 0;
	uint64_t index;
	enum km_error error =
		km_log_submission_entry(km_sql_get_text(statement, 1), km_sql_get_int(statement, 2), &entry, &len, problem);
	return error ? error : km_log_append(store, &source, entry, len, &index, problem);
}

/* Those after `last` of which no event has told. */
static enum km_error publish_submissions(struct km_store *store, int64_t last, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT sequence, id, received_at FROM submission WHERE sequence > :last"
	           " AND NOT EXISTS (SELECT 1 FROM log_entry WHERE log_entry.submission = submission.sequence)"
	           " ORDER BY sequence",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":last", last);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error = publish_submission(store, statement, problem);
	return error;
}

enum km_error km_log_publish(struct km_store *store, int64_t now, struct km_problem *problem)
{
	struct published last;
	enum km_error error = find_published(store, &last, problem);
	if (!error)
		error = publish_records(store, last.record, now, problem);
	if (!error)
		error = publish_events(store, last.event_id, problem);
	return error ? error : publish_submissions(store, last.submission, problem);
}

enum km_error km_log_publish_credential(struct km_store *store, const char *number, const char *token, int64_t now,
                                        struct km_problem *problem)
{
	uint8_t digest[KM_SHA256_BYTES];
	auto_free char *entry = NULL;
	size_t len = 0;
	uint64_t index;
	km_sha256(token, strlen(token), digest);
	const struct km_log_source source = {.credential = digest};
	enum km_error error = km_log_credential_index(store, digest, UINT64_MAX, &index, problem);
	if (error != KM_ABSENT)
		return error;
	error = km_log_credential_entry(number, now, token, &entry, &len, problem);
	return error ? error : km_log_append(store, &source, entry, len, &index, problem);
}
