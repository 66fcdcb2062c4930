/*
 * A monitor: reads what a registry's transparency log has gained since the last visit, sees that nothing of what was
 * there has changed, and holds the public register against it. It needs no trust in the registry, only a memory.
 */
#ifndef KM_CLI_MONITOR_H
#define KM_CLI_MONITOR_H

#include "base/error.h"
#include "cli/fetch.h"

#include <stdint.h>

struct km_monitor_result {
	uint64_t size_before, size; /* entries: at the last visit, and now */
	size_t marks;               /* held against the register */
	size_t differences;
};

/* How long after a lapse it may be missing from the log: the registry writes it down shortly after it happens. */
enum { KM_MONITOR_LAPSE_S = 600 };

/* Visits the registry at this url. Each difference between log and register is told in a line. What was learned is
 * remembered at state_path, unless the log contradicts what was remembered: then KM_UNPROVEN, types "log-rolled-back",
 * "log-rewritten", "log-key-changed", and the memory stays as it was, as evidence. KM_UNAVAILABLE where the registry
 * did not answer. */
enum km_error km_monitor_visit(struct km_fetch *fetch, const char *url, const char *state_path, int64_t now,
                               void (*tell)(void *context, const char *difference), void *context,
                               struct km_monitor_result *ret_result, struct km_problem *problem);

#endif
