/*
 * One line of a customer's list of suppliers, held against the register: has this company a mark that holds?
 *
 * What identifies a company (mark number, KvK number, domain) decides; a name decides only where it is, but for case,
 * the legal name of one company alone. Whatever merely looks like it is offered, and never taken.
 */
#ifndef KM_REGISTRY_SUPPLIER_H
#define KM_REGISTRY_SUPPLIER_H

#include "base/error.h"
#include "registry/mark.h"
#include "registry/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As the customer wrote it; NULL or "" where not given. */
struct km_supplier {
	const char *name, *kvk, *domain, *number;
};

enum km_supplier_answer {
	KM_SUPPLIER_MARKED,   /* has at least one mark, in whatever state */
	KM_SUPPLIER_UNMARKED, /* is in the register, and was never granted a mark */
	KM_SUPPLIER_UNKNOWN,  /* is not in the register */
	KM_SUPPLIER_DIFFERS,  /* what is given does not belong together: a mark of one company, a KvK number of another */
	KM_SUPPLIER_MISTYPED, /* a number or domain that cannot be one */
	KM_SUPPLIER_EMPTY,    /* nothing is given */
	KM_SUPPLIER_ANSWERS
};

/* "marked", "unmarked", "unknown", "differs", "mistyped", "empty". */
const char *km_supplier_answer_name(enum km_supplier_answer answer);

/* By what it was found, or which given thing is at odds or mistyped. */
enum km_supplier_field {
	KM_SUPPLIER_BY_NOTHING,
	KM_SUPPLIER_BY_NUMBER,
	KM_SUPPLIER_BY_KVK,
	KM_SUPPLIER_BY_DOMAIN,
	KM_SUPPLIER_BY_NAME,
	KM_SUPPLIER_FIELDS
};

/* "", "number", "kvk", "domain", "name". */
const char *km_supplier_field_name(enum km_supplier_field field);

enum { KM_SUPPLIER_MARKS_MAX = 8, KM_SUPPLIER_NEAR_MAX = 3, KM_SUPPLIER_TEXT_MAX = 500 /* bytes of each given text */ };

/* The strings are owned. */
struct km_supplier_mark {
	char number[KM_NUMBER_TEXT];
	char *scheme_id;
	enum km_state state; /* at the moment asked */
	int64_t valid_until;
};

struct km_supplier_near {
	char *name;
	char kvk[9];
	int likeness; /* see base/likeness.h */
};

struct km_supplier_result {
	enum km_supplier_answer answer;
	enum km_supplier_field field;
	char *name; /* of the company found; NULL where none was */
	char kvk[9];
	struct km_supplier_mark marks[KM_SUPPLIER_MARKS_MAX]; /* newest first; only the one whose number was given */
	size_t marks_len;
	struct km_supplier_near near[KM_SUPPLIER_NEAR_MAX]; /* most alike first; where it is unknown and a name is given */
	size_t near_len;
};

/* At the moment `at`. An answer is no failure; failures are those of the register. `near`: also look for what looks
 * like a name that is unknown, which costs a hundred times more than the rest. Free with km_supplier_done. */
enum km_error km_supplier_check(struct km_store *store, const struct km_supplier *supplier, int64_t at, bool near,
                                struct km_supplier_result *ret_result, struct km_problem *problem);
/* Only what looks like a name that a search did not find, which is looked for harder: in `near` of the result. */
enum km_error km_supplier_near(struct km_store *store, const char *name, int64_t at,
                               struct km_supplier_result *ret_result, struct km_problem *problem);

void km_supplier_done(struct km_supplier_result *result);
#define auto_supplier __attribute__((cleanup(km_supplier_done)))

#endif
