#include "base/encode.h"

#include <string.h>

struct form {
	const char *alphabet;
	unsigned bits; /* in one symbol */
};

static const struct form forms[] = {
	[KM_BASE64URL] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6},
	[KM_BASE64] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6},
	[KM_BASE32] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5},
	[KM_HEX] = {"0123456789abcdef", 4},
};

static size_t symbols_for(enum km_encoding encoding, size_t len)
{
	unsigned bits = forms[encoding].bits;
	/* Not len * 8 / bits, which could overflow. */
	return len / bits * 8 + (len % bits * 8 + bits - 1) / bits;
}

size_t km_encoded_len(enum km_encoding encoding, size_t len)
{
	size_t symbols = symbols_for(encoding, len);
	return encoding == KM_BASE64 ? (symbols + 3) / 4 * 4 : symbols;
}

void km_encode(enum km_encoding encoding, const void *bytes, size_t len, struct km_buf *buf)
{
	const struct form *form = &forms[encoding];
	const uint8_t *in = bytes;
	char out[64] = {0};
	size_t out_len = 0;
	unsigned waiting = 0, held = 0; /* the bits not yet written, and how many */
	for (size_t i = 0; i < len; i++) {
		waiting = (waiting << 8 | in[i]) & 0xffff;
		for (held += 8; held >= form->bits; held -= form->bits) {
			if (out_len == sizeof out) {
				km_buf_add(buf, out, out_len);
				out_len = 0;
			}
			out[out_len++] = form->alphabet[waiting >> (held - form->bits) & ((1U << form->bits) - 1)];
		}
	}
	km_buf_add(buf, out, out_len);
	if (held)
		km_buf_add_char(buf, form->alphabet[waiting << (form->bits - held) & ((1U << form->bits) - 1)]);
	for (size_t i = symbols_for(encoding, len); i < km_encoded_len(encoding, len); i++)
		km_buf_add_char(buf, '=');
}

/* The symbol's value; -1 where it is none. */
static int value_of(enum km_encoding encoding, char c)
{
	switch (encoding) {
	case KM_HEX:
		return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
	case KM_BASE32:
		return c >= 'A' && c <= 'Z' ? c - 'A' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
	default:
		if (c >= 'A' && c <= 'Z')
			return c - 'A';
		if (c >= 'a' && c <= 'z')
			return c - 'a' + 26;
		if (c >= '0' && c <= '9')
			return c - '0' + 52;
		if (c == forms[encoding].alphabet[62])
			return 62;
		return c == forms[encoding].alphabet[63] ? 63 : -1;
	}
}

/* How many bytes the text stands for, if its length and padding are right for that many. */
static bool decoded_len(enum km_encoding encoding, const char *text, size_t text_len, size_t *ret_symbols,
                        size_t *ret_len)
{
	unsigned bits = forms[encoding].bits;
	size_t symbols = text_len;
	if (encoding == KM_BASE64)
		while (symbols > 0 && text[symbols - 1] == '=')
			symbols--;
	size_t len = symbols / 8 * bits + symbols % 8 * bits / 8;
	*ret_symbols = symbols;
	*ret_len = len;
	return symbols == symbols_for(encoding, len) && text_len == km_encoded_len(encoding, len);
}

/* Without `out`, only looks whether the text is canonical. */
static bool decode(enum km_encoding encoding, const char *text, size_t symbols, uint8_t *out)
{
	unsigned bits = forms[encoding].bits, waiting = 0, held = 0;
	for (size_t i = 0; i < symbols; i++) {
		int value = value_of(encoding, text[i]);
		if (value < 0)
			return false;
		waiting = (waiting << bits | (unsigned)value) & 0xffff;
		held += bits;
		if (held < 8)
			continue;
		held -= 8;
		if (out)
			*out++ = (uint8_t)(waiting >> held);
	}
	return (waiting & ((1U << held) - 1)) == 0;
}

bool km_decode(enum km_encoding encoding, const char *text, size_t text_len, struct km_buf *buf)
{
	size_t symbols, len;
	if (!decoded_len(encoding, text, text_len, &symbols, &len) || !decode(encoding, text, symbols, NULL))
		return false;
	auto_free uint8_t *bytes = malloc(len + 1);
	if (!bytes) {
		buf->failed = true;
		return false;
	}
	decode(encoding, text, symbols, bytes);
	km_buf_add(buf, bytes, len);
	return !buf->failed;
}

bool km_decode_exact(enum km_encoding encoding, const char *text, size_t text_len, void *ret_bytes, size_t len)
{
	size_t symbols, text_bytes;
	if (!decoded_len(encoding, text, text_len, &symbols, &text_bytes) || text_bytes != len ||
	    !decode(encoding, text, symbols, NULL))
		return false;
	return decode(encoding, text, symbols, ret_bytes);
}

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t km_utf8_next(const char *bytes, size_t len, uint32_t *ret_code_point)
{
	if (len == 0)
		return 0;
	unsigned char first = (unsigned char)bytes[0];
	if (first < 0x80) {
		*ret_code_point = first;
		return 1;
	}
	size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (first < 0xc2 || first > 0xf4 || len < size)
		return 0;
	uint32_t code_point = first & (0xffU >> (size + 1));
	for (size_t i = 1; i < size; i++) {
		if (!is_continuation(bytes[i]))
			return 0;
		code_point = code_point << 6 | ((unsigned char)bytes[i] & 0x3f);
	}
	static const uint32_t smallest[] = {[2] = 0x80, [3] = 0x800, [4] = 0x10000};
	if (code_point < smallest[size] || code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff))
		return 0;
	*ret_code_point = code_point;
	return size;
}

bool km_utf8_valid(const char *bytes, size_t len, size_t *ret_characters)
{
	size_t characters = 0;
	for (size_t at = 0; at < len; characters++) {
		uint32_t code_point;
		size_t size = km_utf8_next(bytes + at, len - at, &code_point);
		if (size == 0 || code_point == 0)
			return false;
		at += size;
	}
	if (ret_characters)
		*ret_characters = characters;
	return true;
}
