#include "registry/provider_link.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "keys/random.h"
#include "registry/body.h"
#include "registry/finding.h"
#include "registry/record.h"
#include "registry/sql.h"

#include <string.h>

enum { TOKEN_BYTES = 16, KVK_DIGITS = 8, MARKS_MAX = 50 };

/* Who hands it out, to whom. */
struct giving {
	int64_t body_id, provider_id, now;
	const char *by; /* thumbprint; NULL: the operator */
};

static enum km_error find_provider(struct km_store *store, const char *kvk, bool *ret_found, int64_t *ret_id,
                                   struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store, "SELECT id FROM provider WHERE kvk = :kvk", &statement, problem);
	if (error)
		return error;
	km_sql_text(statement, ":kvk", kvk);
	error = km_sql_step(statement, ret_found, problem);
	if (!error)
		*ret_id = *ret_found ? km_sql_get_int(statement, 0) : 0;
	return error;
}

/* A body has to do with whom it audited, and with whose mark it holds. */
static enum km_error check_own(struct km_store *store, const struct giving *giving, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT 1 FROM audit WHERE provider_id = :provider AND body_id = :body"
	           " UNION ALL SELECT 1 FROM mark AS m JOIN mark_period AS q ON q.mark_id = m.id"
	           "  WHERE m.provider_id = :provider AND q.body_id = :body AND q.sequence ="
	           "   (SELECT max(sequence) FROM mark_period WHERE mark_id = m.id AND holds_from <= :now)",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":provider", giving->provider_id);
	km_sql_int(statement, ":body", giving->body_id);
	km_sql_int(statement, ":now", giving->now);
	bool own = false;
	error = km_sql_step(statement, &own, problem);
	if (!error && !own)
		return km_fail(problem, KM_FORBIDDEN, "other-body",
		               "the body neither audited this provider nor holds a mark of it");
	return error;
}

/* Ends what the statement, an UPDATE … RETURNING token_sha256, finds. */
static enum km_error note_ended(struct km_store *store, struct km_statement *statement, int64_t now, bool *ret_any,
                                struct km_problem *problem)
{
	bool row = false;
	enum km_error error = KM_OK;
	for (*ret_any = false; !error && !(error = km_sql_step(statement, &row, problem)) && row; *ret_any = true) {
		size_t len;
		const void *digest = km_sql_get_blob(statement, 0, &len);
		error = km_record_note(store, "provider_link", km_record_key_hex(digest, len), now, problem);
	}
	return error;
}

/* Whatever link there is, it works no longer. */
static enum km_error end_links(struct km_store *store, const struct giving *giving, bool *ret_any,
                               struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "UPDATE provider_link SET expires_at = :now WHERE body_id = :body"
	                             " AND provider_id = :provider AND expires_at > :now RETURNING token_sha256",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", giving->body_id);
	km_sql_int(statement, ":provider", giving->provider_id);
	km_sql_int(statement, ":now", giving->now);
	return note_ended(store, statement, giving->now, ret_any, problem);
}

enum km_error km_provider_link_end_of_key(struct km_store *store, const char *thumbprint, int64_t now,
                                          struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "UPDATE provider_link SET expires_at = :now WHERE made_by = :thumbprint"
	                             " AND expires_at > :now RETURNING token_sha256",
	                             &statement, problem);
	if (error)
		return error;
	bool any;
	km_sql_text(statement, ":thumbprint", thumbprint);
	km_sql_int(statement, ":now", now);
	return note_ended(store, statement, now, &any, problem);
}

static enum km_error refuse_used(struct km_store *store, const uint8_t digest[static KM_SHA256_BYTES],
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT 1 FROM provider_link WHERE token_sha256 = :digest", &statement, problem);
	if (error)
		return error;
	km_sql_blob(statement, ":digest", digest, KM_SHA256_BYTES);
	bool used = false;
	error = km_sql_step(statement, &used, problem);
	if (!error && used)
		return km_fail(problem, KM_CONFLICT, "token-used", "this token was used before: make a new one for each link");
	return error;
}

static enum km_error insert_link(struct km_store *store, const struct giving *giving,
                                 const uint8_t digest[static KM_SHA256_BYTES], int64_t expires_at,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "INSERT INTO provider_link (token_sha256, provider_id, body_id, made_at, made_by, expires_at)"
	           " VALUES (:digest, :provider, :body, :now, :by, :expires)",
	           &statement, problem);
	if (error)
		return error;
	km_sql_blob(statement, ":digest", digest, KM_SHA256_BYTES);
	km_sql_int(statement, ":provider", giving->provider_id);
	km_sql_int(statement, ":body", giving->body_id);
	km_sql_int(statement, ":now", giving->now);
	km_sql_text(statement, ":by", giving->by);
	km_sql_int(statement, ":expires", expires_at);
	error = km_sql_run(statement, problem);
	return error ? error
	             : km_record_note(store, "provider_link", km_record_key_hex(digest, KM_SHA256_BYTES), giving->now,
	                              problem);
}

