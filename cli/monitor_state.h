/*
 * What a monitor of a transparency log remembers between two visits: how much of the log it has read, the tree over
 * that, and, for each mark, what the log said happened to it. A JSON file of the user's.
 */
#ifndef KM_CLI_MONITOR_STATE_H
#define KM_CLI_MONITOR_STATE_H

#include "base/error.h"
#include "keys/note.h"
#include "registry/merkle.h"

#include <jansson.h>
#include <stdint.h>

enum { KM_MONITOR_FILE_MAX = 1 << 30 }; /* bytes */

struct km_monitor_state {
	char *key;     /* the log's verifier key, as it was first seen; owned; NULL before the first visit */
	uint64_t size; /* entries read */
	struct km_hash
		edge[64]; /* roots of the complete subtrees that those make, the largest first: one for each 1 bit of size */
	size_t edge_len;
	json_t *marks; /* number: [[action, at, recorded, state], …] in the order of the log; owned */
};

/* An empty one where there is no such file. KM_INVALID where the file is no such state, or of another log. */
enum km_error km_monitor_state_load(const char *path, const char *url, struct km_monitor_state *ret_state,
                                    struct km_problem *problem);
enum km_error km_monitor_state_save(const char *path, const char *url, const struct km_monitor_state *state,
                                    struct km_problem *problem);
void km_monitor_state_done(struct km_monitor_state *state);

/* Adds a leaf at the right. */
void km_monitor_state_add(struct km_monitor_state *state, const struct km_hash *leaf);

/* The root of the tree over what was read. */
struct km_hash km_monitor_state_root(const struct km_monitor_state *state);

#endif
