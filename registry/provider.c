#include "registry/provider.h"

#include "base/buf.h"
#include "registry/name.h"
#include "registry/provider_check.h"
#include "registry/record.h"
#include "registry/sql.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------ already there? */

/* KM_CONFLICT where the statement, which asks for a name and a KvK number, has a row for this value. */
static enum km_error refuse_taken(struct km_store *store, const char *literal, const char *value, const char *type,
                                  const char *what, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":value", value);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (error || !row)
		return error;
	return km_fail(problem, KM_CONFLICT, type, "the %s %s is already that of %s, KvK number %s", what, value,
	               km_sql_get_text(statement, 0), km_sql_get_text(statement, 1));
}

static enum km_error refuse_any_taken(struct km_store *store, const struct km_provider *provider,
                                      const struct km_provider_form *form, struct km_problem *problem)
{
	enum km_error error = refuse_taken(store, "SELECT name, kvk FROM provider WHERE kvk = :value", provider->kvk,
	                                   "kvk-taken", "KvK number", problem);
	if (!error && provider->rsin)
		error = refuse_taken(store, "SELECT name, kvk FROM provider WHERE rsin = :value", provider->rsin, "rsin-taken",
		                     "RSIN", problem);
	if (!error && provider->lei)
		error = refuse_taken(store, "SELECT name, kvk FROM provider WHERE lei = :value", provider->lei, "lei-taken",
		                     "LEI", problem);
	for (size_t i = 0; !error && i < provider->domains_len; i++)
		error = refuse_taken(store,
		                     "SELECT provider.name, provider.kvk FROM provider_domain "
		                     "JOIN provider ON provider.id = provider_domain.provider_id WHERE domain = :value",
		                     form->domains[i], "domain-taken", "domain", problem);
	return error;
}

/* -------------------------------------------------------------------------------------------------------- adding */

static enum km_error insert_provider(struct km_store *store, const struct km_provider *provider,
                                     const struct km_provider_form *form, int64_t now, int64_t *ret_id,
                                     struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "INSERT INTO provider (kvk, establishment, rsin, lei, euid, name, city, region, country, added_at) "
	           "VALUES (:kvk, :establishment, :rsin, :lei, :euid, :name, :city, :region, :country, :now)",
	           &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":kvk", provider->kvk);
	km_sql_text(statement, ":establishment", provider->establishment);
	km_sql_text(statement, ":rsin", provider->rsin);
	km_sql_text(statement, ":lei", provider->lei);
	km_sql_text(statement, ":euid", form->euid);
	km_sql_text(statement, ":name", provider->name);
	km_sql_text(statement, ":city", provider->city);
	km_sql_text(statement, ":region", *form->region ? form->region : NULL);
	km_sql_text(statement, ":country", form->country);
	km_sql_int(statement, ":now", now);
	error = km_sql_run(statement, problem);
	int64_t id = km_sql_last_id(store);
	if (!error)
		error = km_record_note(store, "provider", km_record_key("%lld", (long long)id), now, problem);
	if (!error)
		*ret_id = id;
	return error;
}

static enum km_error insert_trade_name(struct km_store *store, int64_t id, size_t position, const char *name,
                                       int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "INSERT INTO provider_trade_name (provider_id, position, name) VALUES (:id, :position, :name)",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	km_sql_int(statement, ":position", (int64_t)position);
	km_sql_text(statement, ":name", name);
	error = km_sql_run(statement, problem);
	struct km_record_key key = km_record_key("%lld/%zu", (long long)id, position);
	return error ? error : km_record_note(store, "provider_trade_name", key, now, problem);
}

static enum km_error insert_domain(struct km_store *store, int64_t id, size_t position, const char *domain,
                                   int64_t proven_at, int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO provider_domain (provider_id, position, domain, proven_at) "
	                             "VALUES (:id, :position, :domain, :proven_at)",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	km_sql_int(statement, ":position", (int64_t)position);
	km_sql_text(statement, ":domain", domain);
	km_sql_int_or_null(statement, ":proven_at", proven_at);
	error = km_sql_run(statement, problem);
	struct km_record_key key = km_record_key("%lld/%zu", (long long)id, position);
	return error ? error : km_record_note(store, "provider_domain", key, now, problem);
}

