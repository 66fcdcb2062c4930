/*
 * The sample register of `keurmerk demo`: the test companies of the Chamber of Commerce, with marks in every state that
 * a visitor may meet.
 */
#ifndef KM_CLI_SAMPLE_H
#define KM_CLI_SAMPLE_H

#include "base/error.h"
#include "cli/home.h"
#include "registry/mark.h"

#include <stdint.h>

/* The certification body in it. */
#define KM_SAMPLE_BODY "voorbeeld-certificatie"
/* A provider with marks. */
#define KM_SAMPLE_KVK "68750110"

enum { KM_SAMPLE_MARKS = 6 };

struct km_sample_mark {
	const char *name;     /* "donald": for files; borrowed for ever */
	const char *about;    /* what there is to see: "active"; borrowed for ever */
	const char *provider; /* its name; borrowed for ever */
	char number[KM_NUMBER_TEXT];
	enum km_state state; /* at `now` */
};

/* Makes a new registry in this home for this url, and lives through the years before `now` (seconds). */
enum km_error km_sample_make(const struct km_home *home, const char *url, int64_t now,
                             struct km_sample_mark ret_marks[static KM_SAMPLE_MARKS], struct km_problem *problem);

#endif
