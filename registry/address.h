/*
 * Web addresses: that of the registry, which is part of every signature, and links to the pages of others.
 */
#ifndef KM_REGISTRY_ADDRESS_H
#define KM_REGISTRY_ADDRESS_H

#include "base/error.h"

#include <stdbool.h>

enum { KM_REGISTRY_URL_MAX = 200, KM_LINK_MAX = 500 }; /* bytes */

/* The one spelling of a registry's address: https (or http for a loopback host), lower-case host, a port only where it is
 * not the usual one, and nothing after it. KM_INVALID, type "url", with what is wrong and what to write. */
enum km_error km_registry_url_check(const char *url, struct km_problem *problem);

/* A link that may be shown: https, a host name, then any printable ASCII but quotes, brackets, space and backslash. */
bool km_link_valid(const char *url);

#endif
