#include "keys/multikey.h"

#include <string.h>

static const char symbols[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

enum { BASE = 58, TEXT_MAX = KM_MULTIBASE_BYTES_MAX * 138 / 100 + 2 }; /* log(256) / log(58) is under 1.38 */

/* The symbols of the bytes, closed by a NUL: a zero byte in front is a "1", as there is no other way to see it. */
static void encode(const uint8_t *bytes, size_t len, char ret_text[static TEXT_MAX])
{
	uint8_t digits[TEXT_MAX] = {0}; /* the least one first */
	size_t digits_len = 0, zeros = 0;
	while (zeros < len && !bytes[zeros])
		zeros++;
	for (size_t i = zeros; i < len; i++) {
		unsigned carry = bytes[i];
		for (size_t k = 0; k < digits_len || carry; k++) {
			carry += 256U * digits[k];
			digits[k] = (uint8_t)(carry % BASE);
			carry /= BASE;
			if (k >= digits_len)
				digits_len = k + 1;
		}
	}
	memset(ret_text, symbols[0], zeros);
	for (size_t i = 0; i < digits_len; i++)
		ret_text[zeros + i] = symbols[digits[digits_len - 1 - i]];
	ret_text[zeros + digits_len] = '\0';
}

void km_multibase_encode(const void *bytes, size_t len, struct km_buf *buf)
{
	char text[TEXT_MAX];
	if (len > KM_MULTIBASE_BYTES_MAX) {
		buf->failed = true;
		return;
	}
	encode(bytes, len, text);
	km_buf_add_char(buf, 'z');
	km_buf_add_text(buf, text);
}

bool km_multibase_decode_exact(const char *text, void *ret_bytes, size_t len)
{
	uint8_t bytes[KM_MULTIBASE_BYTES_MAX] = {0};
	char again[TEXT_MAX];
	if (len > KM_MULTIBASE_BYTES_MAX || *text != 'z' || strnlen(text + 1, TEXT_MAX) == TEXT_MAX)
		return false;
	for (const char *c = text + 1; *c; c++) {
		const char *symbol = strchr(symbols, *c);
		if (!symbol)
			return false;
		unsigned carry = (unsigned)(symbol - symbols);
		for (size_t i = len; i-- > 0; carry >>= 8) {
			carry += BASE * bytes[i];
			bytes[i] = (uint8_t)carry;
		}
		if (carry)
			return false; /* a greater number than fits */
	}
	encode(bytes, len, again);
	if (strcmp(again, text + 1) != 0)
		return false; /* too few zeros in front, or too many */
	memcpy(ret_bytes, bytes, len);
	return true;
}

void km_multikey_format(const uint8_t public_key[static KM_PUBLIC_BYTES], char ret_text[static KM_MULTIKEY_TEXT])
{
	char text[TEXT_MAX];
	uint8_t bytes[2 + KM_PUBLIC_BYTES] = {0xed, 0x01}; /* multicodec ed25519-pub, as a varint */
	memcpy(bytes + 2, public_key, KM_PUBLIC_BYTES);
	encode(bytes, sizeof bytes, text);
	ret_text[0] = 'z';
	memcpy(ret_text + 1, text, KM_MULTIKEY_TEXT - 1); /* this prefix makes it 47 symbols, whatever the key */
}
