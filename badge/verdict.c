#include "badge/verdict.h"

#include "base/encode.h"
#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FORMATTED_MAX = 2048 };

struct range {
	uint32_t first, last;
};

/* Control, direction and invisible characters, and those with which tags can be hidden in a text. */
static const struct range hidden[] = {
	{0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x180e, 0x180e}, {0x200b, 0x200b},
	{0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0001, 0xe0001},
};

static bool is_hidden(uint32_t code_point)
{
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		if (code_point >= hidden[i].first && code_point <= hidden[i].last)
			return true;
	return false;
}

void km_text_show(const char *text, char *ret_text, size_t size)
{
	static const char ellipsis[] = "…", replacement[] = "\ufffd";
	size_t left = strlen(text), used = 0, cut = 0; /* cut: where an ellipsis would still fit */
	while (left > 0) {
		uint32_t code_point;
		size_t step = km_utf8_next(text, left, &code_point);
		bool shown = step > 0 && !is_hidden(code_point);
		const char *piece = shown ? text : replacement;
		size_t piece_len = shown ? step : sizeof replacement - 1;
		if (used + piece_len >= size) {
			memcpy(ret_text + cut, ellipsis, sizeof ellipsis);
			return;
		}
		memcpy(ret_text + used, piece, piece_len);
		used += piece_len;
		if (used + sizeof ellipsis <= size)
			cut = used;
		text += step ? step : 1;
		left -= step ? step : 1;
	}
	ret_text[used] = '\0';
}

static void format_shown(char *ret_text, size_t size, const char *format, va_list arguments)
{
	char formatted[FORMATTED_MAX];
	vsnprintf(formatted, sizeof formatted, format, arguments);
	km_text_show(formatted, ret_text, size);
}

void km_verdict_check(struct km_verdict *verdict, enum km_check check, enum km_result result, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	verdict->checks[check].result = result;
	format_shown(verdict->checks[check].detail, sizeof verdict->checks[check].detail, format, arguments);
	va_end(arguments);
}

void km_verdict_conclude(struct km_verdict *verdict, enum km_outcome_kind outcome, const char *reason,
                         const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	verdict->outcome = outcome;
	snprintf(verdict->reason, sizeof verdict->reason, "%s", reason);
	format_shown(verdict->sentence, sizeof verdict->sentence, format, arguments);
	va_end(arguments);
}

void km_verdict_warn(struct km_verdict *verdict, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	format_shown(verdict->warning, sizeof verdict->warning, format, arguments);
	va_end(arguments);
}

const char *km_check_name(enum km_check check)
{
	static const char *const names[KM_CHECKS] = {"format", "issuer", "key", "signature", "validity", "status", "log"};
	return names[check];
}

static json_t *checks_json(const struct km_verdict *verdict)
{
	static const char *const results[] = {"not-reached", "good", "bad", "unknown"};
	json_t *checks = json_array();
	for (int i = 0; i < KM_CHECKS; i++) {
		json_t *check = json_pack("{s:s, s:s, s:s}", "check", km_check_name((enum km_check)i), "result",
		                          results[verdict->checks[i].result], "detail", verdict->checks[i].detail);
		if (json_array_append_new(checks, check) != 0) {
			json_decref(checks);
			return NULL;
		}
	}
	return checks;
}

static int add_text(json_t *object, const char *member, const char *text)
{
	return *text ? json_object_set_new(object, member, json_string(text)) : 0;
}

static int add_moment(json_t *object, const char *member, int64_t moment)
{
	return moment ? json_object_set_new(object, member, km_json_moment_new(moment)) : 0;
}

json_t *km_verdict_json(const struct km_verdict *verdict)
{
	static const char *const outcomes[] = {"genuine", "not-valid", "cannot-tell"};
	json_t *object = json_pack("{s:s, s:s, s:s, s:o, s:o}", "outcome", outcomes[verdict->outcome], "reason",
	                           verdict->reason, "sentence", verdict->sentence, "checkedAt",
	                           km_json_moment_new(verdict->checked_at), "checks", checks_json(verdict));
	if (!object)
		return NULL;
	int failed = add_text(object, "warning", verdict->warning);
	failed |= add_text(object, "claimedIssuer", verdict->issuer);
	failed |= add_text(object, "mark", verdict->number);
	failed |= add_text(object, "provider", verdict->provider_name);
	failed |= add_text(object, "kvk", verdict->kvk);
	failed |= add_text(object, "scheme", verdict->scheme_name);
	failed |= add_text(object, "body", verdict->body_name);
	failed |= add_moment(object, "validFrom", verdict->valid_from);
	failed |= add_moment(object, "validUntil", verdict->valid_until);
	failed |= add_moment(object, "since", verdict->state_since);
	failed |= add_moment(object, "statusSignedAt", verdict->knowledge_at);
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}
