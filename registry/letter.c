#include "registry/letter.h"

#include "registry/due.h"
#include "registry/period.h"
#include "registry/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void km_letter_done(struct km_letter *letter)
{
	free(letter->key);
	free(letter->kind);
	free(letter->action);
	free(letter->text);
	km_body_free(letter->body);
	km_provider_free(letter->provider);
	km_scheme_free(letter->scheme);
	km_buf_free(&letter->criteria);
}

/* ---------------------------------------------------------------------------------------------------------- its row */

/* What else the row says. */
struct ids {
	int64_t body, provider, mark, event;
	char scheme[KM_SLUG_MAX + 1];
	char audit[44];
};

static bool copy_text(struct km_statement *statement, int column, char **ret_text)
{
	const char *text = NULL;
	bool copied = km_sql_copy_text(statement, column, &text);
	*ret_text = (char *)text;
	return copied;
}

static enum km_error read_row(struct km_store *store, int64_t mail_id, struct km_letter *letter, struct ids *ret_ids,
                              struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error = km_sql(store,
	                             "SELECT l.key, l.kind, l.recipient, l.body_id, l.provider_id, l.mark_id, l.event_id,"
	                             " l.audit_id, l.due_at, m.number, coalesce(m.scheme_id, a.scheme_id) FROM mail AS l"
	                             " LEFT JOIN mark AS m ON m.id = l.mark_id"
	                             " LEFT JOIN audit AS a ON a.submission_id = l.audit_id WHERE l.id = :id",
	                             &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", mail_id);
	error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	if (!row)
		return km_fail(problem, KM_ABSENT, "unknown-mail", "there is no mail %lld", (long long)mail_id);
	if (!copy_text(statement, 0, &letter->key) || !copy_text(statement, 1, &letter->kind))
		return km_fail_memory(problem);
	letter->to_provider = strcmp(km_sql_get_text(statement, 2), "provider") == 0;
	*ret_ids = (struct ids){.body = km_sql_get_int(statement, 3),
	                        .provider = km_sql_get_int(statement, 4),
	                        .mark = km_sql_get_int(statement, 5),
	                        .event = km_sql_get_int(statement, 6)};
	const char *audit = km_sql_get_text(statement, 7), *number = km_sql_get_text(statement, 9),
			   *scheme = km_sql_get_text(statement, 10);
	snprintf(ret_ids->audit, sizeof ret_ids->audit, "%s", audit ? audit : "");
	snprintf(ret_ids->scheme, sizeof ret_ids->scheme, "%s", scheme ? scheme : "");
	snprintf(letter->number, sizeof letter->number, "%s", number ? number : "");
	letter->due_at = km_sql_get_int(statement, 8);
	return KM_OK;
}

/* ------------------------------------------------------------------------------------------------------------ to whom
 */

static void set_address(struct km_letter *letter, const char *email, enum km_language language)
{
	letter->language = language;
	if (!email || km_email_normalise(email, letter->email, NULL) != KM_OK)
		*letter->email = '\0';
}

static enum km_error read_provider_contact(struct km_store *store, int64_t provider_id, struct km_letter *letter,
                                           struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error =
		km_sql(store, "SELECT email, language FROM provider_contact WHERE provider_id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", provider_id);
	error = km_sql_step(statement, &row, problem);
	if (error)
		return error;
	const char *language = row ? km_sql_get_text(statement, 1) : NULL;
	set_address(letter, row ? km_sql_get_text(statement, 0) : NULL,
	            language && strcmp(language, "en") == 0 ? KM_EN : KM_NL);
	return KM_OK;
}

static enum km_error read_recipient(struct km_store *store, const struct ids *ids, struct km_letter *letter,
                                    struct km_problem *problem)
{
	if (letter->to_provider)
		return read_provider_contact(store, ids->provider, letter, problem);
	struct km_body_contact contact;
	enum km_error error = km_body_get_contact(store, ids->body, &contact, problem);
	if (!error)
		set_address(letter, contact.email, contact.language);
	return error;
}

/* ------------------------------------------------------------------------------------------------------ what it says
 */

static enum km_error read_change(struct km_store *store, const struct ids *ids, struct km_letter *letter,
                                 struct km_problem *problem)
{
	auto_statement struct km_statement *statement = NULL;
	bool row = false;
	enum km_error error =
		km_sql(store, "SELECT action, at, text_nl, text_en FROM event WHERE id = :id", &statement, problem);
	if (error)
		return error;
	km_sql_int(statement, ":id", ids->event);
	error = km_sql_step(statement, &row, problem);
	if (error || !row)
		return error;
	letter->at = km_sql_get_int(statement, 1);
	letter->holds = true;
	return copy_text(statement, 0, &letter->action) &&
	               copy_text(statement, letter->language == KM_EN ? 3 : 2, &letter->text)
	           ? KM_OK
	           : km_fail_memory(problem);
}

struct still {
	struct km_letter *letter;
	const char *audit;
};

/* What is due at that moment, of that mark or that audit. */
static enum km_error compare_due(void *context, const struct km_due *due)
{
	struct still *still = context;
	struct km_letter *letter = still->letter;
	bool same = strcmp(km_due_kind_name(due->kind), letter->kind) == 0 && due->at == letter->due_at &&
	            (due->kind == KM_DUE_FINDING ? strcmp(due->id, still->audit) == 0
	                                         : due->number && strcmp(due->number, letter->number) == 0);
	if (!same)
		return KM_OK;
	if (due->kind == KM_DUE_FINDING)
		km_buf_add_format(&letter->criteria, "%s%s", letter->criteria.len ? ", " : "", due->detail);
	letter->holds = true;
	return KM_OK;
}

static enum km_error read_reminder(struct km_store *store, const struct ids *ids, int64_t now, struct km_letter *letter,
                                   struct km_problem *problem)
{
	struct still still = {letter, ids->audit};
	if (letter->due_at < now)
		return KM_OK;
	enum km_error error = km_due_list(store, letter->body->slug, now, letter->due_at, compare_due, &still, problem);
	return !error && letter->criteria.failed ? km_fail_memory(problem) : error;
}

static enum km_error read_period(struct km_store *store, int64_t mark_id, struct km_letter *letter,
                                 struct km_problem *problem)
{
	auto_period struct km_period_row row = {0};
	enum km_error error = mark_id ? km_period_at(store, mark_id, INT64_MAX, &row, problem) : KM_OK;
	if (!error)
		letter->period = row.period;
	return error;
}

enum km_error km_letter_read(struct km_store *store, int64_t mail_id, int64_t now, struct km_letter *ret_letter,
                             struct km_problem *problem)
{
	struct ids ids = {0};
	enum km_error error = read_row(store, mail_id, ret_letter, &ids, problem);
	if (!error)
		error = read_recipient(store, &ids, ret_letter, problem);
	if (!error)
		error = km_body_get_by_id(store, ids.body, &ret_letter->body, problem);
	if (!error)
		error = km_provider_get_by_id(store, ids.provider, &ret_letter->provider, problem);
	if (!error)
		error = km_scheme_get(store, ids.scheme, 0, &ret_letter->scheme, problem);
	if (!error)
		error = read_period(store, ids.mark, ret_letter, problem);
	if (error)
		return error;
	return ids.event ? read_change(store, &ids, ret_letter, problem)
	                 : read_reminder(store, &ids, now, ret_letter, problem);
}
