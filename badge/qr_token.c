#include "badge/qr_token.h"

#include "badge/verdict.h"
#include "base/buf.h"
#include "base/json.h"
#include "registry/identifier.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { TOKEN_ALONE_MIN = 200 }; /* symbols; a text in capitals that is shorter is something else */

static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const int64_t time_max_s = 253402300799; /* the last second of the year 9999 */

void km_qr_token_name(const char *name, char ret_name[static KM_QR_NAME_MAX + 1])
{
	km_text_show(name, ret_name, KM_QR_NAME_MAX + 1);
}

enum km_error km_qr_token_payload(const struct km_mark *mark, const char *url, int64_t now, char **ret_payload,
                                  struct km_problem *problem)
{
	char name[KM_QR_NAME_MAX + 1];
	km_qr_token_name(mark->provider->name, name);
	json_auto_t *claims =
		json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:I}", "iss", url, "sub", mark->number, "exp",
	              (json_int_t)mark->period.valid_until, "iat", (json_int_t)now, "name", name, "kvk",
	              mark->provider->kvk, "scheme", mark->scheme->id, "index", (json_int_t)mark->status_index);
	char *text = claims ? km_json_text(claims) : NULL;
	if (!text)
		return km_fail_memory(problem);
	*ret_payload = text;
	return KM_OK;
}

char *km_qr_token_text(const char *url, const char *token)
{
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	for (const char *c = url; *c; c++)
		km_buf_add_char(&text, (char)toupper((unsigned char)*c));
	km_buf_add_format(&text, "/Q/%s", token);
	return km_buf_take(&text, NULL);
}

/* Where the token begins in an address; 0 where it is no address of one. */
static size_t token_of_address(const char *text, size_t len)
{
	static const char *const schemes[] = {"https://", "http://"};
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t at = strlen(schemes[i]);
		if (len <= at || strncasecmp(text, schemes[i], at) != 0)
			continue;
		const char *slash = memchr(text + at, '/', len - at);
		size_t base_len = slash ? (size_t)(slash - text) : 0;
		if (slash && len - base_len >= 3 && strncasecmp(slash, "/q/", 3) == 0)
			return base_len + 3;
	}
	return 0;
}

enum km_error km_qr_token_find(const char *text, size_t len, struct km_qr_token_text *ret_text,
                               struct km_problem *problem)
{
	struct km_qr_token_text found = {0};
	size_t start = token_of_address(text, len);
	size_t base_len = start ? start - 3 : 0, token_len = len - start;
	bool alone = !start && len >= TOKEN_ALONE_MIN && len <= KM_CWT_TOKEN_MAX;
	for (size_t i = 0; alone && i < len; i++)
		alone = text[i] && strchr(symbols, text[i]);
	if (!start && !alone)
		return km_fail(problem, KM_ABSENT, "unknown-form", "this is not what a signed QR code holds");
	if (base_len >= sizeof found.base || token_len > KM_CWT_TOKEN_MAX || token_len == 0)
		return km_fail(problem, KM_MALFORMED, "malformed",
		               "the token of the QR code is damaged: it has another length");
	for (size_t i = 0; i < base_len; i++)
		found.base[i] = (char)tolower((unsigned char)text[i]);
	for (size_t i = 0; i < token_len; i++) {
		char c = (char)toupper((unsigned char)text[start + i]);
		if (!c || !strchr(symbols, c))
			return km_fail(problem, KM_MALFORMED, "malformed",
			               "the token of the QR code is damaged: it has a character in it that no token has");
		found.token[i] = c;
	}
	*ret_text = found;
	return KM_OK;
}

static enum km_error refuse(struct km_problem *problem, const char *claim, const char *why)
{
	return km_fail(problem, KM_INVALID, "member", "%s: %s", claim, why);
}

enum km_error km_qr_token_read(const json_t *claims, const char *url, struct km_qr_claims *ret_claims,
                               struct km_problem *problem)
{
	struct km_qr_claims read = {0};
	const char *issuer = NULL, *subject = NULL;
	enum km_error error = km_json_string(claims, "", "iss", KM_CWT_TEXT_MAX, &issuer, problem);
	if (!error && strcmp(issuer, url) != 0)
		error = refuse(problem, "iss", "this is another registry");
	if (!error)
		error = km_json_string(claims, "", "sub", KM_NUMBER_SYMBOLS, &subject, problem);
	if (!error && (km_number_parse(subject, read.number, NULL) || strcmp(read.number, subject) != 0))
		error = refuse(problem, "sub", "the number of a mark is expected");
	if (!error)
		error = km_json_integer(claims, "", "iat", 0, time_max_s, &read.issued_at, problem);
	if (!error)
		error = km_json_integer(claims, "", "exp", 0, time_max_s, &read.valid_until, problem);
	if (!error)
		error = km_json_string(claims, "", "name", KM_QR_NAME_MAX, &read.provider_name, problem);
	if (!error)
		error = km_json_string(claims, "", "kvk", 8, &read.kvk, problem);
	if (!error && !km_kvk_valid(read.kvk))
		error = refuse(problem, "kvk", "8 digits are expected");
	if (!error)
		error = km_json_string(claims, "", "scheme", KM_SLUG_MAX, &read.scheme, problem);
	if (!error)
		error = km_json_integer(claims, "", "index", 0, INT64_MAX, &read.status_index, problem);
	if (!error)
		*ret_claims = read;
	return error;
}
