#include "registry/body.h"

#include "registry/address.h"
#include "registry/identifier.h"
#include "registry/name.h"
#include "registry/record.h"
#include "registry/scheme.h"
#include "registry/sql.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_CHARACTERS = 200, ACCREDITATION_MAX = 60, CITY_MAX = 100 };

#define COLUMNS "id, slug, name, accreditation, city, country, url"

static enum km_error check(const struct km_body *body, struct km_problem *problem)
{
	if (!body->slug || !km_slug_valid(body->slug))
		return km_fail(problem, KM_INVALID, "slug",
		               "the short name of a body has 1 to %d of a-z, 0-9 and hyphen, and no hyphen at either end",
		               KM_SLUG_MAX);
	enum km_error error =
		km_name_check(body->name ? body->name : "", NAME_MAX_CHARACTERS, "name", "the name of the body", problem);
	if (!error)
		error = km_name_check(body->accreditation ? body->accreditation : "", ACCREDITATION_MAX, "accreditation",
		                      "the number of the accreditation", problem);
	if (!error && body->city)
		error = km_name_check(body->city, CITY_MAX, "city", "the city", problem);
	if (!error && body->country && !km_country_valid(body->country))
		error = km_fail(problem, KM_INVALID, "country", "a country is two capitals of ISO 3166, like NL or BE");
	if (!error && body->url && !km_link_valid(body->url))
		error = km_fail(problem, KM_INVALID, "url", "the web page of a body begins with https://, and has no spaces");
	return error;
}

static enum km_error refuse_taken(struct km_store *store, const char *slug, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT name FROM body WHERE slug = :slug", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":slug", slug);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (!error && row)
		error = km_fail(problem, KM_CONFLICT, "slug-taken", "the short name %s is already that of %s", slug,
		                km_sql_get_text(statement, 0));
	return error;
}

static enum km_error require_scheme(struct km_store *store, const char *id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT 1 FROM scheme WHERE id = :id LIMIT 1", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":id", id);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (!error && !row)
		error = km_fail(problem, KM_ABSENT, "unknown-scheme",
		                "there is no scheme %.60s: add it first, with `keurmerk scheme add`", id);
	return error;
}

static enum km_error insert_body(struct km_store *store, const struct km_body *body, int64_t now, int64_t *ret_id,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO body (slug, name, accreditation, city, country, url, added_at) "
	                             "VALUES (:slug, :name, :accreditation, :city, :country, :url, :now)",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":slug", body->slug);
	km_sql_text(statement, ":name", body->name);
	km_sql_text(statement, ":accreditation", body->accreditation);
	km_sql_text(statement, ":city", body->city);
	km_sql_text(statement, ":country", body->country ? body->country : "NL");
	km_sql_text(statement, ":url", body->url);
	km_sql_int(statement, ":now", now);
	error = km_sql_run(statement, problem);
	int64_t id = km_sql_last_id(store);
	if (!error)
		error = km_record_note(store, "body", km_record_key("%lld", (long long)id), now, problem);
	if (!error)
		*ret_id = id;
	return error;
}

/* A scheme that is named twice counts once. */
static enum km_error insert_scheme(struct km_store *store, int64_t body_id, const char *scheme, int64_t now,
                                   struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "INSERT INTO body_scheme (body_id, scheme_id) VALUES (:body, :scheme) ON CONFLICT DO NOTHING",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", body_id);
	km_sql_text(statement, ":scheme", scheme);
	error = km_sql_run(statement, problem);
	struct km_record_key key = km_record_key("%lld/%s", (long long)body_id, scheme);
	return error ? error : km_record_note(store, "body_scheme", key, now, problem);
}

enum km_error km_body_add(struct km_store *store, const struct km_body *body, int64_t now, struct km_problem *problem)
{
	enum km_error error = check(body, problem);
	if (!error)
		error = refuse_taken(store, body->slug, problem);
	for (size_t i = 0; !error && i < body->schemes_len; i++)
		error = require_scheme(store, body->schemes[i], problem);
	int64_t id = 0;
	if (!error)
		error = insert_body(store, body, now, &id, problem);
	for (size_t i = 0; !error && i < body->schemes_len; i++)
		error = insert_scheme(store, id, body->schemes[i], now, problem);
	return error;
}

void km_body_free(struct km_body *body)
{
	if (!body)
		return;
	const char *const texts[] = {body->slug, body->name, body->accreditation, body->city, body->country, body->url};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free((void *)texts[i]);
	for (size_t i = 0; i < body->schemes_len; i++)
		free((void *)body->schemes[i]);
	free((void *)body->schemes);
	free(body);
}

static void free_body(struct km_body **body)
{
	km_body_free(*body);
}
#define auto_body __attribute__((cleanup(free_body)))

