/*
 * Looking at domains again and again: by the service beside its requests, or once by a command.
 */
#ifndef KM_CLI_DOMAIN_WATCH_H
#define KM_CLI_DOMAIN_WATCH_H

#include "base/clock.h"
#include "cli/domain_probe.h"
#include "registry/domain_proof.h"
#include "registry/store.h"

/* Looks at one domain and writes down what that comes to; no transaction is open while the network is waited for. */
enum km_error km_domain_look(struct km_store *store, const struct km_probe_options *options, const char *domain,
                             const char *kvk, const struct km_clock *clock, enum km_probe_found *ret_found,
                             char ret_detail[static KM_PROBE_DETAIL_TEXT], struct km_problem *problem);

struct km_domain_watch;

/* Begins to look at what is due, in a thread of its own with a connection of its own. What cannot be done is told in a
 * line. The clock and the path are borrowed. Free with km_domain_watch_stop (NULL is allowed), which ends the look that
 * is under way. */
enum km_error km_domain_watch_start(const char *database, const struct km_probe_options *options,
                                    const struct km_clock *clock, void (*tell)(void *context, const char *line),
                                    void *context, struct km_domain_watch **ret_watch, struct km_problem *problem);
void km_domain_watch_stop(struct km_domain_watch *watch);

#endif
