#include "registry/stale.h"

#include "registry/sql.h"

#include <string.h>

enum { CHANGES_MAX = 1000 }; /* beyond so many events it is cheaper to say: all */

/* A new name is on the pages of all of the provider's marks. */
static enum km_error name_marks(struct km_store *store, int64_t after, bool *ret_all,
                                void (*each)(void *context, const char *number), void *context,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT m.number, e.action FROM event AS e JOIN mark AS m ON m.id = e.mark_id"
	                             " WHERE e.id > :after ORDER BY e.id",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":after", after);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		if (strcmp(km_sql_get_text(statement, 1), "rename") == 0)
			*ret_all = true;
		each(context, km_sql_get_text(statement, 0));
	}
}

enum km_error km_stale_marks(struct km_store *store, struct km_stale_cursor *cursor, bool *ret_all,
                             void (*each)(void *context, const char *number), void *context, struct km_problem *problem)
{
	struct km_stale_cursor now = {0};
	enum km_error error = km_store_version(store, &now.version, problem);
	*ret_all = false;
	if (error || now.version == cursor->version)
		return error;
	error = km_sql_number(store, "SELECT coalesce(max(id), 0) FROM event", &now.event_id, problem);
	if (!error)
		error = km_sql_number(store, "SELECT coalesce(max(sequence), 0) FROM record", &now.record_sequence, problem);
	if (error)
		return error;
	int64_t events = now.event_id - cursor->event_id;
	/* A change that is no event may be anything: a name, a key, a signature made anew. */
	*ret_all =
		!cursor->version || now.record_sequence != cursor->record_sequence || events <= 0 || events > CHANGES_MAX;
	if (!*ret_all)
		error = name_marks(store, cursor->event_id, ret_all, each, context, problem);
	if (!error)
		*cursor = now;
	return error;
}
