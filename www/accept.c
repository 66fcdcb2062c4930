#include "www/accept.h"

#include <string.h>
#include <strings.h>

enum { ELEMENTS_MAX = 64, QUALITY_FULL = 1000, EXACT = 4 };

struct element {
	const char *name; /* "text/html", "nl-NL", "gzip" */
	size_t len;
	int quality; /* 0 to 1000 */
};

static const char *skip_blank(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* "0.75" as 750; full quality for what is no qvalue. */
static int read_quality(const char *at, const char *end)
{
	if (at == end || (*at != '0' && *at != '1'))
		return QUALITY_FULL;
	int quality = (*at++ - '0') * QUALITY_FULL;
	int step = QUALITY_FULL / 10;
	if (at < end && *at == '.')
		for (at++; at < end && *at >= '0' && *at <= '9' && step; at++, step /= 10)
			quality += (*at - '0') * step;
	return quality > QUALITY_FULL ? QUALITY_FULL : quality;
}

/* One element of the list: "text/html;level=1;q=0.5". */
static struct element read_element(const char *at, const char *end)
{
	const char *semicolon = memchr(at, ';', (size_t)(end - at));
	const char *name_end = semicolon ? semicolon : end;
	at = skip_blank(at, name_end);
	while (name_end > at && (name_end[-1] == ' ' || name_end[-1] == '\t'))
		name_end--;
	struct element element = {.name = at, .len = (size_t)(name_end - at), .quality = QUALITY_FULL};
	while (semicolon) {
		const char *from = skip_blank(semicolon + 1, end);
		semicolon = from < end ? memchr(from, ';', (size_t)(end - from)) : NULL;
		if (end - from > 2 && (*from == 'q' || *from == 'Q') && from[1] == '=')
			element.quality = read_quality(from + 2, semicolon ? semicolon : end);
	}
	return element;
}

/* How well an element fits an offer: 0 not at all, and more the more exactly. */
static int fit(const struct element *element, const char *offer)
{
	size_t len = strlen(offer);
	if (element->len == len && strncasecmp(element->name, offer, len) == 0)
		return EXACT;
	const char *slash = strchr(offer, '/');
	if (slash && element->len == (size_t)(slash - offer) + 2 && element->name[element->len - 1] == '*' &&
	    strncasecmp(element->name, offer, element->len - 1) == 0)
		return 2;
	/* A language also fits its regional kinds. */
	if (!slash && element->len > len && element->name[len] == '-' && strncasecmp(element->name, offer, len) == 0)
		return 3;
	if ((element->len == 1 && *element->name == '*') || (element->len == 3 && memcmp(element->name, "*/*", 3) == 0))
		return 1;
	return 0;
}

/* The quality that the header gives to the offer: that of the element that fits it most exactly. ret_fit (may be NULL)
 * says how exactly. */
static int quality_of(const char *header, const char *offer, int *ret_fit)
{
	int best = 0, quality = 0, elements = 0;
	for (const char *at = header; at && elements < ELEMENTS_MAX; elements++) {
		const char *comma = strchr(at, ',');
		struct element element = read_element(at, comma ? comma : at + strlen(at));
		int fits = fit(&element, offer);
		if (fits > best || (fits == best && fits && element.quality > quality)) {
			best = fits;
			quality = element.quality;
		}
		at = comma ? comma + 1 : NULL;
	}
	if (ret_fit)
		*ret_fit = best;
	return quality;
}

static int json_quality(const char *accept)
{
	int json = quality_of(accept, "application/json", NULL);
	int problem = quality_of(accept, "application/problem+json", NULL);
	return json > problem ? json : problem;
}

bool km_accept_json(const char *accept)
{
	return json_quality(accept) > quality_of(accept, "text/html", NULL);
}

const char *km_accept_credential(const char *accept)
{
	static const char *const types[] = {"application/vc", "application/vc+ld+json"}; /* W3C VC 2.0, and its drafts */
	int others = quality_of(accept, "text/html", NULL), json = json_quality(accept);
	if (json > others)
		others = json;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		int fits = 0;
		int quality = quality_of(accept, types[i], &fits);
		if (fits == EXACT && quality && quality >= others)
			return types[i];
	}
	return NULL;
}

bool km_accept_page(const char *accept)
{
	int fits = 0;
	int page = quality_of(accept, "text/html", &fits);
	return fits > 1 && page && page >= json_quality(accept);
}

enum km_language km_accept_language(const char *accept_language)
{
	int nl_fit = 0, en_fit = 0;
	int nl = quality_of(accept_language, km_language_code(KM_NL), &nl_fit);
	int en = quality_of(accept_language, km_language_code(KM_EN), &en_fit);
	if (en_fit > 1 && en > nl)
		return KM_EN;
	/* "en, *": the language that is named goes before the one that is merely not excluded. */
	return en_fit > 1 && en && en == nl && nl_fit <= 1 ? KM_EN : KM_NL;
}

bool km_accept_gzip(const char *accept_encoding)
{
	return quality_of(accept_encoding, "gzip", NULL) > 0;
}
