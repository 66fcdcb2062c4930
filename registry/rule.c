#include "registry/rule.h"

#include "registry/person.h"

#include <string.h>

#define AUDIT    KM_MEMBER_AUDIT
#define SCOPE    KM_MEMBER_SCOPE
#define REASON   KM_MEMBER_REASON
#define TEXT     KM_MEMBER_TEXT
#define NAME     KM_MEMBER_NAME
#define TO       KM_MEMBER_TO
#define TRANSFER KM_MEMBER_TRANSFER
#define STATE    KM_MEMBER_STATE

#define AS_IT_WAS KM_STATES

enum {
	NO_MARK = KM_FROM_NO_MARK,
	ACTIVE = 1u << KM_ACTIVE,
	SUSPENDED = 1u << KM_SUSPENDED,
	WITHDRAWN = 1u << KM_WITHDRAWN,
	EXPIRED = 1u << KM_EXPIRED,
	LIVING = ACTIVE | SUSPENDED,
	ANY = LIVING | WITHDRAWN | EXPIRED,
	DECIDER = KM_ROLE_DECIDER,
	ANY_AUDIT = (1u << KM_AUDIT_KINDS) - 1,
	LATER_AUDIT = KM_AUDIT_SURVEILLANCE | KM_AUDIT_RECERTIFICATION | KM_AUDIT_SPECIAL,
};

static const struct km_rule rules[] = {
	{"grant", NO_MARK, DECIDER, AUDIT, 0, KM_AUDIT_INITIAL, true, false, KM_EFFECT_MARK, KM_ACTIVE,
     "A mark is granted on an initial audit without an open major finding, by someone who did not audit."},
	{"refuse", NO_MARK, DECIDER, AUDIT | REASON, TEXT, ANY_AUDIT, false, false, KM_EFFECT_RECORD, AS_IT_WAS,
     "A refusal gives its reasons to the provider; it is not public."},
	{"maintain", ACTIVE, DECIDER, AUDIT, 0, KM_AUDIT_SURVEILLANCE | KM_AUDIT_SPECIAL, true, false, KM_EFFECT_PERIOD,
     KM_ACTIVE, "A surveillance audit without an open major finding keeps the mark until the next one is due."},
	{"renew", ACTIVE, DECIDER, AUDIT, 0, KM_AUDIT_RECERTIFICATION, true, true, KM_EFFECT_PERIOD, KM_ACTIVE,
     "A recertification begins a new term, under the newest version of the scheme; overdue findings bar it."},
	{"extend", ACTIVE, DECIDER, AUDIT | SCOPE, 0, LATER_AUDIT, true, false, KM_EFFECT_PERIOD, KM_ACTIVE,
     "Services are added only on an audit that covered them."},
	{"reduce", LIVING, DECIDER, SCOPE | REASON | TEXT, AUDIT, LATER_AUDIT | KM_AUDIT_FOLLOW_UP, false, false,
     KM_EFFECT_PERIOD, AS_IT_WAS, "Services are taken off the mark; the page shows what it no longer covers."},
	{"suspend", ACTIVE, DECIDER, REASON | TEXT, AUDIT, LATER_AUDIT | KM_AUDIT_FOLLOW_UP, false, false, KM_EFFECT_PERIOD,
     KM_SUSPENDED, "The mark does not hold for now; too long a suspension becomes a withdrawal."},
	{"reinstate", SUSPENDED, DECIDER, REASON, AUDIT | TEXT, LATER_AUDIT | KM_AUDIT_FOLLOW_UP, true, true,
     KM_EFFECT_PERIOD, KM_ACTIVE, "The mark holds again; where surveillance was overdue, only on an audit."},
	{"withdraw", LIVING, DECIDER, REASON | TEXT, AUDIT, LATER_AUDIT | KM_AUDIT_FOLLOW_UP, false, false,
     KM_EFFECT_PERIOD, KM_WITHDRAWN, "The body takes the mark away for good."},
	{"end", LIVING, DECIDER, 0, TEXT, 0, false, false, KM_EFFECT_PERIOD, KM_WITHDRAWN,
     "The provider gives the mark up at its own request."},
	{"rename", LIVING, DECIDER, NAME, 0, 0, false, false, KM_EFFECT_EVENT, AS_IT_WAS,
     "The provider's legal name has changed; who it is has not."},
	{"transfer", LIVING, DECIDER, TO, 0, 0, false, false, KM_EFFECT_RECORD, AS_IT_WAS,
     "The body hands the mark to another one; nothing changes until that one accepts."},
	{"accept-transfer", LIVING, DECIDER, TRANSFER, 0, 0, false, false, KM_EFFECT_PERIOD, AS_IT_WAS,
     "The other body takes the mark over, as it stands."},
	{"refuse-transfer", LIVING, DECIDER, TRANSFER | REASON, TEXT, 0, false, false, KM_EFFECT_RECORD, AS_IT_WAS,
     "The other body does not take the mark over; it stays where it is."},
	{"notice", LIVING, DECIDER, REASON | TEXT, 0, 0, false, false, KM_EFFECT_EVENT, AS_IT_WAS,
     "A public notice stands on the mark, such as that it is under investigation; it replaces an earlier one."},
	{"notice-end", ANY, DECIDER, 0, TEXT, 0, false, false, KM_EFFECT_EVENT, AS_IT_WAS,
     "The public notice is taken off."},
	{"correct", ANY, DECIDER, REASON | TEXT | STATE, SCOPE, 0, false, false, KM_EFFECT_PERIOD, AS_IT_WAS,
     "A mistake in the register is put right from a moment in the past, and shows as a correction."},
};

