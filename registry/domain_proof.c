#include "registry/domain_proof.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "registry/record.h"
#include "registry/sql.h"

#include <stdio.h>
#include <string.h>

enum { TOKEN_LETTERS = 26 };

enum km_error km_domain_token(const char *url, const char *kvk, const char *domain,
                              char ret_token[static KM_DOMAIN_TOKEN_TEXT], struct km_problem *problem)
{
	auto_buf struct km_buf text = KM_BUF_EMPTY, letters = KM_BUF_EMPTY;
	uint8_t digest[KM_SHA256_BYTES];
	km_buf_add_format(&text, "keurmerk-domain-1\n%s\n%s\n%s\n", url, kvk, domain);
	if (text.failed)
		return km_fail_memory(problem);
	km_sha256(text.data, text.len, digest);
	km_encode(KM_BASE32, digest, sizeof digest, &letters);
	if (letters.failed)
		return km_fail_memory(problem);
	for (size_t i = 0; i < TOKEN_LETTERS; i++)
		if (letters.data[i] >= 'A' && letters.data[i] <= 'Z')
			letters.data[i] = (char)(letters.data[i] - 'A' + 'a');
	snprintf(ret_token, KM_DOMAIN_TOKEN_TEXT, "keurmerk-%.*s", TOKEN_LETTERS, letters.data);
	return KM_OK;
}

/* ---------------------------------------------------------------------------------------------------------- reading */

#define STATE     "SELECT d.domain, provider.kvk, provider.name, d.proven_at, c.checked_at, c.failing_since, c.detail "
#define OF_DOMAIN "JOIN provider ON provider.id = d.provider_id LEFT JOIN domain_check AS c ON c.domain = d.domain "

static enum km_error run(struct km_statement *statement, km_domain_each each, void *context, size_t *ret_len,
                         struct km_problem *problem)
{
	for (bool row = true; true; ++*ret_len) {
		enum km_error error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const struct km_domain_state state = {
			.domain = km_sql_get_text(statement, 0),
			.kvk = km_sql_get_text(statement, 1),
			.name = km_sql_get_text(statement, 2),
			.proven_at = km_sql_get_int(statement, 3),
			.checked_at = km_sql_get_int(statement, 4),
			.failing_since = km_sql_get_int(statement, 5),
			.detail = km_sql_get_text(statement, 6),
		};
		error = each(context, &state);
		if (error)
			return error;
	}
}

enum km_error km_domain_list(struct km_store *store, const char *kvk, const char *after, size_t limit,
                             km_domain_each each, void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = kvk ? km_sql(store,
	                                   STATE "FROM provider_domain AS d " OF_DOMAIN
	                                         "WHERE d.provider_id = (SELECT id FROM provider WHERE kvk = :kvk) "
	                                         "AND d.domain > :after ORDER BY d.domain LIMIT :limit",
	                                   &statement, problem)
	                          : km_sql(store,
	                                   STATE "FROM provider_domain AS d " OF_DOMAIN
	                                         "WHERE d.domain > :after ORDER BY d.domain LIMIT :limit",
	                                   &statement, problem);
	if (error)
		return error;
	if (kvk)
		km_sql_text(statement, ":kvk", kvk);
	km_sql_text(statement, ":after", after ? after : "");
	km_sql_int(statement, ":limit", limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
	size_t len = 0;
	return run(statement, each, context, &len, problem);
}

enum km_error km_domain_find(struct km_store *store, const char *domain, km_domain_each each, void *context,
                             struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, STATE "FROM provider_domain AS d " OF_DOMAIN "WHERE d.domain = :domain", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":domain", domain);
	size_t len = 0;
	error = run(statement, each, context, &len, problem);
	return error || len ? error
	                    : km_fail(problem, KM_ABSENT, "unknown-domain",
	                              "%s is not the domain of a provider in this register", domain);
}

enum km_error km_domain_due(struct km_store *store, int64_t now, size_t limit, km_domain_each each, void *context,
                            struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             STATE "FROM domain_check AS c JOIN provider_domain AS d ON d.domain = c.domain "
	                                   "JOIN provider ON provider.id = d.provider_id "
	                                   "WHERE c.next_at <= :now ORDER BY c.next_at, c.domain LIMIT :limit",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":now", now);
	km_sql_int(statement, ":limit", limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
	size_t len = 0;
	return run(statement, each, context, &len, problem);
}

/* ---------------------------------------------------------------------------------------------------------- writing */

struct row {
	int64_t provider_id, position, proven_at, failing_since;
};

static enum km_error read_row(struct km_store *store, const char *domain, struct row *ret_row,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT d.provider_id, d.position, d.proven_at, c.failing_since "
	                             "FROM provider_domain AS d LEFT JOIN domain_check AS c ON c.domain = d.domain "
	                             "WHERE d.domain = :domain",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":domain", domain);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (!error && !row)
		return km_fail(problem, KM_ABSENT, "unknown-domain", "%s is not the domain of a provider in this register",
		               domain);
	if (!error)
		*ret_row = (struct row){km_sql_get_int(statement, 0), km_sql_get_int(statement, 1),
		                        km_sql_get_int(statement, 2), km_sql_get_int(statement, 3)};
	return error;
}

/* proven_at 0: no longer. */
static enum km_error set_proven(struct km_store *store, const struct row *row, int64_t proven_at, int64_t now,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "UPDATE provider_domain SET proven_at = :proven_at "
	                             "WHERE provider_id = :provider AND position = :position",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int_or_null(statement, ":proven_at", proven_at);
	km_sql_int(statement, ":provider", row->provider_id);
	km_sql_int(statement, ":position", row->position);
	error = km_sql_run(statement, problem);
	struct km_record_key key = km_record_key("%lld/%lld", (long long)row->provider_id, (long long)row->position);
	return error ? error : km_record_note(store, "provider_domain", key, now, problem);
}

static enum km_error set_check(struct km_store *store, const char *domain, int64_t failing_since, const char *detail,
                               int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO domain_check (domain, next_at, checked_at, failing_since, detail) "
	                             "VALUES (:domain, :next, :now, :failing, :detail) ON CONFLICT (domain) DO UPDATE SET "
	                             "next_at = excluded.next_at, checked_at = excluded.checked_at, "
	                             "failing_since = excluded.failing_since, detail = excluded.detail",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":domain", domain);
	km_sql_int(statement, ":next", now + (failing_since ? KM_DOMAIN_RETRY_S : KM_DOMAIN_AGAIN_S));
	km_sql_int(statement, ":now", now);
	km_sql_int_or_null(statement, ":failing", failing_since);
	km_sql_text(statement, ":detail", detail);
	return km_sql_run(statement, problem);
}

enum km_error km_domain_note(struct km_store *store, const char *domain, bool found, const char *detail, int64_t now,
                             struct km_problem *problem)
{
	struct row row;
	enum km_error error = read_row(store, domain, &row, problem);
	if (error)
		return error;
	int64_t failing_since = found ? 0 : row.failing_since ? row.failing_since : now;
	error = set_check(store, domain, failing_since, detail, now, problem);
	if (!error && found)
		error = set_proven(store, &row, now, now, problem);
	else if (!error && row.proven_at && now - failing_since >= KM_DOMAIN_FAILING_S)
		error = set_proven(store, &row, 0, now, problem);
	return error;
}
