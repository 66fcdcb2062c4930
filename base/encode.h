/*
 * Strict text encodings of bytes. Each decoder accepts exactly one text for one sequence of bytes: no white space, no
 * missing or superfluous padding, no bits set in the unused end of the last symbol.
 */
#ifndef KM_BASE_ENCODE_H
#define KM_BASE_ENCODE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum km_encoding {
	KM_BASE64URL, /* RFC 4648 section 5, no padding */
	KM_BASE64,    /* RFC 4648 section 4, with padding */
	KM_BASE32,    /* RFC 4648 section 6, upper case, no padding */
	KM_HEX,       /* lower case */
};

/* Adds the text of the bytes to the buffer. */
void km_encode(enum km_encoding encoding, const void *bytes, size_t len, struct km_buf *buf);

/* Length of the text of `len` bytes, without a closing NUL. */
size_t km_encoded_len(enum km_encoding encoding, size_t len);

/* Adds the bytes of the text to the buffer; false (and nothing added) where the text is not canonical, or where memory
 * ran out, which buf->failed tells apart. */
bool km_decode(enum km_encoding encoding, const char *text, size_t text_len, struct km_buf *buf);

/* The same into exactly `len` bytes at ret_bytes; false where the text is of another length or not canonical. */
bool km_decode_exact(enum km_encoding encoding, const char *text, size_t text_len, void *ret_bytes, size_t len);

/* Length in bytes of the character at the start of the bytes, and its code point (which may be 0); 0 where they do not
 * start with a well-formed one (RFC 3629: nothing overlong, no surrogate, none above U+10FFFF). */
size_t km_utf8_next(const char *bytes, size_t len, uint32_t *ret_code_point);

/* True where the bytes are well-formed UTF-8 (RFC 3629) without NUL. ret_characters (may be NULL) counts code points.
 */
bool km_utf8_valid(const char *bytes, size_t len, size_t *ret_characters);

#endif
