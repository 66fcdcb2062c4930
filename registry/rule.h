/*
 * Which decision is allowed on a mark in which state, by whom, needing what, and what it does: one table, which the
 * code that applies decisions, the test that walks them all and doc/rules.md are made from.
 */
#ifndef KM_REGISTRY_RULE_H
#define KM_REGISTRY_RULE_H

#include "base/buf.h"
#include "registry/lapse.h"

#include <stdbool.h>
#include <stddef.h>

/* States of a mark as a set of bits: 1u << enum km_state; and, for decisions that begin without a mark: */
enum { KM_FROM_NO_MARK = 1u << KM_STATES };

/* Members of a decision (doc/submissions.md), as a set of bits. */
enum km_decision_member {
	KM_MEMBER_AUDIT = 1u << 0,
	KM_MEMBER_SCOPE = 1u << 1,
	KM_MEMBER_REASON = 1u << 2,
	KM_MEMBER_TEXT = 1u << 3,
	KM_MEMBER_NAME = 1u << 4,
	KM_MEMBER_TO = 1u << 5,
	KM_MEMBER_TRANSFER = 1u << 6,
	KM_MEMBER_STATE = 1u << 7,
	KM_MEMBERS = 8,
};
const char *km_decision_member_name(unsigned bit);

/* Kinds of audit, as a set of bits. */
enum km_audit_kind {
	KM_AUDIT_INITIAL = 1u << 0,
	KM_AUDIT_SURVEILLANCE = 1u << 1,
	KM_AUDIT_RECERTIFICATION = 1u << 2,
	KM_AUDIT_SPECIAL = 1u << 3,
	KM_AUDIT_FOLLOW_UP = 1u << 4,
	KM_AUDIT_KINDS = 5,
};
/* "initial", …; NULL for no single kind. */
const char *km_audit_kind_name(unsigned bit);
/* 0 where there is no such kind. */
unsigned km_audit_kind_parse(const char *name);

enum km_effect {
	KM_EFFECT_RECORD, /* kept, and nothing public follows from it */
	KM_EFFECT_EVENT,  /* public, and leaves the mark's state and scope as they are */
	KM_EFFECT_PERIOD, /* public, and begins a new period of the mark */
	KM_EFFECT_MARK,   /* public, and makes the mark */
};

struct km_rule {
	const char *action;
	unsigned from;        /* states in which it is allowed */
	unsigned roles;       /* enum km_role: any one of these */
	unsigned needs;       /* members without which it is refused */
	unsigned takes;       /* members that it may have beside those */
	unsigned audit_kinds; /* the audit that it rests on must be one of these */
	bool clear_majors;    /* barred by an open major finding of that audit */
	bool clear_overdue;   /* barred by a minor finding that is past its due date */
	enum km_effect effect;
	enum km_state to; /* the state of the new period; KM_STATES: as it was */
	const char *why;  /* the rule in a sentence, for people */
};

/* The table, in the order in which it is documented; borrowed. */
const struct km_rule *km_rules(size_t *ret_len);

/* NULL where there is no such action. */
const struct km_rule *km_rule_find(const char *action);

/* The table as Markdown, as it stands in doc/rules.md. */
void km_rules_document(struct km_buf *buf);

#endif
