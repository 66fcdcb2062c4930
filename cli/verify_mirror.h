/*
 * `keurmerk verify --mirror`: a whole mirror, or a thing by what a mirror says of it.
 */
#ifndef KM_CLI_VERIFY_MIRROR_H
#define KM_CLI_VERIFY_MIRROR_H

#include "badge/verify.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/mirror_check.h"
#include "cli/trust.h"

#include <jansson.h>

struct km_verify_mirror {
	struct km_mirror_source source;
	struct km_mirror_check check;
	json_t *found; /* what is the matter with which file; owned */
	size_t left_out;
	bool quiet; /* for programs: nothing is printed on the way */
};

/* Reads what the mirror of --mirror says of itself, by --after. The keys are borrowed. Free with km_verify_mirror_done,
 * also a zeroed one. */
enum km_error km_verify_mirror_open(const struct km_call *call, struct km_fetch *fetch, const struct km_trust *trust,
                                    struct km_verify_mirror *mirror, struct km_problem *problem);
void km_verify_mirror_done(struct km_verify_mirror *mirror);

/* The whole of it, in one sentence: genuine where each file is what the registry has signed, and of now. */
enum km_error km_verify_mirror_all(const struct km_call *call, struct km_fetch *fetch, const struct km_trust *trust,
                                   struct km_verify_mirror *mirror, struct km_verdict *ret_verdict,
                                   struct km_problem *problem);

/* What the mirror has to say where nobody else is asked: fills lists and log. The source borrows the mirror. */
void km_verify_mirror_source(struct km_verify_mirror *mirror, struct km_status_source *ret_source);

/* A mark, by what the mirror has of it. */
enum km_error km_verify_mirror_number(struct km_verify_mirror *mirror, const struct km_status_source *source,
                                      const char *number, struct km_verdict *ret_verdict, struct km_problem *problem);

/* After a thing was verified: looks at the mirror's files of that mark, and lets no "genuine" stand that rests on a
 * mirror that is old or was altered. */
enum km_error km_verify_mirror_conclude(struct km_verify_mirror *mirror, struct km_verdict *verdict,
                                        struct km_problem *problem);

/* What was found, for programs; the caller's. */
json_t *km_verify_mirror_json(const struct km_verify_mirror *mirror);

#endif