const struct km_rule *km_rules(size_t *ret_len)
{
	*ret_len = sizeof rules / sizeof *rules;
	return rules;
}

const struct km_rule *km_rule_find(const char *action)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strcmp(rules[i].action, action) == 0)
			return &rules[i];
	return NULL;
}

/* The name of the one bit that is set. */
static const char *name_of(unsigned bit, const char *const *names, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bit == 1u << i)
			return names[i];
	return NULL;
}

static const char *const member_names[KM_MEMBERS] = {"audit", "scope", "reason",   "text",
                                                     "name",  "to",    "transfer", "state"};
static const char *const kind_names[KM_AUDIT_KINDS] = {"initial", "surveillance", "recertification", "special",
                                                       "follow-up"};
static const char *const from_names[KM_STATES + 1] = {"active", "suspended", "withdrawn", "expired", "no mark"};

const char *km_decision_member_name(unsigned bit)
{
	return name_of(bit, member_names, KM_MEMBERS);
}

const char *km_audit_kind_name(unsigned bit)
{
	return name_of(bit, kind_names, KM_AUDIT_KINDS);
}

unsigned km_audit_kind_parse(const char *name)
{
	for (unsigned i = 0; i < KM_AUDIT_KINDS; i++)
		if (strcmp(kind_names[i], name) == 0)
			return 1u << i;
	return 0;
}

static void add_set(struct km_buf *buf, unsigned set, const char *const *names, size_t len)
{
	const char *between = "";
	for (size_t i = 0; i < len; i++) {
		if (!(set & 1u << i))
			continue;
		km_buf_add_text(buf, between);
		km_buf_add_text(buf, names[i]);
		between = ", ";
	}
	if (!*between)
		km_buf_add_text(buf, "–");
}

static void add_effect(struct km_buf *buf, const struct km_rule *rule)
{
	static const char *const effects[] = {"recorded only", "public event", "new period", "new mark"};
	km_buf_add_text(buf, effects[rule->effect]);
	if (rule->to != KM_STATES)
		km_buf_add_format(buf, ": %s", km_state_name(rule->to));
}

void km_rules_document(struct km_buf *buf)
{
	km_buf_add_text(buf, "| decision | allowed in | by | needs | may have | audit | barred by | does |\n"
	                     "|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		const struct km_rule *rule = &rules[i];
		char roles[32];
		km_roles_format(rule->roles, roles);
		km_buf_add_format(buf, "| `%s` | ", rule->action);
		add_set(buf, rule->from, from_names, KM_STATES + 1);
		km_buf_add_format(buf, " | %s | ", roles);
		add_set(buf, rule->needs, member_names, KM_MEMBERS);
		km_buf_add_text(buf, " | ");
		add_set(buf, rule->takes, member_names, KM_MEMBERS);
		km_buf_add_text(buf, " | ");
		add_set(buf, rule->audit_kinds, kind_names, KM_AUDIT_KINDS);
		km_buf_add_format(buf, " | %s%s%s | ", rule->clear_majors ? "open major" : "",
		                  rule->clear_majors && rule->clear_overdue ? ", " : "",
		                  rule->clear_overdue ? "overdue minor" : "");
		add_effect(buf, rule);
		km_buf_add_text(buf, " |\n");
	}
	km_buf_add_text(buf, "\n");
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		km_buf_add_format(buf, "- `%s`: %s\n", rules[i].action, rules[i].why);
}
