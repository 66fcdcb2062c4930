/*
 * What a client would rather have: Accept, Accept-Language and Accept-Encoding (RFC 9110, section 12.5). A header may
 * be NULL (not sent). What cannot be read counts as not sent: these headers are wishes, and no reason to refuse.
 */
#ifndef KM_WWW_ACCEPT_H
#define KM_WWW_ACCEPT_H

#include "base/catalogue.h"

#include <stdbool.h>

/* JSON rather than a page: application/json (or problem+json) with a higher quality than text/html. */
bool km_accept_json(const char *accept);

/* A credential asked for by name, at least as much as a page or JSON: its media type, "application/vc" or
 * "application/vc+ld+json"; NULL where it is not. */
const char *km_accept_credential(const char *accept);

/* A page asked for by name, as browsers do: text/html, at least as much as JSON. */
bool km_accept_page(const char *accept);

/* The best of the languages that we speak; Dutch where the client names neither. */
enum km_language km_accept_language(const char *accept_language);

bool km_accept_gzip(const char *accept_encoding);

#endif
