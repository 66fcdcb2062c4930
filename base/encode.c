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
	const char *alphabet = forms[encoding].alphabet;
	const uint8_t *in = bytes, *end = in + len;
	unsigned bits = forms[encoding].bits, mask = (1U << bits) - 1;
	char *out = km_buf_room(buf, km_encoded_len(encoding, len));
	if (!out)
		return;
	for (; bits == 6 && end - in >= 3; in += 3) { /* what most that is encoded is, most of the way */
		unsigned group = (unsigned)in[0] << 16 | (unsigned)in[1] << 8 | in[2];
		*out++ = alphabet[group >> 18];
		*out++ = alphabet[group >> 12 & mask];
		*out++ = alphabet[group >> 6 & mask];
		*out++ = alphabet[group & mask];
	}
	unsigned waiting = 0, held = 0; /* the bits not yet written, and how many */
	for (; in < end; in++) {
		waiting = (waiting << 8 | *in) & 0xffff;
		for (held += 8; held >= bits; held -= bits)
			*out++ = alphabet[waiting >> (held - bits) & mask];
	}
	if (held)
		*out++ = alphabet[waiting << (bits - held) & mask];
	while (out < buf->data + buf->len)
		*out++ = '=';
}

/* The value of each symbol; NONE for what is no symbol. */
enum { NONE = 0xff };
struct values {
	uint8_t of[256];
};

static struct values values_of(enum km_encoding encoding)
{
	struct values values;
	memset(values.of, NONE, sizeof values.of);
	for (unsigned i = 0; i < 1U << forms[encoding].bits; i++)
		values.of[(unsigned char)forms[encoding].alphabet[i]] = (uint8_t)i;
	return values;
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

/* False where a symbol is none, or the end of the last one is not empty; what was written before counts for nothing. */
static bool decode(enum km_encoding encoding, const char *text, size_t symbols, uint8_t *out)
{
	const struct values values = values_of(encoding);
	const unsigned char *in = (const unsigned char *)text, *end = in + symbols;
	unsigned bits = forms[encoding].bits, waiting = 0, held = 0;
	for (; bits == 6 && end - in >= 4; in += 4) {
		uint8_t a = values.of[in[0]], b = values.of[in[1]], c = values.of[in[2]], d = values.of[in[3]];
		if ((a | b | c | d) & 0xc0) /* as NONE alone has */
			return false;
		unsigned group = (unsigned)a << 18 | (unsigned)b << 12 | (unsigned)c << 6 | d;
		*out++ = (uint8_t)(group >> 16);
		*out++ = (uint8_t)(group >> 8);
		*out++ = (uint8_t)group;
	}
	for (; in < end; in++) {
		if (values.of[*in] == NONE)
			return false;
		waiting = (waiting << bits | values.of[*in]) & 0xffff;
		held += bits;
		if (held < 8)
			continue;
		held -= 8;
		*out++ = (uint8_t)(waiting >> held);
	}
	return (waiting & ((1U << held) - 1)) == 0;
}

bool km_decode(enum km_encoding encoding, const char *text, size_t text_len, struct km_buf *buf)
{
	size_t symbols, len, before = buf->len;
	if (!decoded_len(encoding, text, text_len, &symbols, &len))
		return false;
	char *room = km_buf_room(buf, len);
	if (!room)
		return false;
	if (decode(encoding, text, symbols, (uint8_t *)room))
		return true;
	buf->len = before;
	buf->data[before] = '\0';
	return false;
}

bool km_decode_exact(enum km_encoding encoding, const char *text, size_t text_len, void *ret_bytes, size_t len)
{
	uint8_t bytes[64]; /* what is short, as most of it is, needs no allocation */
	size_t symbols, text_bytes;
	if (!decoded_len(encoding, text, text_len, &symbols, &text_bytes) || text_bytes != len)
		return false;
	auto_free uint8_t *long_bytes = len > sizeof bytes ? malloc(len) : NULL;
	uint8_t *decoded = len > sizeof bytes ? long_bytes : bytes;
	if (!decoded || !decode(encoding, text, symbols, decoded))
		return false;
	memcpy(ret_bytes, decoded, len);
	return true;
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