static enum km_error read_schemes(struct km_store *store, struct km_body *body, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT scheme_id FROM body_scheme WHERE body_id = :id ORDER BY scheme_id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", body->id);
	for (bool row = true;;) {
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const char **schemes = reallocarray((void *)body->schemes, body->schemes_len + 1, sizeof *schemes);
		if (!schemes)
			return km_fail_memory(problem);
		body->schemes = schemes;
		if (!km_sql_copy_text(statement, 0, &schemes[body->schemes_len]))
			return km_fail_memory(problem);
		body->schemes_len++;
	}
}

/* From the present row of a statement that selects COLUMNS. */
static enum km_error read_body(struct km_store *store, struct km_statement *statement, struct km_body **ret_body,
                               struct km_problem *problem)
{
	auto_body struct km_body *body = calloc(1, sizeof *body);
	if (!body)
		return km_fail_memory(problem);
	body->id = km_sql_get_int(statement, 0);
	const char **const texts[] = {&body->slug, &body->name,    &body->accreditation,
	                              &body->city, &body->country, &body->url};
	for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
		if (!km_sql_copy_text(statement, i + 1, texts[i]))
			return km_fail_memory(problem);
	enum km_error error = read_schemes(store, body, problem);
	if (error)
		return error;
	*ret_body = body;
	body = NULL;
	return KM_OK;
}

enum km_error km_body_get(struct km_store *store, const char *slug, struct km_body **ret_body,
                          struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT " COLUMNS " FROM body WHERE slug = :slug", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":slug", slug);
	error = km_sql_expect(statement, problem, KM_ABSENT, "unknown-body", "there is no certification body %.60s", slug);
	return error ? error : read_body(store, statement, ret_body, problem);
}

enum km_error km_body_get_by_id(struct km_store *store, int64_t id, struct km_body **ret_body,
                                struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT " COLUMNS " FROM body WHERE id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	error = km_sql_expect(statement, problem, KM_ABSENT, "unknown-body", "there is no certification body %lld",
	                      (long long)id);
	return error ? error : read_body(store, statement, ret_body, problem);
}

enum km_error km_body_list(struct km_store *store, enum km_error (*each)(void *context, const struct km_body *body),
                           void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT " COLUMNS " FROM body ORDER BY slug", &statement, problem);
	if (error)
		return error;
	for (bool row = true;;) {
		auto_body struct km_body *body = NULL;
		error = km_sql_step(statement, &row, problem);
		if (!error && row)
			error = read_body(store, statement, &body, problem);
		if (!error && row)
			error = each(context, body);
		if (error || !row)
			return error;
	}
}

enum km_error km_body_find_id(struct km_store *store, const char *slug, int64_t *ret_id, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT id FROM body WHERE slug = :slug", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":slug", slug);
	error = km_sql_expect(statement, problem, KM_ABSENT, "unknown-body", "there is no certification body %.60s", slug);
	if (error)
		return error;
	*ret_id = km_sql_get_int(statement, 0);
	return KM_OK;
}

/* ------------------------------------------------------------------------------------------------------ its contact */

static enum km_error put_contact(struct km_store *store, int64_t id, const char *email, enum km_language language,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "INSERT INTO body_contact (body_id, email, language) VALUES (:id, :email, :language)"
	                             " ON CONFLICT (body_id) DO UPDATE SET email = excluded.email,"
	                             " language = excluded.language",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	km_sql_text(statement, ":email", email);
	km_sql_text(statement, ":language", km_language_code(language));
	return km_sql_run(statement, problem);
}

static enum km_error erase_contact(struct km_store *store, int64_t id, bool *ret_had, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "DELETE FROM body_contact WHERE body_id = :id RETURNING body_id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	bool more = false;
	error = km_sql_step(statement, ret_had, problem);
	return !error && *ret_had ? km_sql_step(statement, &more, problem) : error;
}

enum km_error km_body_set_contact(struct km_store *store, const char *slug, const char *email,
                                  enum km_language language, int64_t now, struct km_problem *problem)
{
	struct km_problem own = {0};
	char address[KM_EMAIL_TEXT];
	int64_t id = 0;
	bool had = false;
	enum km_error error = km_body_find_id(store, slug, &id, problem);
	if (error)
		return error;
	struct km_record_key key = km_record_key("%lld", (long long)id);
	if (email && km_email_normalise(email, address, &own) != KM_OK)
		return km_fail(problem, KM_INVALID, "contact-email", "%s", own.message);
	error = email ? put_contact(store, id, email, language, problem) : erase_contact(store, id, &had, problem);
	if (!error && email)
		error = km_record_note(store, "body_contact", key, now, problem);
	return !error && had ? km_record_erase(store, "body_contact", key, now, problem) : error;
}

enum km_error km_body_get_contact(struct km_store *store, int64_t id, struct km_body_contact *ret_contact,
                                  struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT email, language FROM body_contact WHERE body_id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", id);
	bool row = false;
	error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	*ret_contact = (struct km_body_contact){.language = KM_NL};
	if (row) {
		snprintf(ret_contact->email, sizeof ret_contact->email, "%s", km_sql_get_text(statement, 0));
		ret_contact->language = strcmp(km_sql_get_text(statement, 1), "en") == 0 ? KM_EN : KM_NL;
	}
	return KM_OK;
}
