#include "base/buf.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/mail_message.h"
#include "cli/mail_settings.h"
#include "cli/mail_text.h"
#include "cli/say.h"
#include "cli/smtp.h"
#include "registry/letter.h"
#include "registry/mail.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)KM_SMTP_WAIT_S < (int)KM_MAIL_FIRST_RETRY_S,
               "one sender is done with a message before another may try it");
enum { NOTE_TRIES = 6 }; /* each waits ten seconds for the register: what was sent must be written down */

/* A round of sending. */
struct post {
	struct km_call *call;
	struct km_store *store;
	struct km_mail_settings settings;
	struct km_catalogue *words;
	struct km_smtp *smtp;
	int sent, later, refused;
};

static void post_done(struct post *post)
{
	km_smtp_close(post->smtp);
	km_catalogue_free(post->words);
	km_mail_settings_done(&post->settings);
	km_store_close(post->store);
}

/* What a message says: the subject and the text. */
struct words {
	struct km_buf subject, text;
};

static void words_done(struct words *words)
{
	km_buf_free(&words->subject);
	km_buf_free(&words->text);
}
#define auto_words __attribute__((cleanup(words_done)))

static enum km_error open_smtp(struct post *post, struct km_problem *problem)
{
	auto_buf struct km_buf host = KM_BUF_EMPTY;
	if (post->smtp)
		return KM_OK;
	km_mail_add_host(km_store_url(post->store), &host);
	if (host.failed)
		return km_fail_memory(problem);
	return km_smtp_open(&post->settings, host.data, &post->smtp, problem);
}

static enum km_error hand_over(struct post *post, const struct words *words, enum km_language language, const char *to,
                               const char *key, enum km_smtp_outcome *ret_outcome,
                               char ret_detail[static KM_SMTP_DETAIL_TEXT], struct km_problem *problem)
{
	auto_buf struct km_buf bytes = KM_BUF_EMPTY;
	if (words->subject.failed || words->text.failed)
		return km_fail_memory(problem);
	const char *name = post->settings.name;
	const struct km_mail_message message = {.from_name = name ? name : km_text(post->words, language, "from"),
	                                        .from = post->settings.from,
	                                        .to = to,
	                                        .subject = words->subject.data,
	                                        .text = words->text.data,
	                                        .key = key,
	                                        .url = km_store_url(post->store),
	                                        .language = language,
	                                        .date = km_clock_now(&post->call->clock)};
	km_mail_message(&message, &bytes);
	if (bytes.failed)
		return km_fail_memory(problem);
	enum km_error error = open_smtp(post, problem);
	return error ? error : km_smtp_send(post->smtp, to, bytes.data, bytes.len, ret_outcome, ret_detail, problem);
}

/* ------------------------------------------------------------------------------------------------------------- send */

