/*
 * What bodies and providers are told by e-mail, each thing once: that a mark has changed, and that something will be
 * due in 60, 30 or 7 days.
 *
 * A row of the table `mail` is put there in the transaction of the change that it tells of. It holds neither an address
 * nor words: who it goes to and what it says is looked up when it goes out (registry/letter.h), so that a contact that
 * is erased is gone from here, too. Its key follows from what happened alone; a second row with the same key is not put
 * there, and the Message-ID is made of it.
 *
 * Whoever sends claims one row at a time, commits, hands the message to a mail server, and writes down how that ended.
 * A claim is that the next try is put off: of two that send at once only one gets the row, and one that dies with it is
 * made up for at that next try. So a message goes out twice only where the server has taken it and that could not be
 * written down any more.
 */
#ifndef KM_REGISTRY_MAIL_H
#define KM_REGISTRY_MAIL_H

#include "base/error.h"
#include "registry/store.h"

#include <stdint.h>

enum {
	KM_MAIL_GIVE_UP_DAYS = 7,    /* what could not be sent by then is news no longer */
	KM_MAIL_FIRST_RETRY_S = 600, /* trying to hand over one message must take less time than this */
	KM_MAIL_LONGEST_RETRY_S = 6 * 3600,
	KM_MAIL_DETAIL_MAX = 200, /* bytes */
};

enum km_mail_state {
	KM_MAIL_QUEUED,
	KM_MAIL_SENT,     /* a mail server has taken it */
	KM_MAIL_REFUSED,  /* a mail server will not have it */
	KM_MAIL_GIVEN_UP, /* it could not be sent in time */
	KM_MAIL_DROPPED,  /* it need not be sent: what it says holds no longer, nobody is there to read it, or the operator
	                   * said so */
	KM_MAIL_STATES
};

/* "queued", "sent", "refused", "given-up", "dropped". */
const char *km_mail_state_name(enum km_mail_state state);

/* Puts there what tells the body and the provider of this event, where they have an address. In its transaction. */
enum km_error km_mail_queue_event(struct km_store *store, int64_t event_id, int64_t now, struct km_problem *problem);

/* Puts there what reminds of all that is due within 60, 30 or 7 days in Amsterdam, of each the nearest of these alone;
 * and gives up what is too old. Inside a transaction. */
enum km_error km_mail_queue_reminders(struct km_store *store, int64_t now, struct km_problem *problem);

/* Which reminder has its turn: 7, 30 or 60, or 0 where none has. */
int km_mail_reminder_days(int64_t due_at, int64_t now);

/* Claims what has been waiting longest, where its next try has come. *ret_id is 0 where nothing has. Inside a
 * transaction of its own, which is committed before the message goes out. */
enum km_error km_mail_claim(struct km_store *store, int64_t now, int64_t *ret_id, struct km_problem *problem);

/* Writes down how it went: KM_MAIL_QUEUED where it is to be tried again, when km_mail_claim said. The detail (may be
 * NULL) is for the operator, and must not hold an address. Inside a transaction. */
enum km_error km_mail_note(struct km_store *store, int64_t id, enum km_mail_state state, const char *detail,
                           int64_t now, struct km_problem *problem);

/* Drops all that waits. Inside a transaction; *ret_dropped tells how much it was. */
enum km_error km_mail_drop_all(struct km_store *store, int64_t now, int64_t *ret_dropped, struct km_problem *problem);

/* What a mail server refused or what was given up waits anew, and is as new. Inside a transaction. KM_ABSENT,
 * KM_CONFLICT "mail-state" where it is in another state. */
enum km_error km_mail_again(struct km_store *store, int64_t id, int64_t now, struct km_problem *problem);

/* Drops what waits for this provider, and forgets what mail servers said of it. Inside a transaction. */
enum km_error km_mail_forget_provider(struct km_store *store, int64_t provider_id, int64_t now,
                                      struct km_problem *problem);

/* Strings are borrowed for the call. */
struct km_mail_row {
	int64_t id;
	const char *kind;       /* "change", or as km_due_kind_name */
	const char *recipient;  /* "body" or "provider" */
	const char *body, *kvk; /* slug and KvK number; kvk is NULL where the provider was erased */
	const char *number;     /* of the mark; NULL where there is none */
	const char *action;     /* change: what happened; NULL otherwise */
	int64_t due_at;         /* reminder: of what; 0 otherwise */
	int64_t queued_at, at;  /* when it is tried next, or when it ended */
	int attempts;
	const char *state;
	const char *detail; /* may be NULL */
};

/* Calls back for each in this state, the newest last. An error of the callback ends the list and is returned. */
enum km_error km_mail_list(struct km_store *store, enum km_mail_state state,
                           enum km_error (*each)(void *context, const struct km_mail_row *row), void *context,
                           struct km_problem *problem);

/* How the queue stands. */
struct km_mail_health {
	int64_t queued; /* how many wait */
	int64_t oldest; /* since when the first of them; 0 where none does */
	int64_t failed; /* how many were refused or given up since `since` */
};
enum km_error km_mail_health(struct km_store *store, int64_t since, struct km_mail_health *ret_health,
                             struct km_problem *problem);

#endif