static enum km_error put_contact(struct km_store *store, int64_t id, const struct km_provider_contact *contact,
                                 int64_t now, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO provider_contact (provider_id, name, email, phone, language) "
	                             "VALUES (:id, :name, :email, :phone, :language) "
	                             "ON CONFLICT (provider_id) DO UPDATE SET name = excluded.name, "
	                             "email = excluded.email, phone = excluded.phone, language = excluded.language",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	km_sql_text(statement, ":name", contact->name);
	km_sql_text(statement, ":email", contact->email);
	km_sql_text(statement, ":phone", contact->phone);
	km_sql_text(statement, ":language", contact->language);
	error = km_sql_run(statement, problem);
	struct km_record_key key = km_record_key("%lld", (long long)id);
	return error ? error : km_record_note(store, "provider_contact", key, now, problem);
}

/* What registry/search.c finds it by: each name on a line. */
static enum km_error insert_search(struct km_store *store, int64_t id, const struct km_provider *provider,
                                   struct km_problem *problem)
{
	auto_buf struct km_buf names = KM_BUF_EMPTY;
	km_buf_add_text(&names, provider->name);
	for (size_t i = 0; i < provider->trade_names_len; i++) {
		km_buf_add_char(&names, '\n');
		km_buf_add_text(&names, provider->trade_names[i]);
	}
	if (names.failed)
		return km_fail_memory(problem);
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "INSERT INTO provider_search (rowid, names) VALUES (:id, :names)", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	km_sql_text(statement, ":names", names.data);
	return km_sql_run(statement, problem);
}

static enum km_error run_with_id(struct km_store *store, const char *literal, int64_t id, const char *name,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, literal, &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	if (name)
		km_sql_text(statement, ":name", name);
	return km_sql_run(statement, problem);
}

enum km_error km_provider_rename(struct km_store *store, int64_t id, const char *name, int64_t now,
                                 struct km_problem *problem)
{
	struct km_provider *provider = NULL;
	enum km_error error = km_name_check(name, KM_NAME_MAX, "name", "name", problem);
	if (!error)
		error = run_with_id(store, "UPDATE provider SET name = :name WHERE id = :id", id, name, problem);
	if (!error)
		error = run_with_id(store, "DELETE FROM provider_search WHERE rowid = :id", id, NULL, problem);
	if (!error)
		error = km_provider_get_by_id(store, id, &provider, problem);
	if (!error)
		error = insert_search(store, id, provider, problem);
	if (!error)
		error = km_record_note(store, "provider", km_record_key("%lld", (long long)id), now, problem);
	km_provider_free(provider);
	return error;
}

static bool says_something(const struct km_provider_contact *contact)
{
	return contact && (contact->name || contact->email || contact->phone || contact->language);
}

enum km_error km_provider_add(struct km_store *store, const struct km_provider *provider,
                              const struct km_provider_contact *contact, int64_t now, struct km_problem *problem)
{
	struct km_provider_form form;
	int64_t id = 0;
	enum km_error error = km_provider_check(provider, contact, &form, problem);
	if (!error)
		error = refuse_any_taken(store, provider, &form, problem);
	if (!error)
		error = insert_provider(store, provider, &form, now, &id, problem);
	for (size_t i = 0; !error && i < provider->trade_names_len; i++)
		error = insert_trade_name(store, id, i, provider->trade_names[i], now, problem);
	for (size_t i = 0; !error && i < provider->domains_len; i++)
		error = insert_domain(store, id, i, form.domains[i], provider->domains[i].proven_at, now, problem);
	if (!error && says_something(contact))
		error = put_contact(store, id, contact, now, problem);
	return error ? error : insert_search(store, id, provider, problem);
}

enum km_error km_provider_set_contact(struct km_store *store, const char *kvk,
                                      const struct km_provider_contact *contact, int64_t now,
                                      struct km_problem *problem)
{
	struct km_provider *provider = NULL;
	enum km_error error = km_provider_contact_check(contact, problem);
	if (!error)
		error = km_provider_get(store, kvk, &provider, problem);
	if (!error)
		error = put_contact(store, provider->id, contact, now, problem);
	km_provider_free(provider);
	return error;
}

/* ------------------------------------------------------------------------------------------------------- reading */

#define COLUMNS "id, coalesce(kvk, ''), establishment, rsin, lei, euid, name, city, region, country, erased_at"

void km_provider_free(struct km_provider *provider)
{
	if (!provider)
		return;
	const char *const texts[] = {provider->kvk,  provider->establishment, provider->rsin,
	                             provider->lei,  provider->euid,          provider->name,
	                             provider->city, provider->region,        provider->country};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free((void *)texts[i]);
	for (size_t i = 0; i < provider->trade_names_len; i++)
		free((void *)provider->trade_names[i]);
	for (size_t i = 0; i < provider->domains_len; i++)
		free((void *)provider->domains[i].name);
	free((void *)provider->trade_names);
	free((void *)provider->domains);
	free(provider);
}

