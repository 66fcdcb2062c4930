#include "www/request.h"

#include "base/clock.h"
#include "base/encode.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Resolves %XX (and, in a query, + for a space) in place. False for a broken escape. */
static bool unescape(char *text, bool plus, size_t *ret_len)
{
	char *to = text;
	for (const char *from = text; *from; from++) {
		if (*from == '%') {
			int high = hex_digit(from[1]);
			int low = high >= 0 ? hex_digit(from[2]) : -1;
			if (low < 0)
				return false;
			*to++ = (char)(high * 16 + low);
			from += 2;
		} else {
			*to++ = plus && *from == '+' ? ' ' : *from;
		}
	}
	*to = '\0';
	*ret_len = (size_t)(to - text);
	return true;
}

/* Text of people: UTF-8 without control characters, apart from those that stand for a space or a new line. */
static bool text_fit(const char *text, size_t len, bool lines)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && !(lines && strchr("\t\r\n", text[i]))) || text[i] == 0x7f)
			return false;
	return km_utf8_valid(text, len, NULL);
}

static enum km_error parse_pair(char *text, struct km_pairs *pairs, struct km_problem *problem)
{
	char *value = strchr(text, '=');
	if (value)
		*value++ = '\0';
	else
		value = text + strlen(text);
	size_t name_len = 0, value_len = 0;
	/* A NUL in disguise would end the text early, so the lengths are compared. */
	if (!unescape(text, true, &name_len) || (*value && !unescape(value, true, &value_len)) ||
	    strlen(text) != name_len || strlen(value) != value_len || !text_fit(text, name_len, false) ||
	    !text_fit(value, value_len, true))
		return km_fail(problem, KM_MALFORMED, "parameters",
		               "a parameter holds a broken %%-escape, a control character or bytes that are not UTF-8");
	if (km_pairs_find(pairs, text))
		return km_fail(problem, KM_MALFORMED, "parameter-twice", "\"%.60s\" is given twice; give it once", text);
	pairs->list[pairs->len++] = (struct km_pair){.name = text, .value = value};
	return KM_OK;
}

enum km_error km_pairs_parse(const char *text, size_t len, struct km_pairs *ret_pairs, struct km_problem *problem)
{
	if (memchr(text, '\0', len))
		return km_fail(problem, KM_MALFORMED, "parameters", "the parameters hold a NUL");
	auto_pairs struct km_pairs pairs = {.bytes = strndup(text, len)};
	if (!pairs.bytes)
		return km_fail_memory(problem);
	char *rest = pairs.bytes;
	for (char *piece; (piece = strsep(&rest, "&"));) {
		if (!*piece)
			continue;
		if (pairs.len == KM_PAIRS_MAX)
			return km_fail(problem, KM_MALFORMED, "parameters", "there are more than %d parameters", KM_PAIRS_MAX);
		enum km_error error = parse_pair(piece, &pairs, problem);
		if (error)
			return error;
	}
	*ret_pairs = pairs;
	pairs.bytes = NULL;
	return KM_OK;
}

void km_pairs_done(struct km_pairs *pairs)
{
	free(pairs->bytes);
	*pairs = (struct km_pairs){0};
}

const char *km_pairs_find(const struct km_pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->len; i++)
		if (strcmp(pairs->list[i].name, name) == 0)
			return pairs->list[i].value;
	return NULL;
}

/* A slash that comes out of an escape would make another path of it than the one that a proxy saw. */
static enum km_error decode_path(char *path, struct km_problem *problem)
{
	size_t slashes = 0, len = 0;
	for (const char *c = path; *c; c++)
		slashes += *c == '/';
	bool good = unescape(path, false, &len) && strlen(path) == len && text_fit(path, len, false);
	for (const char *c = path; good && *c; c++)
		slashes -= *c == '/';
	return good && slashes == 0 ? KM_OK
	                            : km_fail(problem, KM_MALFORMED, "path",
	                                      "the path holds a broken %%-escape, an escaped slash, a control character or "
	                                      "bytes that are not UTF-8");
}

static const char *after_host(const char *text)
{
	return text + strcspn(text, "/?");
}

