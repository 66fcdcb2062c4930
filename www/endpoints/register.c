#include "www/register.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "registry/log.h"
#include "registry/register_rows.h"
#include "www/endpoints.h"
#include "www/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* /register.csv and /register.jsonl: the whole register as open data; /register.jwt: the latter's digest, signed. */

enum { REGISTER_MAX_AGE_S = 60 };

/* The rows so far are given on once they are so many. */
enum { PIECE_BYTES = 64 * 1024 };

struct making {
	struct km_buf *out;
	km_register_piece *piece; /* NULL: all of it stays in `out` */
	void *context;
	int64_t rows;
	struct km_problem *problem;
};

static enum km_error give_on(struct making *making, size_t from_bytes)
{
	struct km_buf *out = making->out;
	if (out->failed)
		return km_fail_memory(making->problem);
	if (!making->piece || out->len < from_bytes)
		return KM_OK;
	enum km_error error = making->piece(making->context, out->data ? out->data : "", out->len, making->problem);
	out->len = 0;
	return error;
}

/* ----------------------------------------------------------------------------------------------------------- CSV */

/* RFC 4180: in quotes where it must be. What a spreadsheet would take for a formula is made text. */
static void add_cell(struct km_buf *csv, const char *text)
{
	bool formula = *text && strchr("=+-@", *text);
	bool quoted = formula || text[strcspn(text, "\",\r\n")];
	if (quoted)
		km_buf_add_char(csv, '"');
	km_buf_add_text(csv, formula ? "'" : "");
	for (; *text; text++) {
		if (*text == '"')
			km_buf_add_char(csv, '"');
		km_buf_add_char(csv, *text);
	}
	if (quoted)
		km_buf_add_char(csv, '"');
}

static void add_text(struct km_buf *csv, const char *text)
{
	km_buf_add_char(csv, ',');
	add_cell(csv, text ? text : "");
}

static void add_day(struct km_buf *csv, int64_t moment)
{
	char day[KM_DATE_TEXT];
	km_date_format(moment, day);
	add_text(csv, day);
}

/* The services with a space between, as they are slugs. */
static void add_scope(struct km_buf *csv, const char *scope_json)
{
	json_auto_t *scope = json_loads(scope_json, 0, NULL);
	auto_buf struct km_buf joined = KM_BUF_EMPTY;
	for (size_t i = 0; i < json_array_size(scope); i++)
		km_buf_add_format(&joined, "%s%s", i ? " " : "", json_string_value(json_array_get(scope, i)));
	add_text(csv, joined.data);
	csv->failed |= joined.failed;
}

static enum km_error add_csv_row(void *context, const struct km_register_row *row)
{
	struct making *making = context;
	struct km_buf *csv = making->out;
	char since[KM_TIME_TEXT], version[12];
	km_time_format(row->state_since, since);
	snprintf(version, sizeof version, "%d", row->scheme_version);
	add_cell(csv, row->number);
	add_text(csv, km_state_name(row->state));
	add_text(csv, since);
	add_text(csv, row->name);
	add_text(csv, row->kvk);
	add_text(csv, row->city);
	add_text(csv, row->region);
	add_text(csv, row->domains);
	add_text(csv, row->scheme_id);
	add_text(csv, version);
	add_text(csv, row->level);
	add_scope(csv, row->scope);
	add_text(csv, row->body);
	add_day(csv, row->granted_at);
	add_day(csv, row->valid_from);
	add_day(csv, row->valid_until);
	km_buf_add_text(csv, "\r\n");
	making->rows++;
	return give_on(making, PIECE_BYTES);
}

static void add_csv_head(struct km_buf *csv)
{
	km_buf_add_text(csv, "number,state,state_since,name,kvk,city,region,domains,scheme,scheme_version,level,scope,body,"
	                     "granted_on,valid_from,valid_until\r\n");
}

/* ---------------------------------------------------------------------------------------------------- JSON Lines */

static json_t *domains_json(const char *domains)
{
	json_t *list = json_array();
	while (*domains) {
		size_t len = strcspn(domains, " ");
		json_array_append_new(list, json_stringn(domains, len));
		domains += len + (domains[len] == ' ');
	}
	return list;
}

static json_t *day_json(int64_t moment)
{
	char day[KM_DATE_TEXT];
	km_date_format(moment, day);
	return json_string(day);
}

static enum km_error add_json_row(void *context, const struct km_register_row *row)
{
	struct making *making = context;
	struct km_buf *out = making->out;
	json_auto_t *line = json_pack(
		"{s:s, s:s, s:o, s:s, s:s?, s:s?, s:s?, s:o, s:s, s:i, s:s?, s:o, s:s, s:o, s:o, s:o}", "number", row->number,
		"state", km_state_name(row->state), "state_since", km_json_moment_new(row->state_since), "name", row->name,
		"kvk", *row->kvk ? row->kvk : NULL, "city", row->city, "region", row->region, "domains",
		domains_json(row->domains), "scheme", row->scheme_id, "scheme_version", row->scheme_version, "level",
		row->level, "scope", json_loads(row->scope, 0, NULL), "body", row->body, "granted_on",
		day_json(row->granted_at), "valid_from", day_json(row->valid_from), "valid_until", day_json(row->valid_until));
	auto_free char *text = line ? km_json_text(line) : NULL;
	if (!text)
		return km_fail_memory(making->problem);
	km_buf_add_text(out, text);
	km_buf_add_char(out, '\n');
	making->rows++;
	return give_on(making, PIECE_BYTES);
}