static const struct km_option send_options[] = {
	KM_OPTION_MAIL_SETTINGS,
	{"dry-run", 0, NULL, "show what would be sent, and to whom; send nothing", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static void say(const struct km_letter *letter, int64_t id, const char *what, const char *detail)
{
	km_say(stdout, "%-8s  %lld  %s%s%s, to the %s %s%s%s", what, (long long)id, letter->kind, letter->action ? " " : "",
	       letter->action ? letter->action : "", letter->to_provider ? "provider" : "body",
	       letter->to_provider ? letter->provider->kvk : letter->body->slug, *detail ? ": " : "", detail);
}

/* In one transaction: the next one that there is something to tell of to somebody. *ret_id is 0 where there is none. */
static enum km_error claim_next(struct post *post, int64_t *ret_id, struct km_letter *ret_letter,
                                struct km_problem *problem)
{
	int64_t now = km_clock_now(&post->call->clock), id = 0;
	enum km_error error = km_store_begin(post->store, problem);
	while (!error) {
		struct km_letter letter = {0};
		error = km_mail_claim(post->store, now, &id, problem);
		if (error || !id)
			break;
		error = km_letter_read(post->store, id, now, &letter, problem);
		if (!error && letter.holds && *letter.email) {
			*ret_letter = letter;
			break;
		}
		if (!error) {
			const char *why = letter.holds ? "there is no address" : "it holds no longer";
			say(&letter, id, "dropped", why);
			error = km_mail_note(post->store, id, KM_MAIL_DROPPED, why, now, problem);
		}
		km_letter_done(&letter);
	}
	if (!error)
		error = km_store_commit(post->store, problem);
	km_store_rollback(post->store);
	if (!error)
		*ret_id = id;
	return error;
}

/* However busy the register is: a message that went out and is not written down as sent would go out again. */
static enum km_error write_down(struct post *post, int64_t id, enum km_mail_state state, const char *detail,
                                struct km_problem *problem)
{
	enum km_error error = KM_UNAVAILABLE;
	for (int i = 0; i < NOTE_TRIES && error == KM_UNAVAILABLE; i++) {
		error = km_store_begin(post->store, problem);
		if (!error)
			error = km_mail_note(post->store, id, state, *detail ? detail : NULL, km_clock_now(&post->call->clock),
			                     problem);
		if (!error)
			error = km_store_commit(post->store, problem);
		km_store_rollback(post->store);
	}
	return error;
}

static enum km_error send_letter(struct post *post, int64_t id, const struct km_letter *letter,
                                 struct km_problem *problem)
{
	auto_words struct words words = {0};
	enum km_smtp_outcome outcome;
	char detail[KM_SMTP_DETAIL_TEXT] = "";
	km_mail_text(post->words, letter, km_store_url(post->store), &words.subject, &words.text);
	enum km_error error =
		hand_over(post, &words, letter->language, letter->email, letter->key, &outcome, detail, problem);
	if (error)
		return error;
	bool taken = outcome == KM_SMTP_TAKEN, refused = outcome == KM_SMTP_REFUSED;
	error = write_down(post, id, taken ? KM_MAIL_SENT : refused ? KM_MAIL_REFUSED : KM_MAIL_QUEUED, detail, problem);
	post->sent += taken;
	post->refused += refused;
	post->later += !taken && !refused;
	say(letter, id, taken ? "sent" : refused ? "REFUSED" : "later", detail);
	if (!error && outcome == KM_SMTP_DOWN)
		error = km_fail(problem, KM_UNAVAILABLE, "mail-server",
		                "%s: %s; the mail waits, and is tried again by the next `keurmerk mail send`",
		                post->settings.server, detail);
	return error;
}

static enum km_error send_all(struct post *post, struct km_problem *problem)
{
	for (;;) {
		auto_letter struct km_letter letter = {0};
		int64_t id = 0;
		enum km_error error = claim_next(post, &id, &letter, problem);
		if (!error && id)
			error = send_letter(post, id, &letter, problem);
		if (error || !id)
			return error;
	}
}

static enum km_error queue_reminders(struct post *post, struct km_problem *problem)
{
	enum km_error error = km_store_begin(post->store, problem);
	if (!error)
		error = km_mail_queue_reminders(post->store, km_clock_now(&post->call->clock), problem);
	return error;
}

static enum km_error show_one(void *context, const struct km_mail_row *row)
{
	struct post *post = context;
	auto_words struct words words = {0};
	auto_letter struct km_letter letter = {0};
	struct km_problem problem = {0};
	enum km_error error = km_letter_read(post->store, row->id, km_clock_now(&post->call->clock), &letter, &problem);
	if (error || !letter.holds || !*letter.email)
		return error;
	km_mail_text(post->words, &letter, km_store_url(post->store), &words.subject, &words.text);
	if (words.subject.failed || words.text.failed)
		return KM_NO_MEMORY;
	km_say(stdout, "To: %s", letter.email);
	km_say(stdout, "Subject: %s", words.subject.data);
	km_say(stdout, "%s", "");
	for (char *rest = words.text.data, *line; (line = strsep(&rest, "\n")) && (rest || *line);)
		km_say(stdout, "%s", line);
	km_say(stdout, "%s", "");
	return KM_OK;
}

/* In a transaction that is forgotten. */
static enum km_error show_all(struct post *post, struct km_problem *problem)
{
	enum km_error error = queue_reminders(post, problem);
	if (!error)
		error = km_mail_list(post->store, KM_MAIL_QUEUED, show_one, post, problem);
	km_store_rollback(post->store);
	return error == KM_NO_MEMORY ? km_fail_memory(problem) : error;
}

static enum km_error open_post(struct post *post, bool sends, struct km_problem *problem)
{
	enum km_error error = sends ? km_mail_settings(post->call, &post->settings, problem) : KM_OK;
	if (!error)
		error = km_mail_words(&post->words, problem);
	if (!error)
		error = km_home_store(post->call, KM_STORE_WRITE, &post->store, problem);
	return error;
}

static enum km_error run_send(struct km_call *call, struct km_problem *problem)
{
	__attribute__((cleanup(post_done))) struct post post = {.call = call};
	bool sends = !km_given(call, "dry-run");
	enum km_error error = open_post(&post, sends, problem);
	if (!error && !sends)
		return show_all(&post, problem);
	if (!error)
		error = queue_reminders(&post, problem);
	if (!error)
		error = km_store_commit(post.store, problem);
	if (!error)
		error = send_all(&post, problem);
	if (!error)
		km_say(stdout, "%d sent, %d refused, %d to be tried again later.", post.sent, post.refused, post.later);
	call->exit_status = post.refused ? KM_EXIT_NOT_VALID : KM_EXIT_DONE;
	return error;
}

const struct km_command km_mail_send_command = {
	.noun = "mail",
	.verb = "send",
	.operands = "",
	.summary = "send the mail that waits, once",
	.details =
		"Queues what reminds of all that is due in 60, 30 or 7 days, and hands what waits to the mail server. What it\n"
		"does not take now is tried again by a later run, after ten minutes and then less and less often, for a week.\n"
		"Two at once do no harm. Exits with 1 where the server refused something for good, 3 where there is no server.",
	.options = send_options,
	.run = run_send,
};

/* -------------------------------------------------------------------------------------------------------------- try */

static const struct km_option try_options[] = {
	KM_OPTION_MAIL_SETTINGS,
	{"language", 0, "nl|en", "in which language (default: nl)", KM_OPTIONAL},
	KM_OPTION_HOME,
	KM_OPTIONS_END,
};

static enum km_error send_trial(struct post *post, const char *to, enum km_language language,
                                struct km_problem *problem)
{
	auto_words struct words words = {0};
	enum km_smtp_outcome outcome;
	char detail[KM_SMTP_DETAIL_TEXT] = "", key[KM_EMAIL_TEXT + 40];
	snprintf(key, sizeof key, "try/%s/%lld", to, (long long)km_clock_now(&post->call->clock));
	km_mail_trial(post->words, language, km_store_url(post->store), &words.subject, &words.text);
	enum km_error error = hand_over(post, &words, language, to, key, &outcome, detail, problem);
	if (!error && outcome == KM_SMTP_TAKEN)
		km_say(stdout, "%s has taken a message for %s: see that it arrives.", post->settings.server, to);
	else if (!error)
		error = km_fail(problem, outcome == KM_SMTP_REFUSED ? KM_INVALID : KM_UNAVAILABLE, "mail-server", "%s: %s",
		                post->settings.server, detail);
	return error;
}

static enum km_error run_try(struct km_call *call, struct km_problem *problem)
{
	__attribute__((cleanup(post_done))) struct post post = {.call = call};
	char to[KM_EMAIL_TEXT];
	const char *language = km_given(call, "language");
	bool english = language && strcmp(language, "en") == 0;
	if (language && !english && strcmp(language, "nl") != 0)
		return km_wrong_usage(problem, "--language %.20s: expected nl or en", language);
	enum km_error error = km_email_normalise(call->operands[0], to, problem);
	if (!error)
		error = open_post(&post, true, problem);
	return error ? error : send_trial(&post, to, english ? KM_EN : KM_NL, problem);
}

const struct km_command km_mail_try_command = {
	.noun = "mail",
	.verb = "try",
	.operands = "ADDRESS",
	.operands_min = 1,
	.operands_max = 1,
	.summary = "send one message, to see that mail works",
	.options = try_options,
	.run = run_try,
};
