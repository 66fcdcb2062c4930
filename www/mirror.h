/*
 * A mirror: the whole public surface of the registry as files, for a web server that knows nothing of keurmerk. Every
 * file is made by the function that serves its address (www/answer.h), so it has the bytes that the registry sends;
 * only the links of pages differ, which lead to files or, for what a mirror cannot do, to the registry.
 *
 *     FOLDER/files/        what is served; www/mirror_plan.h says which file answers which address
 *     FOLDER/nginx.conf    for nginx, and
 *     FOLDER/objects.json  for object storage: which headers each file is sent with
 *     FOLDER/changes.txt   a line for each file that was put or removed, for whoever uploads them
 *     FOLDER/state.json    how far it has come
 *
 * A run makes anew what has changed since the last one. It reads the register in rounds, each of one moment, and in
 * each the log and the status lists come before the marks that rest on them; so a mirror never shows a mark that is
 * newer than its list, or a checkpoint without its tiles. The snapshot (/register.jwt) comes last, from a round in
 * which nothing was left to do. A run that was killed is taken up by the next.
 */
#ifndef KM_WWW_MIRROR_H
#define KM_WWW_MIRROR_H

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "keys/signer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KM_MIRROR_NEXT_UPDATE_MAX_S = KM_FORM_REGISTER_MAX_S };

struct km_mirror_options {
	const char *database, *keys; /* as in struct km_server_options */
	struct km_signer *signer;    /* signs lists and the snapshot */
	const struct km_clock *clock;
	const char *folder;    /* made where it is not there */
	int64_t next_update_s; /* the next run comes within so long; after that, the mirror says nothing of now */
	uint8_t program[KM_SHA256_BYTES]; /* of the program: another makes everything anew */
	bool all;                         /* everything anew */
};

struct km_mirror_result {
	size_t written, removed; /* files */
	uint64_t sequence;       /* of the snapshot */
	int64_t next_update;
};

/* KM_CONFLICT, type "mirror-busy", where another run is at it, or "mirror-other", where the folder holds the mirror of
 * another registry, or something else. */
enum km_error km_mirror_run(const struct km_mirror_options *options, struct km_mirror_result *ret_result,
                            struct km_problem *problem);

#endif
