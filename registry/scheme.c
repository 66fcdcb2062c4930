#include "registry/scheme.h"

#include "base/digest.h"
#include "registry/record.h"
#include "registry/sql.h"

#include <string.h>

bool km_slug_valid(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return len > 0 && len <= KM_SLUG_MAX && !text[len] && text[0] != '-' && text[len - 1] != '-';
}

static const struct km_scheme_item *find_item(const struct km_scheme_item *items, size_t len, const char *id)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(items[i].id, id) == 0)
			return &items[i];
	return NULL;
}

const struct km_scheme_item *km_scheme_service(const struct km_scheme *scheme, const char *id)
{
	return find_item(scheme->services, scheme->services_len, id);
}

const struct km_scheme_item *km_scheme_level(const struct km_scheme *scheme, const char *id)
{
	return find_item(scheme->levels, scheme->levels_len, id);
}

bool km_scheme_asks(const struct km_scheme *scheme, const struct km_criterion *criterion,
                    const struct km_scheme_item *const *scope, size_t scope_len, const struct km_scheme_item *level)
{
	/* Where a level ought to be given and is not, the most is asked, never the least. */
	if (scheme->levels_len && level && criterion->level > (size_t)(level - scheme->levels))
		return false;
	if (!criterion->services_len)
		return true;
	for (size_t i = 0; i < criterion->services_len; i++)
		for (size_t j = 0; j < scope_len; j++)
			if (strcmp(criterion->services[i], scope[j]->id) == 0)
				return true;
	return false;
}

/* *ret_there: this version is published, with these very bytes. Other bytes are an error. */
static enum km_error compare_published(struct km_store *store, const struct km_scheme *scheme, bool *ret_there,
                                       struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT json FROM scheme WHERE id = :id AND version = :version", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", scheme->id);
	km_sql_int(statement, ":version", scheme->version);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (error || !row)
		return error;
	size_t len;
	const void *json = km_sql_get_blob(statement, 0, &len);
	if (len != scheme->json_len || memcmp(json, scheme->json, len) != 0)
		return km_fail(problem, KM_CONFLICT, "scheme-published",
		               "version %d of %s is published already, with another content, and never changes: publish the "
		               "change as a new version",
		               scheme->version, scheme->id);
	*ret_there = true;
	return KM_OK;
}

static enum km_error check_next(struct km_store *store, const struct km_scheme *scheme, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error =
		km_sql(store, "SELECT coalesce(max(version), 0) FROM scheme WHERE id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", scheme->id);
	error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	int64_t next = row ? km_sql_get_int(statement, 0) + 1 : 1;
	if (scheme->version != next)
		return km_fail(problem, KM_CONFLICT, "scheme-version", "%s: this file is version %d; version %lld comes next",
		               scheme->id, scheme->version, (long long)next);
	return KM_OK;
}

enum km_error km_scheme_add(struct km_store *store, const struct km_scheme *scheme, int64_t now,
                            struct km_problem *problem)
{
	bool there = false;
	enum km_error error = compare_published(store, scheme, &there, problem);
	if (error || there)
		return error;
	error = check_next(store, scheme, problem);
	if (error)
		return error;
	auto_statement struct km_statement *statement = NULL;
	error = km_sql(store,
	               "INSERT INTO scheme (id, version, json, sha256, added_at) "
	               "VALUES (:id, :version, :json, :sha256, :now)",
	               &statement, problem);
	if (error)
		return error;
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(scheme->json, scheme->json_len, digest);
	km_sql_text(statement, ":id", scheme->id);
	km_sql_int(statement, ":version", scheme->version);
	km_sql_blob(statement, ":json", scheme->json, scheme->json_len);
	km_sql_blob(statement, ":sha256", digest, sizeof digest);
	km_sql_int(statement, ":now", now);
	error = km_sql_run(statement, problem);
	return error ? error
	             : km_record_note(store, "scheme", km_record_key("%s/%d", scheme->id, scheme->version), now, problem);
}

/* What was checked when it was published must still be what it was. */
static enum km_error parse_published(const char *id, int version, const void *json, size_t len,
                                     struct km_scheme **ret_scheme, struct km_problem *problem)
{
	struct km_problem cause;
	struct km_scheme *scheme = NULL;
	enum km_error error = km_scheme_parse(json, len, &scheme, &cause);
	if (error == KM_NO_MEMORY)
		return km_fail_memory(problem);
	if (error)
		return km_fail(problem, KM_IO, "database-damaged", "scheme %s version %d in the register cannot be read: %s",
		               id, version, cause.message);
	*ret_scheme = scheme;
	return KM_OK;
}

/* One that this connection has read before, where it has the very same bytes. */
static struct km_scheme *find_read(struct km_store *store, const char *id, const void *json, size_t len)
{
	for (size_t i = 0; i < KM_STORE_SCHEMES; i++) {
		struct km_scheme *scheme = store->schemes[i];
		if (scheme && scheme->json_len == len && strcmp(scheme->id, id) == 0 && memcmp(scheme->json, json, len) == 0)
			return km_scheme_hold(scheme);
	}
	return NULL;
}

static void keep_read(struct km_store *store, struct km_scheme *scheme)
{
	struct km_scheme **place = &store->schemes[store->schemes_next++ % KM_STORE_SCHEMES];
	km_scheme_free(*place);
	*place = km_scheme_hold(scheme);
}

enum km_error km_scheme_get(struct km_store *store, const char *id, int version, struct km_scheme **ret_scheme,
                            struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT version, json FROM scheme WHERE id = :id AND :version IN (0, version) "
	                             "ORDER BY version DESC LIMIT 1",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	km_sql_int(statement, ":version", version);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	if (!row && version)
		return km_fail(problem, KM_ABSENT, "unknown-scheme", "there is no version %d of a scheme \"%.*s\" here",
		               version, KM_SLUG_MAX, id);
	if (!row)
		return km_fail(problem, KM_ABSENT, "unknown-scheme", "there is no scheme \"%.*s\" here", KM_SLUG_MAX, id);
	size_t len;
	const void *json = km_sql_get_blob(statement, 1, &len);
	struct km_scheme *scheme = find_read(store, id, json, len);
	if (!scheme) {
		error = parse_published(id, (int)km_sql_get_int(statement, 0), json, len, &scheme, problem);
		if (error)
			return error;
		keep_read(store, scheme);
	}
	*ret_scheme = scheme;
	return KM_OK;
}

enum km_error km_scheme_list(struct km_store *store,
                             enum km_error (*each)(void *context, const struct km_scheme *scheme), void *context,
                             struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT id, version, json FROM scheme AS this WHERE version = "
	                             "(SELECT max(version) FROM scheme WHERE id = this.id) ORDER BY id",
	                             &statement, problem);
	bool row = false;
	while (!error && !(error = km_sql_step(statement, &row, problem)) && row) {
		auto_scheme struct km_scheme *scheme = NULL;
		size_t len;
		const void *json = km_sql_get_blob(statement, 2, &len);
		error = parse_published(km_sql_get_text(statement, 0), (int)km_sql_get_int(statement, 1), json, len, &scheme,
		                        problem);
		if (!error)
			error = each(context, scheme);
	}
	return error;
}
