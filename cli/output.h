/*
 * Where a picture goes: the file after -o, or standard output.
 */
#ifndef KM_CLI_OUTPUT_H
#define KM_CLI_OUTPUT_H

#include "base/buf.h"
#include "base/error.h"
#include "cli/command.h"

#include <stdbool.h>

#define KM_OPTION_OUTPUT(endings)                                                                                      \
	{                                                                                                                  \
		"output", 'o', "FILE", "write to this file (" endings "; default: standard output)", KM_OPTIONAL               \
	}

/* True where the file after -o ends in this (".png"), in either case. */
bool km_output_ends_in(const struct km_call *call, const char *ending);

/* Writes the whole of it; an older file is replaced. */
enum km_error km_output_write(const struct km_call *call, const struct km_buf *content, struct km_problem *problem);

#endif
