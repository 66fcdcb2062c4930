/*
 * What the people of a certification body find at their desk: who they are, the audits that wait for a decision, one
 * audit beside the one before it, their marks, what the public reported about those. Of their own body only: what is
 * another's is absent here, or refused where the public can see that it is there.
 */
#ifndef KM_REGISTRY_DESK_H
#define KM_REGISTRY_DESK_H

#include "base/catalogue.h"
#include "base/error.h"
#include "keys/jwk.h"
#include "registry/lapse.h"
#include "registry/number.h"
#include "registry/report.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who sits there, by the key that they hold; texts are owned. */
struct km_desk {
	int64_t person_id, body_id;
	unsigned roles; /* enum km_role */
	const char *name, *body_slug, *body_name;
	char thumbprint[KM_THUMBPRINT_TEXT];
	uint8_t public_key[KM_PUBLIC_BYTES];
};

/* KM_UNPROVEN "unknown-key", "revoked-key". Free with km_desk_done. */
enum km_error km_desk_open(struct km_store *store, const char *thumbprint, int64_t now, struct km_desk *ret_desk,
                           struct km_problem *problem);
void km_desk_done(struct km_desk *desk);
#define auto_desk __attribute__((cleanup(km_desk_done)))

/* An audit; borrowed for the call, NULL and 0 where there is none. */
struct km_desk_audit {
	const char *id, *kind;
	const char *follows;    /* the audit that it follows */
	const char *kvk, *name; /* of the provider */
	const char *scheme_id;
	int64_t scheme_version;
	const char *level, *recommendation, *auditor;
	int64_t majors, minors; /* found then; what is open now: registry/finding.h */
	int64_t finished_on, recorded_at;
	const char *decision; /* action of the last decision that rests on it */
	bool took_part;       /* whoever asks audited it or a follow-up to it, and so does not decide on it */
};
typedef enum km_error km_each_audit(void *context, const struct km_desk_audit *audit);

/* Those that wait for a decision, oldest first. A follow-up waits only where it recommends what can rest on one: else
 * it is part of what the audit before it waits for. An error of the callback ends the list and is returned. */
enum km_error km_desk_queue(struct km_store *store, const struct km_desk *desk, km_each_audit *each, void *context,
                            struct km_problem *problem);

/* Those of one provider, newest first. */
enum km_error km_desk_audits_of(struct km_store *store, const struct km_desk *desk, const char *kvk,
                                km_each_audit *each, void *context, struct km_problem *problem);

/* One; also what was done to correct it: the follow-ups. KM_ABSENT "unknown-audit", another body's too. */
enum km_error km_desk_audit(struct km_store *store, const struct km_desk *desk, const char *id, km_each_audit *each,
                            void *context, struct km_problem *problem);
enum km_error km_desk_follow_ups(struct km_store *store, const struct km_desk *desk, const char *id,
                                 km_each_audit *each, void *context, struct km_problem *problem);

/* A finding, the one on that criterion before it, and a later one that took its place. */
struct km_desk_finding {
	const char *criterion, *result, *note;
	int64_t due_on;
	const char *before, *before_note; /* result of the last audit that looked at it */
	int64_t before_on;
	const char *after; /* result of the newest audit since */
};
enum km_error km_desk_findings(struct km_store *store, const struct km_desk *desk, const char *audit_id,
                               enum km_error (*each)(void *context, const struct km_desk_finding *finding),
                               void *context, struct km_problem *problem);

/* A mark that the body holds. */
struct km_desk_mark {
	const char *number, *kvk, *name, *scheme_id;
	int64_t scheme_version;
	const char *scope, *level; /* JSON array; level may be NULL */
	enum km_state state;       /* at `now` */
	int64_t since, next_change, valid_until, surveillance_due;
};

/* By the end of their term. kvk: of this provider only; NULL for all. */
enum { KM_DESK_PAGE = 200 };
enum km_error km_desk_marks(struct km_store *store, const struct km_desk *desk, const char *kvk, int64_t now,
                            size_t offset, enum km_error (*each)(void *context, const struct km_desk_mark *mark),
                            void *context, struct km_problem *problem);

