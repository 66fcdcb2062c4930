/*
 * What may be typed next: for the shells, whose scripts (dist/keurmerk.bash, dist/_keurmerk) call
 * `keurmerk --complete WORD...` with the words so far, the last of which is not finished. So they know what the table of
 * commands knows, and never anything else.
 */
#ifndef KM_CLI_COMPLETE_H
#define KM_CLI_COMPLETE_H

#include "cli/command.h"

#include <stddef.h>

/* Prints each word that fits, one a line; nothing where the shell is to offer files. The commands are those of
 * cli/main.c, those of a noun together. */
void km_complete(const struct km_command *const *commands, size_t len, int argc, char **argv);

#endif
