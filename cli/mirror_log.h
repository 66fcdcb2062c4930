/*
 * The log and the status lists of a mirror, by their own signatures.
 */
#ifndef KM_CLI_MIRROR_LOG_H
#define KM_CLI_MIRROR_LOG_H

#include "base/error.h"
#include "cli/mirror_source.h"
#include "keys/keyset.h"

#include <stddef.h>
#include <stdint.h>

struct km_mirror_log {
	const struct km_mirror_source *source;
	const struct km_keyset *trust;
	uint64_t at_least; /* how many entries it had when the snapshot was signed */
	void (*tell)(void *context, const char *what, const char *path, const char *detail);
	void *context;
};

/* Reads the checkpoint and every tile of it, and names those that are missing or altered, and the checkpoint where it
 * is older than the snapshot: the tree over the entries, and over the hashes, has the root that was signed. *files
 * grows by how many were read. */
enum km_error km_mirror_log_check(const struct km_mirror_log *log, size_t *files, struct km_problem *problem);

#endif
