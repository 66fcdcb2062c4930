/*
 * What a provider may ask under the law (GDPR, articles 15, 17 and 20): everything that is held on it, and that its
 * contact is forgotten.
 */
#ifndef KM_REGISTRY_PROVIDER_PRIVACY_H
#define KM_REGISTRY_PROVIDER_PRIVACY_H

#include "base/error.h"
#include "registry/store.h"

#include <jansson.h>

/* All that the register holds on this provider, the private contact included:
 *     { "provider": {…}, "trade_names": [ {…} ], "domains": [ {…} ], "contact": {…} or null,
 *       "marks": [ { …, "periods": [ {…} ], "events": [ {…} ] } ], "audits": [ {…} ], "decisions": [ {…} ],
 *       "findings": [ {…} ], "cases": [ {…} ], "reports": [ {…} ],
 *       "purged": [ { "id", "type", "received_at", "why", "purged_at" } ], "mail": [ {…} ] }
 * with members named as in registry/schema.sql. Of audits and decisions it has what was decided and when, and the id of
 * what was signed, but not the people, whose data they are; of reports what was said, but not how to reach who said it.
 * Moments are as in RFC 3339, days as 2026-11-24. KM_ABSENT. The caller's (json_decref). */
enum km_error km_provider_export(struct km_store *store, const char *kvk, json_t **ret_export,
                                 struct km_problem *problem);

/* Forgets the contact; mail to it that is still to be sent is dropped, and of what was sent only that it was sent is
 * left; the name, the numbers and the marks are public and stay. Inside a transaction. KM_ABSENT where there is no such
 * provider; nothing happens where it has no contact. */
enum km_error km_provider_erase_contact(struct km_store *store, const char *kvk, int64_t now,
                                        struct km_problem *problem);

#endif