enum km_error km_target_parse(const char *target, char **ret_path, struct km_pairs *ret_query,
                              struct km_problem *problem)
{
	if (strnlen(target, KM_TARGET_MAX + 1) > KM_TARGET_MAX)
		return km_fail(problem, KM_TOO_LARGE, "target-too-long", "the address is longer than %d bytes", KM_TARGET_MAX);
	if (strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0)
		target = after_host(strchr(target, ':') + 3);
	const char *question = strchrnul(target, '?');
	if (question > target && *target != '/')
		return km_fail(problem, KM_MALFORMED, "path", "the path does not begin with a slash");
	auto_free char *path = question > target ? strndup(target, (size_t)(question - target)) : strdup("/");
	if (!path)
		return km_fail_memory(problem);
	enum km_error error = decode_path(path, problem);
	if (!error) {
		const char *query = *question ? question + 1 : question;
		error = km_pairs_parse(query, strlen(query), ret_query, problem);
	}
	if (error)
		return error;
	*ret_path = path;
	path = NULL;
	return KM_OK;
}

const char *km_request_path_value(const struct km_request *request, const char *name)
{
	/* The name points into the route's pattern, and ends at its "}" or "*}". */
	size_t len = strlen(name);
	for (size_t i = 0; i < request->path_values_len; i++)
		if (strncmp(request->path_values[i].name, name, len) == 0 && strchr("*}", request->path_values[i].name[len]))
			return request->path_values[i].value;
	return "";
}

enum km_error km_request_integer(const struct km_request *request, const char *name, int min, int max, int fallback,
                                 int *ret_number, struct km_problem *problem)
{
	const char *text = km_pairs_find(&request->query, name);
	if (!text || !*text) {
		*ret_number = fallback;
		return KM_OK;
	}
	size_t digits = strspn(text, "0123456789");
	long number = digits == strlen(text) && digits <= 9 ? strtol(text, NULL, 10) : -1;
	if (number < min || number > max)
		return km_fail(problem, KM_MALFORMED, "parameter", "%s: give a whole number from %d to %d", name, min, max);
	*ret_number = (int)number;
	return KM_OK;
}

enum km_error km_request_choice(const struct km_request *request, const char *name, const char *const words[],
                                size_t len, size_t fallback, size_t *ret_index, struct km_problem *problem)
{
	const char *text = km_pairs_find(&request->query, name);
	if (!text || !*text) {
		*ret_index = fallback;
		return KM_OK;
	}
	auto_buf struct km_buf choices = KM_BUF_EMPTY;
	for (size_t i = 0; i < len; i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret_index = i;
			return KM_OK;
		}
		km_buf_add_text(&choices, i ? ", " : "");
		km_buf_add_text(&choices, words[i]);
	}
	return km_fail(problem, KM_MALFORMED, "parameter", "%s: give one of %s", name, choices.data ? choices.data : "");
}

enum km_error km_request_day(const struct km_request *request, const char *name, int64_t *ret_moment, bool *ret_given,
                             struct km_problem *problem)
{
	const char *text = km_pairs_find(&request->query, name);
	*ret_given = text && *text;
	int64_t day = request->now;
	if (*ret_given && !km_date_parse(text, &day))
		return km_fail(problem, KM_MALFORMED, "parameter", "%s: give a day as 2026-03-31", name);
	if (day > request->now)
		return km_fail(problem, KM_INVALID, "date-to-come",
		               "%s: that day has not come yet; the register does not look ahead", name);
	int64_t end = km_time_end_of_day(day);
	*ret_moment = *ret_given && end < request->now ? end : request->now;
	return KM_OK;
}

void km_request_choose_language(struct km_request *request)
{
	const char *chosen = km_pairs_find(&request->query, "lang");
	for (enum km_language i = KM_NL; chosen && i < KM_LANGUAGES; i++)
		if (strcmp(chosen, km_language_code(i)) == 0) {
			request->language = i;
			request->language_chosen = true;
		}
}

void km_request_done(struct km_request *request)
{
	free(request->path);
	free(request->path_copy);
	km_pairs_done(&request->query);
	km_buf_free(&request->body);
}
