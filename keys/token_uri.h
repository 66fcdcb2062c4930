/*
 * How a key in a PKCS#11 token is named: a pkcs11: URI (RFC 7512), such as
 *
 *     pkcs11:token=keurmerk?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/keurmerk/pin
 *
 * p11-kit reads them; here is what we take of that.
 */
#ifndef KM_KEYS_TOKEN_URI_H
#define KM_KEYS_TOKEN_URI_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct p11_kit_uri; /* p11-kit/uri.h */

enum { KM_TOKEN_URI_MAX = 1024, KM_TOKEN_ID_MAX = 64 }; /* bytes */

/* True where somebody means a token, and not a file. */
bool km_token_uri_is(const char *text);

/* Reads one. Refused are a PIN in it (pin-value), which others would see; a pin-source that is no file; a module-path
 * that does not begin at the root, and module-name; and what p11-kit does not know. KM_TOO_LARGE; KM_INVALID, type
 * "token-uri". Free with km_token_uri_free. */
enum km_error km_token_uri_parse(const char *text, struct p11_kit_uri **ret_uri, struct km_problem *problem);

/* True where it names a key (id or object), false where it names a token only. */
bool km_token_uri_names_key(struct p11_kit_uri *uri);
bool km_token_names_key(const char *text); /* false, too, where it is no URI */

/* The file that has the PIN, borrowed; NULL where the URI names none. */
const char *km_token_uri_pin_file(const struct p11_kit_uri *uri);

/* The URI of the token that the key is in, and that of the key in it with this id and, where it is not NULL, this
 * label; the caller's (free), NULL without memory. */
char *km_token_uri_of_token(const char *text);
char *km_token_uri_of_key(const char *text, const void *id, size_t id_len, const char *label);

/* True for the URI of a key that was made here (km_token_make gives it a label); false for one that was taken as it
 * was, which is not ours to remove. */
bool km_token_uri_made_here(const char *text);

void km_token_uri_free(struct p11_kit_uri **uri);
#define auto_token_uri __attribute__((cleanup(km_token_uri_free)))

#endif