static enum km_error give(struct km_store *store, const struct giving *giving,
                          const uint8_t digest[static KM_SHA256_BYTES], int64_t *ret_expires_at,
                          struct km_problem *problem)
{
	bool any;
	int64_t expires_at = km_time_end_of_day(km_time_add_days(giving->now, KM_LINK_DAYS));
	enum km_error error = check_own(store, giving, problem);
	if (!error)
		error = refuse_used(store, digest, problem);
	if (!error)
		error = end_links(store, giving, &any, problem);
	if (!error)
		error = insert_link(store, giving, digest, expires_at, problem);
	if (!error)
		*ret_expires_at = expires_at;
	return error;
}

static enum km_error withdraw(struct km_store *store, const struct giving *giving, struct km_problem *problem)
{
	bool any = false;
	enum km_error error = end_links(store, giving, &any, problem);
	if (!error && !any)
		return km_fail(problem, KM_CONFLICT, "no-link", "the body has no link to this provider that works");
	return error;
}

/* ------------------------------------------------------------------------------------------------------ what is signed
 */

static enum km_error read_content(const json_t *content, bool *ret_gives, const char **ret_kvk,
                                  uint8_t ret_digest[static KM_SHA256_BYTES], struct km_problem *problem)
{
	static const char *const giving[] = {"action", "provider", "token_sha256", NULL};
	static const char *const ending[] = {"action", "provider", NULL};
	const char *action, *text = NULL;
	enum km_error error = km_json_string(content, "link", "action", 20, &action, problem);
	if (error)
		return error;
	bool gives = strcmp(action, "give") == 0;
	if (!gives && strcmp(action, "withdraw") != 0)
		return km_fail(problem, KM_INVALID, "member", "link.action: expected give or withdraw");
	error = km_json_only(content, "link", gives ? giving : ending, problem);
	if (!error)
		error = km_json_string(content, "link", "provider", KVK_DIGITS, ret_kvk, problem);
	if (!error && gives)
		error = km_json_string(content, "link", "token_sha256", 2 * KM_SHA256_BYTES, &text, problem);
	if (!error && text && !km_decode_exact(KM_HEX, text, strlen(text), ret_digest, KM_SHA256_BYTES))
		return km_fail(problem, KM_INVALID, "member", "link.token_sha256: expected 64 hex digits in lower case");
	*ret_gives = gives;
	return error;
}

static enum km_error add_expiry(json_t *reply, int64_t expires_at, struct km_problem *problem)
{
	char day[KM_DATE_TEXT];
	km_date_format(expires_at, day);
	return json_object_set_new(reply, "expires", json_string(day)) == 0 ? KM_OK : km_fail_memory(problem);
}

enum km_error km_provider_link_apply(struct km_store *store, const struct km_acting *acting, const json_t *content,
                                     json_t *reply, struct km_problem *problem)
{
	uint8_t digest[KM_SHA256_BYTES];
	const char *kvk = NULL;
	bool gives = false, found = false;
	struct giving giving = {.body_id = acting->body_id, .now = acting->now, .by = acting->thumbprint};
	enum km_error error = read_content(content, &gives, &kvk, digest, problem);
	if (error)
		return error;
	int64_t expires_at = km_time_end_of_day(km_time_add_days(acting->now, KM_LINK_DAYS));
	if (!acting->replayed) {
		error = find_provider(store, kvk, &found, &giving.provider_id, problem);
		if (!error && !found)
			return km_fail(problem, KM_INVALID, "unknown-provider",
			               "link.provider: there is no provider with KvK number %.8s in this register", kvk);
		if (!error)
			error = gives ? give(store, &giving, digest, &expires_at, problem) : withdraw(store, &giving, problem);
	}
	return error || !gives ? error : add_expiry(reply, expires_at, problem);
}

/* -------------------------------------------------------------------------------------------------------- the operator
 */

static enum km_error find_giving(struct km_store *store, const char *body_slug, const char *kvk, int64_t now,
                                 struct giving *ret_giving, struct km_problem *problem)
{
	bool found = false;
	*ret_giving = (struct giving){.now = now};
	enum km_error error = km_body_find_id(store, body_slug, &ret_giving->body_id, problem);
	if (!error)
		error = find_provider(store, kvk, &found, &ret_giving->provider_id, problem);
	if (!error && !found)
		return km_fail(problem, KM_ABSENT, "unknown-provider", "there is no provider with KvK number %.20s", kvk);
	return error;
}

enum km_error km_provider_link_make(struct km_store *store, const char *body_slug, const char *kvk, int64_t now,
                                    char ret_token[static KM_LINK_TOKEN_TEXT], int64_t *ret_expires_at,
                                    struct km_problem *problem)
{
	struct giving giving;
	uint8_t digest[KM_SHA256_BYTES];
	char token[KM_LINK_TOKEN_TEXT];
	enum km_error error = find_giving(store, body_slug, kvk, now, &giving, problem);
	if (!error)
		error = km_random_text(KM_HEX, TOKEN_BYTES, token, problem);
	if (error)
		return error;
	km_sha256(token, KM_LINK_TOKEN_TEXT - 1, digest);
	error = give(store, &giving, digest, ret_expires_at, problem);
	if (!error)
		memcpy(ret_token, token, sizeof token);
	km_wipe(token, sizeof token);
	return error;
}

