#include "keys/form.h"

#include "base/clock.h"
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

enum kind {
	TEXT,
	MOMENT,
	NUMBER, /* not negative */
	LIST,
	OURS, /* a text: the registry's url or its DID; or an object with such an id */
};

struct member {
	const char *parent; /* NULL: at the top */
	const char *name;
	enum kind kind;
	const char *twin_parent, *twin; /* the member, a text too, that must say the same; NULL where there is none */
};

enum { MEMBERS_MAX = 8 };

static const struct rule {
	const char *name, *typ, *type; /* type: what the member `type` must have in its list; NULL where there is none */
	enum km_purpose purpose;
	bool kid_is_url;
	bool in_words;     /* validFrom and validUntil say when, as the text of a moment; else iat and exp, in seconds */
	int64_t longest_s; /* until when must be there, and at most this long after; 0: not asked */
	struct member members[MEMBERS_MAX];
} rules[] = {
	[KM_FORM_CREDENTIAL] = {.name = "credential",
                            .typ = "JWT",
                            .type = "OpenBadgeCredential",
                            .purpose = KM_PURPOSE_CREDENTIAL,
                            .kid_is_url = true,
                            .members = {{NULL, "iss", OURS, "issuer", "id"},
                                        {NULL, "jti", TEXT, NULL, "id"},
                                        {NULL, "sub", TEXT, "credentialSubject", "id"},
                                        {NULL, "nbf", MOMENT, NULL, NULL}}},
	[KM_FORM_STATUS_LIST] = {.name = "status-list",
                             .typ = "vc+jwt",
                             .type = "BitstringStatusListCredential",
                             .purpose = KM_PURPOSE_STATUS,
                             .kid_is_url = true,
                             .in_words = true,
                             .longest_s = KM_FORM_STATUS_LIST_MAX_S,
                             .members = {{NULL, "id", TEXT, NULL, NULL},
                                         {NULL, "issuer", OURS, NULL, NULL},
                                         {"credentialSubject", "encodedList", TEXT, NULL, NULL}}},
	[KM_FORM_STATUS] = {.name = "status",
                        .typ = "keurmerk-status+jwt",
                        .purpose = KM_PURPOSE_STATUS,
                        .longest_s = KM_FORM_STATUS_MAX_S,
                        .members = {{NULL, "iss", OURS, NULL, NULL},
                                    {NULL, "sub", TEXT, NULL, NULL},
                                    {NULL, "mark", TEXT, NULL, NULL},
                                    {NULL, "state", TEXT, NULL, NULL}}},
	[KM_FORM_RECEIPT] = {.name = "receipt",
                         .typ = "keurmerk-receipt+jwt",
                         .purpose = KM_PURPOSE_RECEIPT,
                         .members = {{NULL, "iss", OURS, NULL, NULL},
                                     {NULL, "jti", TEXT, NULL, NULL},
                                     {NULL, "results", LIST, NULL, NULL}}},
	[KM_FORM_REGISTER] = {.name = "register",
                          .typ = "keurmerk-register+jwt",
                          .purpose = KM_PURPOSE_STATUS,
                          .longest_s = KM_FORM_REGISTER_MAX_S,
                          .members = {{NULL, "iss", OURS, NULL, NULL},
                                      {NULL, "sub", TEXT, NULL, NULL},
                                      {NULL, "sha256", TEXT, NULL, NULL},
                                      {NULL, "next_update", TEXT, NULL, NULL},
                                      {NULL, "rows", NUMBER, NULL, NULL},
                                      {NULL, "sequence", NUMBER, NULL, NULL}}},
	[KM_FORM_QR] = {.name = "qr",
                    .typ = "",
                    .purpose = KM_PURPOSE_CREDENTIAL,
                    .members = {{NULL, "iss", OURS, NULL, NULL},
                                {NULL, "sub", TEXT, NULL, NULL},
                                {NULL, "exp", MOMENT, NULL, NULL},
                                {NULL, "name", TEXT, NULL, NULL},
                                {NULL, "kvk", TEXT, NULL, NULL},
                                {NULL, "scheme", TEXT, NULL, NULL},
                                {NULL, "index", NUMBER, NULL, NULL}}},
};

const char *km_form_name(enum km_form form)
{
	return rules[form].name;
}

const char *km_form_typ(enum km_form form)
{
	return rules[form].typ;
}

enum km_purpose km_form_purpose(enum km_form form)
{
	return rules[form].purpose;
}

bool km_form_kid_is_url(enum km_form form)
{
	return rules[form].kid_is_url;
}

