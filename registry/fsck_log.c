#include "registry/fsck_part.h"

#include "base/buf.h"
#include "base/json.h"
#include "keys/note.h"
#include "registry/log.h"
#include "registry/log_check.h"
#include "registry/log_checkpoint.h"
#include "registry/sql.h"

#include <stdio.h>
#include <string.h>

static enum km_error tell(void *context, const struct km_log_fault *fault)
{
	return km_fsck_differ(context, fault->table, fault->row, "", "%s", fault->what);
}

/* Whether one of the registry's keys for the log made it, while it was in use. */
static bool is_signed(const struct km_fsck *fsck, const char *origin, const char *note, int64_t at)
{
	for (size_t i = 0; i < fsck->keys->len; i++) {
		const struct km_keyset_entry *entry = &fsck->keys->entries[i];
		struct km_note_verifier verifier;
		size_t len;
		if (entry->purpose == KM_PURPOSE_LOG && km_keyset_in_use(entry, at) &&
		    km_note_verifier_make(origin, entry->public_key, &verifier, NULL) == KM_OK &&
		    km_note_verify(note, strlen(note), &verifier, &len, NULL) == KM_OK)
			return true;
	}
	return false;
}

/* The moment at which the last of the first `size` entries was recorded; 0 where that cannot be told. */
static enum km_error find_recorded(const struct km_fsck *fsck, uint64_t size, int64_t *ret_moment,
                                   struct km_problem *problem)
{
	auto_free char *bytes = NULL;
	json_auto_t *entry = NULL;
	size_t len = 0;
	*ret_moment = 0;
	enum km_error error = size ? km_log_entry(fsck->store, size - 1, &bytes, &len, problem) : KM_OK;
	if (error == KM_ABSENT)
		return KM_OK;
	if (!error && bytes && km_json_parse(bytes, len, "the entry", &entry, NULL) == KM_OK)
		km_json_moment(entry, "", "recorded", ret_moment, NULL);
	return error;
}

/* The present row of what check_signatures asks for. */
static enum km_error check_signed(const struct km_fsck *fsck, const char *origin, struct km_statement *statement,
                                  struct km_problem *problem)
{
	char row[24];
	snprintf(row, sizeof row, "%lld", (long long)km_sql_get_int(statement, 0));
	const char *note = km_sql_get_text(statement, 2);
	int64_t at = km_sql_get_int(statement, 3), recorded = 0;
	enum km_error error = KM_OK;
	if (!is_signed(fsck, origin, note, at))
		error = km_fsck_differ(fsck, "log_checkpoint", row, "note", "was not signed with this registry's key");
	if (!error)
		error = find_recorded(fsck, (uint64_t)km_sql_get_int(statement, 1), &recorded, problem);
	if (!error && recorded != at)
		error = km_fsck_differ(fsck, "log_checkpoint", row, "at", "is not when its last entry was recorded");
	return error;
}

static enum km_error check_signatures(const struct km_fsck *fsck, struct km_problem *problem)
{
	char origin[KM_ORIGIN_MAX + 1];
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_checkpoint_origin(km_store_url(fsck->store), origin, problem);
	if (!error)
		error = km_sql(fsck->store, "SELECT id, size, note, at FROM log_checkpoint ORDER BY id", &statement, problem);
	uint64_t covered = 0, size = 0;
	int64_t last = 0;
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		last = km_sql_get_int(statement, 0);
		covered = (uint64_t)km_sql_get_int(statement, 1);
		error = check_signed(fsck, origin, statement, problem);
	}
	if (!error)
		error = km_log_size(fsck->store, &size, problem);
	char row_text[24];
	snprintf(row_text, sizeof row_text, "%lld", (long long)last + 1);
	if (!error && covered < size)
		error =
			km_fsck_differ(fsck, "log_checkpoint", row_text, "", "is missing: the last one covers %llu of %llu entries",
		                   (unsigned long long)covered, (unsigned long long)size);
	return error;
}

enum km_error km_fsck_log(const struct km_fsck *fsck, struct km_problem *problem)
{
	enum km_error error = km_log_faults(fsck->store, tell, (void *)fsck, problem);
	return error ? error : check_signatures(fsck, problem);
}
