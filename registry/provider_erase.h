/*
 * That a provider is forgotten: of a sole trader (eenmanszaak) the name, the numbers, the city and the domains are
 * personal data, and the person may ask for that (GDPR, article 17) once nothing obliges to keep the records any more.
 */
#ifndef KM_REGISTRY_PROVIDER_ERASE_H
#define KM_REGISTRY_PROVIDER_ERASE_H

#include "base/error.h"
#include "registry/store.h"

#include <stdint.h>

/* What stands in the place of the name, wherever it is shown without regard to a language. */
#define KM_PROVIDER_ERASED_NAME "naam gewist / name erased"

/* Takes away, inside a transaction, all that names it: name, trade names, numbers, place, domains, contact, what it is
 * found by, the credentials of its marks, what the public reported about these; its audits and cases as
 * registry/retention.h does; and the bytes and texts of each decision that named it or could (registry/purge.h). What
 * stays is that somebody had these marks: their numbers, states, dates and reasons, under a provider with no name.
 *
 * KM_ABSENT "unknown-provider". KM_CONFLICT, with what to wait for: "mark-alive" while it has a mark that is active or
 * suspended; "open-case" while somebody deals with a case of it; "must-be-kept" while its records have to be kept. */
enum km_error km_provider_erase(struct km_store *store, const char *kvk, int64_t now, struct km_problem *problem);

#endif
