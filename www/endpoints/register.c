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

enum { REGISTER_MAX_AGE_S = 60, SNAPSHOT_HOLDS_S = 24 * 3600 };

struct making {
	const struct km_request *request;
	struct km_buf *out;
};

static enum km_error walk(struct making *making, enum km_error (*add)(void *context, const struct km_register_row *row),
                          struct km_problem *problem)
{
	enum km_error error = km_register_rows(making->request->store, making->request->now, add, making, problem);
	return error == KM_NO_MEMORY ? km_fail_memory(problem) : error;
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
	struct km_buf *csv = ((struct making *)context)->out;
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
	return csv->failed ? KM_NO_MEMORY : KM_OK;
}

static enum km_error make_csv(void *context, struct km_buf *bytes, struct km_problem *problem)
{
	struct making making = {.request = context, .out = bytes};
	km_buf_add_text(bytes,
	                "number,state,state_since,name,kvk,city,region,domains,scheme,scheme_version,level,scope,body,"
	                "granted_on,valid_from,valid_until\r\n");
	return walk(&making, add_csv_row, problem);
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
	struct km_buf *out = ((struct making *)context)->out;
	json_auto_t *line = json_pack(
		"{s:s, s:s, s:o, s:s, s:s, s:s?, s:s?, s:o, s:s, s:i, s:s?, s:o, s:s, s:o, s:o, s:o}", "number", row->number,
		"state", km_state_name(row->state), "state_since", km_json_moment_new(row->state_since), "name", row->name,
		"kvk", row->kvk, "city", row->city, "region", row->region, "domains", domains_json(row->domains), "scheme",
		row->scheme_id, "scheme_version", row->scheme_version, "level", row->level, "scope",
		json_loads(row->scope, 0, NULL), "body", row->body, "granted_on", day_json(row->granted_at), "valid_from",
		day_json(row->valid_from), "valid_until", day_json(row->valid_until));
	auto_free char *text = line ? km_json_text(line) : NULL;
	if (!text)
		return KM_NO_MEMORY;
	km_buf_add_text(out, text);
	km_buf_add_char(out, '\n');
	return KM_OK;
}

static enum km_error make_jsonl(void *context, struct km_buf *bytes, struct km_problem *problem)
{
	struct making making = {.request = context, .out = bytes};
	enum km_error error =
		km_log_size(making.request->store, &making.request->site->shelves[KM_SHELF_JSONL].sequence, problem);
	return error ? error : walk(&making, add_json_row, problem);
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

struct snapshot {
	struct km_site *site;
	const struct km_shared *jsonl;
};

static enum km_error make_payload(const struct snapshot *snapshot, char **ret_payload, struct km_problem *problem)
{
	const struct km_shared *jsonl = snapshot->jsonl;
	const char *url = snapshot->site->url;
	uint8_t digest[KM_SHA256_BYTES];
	auto_buf struct km_buf hex = KM_BUF_EMPTY;
	int64_t rows = 0;
	km_sha256(jsonl->bytes, jsonl->len, digest);
	km_encode(KM_HEX, digest, sizeof digest, &hex);
	for (size_t i = 0; i < jsonl->len; i++)
		rows += jsonl->bytes[i] == '\n';
	json_auto_t *payload = hex.failed
	                           ? NULL
	                           : json_pack("{s:s, s:o, s:I, s:I, s:o, s:I, s:I, s:s}", "iss", url, "sub",
	                                       json_sprintf("%s/register.jsonl", url), "iat", (json_int_t)jsonl->made_at,
	                                       "exp", (json_int_t)(jsonl->made_at + SNAPSHOT_HOLDS_S), "next_update",
	                                       km_json_moment_new(jsonl->until), "sequence", (json_int_t)jsonl->sequence,
	                                       "rows", (json_int_t)rows, "sha256", hex.data);
	char *text = payload ? km_json_text(payload) : NULL;
	if (!text)
		return km_fail_memory(problem);
	*ret_payload = text;
	return KM_OK;
}

static enum km_error make_jwt(void *context, struct km_buf *bytes, struct km_problem *problem)
{
	const struct snapshot *snapshot = context;
	auto_free char *payload = NULL, *token = NULL;
	enum km_error error = make_payload(snapshot, &payload, problem);
	if (!error)
		error =
			km_signer_sign(snapshot->site->options.signer, KM_FORM_REGISTER, payload, strlen(payload), &token, problem);
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
