#include "cli/smtp.h"

#include "base/buf.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_WAIT_S = 30, REPLY_MAX = 400 };

struct km_smtp {
	CURL *curl;
	const struct km_mail_settings *settings;
	char *url;
};

/* What is sent, and how far the conversation has come. */
struct talk {
	const char *message;
	size_t len, sent;
	enum { BEFORE, SENDER, RECIPIENT, CONTENT } at; /* the last command: before MAIL, MAIL, RCPT, DATA */
	bool over;                                      /* QUIT was said: the answer to that tells nothing */
	int code;                                       /* of the reply to it; 0 where there was none yet */
	char reply[REPLY_MAX];
};

enum km_error km_smtp_open(const struct km_mail_settings *settings, const char *host, struct km_smtp **ret_smtp,
                           struct km_problem *problem)
{
	auto_smtp struct km_smtp *smtp = calloc(1, sizeof *smtp);
	if (!smtp)
		return km_fail_memory(problem);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return km_fail(problem, KM_BUG, "curl", "libcurl does not start");
	auto_buf struct km_buf url = KM_BUF_EMPTY;
	km_buf_add_format(&url, "%s/%s", settings->server, host); /* the path is what is said in EHLO */
	smtp->settings = settings;
	smtp->url = km_buf_take(&url, NULL);
	smtp->curl = curl_easy_init();
	if (!smtp->url || !smtp->curl)
		return km_fail_memory(problem);
	*ret_smtp = smtp;
	smtp = NULL;
	return KM_OK;
}

void km_smtp_close(struct km_smtp *smtp)
{
	if (!smtp)
		return;
	if (smtp->curl) {
		curl_easy_cleanup(smtp->curl); /* says QUIT */
		curl_global_cleanup();
	}
	free(smtp->url);
	free(smtp);
}

/* ------------------------------------------------------------------------------------------------- the conversation */

static size_t give(char *bytes, size_t size, size_t count, void *context)
{
	struct talk *talk = context;
	size_t room = size * count, rest = talk->len - talk->sent, len = rest < room ? rest : room;
	memcpy(bytes, talk->message + talk->sent, len);
	talk->sent += len;
	return len;
}

static bool begins(const char *line, size_t len, const char *command)
{
	size_t command_len = strlen(command);
	return len >= command_len && strncasecmp(line, command, command_len) == 0;
}

/* Which command it was. What else goes out here, a password too, is not kept. */
static void note_command(struct talk *talk, const char *line, size_t len)
{
	talk->over = talk->over || begins(line, len, "QUIT");
	if (talk->over)
		return;
	talk->code = 0;
	*talk->reply = '\0';
	talk->at = begins(line, len, "MAIL FROM:") ? SENDER
	           : begins(line, len, "RCPT TO:") ? RECIPIENT
	           : begins(line, len, "DATA")     ? CONTENT
	                                           : BEFORE;
}

static void note_reply(struct talk *talk, const char *line, size_t len)
{
	if (talk->over || len < 3 || strspn(line, "0123456789") < 3)
		return;
	talk->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
	snprintf(talk->reply, sizeof talk->reply, "%.*s", (int)strcspn(line, "\r\n"), line);
}

static int watch(CURL *curl, curl_infotype type, char *bytes, size_t len, void *context)
{
	struct talk *talk = context;
	char line[REPLY_MAX];
	(void)curl;
	snprintf(line, sizeof line, "%.*s", (int)(len < sizeof line ? len : sizeof line - 1), bytes);
	if (type == CURLINFO_HEADER_OUT)
		note_command(talk, line, strlen(line));
	else if (type == CURLINFO_HEADER_IN)
		note_reply(talk, line, strlen(line));
	return 0;
}

static bool set_connection(struct km_smtp *smtp)
{
	CURL *curl = smtp->curl;
	const struct km_mail_settings *settings = smtp->settings;
	long tls = settings->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL;
	bool set = curl_easy_setopt(curl, CURLOPT_URL, smtp->url) == CURLE_OK &&
	           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
	           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK && /* nor one of the environment */
	           curl_easy_setopt(curl, CURLOPT_USE_SSL, tls) == CURLE_OK &&
	           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_WAIT_S) == CURLE_OK &&
	           curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)KM_SMTP_WAIT_S) == CURLE_OK;
	if (set && settings->ca)
		set = curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca) == CURLE_OK &&
		      curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
	if (set && settings->user)
		set = curl_easy_setopt(curl, CURLOPT_USERNAME, settings->user) == CURLE_OK &&
		      curl_easy_setopt(curl, CURLOPT_PASSWORD, settings->password) == CURLE_OK;
	return set;
}

