/*
 * Marks: what the register says of one, at any moment.
 *
 * Each decision adds a period to a mark, with the moment from which it holds. The state at moment T is that of the last
 * period that holds at T, and then what time alone has done since: expiry, surveillance overdue, suspension too long.
 * So a reader sees the right state the second it changes, whether or not a job has run.
 */
#ifndef KM_REGISTRY_MARK_H
#define KM_REGISTRY_MARK_H

#include "base/buf.h"
#include "base/error.h"
#include "registry/body.h"
#include "registry/lapse.h"
#include "registry/number.h"
#include "registry/provider.h"
#include "registry/scheme.h"
#include "registry/store.h"

#include <stddef.h>
#include <stdint.h>

struct km_mark_audit { /* evidence of kind and date, nothing of its content */
	const char *kind;  /* "initial", "surveillance", "recertification", "special" */
	int64_t finished;  /* the day */
};

struct km_event { /* public history */
	int64_t at;   /* holds from */
	int64_t recorded_at;
	const char *action;   /* "grant", "suspend", …; by lapse: "expire", "suspend-lapse", "withdraw-lapse" */
	const char *reason;   /* code; NULL where none */
	struct km_words text; /* for the public; empty where none */
	enum km_state state;  /* after it */
};

/* One mark at one moment: strings and arrays are owned by it. */
struct km_mark {
	int64_t id;
	char number[KM_NUMBER_TEXT];
	struct km_provider *provider;
	struct km_body *body;
	struct km_scheme *scheme;                  /* in the version under which it was granted */
	const struct km_scheme_item *const *scope; /* services, in the scheme's order; items borrowed from scheme */
	size_t scope_len;
	const struct km_scheme_item *const *scope_dropped; /* services it had before and no longer has */
	size_t scope_dropped_len;
	const struct km_scheme_item *level; /* NULL where the scheme has none */
	struct km_period period;            /* the last decided one that holds at the moment asked */
	int64_t granted_at;                 /* first grant */
	enum km_state state;                /* at the moment asked, lapses included */
	int64_t state_since, next_change;   /* next_change: INT64_MAX for never */
	const char *reason;                 /* code of the last decision, or of the lapse; NULL where none */
	struct km_words text;               /* its text for the public */
	struct km_words notice;             /* a running public notice; NULL texts where there is none */
	const struct km_mark_audit *audits; /* newest first */
	size_t audits_len;
	const struct km_event *events; /* newest first, recorded and lapsed ones, up to the moment asked */
	size_t events_len;
	int64_t status_index; /* in both status lists */
	int64_t changed_at;   /* last record or lapse: Last-Modified */
};

/* The mark with this number (as km_number_parse gives it) at the moment `at`. KM_ABSENT where there is none, or, with
 * type "mark-not-yet", where it was granted after `at`. Free with km_mark_free. */
enum km_error km_mark_get(struct km_store *store, const char *number, int64_t at, struct km_mark **ret_mark,
                          struct km_problem *problem);
void km_mark_free(struct km_mark *mark);
static inline void km_auto_mark(struct km_mark **mark)
{
	km_mark_free(*mark);
}
#define auto_mark __attribute__((cleanup(km_auto_mark)))

/* Adds to the buffer, each with a NUL behind it, the numbers of all marks of the provider that holds this one, itself
 * included. */
enum km_error km_mark_siblings(struct km_store *store, int64_t mark_id, struct km_buf *ret_numbers,
                               struct km_problem *problem);

/* The last credential that was issued for it: a compact JWS; the caller's (free). */
enum km_error km_mark_credential(struct km_store *store, const char *number, char **ret_token,
                                 struct km_problem *problem);

/* The token of its signed QR code (keys/cwt.h), issued with that; the caller's (free). */
enum km_error km_mark_qr_token(struct km_store *store, const char *number, char **ret_token,
                               struct km_problem *problem);

/* The same credential as a JSON-LD document with an embedded proof, issued with it; the caller's (free). */
enum km_error km_mark_document(struct km_store *store, const char *number, char **ret_document,
                               struct km_problem *problem);

/* Keeps newly signed ones. Inside the transaction of the change. */
struct km_issued {
	const char *token, *document, *qr_token;
	const char *kid; /* thumbprint of the key that signed them */
};
enum km_error km_mark_credential_put(struct km_store *store, int64_t mark_id, const struct km_issued *issued,
                                     int64_t now, struct km_problem *problem);

#endif
