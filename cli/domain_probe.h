/*
 * Looks on the network for the token that proves whose a domain is: in https://DOMAIN/.well-known/keurmerk.txt (a line
 * of its own), or in a TXT record of _keurmerk.DOMAIN.
 *
 * Providers choose the domains, so an address is only connected to where it is a public one: nobody reaches the
 * registry's own network by way of a name. No redirect is followed, no proxy used; all is bounded in bytes and time.
 */
#ifndef KM_CLI_DOMAIN_PROBE_H
#define KM_CLI_DOMAIN_PROBE_H

#include "base/error.h"
#include "cli/listen.h"

#include <stdatomic.h>
#include <stdbool.h>

struct km_probe_options {
	bool has_resolver, has_server;
	struct km_listen resolver; /* the DNS server to ask; else those of /etc/resolv.conf */
	struct km_listen server;   /* for tests, on loopback: asked by http instead of each domain's own */
	const atomic_bool *stop;   /* ends a look early; NULL for none */
};

enum km_probe_found { KM_PROBE_NOTHING, KM_PROBE_FILE, KM_PROBE_DNS };

enum { KM_PROBE_DETAIL_TEXT = 200 };

/* One look, of at most some 20 seconds. ret_detail says in words what was found, or why not in each place. The domain
 * is in A-labels. Failures are our own only: KM_NO_MEMORY, KM_BUG. */
enum km_error km_probe(const struct km_probe_options *options, const char *domain, const char *token,
                       enum km_probe_found *ret_found, char ret_detail[static KM_PROBE_DETAIL_TEXT],
                       struct km_problem *problem);

#endif
