/*
 * The W3C Bitstring Status Lists of the register: one bit for each mark that was ever granted, in a list of revocations
 * (withdrawn marks) and a list of suspensions. Each list holds KM_STATUS_LIST_ENTRIES marks; the next ones go in the
 * next.
 */
#ifndef KM_BADGE_STATUS_LIST_H
#define KM_BADGE_STATUS_LIST_H

#include "base/error.h"
#include "registry/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum km_status_purpose { KM_STATUS_REVOCATION, KM_STATUS_SUSPENSION, KM_STATUS_PURPOSES };

enum {
	KM_STATUS_LIST_ENTRIES = 131072, /* the least that the standard allows */
	KM_STATUS_LIST_BYTES = KM_STATUS_LIST_ENTRIES / 8,
	KM_STATUS_LIST_TTL_S = 24 * 3600,
	KM_STATUS_LIST_TOKEN_MAX = 64 * 1024, /* bytes of the signed list */
};

/* "revocation", "suspension". */
const char *km_status_purpose_name(enum km_status_purpose purpose);

/* The list, from 1, that holds the mark with this index (from 0, over all lists), and its place in that list. */
int64_t km_status_list_number(int64_t status_index);
int64_t km_status_list_place(int64_t status_index);

/* "<url>/status/revocation/1"; the caller's (free). NULL where memory ran out. */
char *km_status_list_url(const char *url, enum km_status_purpose purpose, int64_t list);

/* The payload of a list's credential as the register is at `now`, for KM_FORM_STATUS_LIST; valid for
 * KM_STATUS_LIST_TTL_S or until a mark in it changes by itself, whichever comes first. The same register gives the same
 * bytes. KM_ABSENT where no mark has got that far; the first list is always there. The caller's (free). Inside
 * km_store_read_begin … km_store_read_end. */
enum km_error km_status_list_payload(struct km_store *store, const char *url, enum km_status_purpose purpose,
                                     int64_t list, int64_t now, char **ret_payload, struct km_problem *problem);

/* A list as read back from the payload of one whose signature was found good. */
struct km_status_list {
	enum km_status_purpose purpose;
	int64_t list;                    /* its number */
	int64_t valid_from, valid_until; /* last second */
	uint8_t bits[KM_STATUS_LIST_BYTES];
};

/* Reads one: strictly of our form, of the registry at this url, of exactly KM_STATUS_LIST_ENTRIES. It does not look at
 * the time. KM_INVALID names the member. */
enum km_error km_status_list_read(const json_t *payload, const char *url, struct km_status_list *ret_list,
                                  struct km_problem *problem);

/* Whether the bit of the mark with this index (over all lists) is set. KM_INVALID, type "status-range", where that mark
 * is not in this list. */
enum km_error km_status_list_get(const struct km_status_list *list, int64_t status_index, bool *ret_set,
                                 struct km_problem *problem);

#endif