static void free_provider(struct km_provider **provider)
{
	km_provider_free(*provider);
}
#define auto_provider __attribute__((cleanup(free_provider)))

static enum km_error read_trade_names(struct km_store *store, struct km_provider *provider, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(
		store, "SELECT name FROM provider_trade_name WHERE provider_id = :id ORDER BY position", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", provider->id);
	const char **names = calloc(KM_TRADE_NAMES_MAX, sizeof *names);
	provider->trade_names = names;
	bool row = true;
	while (names && provider->trade_names_len < KM_TRADE_NAMES_MAX) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		if (!km_sql_copy_text(statement, 0, &names[provider->trade_names_len]))
			return km_fail_memory(problem);
		provider->trade_names_len++;
	}
	return names ? KM_OK : km_fail_memory(problem);
}

static enum km_error read_domains(struct km_store *store, struct km_provider *provider, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT domain, proven_at FROM provider_domain WHERE provider_id = :id ORDER BY position",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", provider->id);
	struct km_domain *domains = calloc(KM_DOMAINS_MAX, sizeof *domains);
	provider->domains = domains;
	bool row = true;
	while (domains && provider->domains_len < KM_DOMAINS_MAX) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		struct km_domain *domain = &domains[provider->domains_len];
		if (!km_sql_copy_text(statement, 0, &domain->name))
			return km_fail_memory(problem);
		domain->proven_at = km_sql_get_int(statement, 1);
		provider->domains_len++;
	}
	return domains ? KM_OK : km_fail_memory(problem);
}

/* From the present row of a statement that selects COLUMNS. */
static enum km_error read_provider(struct km_store *store, struct km_statement *statement,
                                   struct km_provider **ret_provider, struct km_problem *problem)
{
	auto_provider struct km_provider *provider = calloc(1, sizeof *provider);
	if (!provider)
		return km_fail_memory(problem);
	provider->id = km_sql_get_int(statement, 0);
	const char **const texts[] = {&provider->kvk,  &provider->establishment, &provider->rsin,
	                              &provider->lei,  &provider->euid,          &provider->name,
	                              &provider->city, &provider->region,        &provider->country};
	for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
		if (!km_sql_copy_text(statement, i + 1, texts[i]))
			return km_fail_memory(problem);
	provider->erased_at = km_sql_get_int(statement, (int)(sizeof texts / sizeof *texts) + 1);
	enum km_error error = read_trade_names(store, provider, problem);
	if (!error)
		error = read_domains(store, provider, problem);
	if (error)
		return error;
	*ret_provider = provider;
	provider = NULL;
	return KM_OK;
}

enum km_error km_provider_find_id(struct km_store *store, const char *kvk, int64_t *ret_id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT id FROM provider WHERE kvk = :kvk", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":kvk", kvk);
	error = km_sql_expect(statement, problem, KM_ABSENT, "unknown-provider",
	                      "there is no provider with KvK number %.40s", kvk);
	if (error)
		return error;
	*ret_id = km_sql_get_int(statement, 0);
	return KM_OK;
}

enum km_error km_provider_get(struct km_store *store, const char *kvk, struct km_provider **ret_provider,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT " COLUMNS " FROM provider WHERE kvk = :kvk", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":kvk", kvk);
	error = km_sql_expect(statement, problem, KM_ABSENT, "unknown-provider",
	                      "there is no provider with KvK number %.40s", kvk);
	return error ? error : read_provider(store, statement, ret_provider, problem);
}

enum km_error km_provider_get_by_id(struct km_store *store, int64_t id, struct km_provider **ret_provider,
                                    struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT " COLUMNS " FROM provider WHERE id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	error =
		km_sql_expect(statement, problem, KM_ABSENT, "unknown-provider", "there is no provider %lld", (long long)id);
	return error ? error : read_provider(store, statement, ret_provider, problem);
}

enum km_error km_provider_list(struct km_store *store, const char *after, size_t limit,
                               enum km_error (*each)(void *context, const struct km_provider *provider), void *context,
                               struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT " COLUMNS " FROM provider WHERE kvk > :after ORDER BY kvk LIMIT :limit",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":after", after ? after : "");
	km_sql_int(statement, ":limit", limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
	for (bool row = true;;) {
		auto_provider struct km_provider *provider = NULL;
		error = km_sql_step(statement, &row, problem);
		if (!error && row)
			error = read_provider(store, statement, &provider, problem);
		if (!error && row)
			error = each(context, provider);
		if (error || !row)
			return error;
	}
}