static enum km_error refuse(const struct rule *rule, const char *parent, const char *member, const char *why,
                            struct km_problem *problem)
{
	return km_fail(problem, KM_INVALID, "form", "this is not a %s that can be signed: %s%s%s %s", rule->name,
	               parent ? parent : "", parent ? "." : "", member, why);
}

static const json_t *member_of(const json_t *payload, const char *parent, const char *name)
{
	return json_object_get(parent ? json_object_get(payload, parent) : payload, name);
}

static bool is_ours(const json_t *value, const char *url)
{
	char did[256];
	const char *text = json_string_value(json_is_object(value) ? json_object_get(value, "id") : value);
	return text && (strcmp(text, url) == 0 || (km_did_web(url, did, NULL) == KM_OK && strcmp(text, did) == 0));
}

static enum km_error check_member(const struct rule *rule, const struct member *member, const json_t *payload,
                                  const char *url, struct km_problem *problem)
{
	const json_t *value = member_of(payload, member->parent, member->name);
	switch (member->kind) {
	case TEXT:
		if (json_string_length(value) == 0)
			return refuse(rule, member->parent, member->name, "must be a text", problem);
		break;
	case MOMENT:
		if (!json_is_integer(value) || json_integer_value(value) < 0)
			return refuse(rule, member->parent, member->name, "must be a moment, in seconds", problem);
		break;
	case NUMBER:
		if (!json_is_integer(value) || json_integer_value(value) < 0)
			return refuse(rule, member->parent, member->name, "must be a number, from 0", problem);
		break;
	case LIST:
		if (!json_is_array(value))
			return refuse(rule, member->parent, member->name, "must be a list", problem);
		break;
	case OURS:
		if (!is_ours(value, url))
			return refuse(rule, member->parent, member->name, "must name this registry", problem);
		break;
	}
	if (member->twin && !json_equal(value, member_of(payload, member->twin_parent, member->twin)))
		return refuse(rule, member->twin_parent, member->twin, "must say the same as its claim", problem);
	return KM_OK;
}

static bool has_type(const json_t *payload, const char *type)
{
	const json_t *types = json_object_get(payload, "type");
	for (size_t i = 0; i < json_array_size(types); i++) {
		const char *text = json_string_value(json_array_get(types, i));
		if (text && strcmp(text, type) == 0)
			return true;
	}
	return false;
}

/* INT64_MIN where it is not there, or no moment. */
static int64_t read_moment(const struct rule *rule, const json_t *payload, const char *member)
{
	const json_t *value = json_object_get(payload, member);
	int64_t moment = INT64_MIN;
	if (rule->in_words && json_is_string(value))
		km_time_parse(json_string_value(value), &moment);
	else if (!rule->in_words && json_is_integer(value))
		moment = json_integer_value(value);
	return moment;
}

static enum km_error check_time(const struct rule *rule, const json_t *payload, int64_t now, int64_t *ret_moment,
                                struct km_problem *problem)
{
	const char *from = rule->in_words ? "validFrom" : "iat", *to = rule->in_words ? "validUntil" : "exp";
	int64_t signed_at = read_moment(rule, payload, from), until = read_moment(rule, payload, to);
	if (signed_at < now - KM_FORM_SKEW_S || signed_at > now + KM_FORM_SKEW_S)
		return refuse(rule, NULL, from, "must be the present moment", problem);
	if (rule->longest_s && (until < signed_at || until > signed_at + rule->longest_s))
		return km_fail(problem, KM_INVALID, "form",
		               "this is not a %s that can be signed: %s must be at most %" PRId64 " seconds after %s",
		               rule->name, to, rule->longest_s, from);
	*ret_moment = signed_at;
	return KM_OK;
}

enum km_error km_form_check(enum km_form form, const char *payload, size_t len, const char *url, int64_t now,
                            int64_t *ret_moment, struct km_problem *problem)
{
	const struct rule *rule = &rules[form];
	if (len > KM_FORM_PAYLOAD_MAX)
		return km_fail(problem, KM_TOO_LARGE, "form", "a %s of over %d bytes is not signed", rule->name,
		               KM_FORM_PAYLOAD_MAX);
	json_auto_t *object = NULL;
	enum km_error error = km_json_parse(payload, len, "what is to be signed", &object, problem);
	if (!error && rule->type && !has_type(object, rule->type))
		error = km_fail(problem, KM_INVALID, "form", "this is not a %s that can be signed: its type has no %s",
		                rule->name, rule->type);
	for (size_t i = 0; !error && i < MEMBERS_MAX && rule->members[i].name; i++)
		error = check_member(rule, &rule->members[i], object, url, problem);
	return error ? error : check_time(rule, object, now, ret_moment, problem);
}
