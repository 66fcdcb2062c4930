/*
 * The whole register as open data, and the signature over it: /register.csv, /register.jsonl, /register.jwt.
 */
#ifndef KM_WWW_REGISTER_H
#define KM_WWW_REGISTER_H

#include "base/digest.h"
#include "base/error.h"
#include "registry/store.h"
#include "www/site.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum km_register_form { KM_REGISTER_CSV, KM_REGISTER_JSONL };

typedef enum km_error km_register_piece(void *context, const char *bytes, size_t len, struct km_problem *problem);

/* Gives the bytes on piece by piece, so that all of them are never in memory. Inside a read transaction. */
enum km_error km_register_write(struct km_store *store, enum km_register_form form, int64_t now,
                                km_register_piece *piece, void *context, int64_t *ret_rows, struct km_problem *problem);

/* What the signature says: doc/formats.md. */
struct km_register_made {
	uint8_t digest[KM_SHA256_BYTES]; /* of /register.jsonl */
	int64_t rows;
	uint64_t sequence;
	int64_t at, next_update;
	json_t *parts; /* of a mirror; borrowed; NULL for none */
};

/* The token is the caller's (free). */
enum km_error km_register_sign(const struct km_site *site, const struct km_register_made *made, char **ret_token,
                               struct km_problem *problem);

#endif
