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

/* The registry of --registry, or else of the trust file: one line with its address, in $XDG_CONFIG_HOME/keurmerk/trust
 * or
 * ~/.config/keurmerk/trust. Wrong usage where there is neither. */
enum km_error km_trust_url(const struct km_call *call, char ret_url[static KM_REMOTE_URL_TEXT],
                           struct km_problem *problem);

struct km_trust {
	bool named; /* false: nobody, and `set` is empty */
	struct km_keyset set;
	int64_t saved_at; /* since when there may be other keys: of a key set that was saved; 0 where it is fresh */
};

#define KM_OPTION_ROOT                                                                                                 \
	{                                                                                                                  \
		"root", 0, "THUMBPRINT", "take only keys that this root of the registry has signed, and remember it",          \
			KM_OPTIONAL                                                                                                \
	}

/* The key set of --registry or --keyset, which may be one under a root's signature; else of the trust file; else of the
 * home on this machine. fetch may be NULL: then nothing is asked over the network, and a registry whose keys are not on
 * this machine is KM_UNAVAILABLE. */
enum km_error km_trust_find(const struct km_call *call, struct km_fetch *fetch, struct km_trust *ret_trust,
                            struct km_problem *problem);

#endif
