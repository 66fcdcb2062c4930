#include "base/likeness.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Latin-1 Supplement and Latin Extended-A without their accents, from U+00C0 on; a space where it is no letter. */
static const char unaccented[] = "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
								 "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
								 "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
enum { FIRST_ACCENTED = 0xc0, ACCENTED = sizeof unaccented - 1 };

/* The next code point of text that is UTF-8; 0 at its end, and for what is broken. */
static uint32_t next_character(const char **text)
{
	const unsigned char *at = (const unsigned char *)*text;
	uint32_t character = at[0];
	size_t more = character >= 0xf0 ? 3 : character >= 0xe0 ? 2 : character >= 0xc0 ? 1 : 0;
	if (more)
		character &= 0x3fu >> more;
	for (size_t i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (at[i] & 0x3f);
	}
	*text += character ? more + 1 : 0;
	return character;
}

static size_t fold(const char *text, uint32_t ret_letters[static KM_LIKENESS_MAX])
{
	size_t len = 0;
	for (uint32_t c; len < KM_LIKENESS_MAX && (c = next_character(&text));) {
		if (c >= FIRST_ACCENTED && c < FIRST_ACCENTED + ACCENTED)
			c = (unsigned char)unaccented[c - FIRST_ACCENTED];
		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x180)
			ret_letters[len++] = c;
	}
	return len;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Three rows of the table are enough: the one being filled and the two before it. */
static size_t distance(const uint32_t *a, size_t a_len, const uint32_t *b, size_t b_len)
{
	size_t rows[3][KM_LIKENESS_MAX + 1];
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i - 1) % 3], *above_that = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], above_that[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

int km_likeness(const char *a, const char *b)
{
	uint32_t a_letters[KM_LIKENESS_MAX], b_letters[KM_LIKENESS_MAX];
	size_t a_len = fold(a, a_letters), b_len = fold(b, b_letters);
	size_t longest = a_len > b_len ? a_len : b_len;
	if (!a_len || !b_len)
		return 0;
	return (int)((longest - distance(a_letters, a_len, b_letters, b_len)) * 100 / longest);
}