/* What was decided about a mark by this body, newest first. */
struct km_desk_decision {
	const char *id, *action, *reason, *decider;
	const char *to;                                        /* transfer: name of the body that it was offered to */
	const char *answer;                                    /* … and what that decided; NULL while it has not */
	const char *answer_reason, *answer_text[KM_LANGUAGES]; /* NULL where there is none */
	int64_t holds_from, recorded_at;
};
enum km_error km_desk_decisions(struct km_store *store, const struct km_desk *desk, const char *number,
                                enum km_error (*each)(void *context, const struct km_desk_decision *decision),
                                void *context, struct km_problem *problem);

/* A mark that another body has offered to this one. */
enum km_transfer_state {
	KM_TRANSFER_OPEN,     /* to be answered */
	KM_TRANSFER_EARLY,    /* holds later, and is to be answered from then on */
	KM_TRANSFER_ANSWERED, /* see answer */
	KM_TRANSFER_CLOSED,   /* nobody answered in time */
	KM_TRANSFER_VOID,     /* the mark has ended, or is no longer theirs to give */
};
/* "open", "early", "answered", "closed", "void" */
const char *km_transfer_state_name(enum km_transfer_state state);

struct km_desk_transfer {
	const char *id, *number, *kvk, *name, *scheme_id; /* kvk: "" where the provider was erased */
	const char *from_body;                            /* name */
	enum km_transfer_state state;
	const char *answer; /* "accept-transfer", "refuse-transfer"; NULL where there is none */
	int64_t recorded_at, opens_at, closes_at;
	int64_t answer_holds_from; /* 0 where there is none */
};

/* Newest first, at most KM_DESK_PAGE; only the one with this id where it is not NULL. */
enum km_error km_desk_transfers(struct km_store *store, const struct km_desk *desk, const char *id, int64_t now,
                                enum km_error (*each)(void *context, const struct km_desk_transfer *transfer),
                                void *context, struct km_problem *problem);

/* What the public reported about marks that the body holds, newest first, at most KM_DESK_PAGE; case_id: NULL where
 * there is no case of it yet. */
enum km_error km_desk_reports(struct km_store *store, const struct km_desk *desk, int64_t now,
                              enum km_error (*each)(void *context, const struct km_report *report, const char *case_id),
                              void *context, struct km_problem *problem);

/* Calls back for each key and each person without one (thumbprint NULL) of the body; for an admin all, for others
 * their own. */
struct km_desk_key {
	int64_t person_id;
	const char *name, *thumbprint;
	unsigned roles;
	int64_t enrolled_at, revoked_at; /* 0 if not */
};
enum km_error km_desk_people(struct km_store *store, const struct km_desk *desk,
                             enum km_error (*each)(void *context, const struct km_desk_key *key), void *context,
                             struct km_problem *problem);

/* The invitations of the same people, newest first: who made each, and what came of it. */
struct km_desk_invitation {
	int64_t person_id, made_at, expires_at, used_at; /* used_at: 0 if not */
	bool ended;                                      /* before its time, by a later one or by the revocation of a key */
	const char *used_for;                            /* thumbprint of the key that it enrolled; NULL if none */
	int64_t by_id;                                   /* 0 where the operator made it */
	const char *by;                                  /* name; NULL likewise */
};
enum km_error km_desk_invitations(struct km_store *store, const struct km_desk *desk,
                                  enum km_error (*each)(void *context, const struct km_desk_invitation *invitation),
                                  void *context, struct km_problem *problem);

/* What roles the same people have had, the newest of each first. */
struct km_desk_roles {
	int64_t person_id, set_at;
	unsigned roles;
	bool first;     /* those that they were invited with */
	const char *by; /* the admin who changed them; NULL for the operator, and for the first */
};
enum km_error km_desk_roles(struct km_store *store, const struct km_desk *desk,
                            enum km_error (*each)(void *context, const struct km_desk_roles *roles), void *context,
                            struct km_problem *problem);

/* Calls back for each scheme that the body may certify for. */
enum km_error km_desk_schemes(struct km_store *store, const struct km_desk *desk,
                              enum km_error (*each)(void *context, const char *scheme_id), void *context,
                              struct km_problem *problem);

#endif
