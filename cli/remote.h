/*
 * Talking to a registry elsewhere: its address as a person types it, its key set, what it is sent.
 */
#ifndef KM_CLI_REMOTE_H
#define KM_CLI_REMOTE_H

#include "base/error.h"
#include "cli/fetch.h"
#include "keys/keyset.h"
#include "keys/manifest.h"
#include "registry/address.h"

#include <jansson.h>

enum { KM_REMOTE_URL_TEXT = KM_REGISTRY_URL_MAX + 1 };

/* The one spelling of the address; forgives a slash at the end. */
enum km_error km_remote_url(const char *text, char ret_url[static KM_REMOTE_URL_TEXT], struct km_problem *problem);

/* The keys that the registry at this url publishes. KM_INVALID where they are those of another registry. */
enum km_error km_remote_keyset(struct km_fetch *fetch, const char *url, struct km_keyset *ret_set,
                               struct km_problem *problem);

/* The same under the signature of its root, whichever that is. KM_UNPROVEN where it has none. */
enum km_error km_remote_manifest(struct km_fetch *fetch, const char *url, struct km_manifest *ret_manifest,
                                 struct km_problem *problem);

/* Posts a compact JWS to this path. Tries again, with the very same bytes, where no answer came: what is sent this way
 * is safe to repeat. The reply, an object, is the caller's (json_decref). */
enum km_error km_remote_post(struct km_fetch *fetch, const char *url, const char *path, const char *token,
                             json_t **ret_reply, struct km_problem *problem);

#endif
