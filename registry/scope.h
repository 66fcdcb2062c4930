/*
 * Inside registry/ only: a scope, as a set of the services of one version of a scheme.
 */
#ifndef KM_REGISTRY_SCOPE_H
#define KM_REGISTRY_SCOPE_H

#include "base/error.h"
#include "registry/scheme.h"

#include <jansson.h>
#include <stdint.h>

enum { KM_SCOPE_SERVICES_MAX = 64 };

/* Bit i stands for scheme->services[i]. */
typedef uint64_t km_scope;

/* Reads an array of service ids, of which none may be twice, at the member "scope" of an object. KM_INVALID. */
enum km_error km_scope_member(const json_t *object, const char *where, const struct km_scheme *scheme,
                              km_scope *ret_scope, struct km_problem *problem);

/* The text kept in the register, ["beheer","cloud"] in the scheme's order; the caller's (free), NULL without memory. */
char *km_scope_text(km_scope scope, const struct km_scheme *scheme);

/* Reads that text. A service that this version no longer has is left out. KM_IO where it is no such text. */
enum km_error km_scope_parse(const char *text, const struct km_scheme *scheme, km_scope *ret_scope,
                             struct km_problem *problem);

/* The services in it, borrowed from the scheme; ret_items has room for all of the scheme's. Returns how many. */
size_t km_scope_items(km_scope scope, const struct km_scheme *scheme, const struct km_scheme_item **ret_items);

#endif