enum km_error km_provider_link_withdraw(struct km_store *store, const char *body_slug, const char *kvk, int64_t now,
                                        struct km_problem *problem)
{
	struct giving giving;
	enum km_error error = find_giving(store, body_slug, kvk, now, &giving, problem);
	return error ? error : withdraw(store, &giving, problem);
}

/* ------------------------------------------------------------------------------------------------------ what it opens
 */

static struct km_provider_link read_link(struct km_statement *statement)
{
	return (struct km_provider_link){.provider_id = km_sql_get_int(statement, 0),
	                                 .body_id = km_sql_get_int(statement, 1),
	                                 .made_at = km_sql_get_int(statement, 2),
	                                 .expires_at = km_sql_get_int(statement, 3)};
}

/* The look-up is by digest: how long it takes says nothing about a token that was nearly right. */
enum km_error km_provider_link_find(struct km_store *store, const char *token, int64_t now,
                                    struct km_provider_link *ret_link, struct km_problem *problem)
{
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256(token, strlen(token), digest);
	auto_statement struct km_statement *statement = NULL;
	enum km_error error = km_sql(store,
	                             "SELECT provider_id, body_id, made_at, expires_at FROM provider_link"
	                             " WHERE token_sha256 = :digest AND expires_at > :now",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_blob(statement, ":digest", digest, sizeof digest);
	km_sql_int(statement, ":now", now);
	bool found = false;
	error = km_sql_step(statement, &found, problem);
	if (error)
		return error;
	if (!found)
		return km_fail(
			problem, KM_ABSENT, "unknown-link",
			"this link is not known, was withdrawn, or has expired: ask the certification body for a new one");
	*ret_link = read_link(statement);
	return KM_OK;
}

enum km_error km_provider_link_of(struct km_store *store, int64_t body_id, const char *kvk, int64_t now,
                                  struct km_provider_link *ret_link, char **ret_by, bool *ret_found,
                                  struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT l.provider_id, l.body_id, l.made_at, l.expires_at, o.name FROM provider AS v"
	           " JOIN provider_link AS l ON l.provider_id = v.id AND l.body_id = :body AND l.expires_at > :now"
	           " LEFT JOIN person_key AS k ON k.thumbprint = l.made_by LEFT JOIN person AS o ON o.id = k.person_id"
	           " WHERE v.kvk = :kvk",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":body", body_id);
	km_sql_int(statement, ":now", now);
	km_sql_text(statement, ":kvk", kvk);
	bool found = false;
	const char *by = NULL;
	error = km_sql_step(statement, &found, problem);
	if (!error && found && !km_sql_copy_text(statement, 4, &by))
		return km_fail_memory(problem);
	if (error)
		return error;
	*ret_found = found;
	*ret_by = (char *)(uintptr_t)by;
	*ret_link = found ? read_link(statement) : (struct km_provider_link){0};
	return KM_OK;
}

enum km_error km_provider_link_marks(struct km_store *store, const struct km_provider_link *link,
                                     enum km_error (*each)(void *context, const char *number), void *context,
                                     struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store, "SELECT number FROM mark WHERE provider_id = :provider ORDER BY id DESC LIMIT :limit", &statement,
	           problem);
	if (error)
		return error;
	km_sql_int(statement, ":provider", link->provider_id);
	km_sql_int(statement, ":limit", MARKS_MAX);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (!error && row)
			error = each(context, km_sql_get_text(statement, 0));
		if (error || !row)
			return error;
	}
}

/* A finding is open where no newer audit under that scheme looked at the criterion: as in registry/due.c. */
enum km_error km_provider_link_findings(struct km_store *store, const struct km_provider_link *link,
                                        enum km_error (*each)(void *context, const struct km_link_finding *finding),
                                        void *context, struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	enum km_error error =
		km_sql(store,
	           "SELECT f.criterion, f.result, f.due_on, a.scheme_id, a.scheme_version FROM audit AS a"
	           " JOIN submission AS s ON s.id = a.submission_id JOIN finding AS f ON f.audit_id = a.submission_id"
	           " WHERE a.provider_id = :provider AND a.body_id = :body AND f.due_on IS NOT NULL"
	           " AND" KM_FINDING_STILL_STANDS("a") "ORDER BY f.due_on, s.sequence, f.criterion LIMIT :limit",
	           &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":provider", link->provider_id);
	km_sql_int(statement, ":body", link->body_id);
	km_sql_int(statement, ":limit", KM_LINK_FINDINGS_MAX);
	for (;;) {
		bool row = false;
		error = km_sql_step(statement, &row, problem);
		if (error || !row)
			return error;
		const struct km_link_finding finding = {.criterion = km_sql_get_text(statement, 0),
		                                        .result = km_sql_get_text(statement, 1),
		                                        .due_at = km_time_end_of_day(km_sql_get_int(statement, 2)),
		                                        .scheme_id = km_sql_get_text(statement, 3),
		                                        .scheme_version = (int)km_sql_get_int(statement, 4)};
		error = each(context, &finding);
		if (error)
			return error;
	}
}
