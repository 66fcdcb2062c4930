#include "registry/number.h"

#include <stddef.h>
#include <string.h>

enum { BASE = 32 };

static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Luhn mod 32 over the first 11 values: from the right, weights 2, 1, 2, …; the two digits (base 32) of each product
 * are added up. */
static unsigned check_value(const unsigned values[static KM_NUMBER_SYMBOLS - 1])
{
	unsigned sum = 0, weight = 2;
	for (size_t i = KM_NUMBER_SYMBOLS - 1; i-- > 0; weight = 3 - weight) {
		unsigned product = values[i] * weight;
		sum += product / BASE + product % BASE;
	}
	return (BASE - sum % BASE) % BASE;
}

void km_number_make(const uint8_t random[static 7], char ret_number[static KM_NUMBER_TEXT])
{
	uint64_t bits = 0;
	for (size_t i = 0; i < 7; i++)
		bits = bits << 8 | random[i];
	unsigned values[KM_NUMBER_SYMBOLS - 1];
	for (size_t i = 0; i < KM_NUMBER_SYMBOLS - 1; i++) {
		values[i] = bits % BASE;
		bits /= BASE;
		ret_number[i] = symbols[values[i]];
	}
	ret_number[KM_NUMBER_SYMBOLS - 1] = symbols[check_value(values)];
	ret_number[KM_NUMBER_SYMBOLS] = '\0';
}

/* Bytes of the space or hyphen at the start of the text; 0 where there is none. Word processors make of a hyphen one of
 * U+2010 to U+2015, and of a space U+00A0. */
static size_t gap_len(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	if (*c == ' ' || *c == '\t' || *c == '-')
		return 1;
	if (c[0] == 0xc2 && c[1] == 0xa0)
		return 2;
	if (c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0x90 && c[2] <= 0x95)
		return 3;
	return 0;
}

/* The symbol that a person meant by this character; NUL where it is none. */
static char symbol_meant(char typed)
{
	char c = typed >= 'a' && typed <= 'z' ? (char)(typed - 'a' + 'A') : typed;
	if (c == 'O')
		return '0';
	if (c == 'I' || c == 'L')
		return '1';
	const char *found = c ? strchr(symbols, c) : NULL;
	return found ? *found : '\0';
}

static enum km_error refuse_symbol(const char *at, struct km_problem *problem)
{
	if (*at == 'u' || *at == 'U')
		return km_fail(problem, KM_MALFORMED, "mark-number-form",
		               "this is not a mark number: the letter U is in none; it may be a V");
	if (*at > ' ' && *at < 0x7f)
		return km_fail(problem, KM_MALFORMED, "mark-number-form",
		               "this is not a mark number: it holds only letters and digits, and not \"%c\"", *at);
	return km_fail(problem, KM_MALFORMED, "mark-number-form",
	               "this is not a mark number: it holds only the letters A to Z and digits");
}

enum km_error km_number_parse(const char *text, char ret_number[static KM_NUMBER_TEXT], struct km_problem *problem)
{
	char number[KM_NUMBER_TEXT] = "";
	unsigned values[KM_NUMBER_SYMBOLS];
	size_t len = 0;
	for (const char *at = text; *at;) {
		size_t gap = gap_len(at);
		if (gap) {
			at += gap;
			continue;
		}
		char symbol = symbol_meant(*at);
		if (!symbol)
			return refuse_symbol(at, problem);
		if (len == KM_NUMBER_SYMBOLS)
			return km_fail(problem, KM_MALFORMED, "mark-number-form",
			               "this is not a mark number: it has more than %d letters and digits", KM_NUMBER_SYMBOLS);
		values[len] = (unsigned)(strchr(symbols, symbol) - symbols);
		number[len++] = symbol;
		at++;
	}
	if (len < KM_NUMBER_SYMBOLS)
		return km_fail(problem, KM_MALFORMED, "mark-number-form",
		               "this is not a mark number: it has %zu letters and digits and should have %d", len,
		               KM_NUMBER_SYMBOLS);
	if (values[KM_NUMBER_SYMBOLS - 1] != check_value(values))
		return km_fail(problem, KM_ABSENT, "mark-number-check",
		               "%.4s-%.4s-%.4s is not a mark number: its check symbol does not fit, so a character is wrong or "
		               "two have changed "
		               "places; compare it with the badge, character by character",
		               number, number + 4, number + 8);
	memcpy(ret_number, number, KM_NUMBER_TEXT);
	return KM_OK;
}

void km_number_show(const char number[static KM_NUMBER_TEXT], char ret_text[static KM_NUMBER_SHOWN])
{
	for (size_t i = 0, at = 0; i < KM_NUMBER_SYMBOLS; i++) {
		if (i && i % 4 == 0)
			ret_text[at++] = '-';
		ret_text[at++] = number[i];
	}
	ret_text[KM_NUMBER_SHOWN - 1] = '\0';
}
