/*
 * A growing buffer of bytes. A failed allocation makes it `failed`; adding to a failed buffer does nothing, so a
 * writer checks once, at the end, with km_buf_take.
 */
#ifndef KM_BASE_BUF_H
#define KM_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

struct km_buf {
	char *data; /* NUL-terminated where not NULL; owned */
	size_t len; /* without that NUL */
	size_t capacity;
	bool failed;
};

#define KM_BUF_EMPTY ((struct km_buf){0})

void km_buf_add(struct km_buf *buf, const void *bytes, size_t len);
/* Makes the buffer so many bytes longer, for the caller to write at once; NULL where it has failed. */
char *km_buf_room(struct km_buf *buf, size_t len);

void km_buf_add_char(struct km_buf *buf, char c);
void km_buf_add_text(struct km_buf *buf, const char *text);
void km_buf_add_format(struct km_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text with & < > " ' as character references, for XML and HTML content and attributes. Characters that XML 1.0
 * forbids, and bytes that are not UTF-8, become U+FFFD. */
void km_buf_add_escaped(struct km_buf *buf, const char *text);

/* Hands the NUL-terminated bytes over (caller frees with free) and empties the buffer; NULL where it had failed.
 * ret_len may be NULL. An empty buffer gives "". */
char *km_buf_take(struct km_buf *buf, size_t *ret_len);

void km_buf_free(struct km_buf *buf);

/* Cleanup attributes: every return is safe. */
static inline void km_auto_free(void *pointer)
{
	free(*(void **)pointer);
}
#define auto_free __attribute__((cleanup(km_auto_free)))
#define auto_buf __attribute__((cleanup(km_buf_free)))

#endif
