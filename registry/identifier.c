#include "registry/identifier.h"

#include "base/encode.h"

#include <idn2.h>
#include <string.h>

#define DIGITS "0123456789"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"

enum {
	TYPED_DOMAIN_MAX = 1000, /* bytes: 253 characters of another script are fewer */
	LABEL_MAX = 63,
	EMAIL_LOCAL_MAX = 64,
};

/* True where the text is exactly `len` of these symbols. */
static bool is_made_of(const char *text, size_t len, const char *allowed)
{
	return strspn(text, allowed) == len && !text[len];
}

bool km_kvk_valid(const char *text)
{
	return is_made_of(text, 8, DIGITS);
}

bool km_establishment_valid(const char *text)
{
	return is_made_of(text, 12, DIGITS);
}

bool km_rsin_valid(const char *text)
{
	if (!is_made_of(text, 9, DIGITS) || strcmp(text, "000000000") == 0)
		return false;
	int sum = -(text[8] - '0');
	for (int i = 0; i < 8; i++)
		sum += (9 - i) * (text[i] - '0');
	return sum % 11 == 0;
}

bool km_lei_valid(const char *text)
{
	if (!is_made_of(text, 20, DIGITS UPPER) || strspn(text + 18, DIGITS) != 2)
		return false;
	unsigned rest = 0; /* letters count as two digits: A is 10, Z is 35 */
	for (const char *c = text; *c; c++)
		rest = (*c <= '9' ? rest * 10 + (unsigned)(*c - '0') : rest * 100 + (unsigned)(*c - 'A') + 10) % 97;
	return rest == 1;
}

bool km_euid_valid(const char *text)
{
	if (strnlen(text, KM_EUID_MAX + 1) > KM_EUID_MAX || strspn(text, UPPER) < 2)
		return false;
	size_t head = strspn(text, DIGITS UPPER);
	if (head < 3 || text[head] != '.')
		return false;
	const char *number = text + head + 1;
	if (strncmp(text, "NL", 2) == 0)
		return strncmp(text, "NLNHR.", 6) == 0 && km_kvk_valid(number);
	return *number && is_made_of(number, strlen(number), DIGITS UPPER LOWER "-_./");
}

bool km_country_valid(const char *text)
{
	/* ISO 3166-1, the codes that are assigned. */
	static const char codes[] = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCG"
								"CHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGL"
								"GMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLA"
								"LBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONP"
								"NRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSV"
								"SXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";
	if (!text[0] || !text[1] || text[2])
		return false;
	for (const char *code = codes; *code; code += 2)
		if (code[0] == text[0] && code[1] == text[1])
			return true;
	return false;
}

static enum km_error refuse(const char *text, const char *why, struct km_problem *problem)
{
	return km_fail(problem, KM_INVALID, "domain", "\"%.200s\" is not a domain name: %s; write it like voorbeeld.nl",
	               text, why);
}

#define NO_HOST_CHARACTER "it has a character that no host name has"

/* The commonest mistakes, in words of their own. */
static const char *mistake_in(const char *text)
{
	if (strstr(text, "://"))
		return "it is a web address, and only the name between // and the next / is wanted";
	if (strchr(text, '@'))
		return "it is an e-mail address, and only the part after @ is wanted";
	if (strchr(text, '/'))
		return "it has a path behind it";
	if (strchr(text, ':'))
		return "it has a port, or is an IP address";
	if (strchr(text, '_'))
		return "a host name has no underscore";
	if (strpbrk(text, " \t\r\n"))
		return "there is a space in it";
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x80 && !strchr(LOWER UPPER DIGITS "-.", *c))
			return NO_HOST_CHARACTER;
	return NULL;
}

/* What is wrong with the A-labels; NULL where nothing is. Trust in the IDNA library is no reason to skip this. */
static const char *fault_in(const char *domain, size_t len)
{
	if (len == 0)
		return "there is nothing in it";
	if (len >= KM_DOMAIN_TEXT)
		return "it is longer than 253 characters";
	if (strspn(domain, LOWER DIGITS "-.") != len)
		return NO_HOST_CHARACTER;
	size_t labels = 0, label_len = 0;
	for (const char *label = domain; label < domain + len; label += label_len + 1, labels++) {
		label_len = strcspn(label, ".");
		if (label_len == 0 || label + label_len + 1 == domain + len)
			return "there is nothing between two dots";
		if (label_len > LABEL_MAX)
			return "a part between dots is longer than 63 characters";
		if (label[0] == '-' || label[label_len - 1] == '-')
			return "a part begins or ends with a hyphen";
	}
	if (labels < 2)
		return "it has no dot";
	const char *top = domain + len - label_len;
	if (label_len < 2 || strspn(top, LOWER) == 0)
		return "it is an IP address, or does not end in a top-level domain";
	return NULL;
}

static void free_idn(char **text)
{
	idn2_free(*text);
}

enum km_error km_domain_normalise(const char *text, char ret_domain[static KM_DOMAIN_TEXT], struct km_problem *problem)
{
	size_t typed_len = strnlen(text, TYPED_DOMAIN_MAX + 1);
	if (typed_len > TYPED_DOMAIN_MAX)
		return km_fail(problem, KM_INVALID, "domain", "a domain name has at most 253 characters");
	if (!km_utf8_valid(text, typed_len, NULL))
		return km_fail(problem, KM_INVALID, "domain", "a domain name is written in UTF-8, and this text is not");
	const char *why = mistake_in(text);
	if (why)
		return refuse(text, why, problem);
	__attribute__((cleanup(free_idn))) char *ascii = NULL;
	/* Without IDN2_USE_STD3_ASCII_RULES, which leaves characters out where it ought to refuse them ("nl?x" becomes
	 * "nlx" in 2.3.3); they are refused above and, where they come of the mapping, below. */
	int code = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (code == IDN2_MALLOC)
		return km_fail_memory(problem);
	if (code != IDN2_OK)
		return refuse(text, idn2_strerror(code), problem);
	size_t len = strlen(ascii);
	if (len && ascii[len - 1] == '.') /* the root of the DNS */
		ascii[--len] = '\0';
	why = fault_in(ascii, len);
	if (why)
		return refuse(text, why, problem);
	memcpy(ret_domain, ascii, len + 1);
	return KM_OK;
}

/* Atoms of RFC 5322 with a dot between: no quotes, so that nothing in it can end what it stands in. */
static bool is_dot_atom(const char *text, size_t len)
{
	static const char symbols[] = LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "!#$%&'*+-/=?^_`{|}~.";
	if (len == 0 || len > EMAIL_LOCAL_MAX || strspn(text, symbols) < len || text[0] == '.' || text[len - 1] == '.')
		return false;
	for (size_t i = 1; i < len; i++)
		if (text[i] == '.' && text[i - 1] == '.')
			return false;
	return true;
}

enum km_error km_email_normalise(const char *text, char ret_email[static KM_EMAIL_TEXT], struct km_problem *problem)
{
	char domain[KM_DOMAIN_TEXT];
	const char *at = strrchr(text, '@');
	size_t local = at ? (size_t)(at - text) : 0;
	if (!at || !is_dot_atom(text, local) || km_domain_normalise(at + 1, domain, NULL) != KM_OK ||
	    local + 1 + strlen(domain) >= KM_EMAIL_TEXT)
		return km_fail(problem, KM_INVALID, "email",
		               "this is not an e-mail address: write it like naam@voorbeeld.nl, without a name or quotes");
	memcpy(ret_email, text, local + 1);
	memcpy(ret_email + local + 1, domain, strlen(domain) + 1);
	return KM_OK;
}
