/*
 * Signing all credentials anew, after their key has changed, with the operator watching.
 */
#ifndef KM_CLI_REISSUE_H
#define KM_CLI_REISSUE_H

#include "base/error.h"
#include "cli/command.h"
#include "cli/home.h"

/* Signs anew what other keys than the present one signed, some hundreds at once, and says on standard error how far it
 * is. The passphrase may be NULL. */
enum km_error km_reissue(const struct km_call *call, const struct km_home *home, const char *passphrase,
                         struct km_problem *problem);

#endif
