/*
 * What an admin does about the people of the own body, and everyone about their own keys: by signed submissions
 * (doc/submissions.md), never public.
 */
#ifndef KM_REGISTRY_PEOPLE_H
#define KM_REGISTRY_PEOPLE_H

#include "base/error.h"
#include "registry/acting.h"
#include "registry/store.h"

#include <jansson.h>

/* Checks and carries out the "person" member of a submission, inside its transaction. Of one that is replayed only the
 * form and the role are checked: people and keys are reference, and come from elsewhere; but roles change again.
 * KM_FORBIDDEN "role", "other-body"; KM_INVALID "member", "unknown-person", "unknown-key"; KM_CONFLICT "has-key"; and
 * what registry/person.h names. */
enum km_error km_people_apply(struct km_store *store, const struct km_acting *acting, const json_t *content,
                              struct km_problem *problem);

#endif
