/*
 * What the commands that look at domains can be told about how.
 */
#ifndef KM_CLI_DOMAIN_OPTIONS_H
#define KM_CLI_DOMAIN_OPTIONS_H

#include "cli/command.h"
#include "cli/domain_probe.h"

#define KM_OPTIONS_DOMAIN                                                                                              \
	{"resolver", 0, "ADDRESS:PORT", "DNS server to ask for domain proofs (default: this machine's)", KM_OPTIONAL},     \
	{                                                                                                                  \
		"domain-server", 0, "ADDRESS:PORT",                                                                            \
			"for tests: a server on this machine to ask by http for every domain's file", KM_OPTIONAL                  \
	}

/* Reads them. Wrong usage where an address is none, or the server is not on this machine. */
enum km_error km_domain_options(const struct km_call *call, struct km_probe_options *ret_options,
                                struct km_problem *problem);

#endif