/* --------------------------------------------------------------------------------------------------- all of them */

static enum km_error walk(struct km_store *store, enum km_register_form form, int64_t now, struct making *making,
                          struct km_problem *problem)
{
	making->problem = problem;
	if (form == KM_REGISTER_CSV)
		add_csv_head(making->out);
	enum km_error error =
		km_register_rows(store, now, form == KM_REGISTER_CSV ? add_csv_row : add_json_row, making, problem);
	return error ? error : give_on(making, 1);
}

enum km_error km_register_write(struct km_store *store, enum km_register_form form, int64_t now,
                                km_register_piece *piece, void *context, int64_t *ret_rows, struct km_problem *problem)
{
	auto_buf struct km_buf out = KM_BUF_EMPTY;
	struct making making = {.out = &out, .piece = piece, .context = context};
	enum km_error error = walk(store, form, now, &making, problem);
	if (!error)
		*ret_rows = making.rows;
	return error;
}

static enum km_error make_csv(void *context, struct km_buf *bytes, struct km_problem *problem)
{
	const struct km_request *request = context;
	struct making making = {.out = bytes};
	return walk(request->store, KM_REGISTER_CSV, request->now, &making, problem);
}

static enum km_error make_jsonl(void *context, struct km_buf *bytes, struct km_problem *problem)
{
	const struct km_request *request = context;
	struct making making = {.out = bytes};
	enum km_error error = km_log_size(request->store, &request->site->shelves[KM_SHELF_JSONL].sequence, problem);
	return error ? error : walk(request->store, KM_REGISTER_JSONL, request->now, &making, problem);
}

static enum km_error reply_shared(struct km_request *request, struct km_reply *reply, enum km_shelf_name name,
                                  enum km_error (*make)(void *context, struct km_buf *bytes,
                                                        struct km_problem *problem),
                                  const char *type, struct km_problem *problem)
{
	struct km_shelf *shelf = &request->site->shelves[name];
	enum km_error error =
		km_shelf_take(shelf, request->now, REGISTER_MAX_AGE_S, make, request, &reply->shared, problem);
	if (error)
		return error;
	reply->type = type;
	/* No longer than here, so that what others keep of the register and of its signature belongs together. */
	reply->max_age_s = (int)(reply->shared->until - request->now);
	return KM_OK;
}

KM_HANDLER(km_get_register_csv)
{
	return reply_shared(request, reply, KM_SHELF_CSV, make_csv, "text/csv; charset=utf-8; header=present", problem);
}

KM_HANDLER(km_get_register_jsonl)
{
	return reply_shared(request, reply, KM_SHELF_JSONL, make_jsonl, "application/jsonl", problem);
}

/* ------------------------------------------------------------------------------------------------------- snapshot */

static char *payload_of(const struct km_site *site, const struct km_register_made *made)
{
	auto_buf struct km_buf hex = KM_BUF_EMPTY;
	km_encode(KM_HEX, made->digest, sizeof made->digest, &hex);
	json_auto_t *payload =
		hex.failed ? NULL
				   : json_pack("{s:s, s:o, s:I, s:I, s:o, s:I, s:I, s:s}", "iss", site->url, "sub",
	                           json_sprintf("%s/register.jsonl", site->url), "iat", (json_int_t)made->at, "exp",
	                           (json_int_t)(made->at + KM_FORM_REGISTER_MAX_S), "next_update",
	                           km_json_moment_new(made->next_update), "sequence", (json_int_t)made->sequence, "rows",
	                           (json_int_t)made->rows, "sha256", hex.data);
	if (!payload || (made->parts && json_object_set(payload, "parts", made->parts) != 0))
		return NULL;
	return km_json_text(payload);
}

enum km_error km_register_sign(const struct km_site *site, const struct km_register_made *made, char **ret_token,
                               struct km_problem *problem)
{
	auto_free char *payload = payload_of(site, made);
	if (!payload)
		return km_fail_memory(problem);
	return km_signer_sign(site->options.signer, KM_FORM_REGISTER, payload, strlen(payload), ret_token, problem);
}

struct snapshot {
	const struct km_site *site;
	const struct km_shared *jsonl;
};

static enum km_error make_jwt(void *context, struct km_buf *bytes, struct km_problem *problem)
{
	const struct snapshot *snapshot = context;
	const struct km_shared *jsonl = snapshot->jsonl;
	struct km_register_made made = {.at = jsonl->made_at, .next_update = jsonl->until, .sequence = jsonl->sequence};
	km_sha256(jsonl->bytes, jsonl->len, made.digest);
	for (size_t i = 0; i < jsonl->len; i++)
		made.rows += jsonl->bytes[i] == '\n';
	auto_free char *token = NULL;
	enum km_error error = km_register_sign(snapshot->site, &made, &token, problem);
	if (!error)
		km_buf_add_text(bytes, token);
	return error;
}

/* Stands ready exactly as long as the rows that it is about. */
KM_HANDLER(km_get_register_jwt)
{
	struct km_reply rows = {0};
	enum km_error error = km_get_register_jsonl(request, &rows, problem);
	struct snapshot snapshot = {.site = request->site, .jsonl = rows.shared};
	if (!error)
		error = km_shelf_take(&request->site->shelves[KM_SHELF_REGISTER_JWT], request->now, rows.max_age_s, make_jwt,
		                      &snapshot, &reply->shared, problem);
	reply->type = km_type_jwt;
	reply->max_age_s = rows.max_age_s;
	km_reply_done(&rows);
	return error;
}
