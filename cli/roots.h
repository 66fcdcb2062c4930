/*
 * The roots that this user has seen sign the key sets of registries (keys/manifest.h), and the highest sequence number
 * of each: so that an older key set, or one under another root, is noticed. In ~/.config/keurmerk/roots.json.
 */
#ifndef KM_CLI_ROOTS_H
#define KM_CLI_ROOTS_H

#include "base/error.h"
#include "keys/manifest.h"

#include <stdbool.h>
#include <stdint.h>

/* True where a root of the registry at this url is known. */
enum km_error km_roots_know(const char *url, bool *ret_known, struct km_problem *problem);

/* Holds a manifest against what is known, and remembers it. `root`: the thumbprint that it must be under; NULL: that
 * which is known, or, the first time, any. KM_UNPROVEN: type "other-root"; "roll-back"; "two-key-sets", where another
 * one with this number was seen; KM_UNAVAILABLE, "keyset-expired". Where it cannot be remembered, a line on standard
 * error says so. */
enum km_error km_roots_check(const struct km_manifest *manifest, const char *root, int64_t now,
                             struct km_problem *problem);

#endif