static bool set_message(struct km_smtp *smtp, struct talk *talk, struct curl_slist *recipients, char *reason)
{
	CURL *curl = smtp->curl;
	return curl_easy_setopt(curl, CURLOPT_MAIL_FROM, smtp->settings->from) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READFUNCTION, give) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_READDATA, talk) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_DEBUGDATA, talk) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason) == CURLE_OK;
}

/* ------------------------------------------------------------------------------------------------------- how it went
 */

/* The words with what may be an address left out: what is kept of a mail names nobody. */
static void copy_without_addresses(const char *words, char ret_detail[static KM_SMTP_DETAIL_TEXT])
{
	auto_buf struct km_buf detail = KM_BUF_EMPTY;
	while (*words) {
		size_t spaces = strspn(words, " "), len = strcspn(words + spaces, " ");
		bool address = memchr(words + spaces, '@', len) != NULL;
		km_buf_add(&detail, words, spaces);
		km_buf_add(&detail, address ? "(address)" : words + spaces, address ? strlen("(address)") : len);
		words += spaces + len;
	}
	struct km_problem shown = {0}; /* makes it harmless to a terminal, and cuts it between characters */
	km_fail(&shown, KM_INVALID, "detail", "%.*s", KM_SMTP_DETAIL_TEXT - 1, detail.data ? detail.data : "");
	snprintf(ret_detail, KM_SMTP_DETAIL_TEXT, "%.*s", KM_SMTP_DETAIL_TEXT - 1, shown.message);
}

/* That a server will not have this recipient or this content is about this message; all before that is about us. */
static enum km_smtp_outcome judge(CURLcode code, const struct talk *talk)
{
	if (code == CURLE_OK)
		return KM_SMTP_TAKEN;
	if (talk->at == RECIPIENT || talk->at == CONTENT)
		return talk->code >= 500 && talk->code < 600   ? KM_SMTP_REFUSED
		       : talk->code >= 400 && talk->code < 500 ? KM_SMTP_LATER
		                                               : KM_SMTP_DOWN;
	return KM_SMTP_DOWN;
}

static void explain(CURLcode code, const struct talk *talk, const char *reason,
                    char ret_detail[static KM_SMTP_DETAIL_TEXT])
{
	if (code == CURLE_OK)
		*ret_detail = '\0';
	else if (talk->code >= 400)
		copy_without_addresses(talk->reply, ret_detail);
	else
		copy_without_addresses(*reason ? reason : curl_easy_strerror(code), ret_detail);
}

enum km_error km_smtp_send(struct km_smtp *smtp, const char *to, const char *message, size_t len,
                           enum km_smtp_outcome *ret_outcome, char ret_detail[static KM_SMTP_DETAIL_TEXT],
                           struct km_problem *problem)
{
	struct talk talk = {.message = message, .len = len};
	char reason[CURL_ERROR_SIZE] = "";
	struct curl_slist *recipients = curl_slist_append(NULL, to);
	if (!recipients)
		return km_fail_memory(problem);
	curl_easy_reset(smtp->curl);
	enum km_error error = KM_OK;
	if (!set_connection(smtp) || !set_message(smtp, &talk, recipients, reason))
		error = km_fail(problem, KM_BUG, "curl", "this libcurl (%s) lacks an option that is needed", LIBCURL_VERSION);
	CURLcode code = error ? CURLE_OK : curl_easy_perform(smtp->curl);
	curl_easy_setopt(smtp->curl, CURLOPT_DEBUGFUNCTION, NULL); /* nothing of this call is looked at any more */
	curl_easy_setopt(smtp->curl, CURLOPT_VERBOSE, 0L);
	curl_easy_setopt(smtp->curl, CURLOPT_ERRORBUFFER, NULL);
	curl_slist_free_all(recipients);
	if (!error && code == CURLE_OUT_OF_MEMORY)
		error = km_fail_memory(problem);
	if (error)
		return error;
	explain(code, &talk, reason, ret_detail);
	*ret_outcome = judge(code, &talk);
	return KM_OK;
}
