/*
 * Whose word the user takes: what they chose, on the command line, in a file of their own, or by running on the
 * registry's own machine. Never what the thing that is being checked says.
 */
#ifndef KM_CLI_TRUST_H
#define KM_CLI_TRUST_H

#include "base/error.h"
#include "cli/command.h"
#include "cli/fetch.h"
#include "cli/remote.h"
#include "keys/keyset.h"

#include <stdbool.h>

#define KM_OPTION_REGISTRY                                                                                             \
	{                                                                                                                  \
		"registry", 0, "URL", "take the word of this registry (default: that in ~/.config/keurmerk/trust)",            \
			KM_OPTIONAL                                                                                                \
	}

/* "NAME" in the user's own folder of settings, $XDG_CONFIG_HOME/keurmerk or ~/.config/keurmerk; the caller's (free).
 * NULL where the user has no home, or memory ran out. */
char *km_config_file(const char *name);

/* The registry of --registry, or else of the trust file: one line with its address, in $XDG_CONFIG_HOME/keurmerk/trust
 * or
 * ~/.config/keurmerk/trust. Wrong usage where there is neither. */
enum km_error km_trust_url(const struct km_call *call, char ret_url[static KM_REMOTE_URL_TEXT],
                           struct km_problem *problem);

struct km_trust {
	bool named; /* false: nobody, and `set` is empty */
	struct km_keyset set;
};

/* The key set of --registry or --keyset; else of the trust file; else of the home on this machine. fetch may be NULL:
 * then nothing is asked over the network, and a registry whose keys are not on this machine is KM_UNAVAILABLE. */
enum km_error km_trust_find(const struct km_call *call, struct km_fetch *fetch, struct km_trust *ret_trust,
                            struct km_problem *problem);

#endif
