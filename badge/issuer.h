/*
 * The registry's hand: takes a submission, lets registry/ apply it and keys/ sign what follows from it, all in one
 * transaction. Either all of it is on disk when this returns KM_OK, or nothing has changed.
 */
#ifndef KM_BADGE_ISSUER_H
#define KM_BADGE_ISSUER_H

#include "base/clock.h"
#include "base/error.h"
#include "keys/signer.h"
#include "registry/submission.h"

#include <jansson.h>
#include <stddef.h>

struct km_issuer;

/* Opens the database for writing. The signer is borrowed. Free with km_issuer_close (NULL is allowed). One thread at a
 * time: callers hold a lock. */
enum km_error km_issuer_open(const char *database, struct km_signer *signer, const struct km_clock *clock,
                             struct km_issuer **ret_issuer, struct km_problem *problem);
void km_issuer_close(struct km_issuer *issuer);

/* The store it writes to, for the operator's own changes (schemes, bodies, providers); borrowed. */
struct km_store *km_issuer_store(struct km_issuer *issuer);

/* Accepts a submission (registry/submission.h says what can go wrong), issues the mark's credential anew, puts what has
 * happened into the log, signs a checkpoint of that, commits. */
enum km_error km_issuer_submit(struct km_issuer *issuer, const char *bytes, size_t len, struct km_outcome *ret_outcome,
                               struct km_problem *problem);

/* Does what time asks for, at most KM_ISSUER_TICK_MAX marks at once, and commits: writes down the lapses that are due,
 * and issues a credential anew where a decision that was recorded earlier has come to hold since. To be called now and
 * then; no reader waits for it. *ret_next: when there is more to do; not after now where there is more already. */
enum { KM_ISSUER_TICK_MAX = 100 };
enum km_error km_issuer_tick(struct km_issuer *issuer, int64_t *ret_next, struct km_problem *problem);

/* After the registry's key for credentials has changed: signs anew what other keys than this one, which must be the one
 * that signs now, have signed, at most `limit` marks, and commits. To be called again while *ret_signed is not 0; what
 * was done stays done. */
enum km_error km_issuer_sign_anew(struct km_issuer *issuer, const char *thumbprint, size_t limit, size_t *ret_signed,
                                  struct km_problem *problem);

/* Enrols a person's key (registry/person.h), publishes likewise and commits. ret_reply is the caller's (json_decref).
 */
enum km_error km_issuer_enrol(struct km_issuer *issuer, const char *bytes, size_t len, json_t **ret_reply,
                              struct km_problem *problem);

#endif
