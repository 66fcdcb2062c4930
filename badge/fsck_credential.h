/*
 * What was issued for each mark, held against the register (registry/fsck.h): signed with a key of this registry that
 * was in use, and saying what the register says of that moment.
 */
#ifndef KM_BADGE_FSCK_CREDENTIAL_H
#define KM_BADGE_FSCK_CREDENTIAL_H

#include "registry/fsck.h"

/* Tells of each difference in the table credential. KM_OK also where there are some. */
enum km_error km_fsck_credentials(const struct km_fsck *fsck, struct km_problem *problem);

#endif
