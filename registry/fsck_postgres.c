#include "registry/fsck_part.h"

#include "registry/postgres.h"

#include <string.h>

/* How the database lies on disk is its own affair: pg_amcheck looks at that. What keeps the register's rules can be
 * switched off by whoever owns it, and is looked at here. */

static enum km_error tell_all(const struct km_fsck *fsck, const char *literal, const char *what,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(fsck->store, literal, &statement, problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row)
		error =
			km_fsck_differ(fsck, km_sql_get_text(statement, 0), "", "", "%s: %s", km_sql_get_text(statement, 1), what);
	return error;
}

/* A trigger by its name, which is that of its function too. */
static enum km_error find_trigger(const struct km_fsck *fsck, const char *name, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(fsck->store,
	                             "SELECT 1 FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid"
	                             " WHERE c.relnamespace = 'keurmerk'::regnamespace AND t.tgname = :name",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":name", name);
	error = km_sql_step(statement, &row, problem);
	return error || row ? error : km_fsck_differ(fsck, "", "", "", "the trigger %s is missing", name);
}

static enum km_error find_triggers(const struct km_fsck *fsck, struct km_problem *problem)
{
	static const char create[] = "\nCREATE TRIGGER ";
	enum km_error error = KM_OK;
	const char *at = km_postgres_schema();
	while (!error && (at = strstr(at, create))) {
		char name[64] = "";
		at += strlen(create);
		strncat(name, at, strcspn(at, " ") < sizeof name ? strcspn(at, " ") : 0);
		error = find_trigger(fsck, name, problem);
	}
	return error;
}

enum km_error km_fsck_postgres(const struct km_fsck *fsck, struct km_problem *problem)
{
	enum km_error error =
		tell_all(fsck,
	             "SELECT c.relname::text, t.tgname::text FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid"
	             " WHERE c.relnamespace = 'keurmerk'::regnamespace AND t.tgenabled NOT IN ('O', 'A')",
	             "this trigger is switched off", problem);
	if (!error)
		error = tell_all(fsck,
		                 "SELECT c.relname::text, k.conname::text FROM pg_constraint AS k JOIN pg_class AS c ON"
		                 " c.oid = k.conrelid WHERE c.relnamespace = 'keurmerk'::regnamespace AND NOT k.convalidated",
		                 "this constraint was not looked at", problem);
	if (!error)
		error = find_triggers(fsck, problem);
	if (!error)
		error = tell_all(fsck,
		                 "SELECT 'provider_search', 'row ' || rowid FROM provider_search"
		                 " WHERE words <> array_to_tsvector(search_words(names))",
		                 "its words are not those of the names", problem);
	return error;
}
