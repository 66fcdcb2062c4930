#include "badge/carrier.h"

#include "badge/bake.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	TOKEN_LEN_MIN = 64,   /* no token is shorter: its signature alone is longer */
	DAMAGED_BYTES_MAX = 2 /* a text with no more bytes than this that no token has was a token once */
};

struct text {
	const char *bytes;
	size_t len;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without the byte order mark that some editors put before a text, and without white space around it. */
static struct text trim(const char *bytes, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf";
	if (len >= sizeof mark - 1 && memcmp(bytes, mark, sizeof mark - 1) == 0) {
		bytes += sizeof mark - 1;
		len -= sizeof mark - 1;
	}
	while (len > 0 && is_space(*bytes)) {
		bytes++;
		len--;
	}
	while (len > 0 && is_space(bytes[len - 1]))
		len--;
	return (struct text){bytes, len};
}

static size_t count_foreign(const struct text *text)
{
	static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t count = 0;
	for (size_t i = 0; i < text->len && count <= DAMAGED_BYTES_MAX; i++)
		count += text->bytes[i] == '\0' || !strchr(symbols, text->bytes[i]);
	return count;
}

static enum km_error malformed(struct km_problem *problem, const char *what, const char *why)
{
	return km_fail(problem, KM_MALFORMED, "malformed", "%s: %s", what, why);
}

static enum km_error read_token(const struct text *text, size_t foreign, char **ret_token, struct km_problem *problem)
{
	if (text->len > KM_TOKEN_MAX)
		return km_fail(problem, KM_TOO_LARGE, "too-large", "this credential is over %d bytes, which none of ours is",
		               KM_TOKEN_MAX);
	if (foreign)
		return malformed(problem, "the credential is damaged", "it has a character in it that no credential has");
	char *token = strndup(text->bytes, text->len);
	if (!token)
		return km_fail_memory(problem);
	*ret_token = token;
	return KM_OK;
}

/* What is wrong with a picture tells on its credential only where it has one. */
static enum km_error read_picture(const char *bytes, size_t len, const char *marker,
                                  enum km_error (*unbake)(const char *bytes, size_t len, char **ret_token,
                                                          struct km_problem *problem),
                                  char **ret_token, struct km_problem *problem)
{
	struct km_problem inner = {0};
	enum km_error error = unbake(bytes, len, ret_token, &inner);
	if (error == KM_MALFORMED && memmem(bytes, len, marker, strlen(marker)))
		return malformed(problem, "the picture with the credential is damaged", inner.message);
	if (error == KM_MALFORMED)
		return km_fail(problem, KM_ABSENT, "unknown-form", "%s", inner.message);
	return error ? km_fail(problem, error, inner.type, "%s", inner.message) : KM_OK;
}

enum km_error km_carrier_token(const char *bytes, size_t len, char **ret_token, struct km_problem *problem)
{
	static const char png[] = "\x89PNG\r\n\x1a\n";
	if (len >= sizeof png - 1 && memcmp(bytes, png, sizeof png - 1) == 0)
		return read_picture(bytes, len, "openbadgecredential", km_unbake_png, ret_token, problem);
	static const char pdf[] = "%PDF-";
	if (len >= sizeof pdf - 1 && memcmp(bytes, pdf, sizeof pdf - 1) == 0)
		return read_picture(bytes, len, KM_PDF_KEYWORD, km_unbake_pdf, ret_token, problem);
	struct text text = trim(bytes, len);
	/* Before XML: a token whose first byte became a "<" is a damaged token. */
	size_t foreign = count_foreign(&text);
	if (text.len >= TOKEN_LEN_MIN && foreign <= DAMAGED_BYTES_MAX)
		return read_token(&text, foreign, ret_token, problem);
	if (text.len > 0 && *text.bytes == '<')
		return read_picture(text.bytes, text.len, "https://purl.imsglobal.org/ob/v3p0", km_unbake_svg, ret_token,
		                    problem);
	return km_fail(problem, KM_ABSENT, "unknown-form",
	               "this is no badge (SVG, PNG or PDF) and no credential (JWT or JSON-LD)");
}
