#include "registry/changed.h"

#include "registry/sql.h"

#include <stdlib.h>

typedef enum km_error each_mark(void *context, const char *kvk, const char *number);

enum km_error km_changed_now(struct km_store *store, int64_t now, struct km_changed_cursor *ret_cursor,
                             struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store,
	                             "SELECT coalesce((SELECT max(position) + 1 FROM log_entry), 0),"
	                             " coalesce((SELECT max(id) FROM event), 0),"
	                             " coalesce((SELECT max(sequence) FROM record), 0)",
	                             &statement, problem);
	if (!error)
		error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	*ret_cursor = (struct km_changed_cursor){
		.log_position = km_sql_get_int(statement, 0),
		.event_id = km_sql_get_int(statement, 1),
		.record_sequence = km_sql_get_int(statement, 2),
		.at = now,
	};
	return KM_OK;
}

/* Of rows with a KvK number and the number of a mark. */
static enum km_error call_each(struct km_statement *statement, each_mark *each, void *context,
                               struct km_problem *problem)
{
	for (bool row = true;;) {
		enum km_error error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		error = each(context, km_sql_get_text(statement, 0), km_sql_get_text(statement, 1));
		if (error)
			return error;
	}
}

/* The log tells of credentials, too, that no event has brought about. */
static enum km_error changed_marks(struct km_store *store, const struct km_changed_cursor *since, int64_t now,
                                   each_mark *each, void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"SELECT coalesce(provider.kvk, ''), mark.number FROM mark JOIN provider ON provider.id = mark.provider_id"
		" WHERE mark.id IN (SELECT mark_id FROM log_entry WHERE position >= :position"
		" UNION SELECT mark_id FROM event WHERE id > :event"
		" UNION SELECT mark_id FROM event WHERE at > :before AND at <= :now"
		" UNION SELECT mark_id FROM lapse_due WHERE at > :before AND at <= :now)",
		&statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":position", since->log_position);
	km_sql_int(statement, ":event", since->event_id);
	km_sql_int(statement, ":before", since->at);
	km_sql_int(statement, ":now", now);
	return call_each(statement, each, context, problem);
}

static enum km_error provider_of(struct km_store *store, int64_t id, each_mark *each, void *context,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"SELECT coalesce(provider.kvk, ''), NULL FROM provider WHERE provider.id = :id UNION ALL"
		" SELECT coalesce(provider.kvk, ''), mark.number FROM mark JOIN provider ON provider.id = mark.provider_id"
		" WHERE mark.provider_id = :id",
		&statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	return call_each(statement, each, context, problem);
}

/* The key of such a row begins with the provider's id. */
static enum km_error changed_providers(struct km_store *store, int64_t after, each_mark *each, void *context,
                                       struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT row_key FROM record WHERE sequence > :after AND table_name IN"
	                             " ('provider', 'provider_trade_name', 'provider_domain') ORDER BY sequence",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":after", after);
	int64_t last = 0;
	for (bool row = true;;) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		int64_t id = strtoll(km_sql_get_text(statement, 0), NULL, 10);
		if (id != last)
			error = provider_of(store, id, each, context, problem);
		last = id;
		if (error)
			return error;
	}
}

enum km_error km_changed_since(struct km_store *store, const struct km_changed_cursor *since, int64_t now,
                               each_mark *each, void *context, struct km_problem *problem)
{
	enum km_error error = changed_marks(store, since, now, each, context, problem);
	return error ? error : changed_providers(store, since->record_sequence, each, context, problem);
}

enum km_error km_marks_between(struct km_store *store, const char *from, const char *end, size_t limit, each_mark *each,
                               void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store,
		"SELECT coalesce(provider.kvk, ''), mark.number FROM mark JOIN provider ON provider.id = mark.provider_id"
		" WHERE mark.number >= :from AND mark.number < :end ORDER BY mark.number LIMIT :limit",
		&statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":from", from);
	km_sql_text(statement, ":end", end ? end : "~");
	km_sql_int(statement, ":limit", (int64_t)limit);
	return call_each(statement, each, context, problem);
}
