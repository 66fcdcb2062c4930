/*
 * A list of companies to watch, written into the address of a feed, so that nothing of it needs to be kept: the KvK
 * numbers in rising order, each as what it is more than the one before it (the first: than nothing), seven bits to a
 * byte, the lowest first, all bytes but the last of a number with their top bit set (as LEB128); that in base64url.
 */
#ifndef KM_WWW_WATCH_H
#define KM_WWW_WATCH_H

#include "base/buf.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* So many fit in an address, whichever they are. */
enum { KM_WATCH_MAX = 400 };

/* Adds the text of the numbers, which rise and are below 100,000,000. */
void km_watch_write(const uint32_t *kvk, size_t len, struct km_buf *text);

/* Reads them; KM_MALFORMED "watch" for what km_watch_write would not have written. */
enum km_error km_watch_read(const char *text, uint32_t ret_kvk[static KM_WATCH_MAX], size_t *ret_len,
                            struct km_problem *problem);

#endif
