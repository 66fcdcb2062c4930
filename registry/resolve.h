/*
 * Inside registry/ only: a decision as it was read, with what it refers to found in the register and every rule checked
 * that can be told before it is applied.
 */
#ifndef KM_REGISTRY_RESOLVE_H
#define KM_REGISTRY_RESOLVE_H

#include "base/error.h"
#include "registry/acting.h"
#include "registry/number.h"
#include "registry/period.h"
#include "registry/rule.h"
#include "registry/scheme.h"
#include "registry/scope.h"

#include <jansson.h>
#include <stdbool.h>

struct km_decision_mark {
	int64_t id, provider_id; /* id 0: the decision begins without a mark */
	char number[KM_NUMBER_TEXT];
	char scheme_id[KM_SLUG_MAX + 1];
	int64_t granted_at;
	struct km_period_row before; /* what holds when the decision will; for a correction, today */
	enum km_state state;         /* … and what time has made of it by then */
};

struct km_decision_audit {
	char id[44];   /* "" where the decision rests on none */
	char root[44]; /* the audit that it follows, or itself */
	int64_t provider_id;
	unsigned kind, root_kind;
	char scheme_id[KM_SLUG_MAX + 1];
	int scheme_version;
	char *scope; /* JSON, owned */
	char level[KM_SLUG_MAX + 1];
};

struct km_decision {
	const struct km_rule *rule;
	const char *reason, *text[KM_LANGUAGES], *name; /* borrowed from the JSON; NULL where not given */
	int64_t holds_from;
	enum km_state to; /* state after it */
	struct km_decision_mark mark;
	struct km_decision_audit audit;
	struct km_scheme *scheme; /* in the version that counts after it; owned */
	km_scope scope;           /* given, where the rule takes one; 0 otherwise */
	int64_t to_body_id;       /* transfer */
	char transfer_id[44];     /* accept-transfer; "" otherwise */
};
void km_decision_done(struct km_decision *decision);

/* Reads and checks. Zero *ret_decision before; free with km_decision_done after, also on failure. */
enum km_error km_decision_resolve(struct km_store *store, const struct km_acting *acting, const json_t *json,
                                  struct km_decision *ret_decision, struct km_problem *problem);

#endif
