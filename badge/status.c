#include "badge/status.h"

#include "base/clock.h"
#include "base/json.h"

#include <string.h>

enum { NAMES_MAX = 400, REASON_MAX = 40 }; /* characters; what the register takes is shorter */

static const int64_t time_max_s = 253402300799; /* the last second of the year 9999 */

/* json_pack and its kin give NULL without memory; a NULL that is packed into another makes that NULL too. */

static json_t *words_json(const struct km_words *words)
{
	return json_pack("{s:s, s:s}", km_language_code(KM_NL), words->in[KM_NL], km_language_code(KM_EN),
	                 words->in[KM_EN]);
}

static bool is_given(const struct km_words *words)
{
	return words->in[KM_NL] && *words->in[KM_NL] && words->in[KM_EN] && *words->in[KM_EN];
}

/* The array with one text more; NULL, and nothing kept, where memory ran out. */
static json_t *appended(json_t *array, const char *text)
{
	if (json_array_append_new(array, json_string(text)) == 0)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *provider_json(const struct km_provider *provider)
{
	json_t *domains = json_array();
	for (size_t i = 0; i < provider->domains_len; i++)
		domains = appended(domains, provider->domains[i].name);
	return json_pack("{s:s, s:s, s:o}", "name", provider->name, "kvk", provider->kvk, "domains", domains);
}

static json_t *scheme_json(const struct km_mark *mark)
{
	const struct km_scheme *scheme = mark->scheme;
	json_t *services = json_array();
	for (size_t i = 0; i < mark->scope_len; i++)
		services = appended(services, mark->scope[i]->id);
	return json_pack("{s:s, s:i, s:o, s:o, s:s*, s:b}", "id", scheme->id, "version", scheme->version, "name",
	                 words_json(&scheme->name), "scope", services, "level", mark->level ? mark->level->id : NULL,
	                 "sample", scheme->sample);
}

/* What is there only at times: why it is not active, in code and in words, and a public notice. */
static int add_reasons(json_t *status, const struct km_mark *mark)
{
	int failed = mark->reason ? json_object_set_new(status, "reason", json_string(mark->reason)) : 0;
	if (is_given(&mark->text))
		failed |= json_object_set_new(status, "text", words_json(&mark->text));
	if (is_given(&mark->notice))
		failed |= json_object_set_new(status, "notice", words_json(&mark->notice));
	return failed;
}

enum km_error km_status_payload(const struct km_mark *mark, const char *url, int64_t now, char **ret_payload,
                                struct km_problem *problem)
{
	int64_t expires_at = now + KM_STATUS_TTL_S;
	if (mark->next_change < expires_at)
		expires_at = mark->next_change;
	json_auto_t *status =
		json_pack("{s:s, s:o, s:I, s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:{s:s, s:s}, s:o}", "iss", url, "sub",
	              json_sprintf("%s/m/%s", url, mark->number), "iat", (json_int_t)now, "exp", (json_int_t)expires_at,
	              "mark", mark->number, "state", km_state_name(mark->state), "since",
	              km_json_moment_new(mark->state_since), "validFrom", km_json_moment_new(mark->period.valid_from),
	              "validUntil", km_json_moment_new(mark->period.valid_until), "provider", provider_json(mark->provider),
	              "body", "id", mark->body->slug, "name", mark->body->name, "scheme", scheme_json(mark));
	char *text = status && add_reasons(status, mark) == 0 ? km_json_text(status) : NULL;
	if (!text)
		return km_fail_memory(problem);
	*ret_payload = text;
	return KM_OK;
}

static enum km_error refuse(struct km_problem *problem, const char *member, const char *why)
{
	return km_fail(problem, KM_INVALID, "member", "the status: %s: %s", member, why);
}

/* Who says it, of which mark. */
static enum km_error read_subject(const json_t *status, const char *url, const char *number, struct km_problem *problem)
{
	const char *issuer = NULL, *subject = NULL, *mark = NULL;
	enum km_error error = km_json_string(status, "", "iss", 512, &issuer, problem);
	if (!error)
		error = km_json_string(status, "", "sub", 512, &subject, problem);
	if (!error)
		error = km_json_string(status, "", "mark", KM_NUMBER_SYMBOLS, &mark, problem);
	if (error)
		return error;
	if (strcmp(issuer, url) != 0)
		return refuse(problem, "iss", "this is a status of another registry");
	if (strcmp(mark, number) != 0)
		return refuse(problem, "mark", "this is the status of another mark");
	size_t url_len = strlen(url);
	if (strncmp(subject, url, url_len) != 0 || strncmp(subject + url_len, "/m/", 3) != 0 ||
	    strcmp(subject + url_len + 3, number) != 0)
		return refuse(problem, "sub", "this is not the address of that mark");
	return KM_OK;
}

static enum km_error read_freshness(const json_t *status, int64_t now, struct km_status_claims *claims,
                                    struct km_problem *problem)
{
	int64_t expires_at = 0;
	enum km_error error = km_json_integer(status, "", "iat", 0, time_max_s, &claims->issued_at, problem);
	if (!error)
		error = km_json_integer(status, "", "exp", 0, time_max_s, &expires_at, problem);
	if (error)
		return error;
	char from[KM_TIME_TEXT], until[KM_TIME_TEXT];
	km_time_format(claims->issued_at, from);
	km_time_format(expires_at, until);
	if (expires_at - claims->issued_at > KM_STATUS_TTL_S)
		return refuse(problem, "exp", "it claims to be good for longer than a status may be");
	if (claims->issued_at > now + KM_STATUS_SKEW_S || expires_at <= now)
		return km_fail(problem, KM_INVALID, "status-stale",
		               "the status is good from %s until %s, which is not now: check the clock of this machine, or ask "
		               "again",
		               from, until);
	return KM_OK;
}

static enum km_error read_state(const json_t *status, struct km_status_claims *claims, struct km_problem *problem)
{
	const char *name = NULL;
	enum km_error error = km_json_string(status, "", "state", REASON_MAX, &name, problem);
	if (error)
		return error;
	int state = 0;
	while (state < KM_STATES && strcmp(name, km_state_name((enum km_state)state)) != 0)
		state++;
	if (state == KM_STATES)
		return refuse(problem, "state", "this is a state that this program does not know");
	claims->state = (enum km_state)state;
	error = km_json_moment(status, "", "since", &claims->state_since, problem);
	if (!error)
		error = km_json_string_optional(status, "", "reason", REASON_MAX, &claims->reason, problem);
	if (!error)
		error = km_json_moment(status, "", "validFrom", &claims->valid_from, problem);
	if (!error)
		error = km_json_moment(status, "", "validUntil", &claims->valid_until, problem);
	return error;
}

static enum km_error read_names(const json_t *status, struct km_status_claims *claims, struct km_problem *problem)
{
	const json_t *provider = NULL, *body = NULL, *scheme = NULL, *scheme_name = NULL;
	enum km_error error = km_json_object(status, "", "provider", &provider, problem);
	if (!error)
		error = km_json_string(provider, "provider", "name", KM_NAME_MAX, &claims->provider_name, problem);
	if (!error)
		error = km_json_string(provider, "provider", "kvk", 8, &claims->kvk, problem);
	if (!error)
		error = km_json_object(status, "", "body", &body, problem);
	if (!error)
		error = km_json_string(body, "body", "name", NAMES_MAX, &claims->body_name, problem);
	if (!error)
		error = km_json_object(status, "", "scheme", &scheme, problem);
	if (!error)
		error = km_json_object(scheme, "scheme", "name", &scheme_name, problem);
	if (!error)
		error = km_json_string(scheme_name, "scheme.name", km_language_code(KM_NL), NAMES_MAX, &claims->scheme_name,
		                       problem);
	return error;
}

enum km_error km_status_read(const json_t *payload, const char *url, const char *number, int64_t now,
                             struct km_status_claims *ret_claims, struct km_problem *problem)
{
	struct km_status_claims claims = {0};
	enum km_error error = read_subject(payload, url, number, problem);
	if (!error)
		error = read_freshness(payload, now, &claims, problem);
	if (!error)
		error = read_state(payload, &claims, problem);
	if (!error)
		error = read_names(payload, &claims, problem);
	if (error)
		return error;
	memcpy(claims.number, number, KM_NUMBER_TEXT);
	*ret_claims = claims;
	return KM_OK;
}
