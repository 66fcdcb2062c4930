/*
 * A mark without a register, for tests of badge/: of Test BV Donald, granted on 24 November 2026, active. Every part
 * can be changed before it is used.
 */
#ifndef KM_TESTS_SAMPLE_MARK_H
#define KM_TESTS_SAMPLE_MARK_H

#include "registry/mark.h"

#define SAMPLE_URL    "https://keurmerk.example"
#define SAMPLE_NUMBER "7K3Q9XM24HTT"
enum { SAMPLE_NOW = 1795539757 }; /* 2026-11-24T17:02:37Z */

struct sample_mark {
	struct km_mark mark;
	struct km_provider provider;
	struct km_domain domains[2];
	struct km_body body;
	struct km_scheme scheme;
	struct km_scheme_item services[2], level;
	const struct km_scheme_item *scope[2];
	struct km_mark_audit audits[12];
};

/* Fills it; it points into itself, so it is not to be copied. Fails the test where SAMPLE_NUMBER is no number. */
void sample_mark_make(struct sample_mark *ret_sample);

#endif
