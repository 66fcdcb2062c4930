#include "cli/service.h"

#include "cli/line.h"
#include "cli/say.h"
#include "keys/key.h"
#include "keys/sandbox.h"
#include "keys/signer.h"
#include "www/server.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PATH_MAX_BYTES = 4096 };

struct service {
	const struct km_service_options *options;
	int line;
	struct km_signer *signer;
	struct km_server *server;
	uint16_t port;
};

sigset_t km_service_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

void km_service_hold_signals(void)
{
	const sigset_t set = km_service_signals();
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* a client, or a terminal, that goes away is not our end */
}

/* Whose fault it was comes first: an operator sleeps through the other kind. */
void km_service_log(const struct km_service_options *options, bool ours, const char *line)
{
	char time[KM_TIME_TEXT];
	km_time_format(km_clock_now(options->clock), time);
	km_say(stderr, "%s %s %s", time, ours ? "fault" : "note", line);
}

static void log_line(void *context, bool ours, const char *line)
{
	const struct service *service = context;
	km_service_log(service->options, ours, line);
}

/* ------------------------------------------------------------------------------------------------------ the signer */

static enum km_error open_here(const struct km_service_options *options, struct km_signer **ret_signer,
                               struct km_problem *problem)
{
	char *passphrase = NULL;
	enum km_error error = KM_OK;
	if (options->passphrase_file)
		error = km_passphrase_read(options->passphrase_file, &passphrase, problem);
	if (!error)
		error = km_signer_open(options->home->keys, passphrase, options->clock, ret_signer, problem);
	km_passphrase_free(passphrase);
	return error;
}

/* The keeper starts it. One thread at a time asks for that (keys/signer.c), so the next word is the answer. */
static enum km_error fetch_signer(void *context, int *ret_fd, struct km_problem *problem)
{
	const struct service *service = context;
	struct km_line_message answer;
	int fd = -1;
	enum km_error error = km_line_ask(service->line, KM_LINE_SIGNER, &answer, &fd);
	if (error || (!answer.problem.code && fd < 0))
		return km_fail(problem, KM_UNAVAILABLE, "signer-gone", "the keeper gives no signer: try again in a moment");
	if (answer.problem.code)
		return km_fail(problem, answer.problem.code, answer.problem.type, "%s", answer.problem.message);
	*ret_fd = fd;
	return KM_OK;
}

static enum km_error open_apart(struct service *service, struct km_problem *problem)
{
	const struct km_service_options *options = service->options;
	const struct km_signer_source source = {.open = fetch_signer, .context = service, .folder = options->home->keys};
	return km_signer_start(&source, options->clock, &service->signer, problem);
}

/* ------------------------------------------------------------------------------------------------------ the server */

/* Fonts to draw badges with (fonts.conf(5) of Debian): some are looked for only when a name needs them. */
static const char *const fonts[] = {"/etc/fonts", "/usr/share/fontconfig", "/usr/share/fonts", "/usr/local/share/fonts",
                                    "/var/cache/fontconfig"};

/* What it takes to connect to a database, which is done anew when the connection is lost: names and authorities. */
static const char *const names[] = {"/etc", "/run/systemd/resolve", "/usr/share/ca-certificates",
                                    "/usr/local/share/ca-certificates", "/usr/lib/ssl"};

enum { FONTS = sizeof fonts / sizeof *fonts, NAMES = sizeof names / sizeof *names };

/* From here on of the disk it has the register, of the keys their public halves, and fonts, and nothing else. */
static enum km_error confine(void *context, struct km_problem *problem)
{
	const struct service *service = context;
	const struct km_service_options *options = service->options;
	bool elsewhere = km_store_is_address(options->home->database);
	if (km_signer_in_token(service->signer)) /* only where a test has set the clock */
		return KM_OK;
	char published[PATH_MAX_BYTES], log[PATH_MAX_BYTES], index[PATH_MAX_BYTES];
	bool fenced;
	snprintf(published, sizeof published, "%s/published", options->home->keys);
	snprintf(log, sizeof log, "%s-wal", options->home->database); /* SQLite's, both there by now */
	snprintf(index, sizeof index, "%s-shm", options->home->database);
	const char *read[1 + FONTS + NAMES + 1] = {published}, *const write[] = {options->home->database, log, index};
	size_t read_len = 1;
	memcpy(read + read_len, fonts, sizeof fonts);
	read_len += FONTS;
	if (elsewhere) {
		memcpy(read + read_len, names, sizeof names);
		read_len += NAMES;
	}
	if (options->clock_file)
		read[read_len++] = options->clock_file;
	const struct km_landlock_files files = {
		.read = read, .read_len = read_len, .write = write, .write_len = elsewhere ? 0 : 3};
	enum km_error error = km_sandbox_serve(&files, elsewhere, &fenced, problem);
	if (!error && !fenced)
		km_service_log(options, false, "this kernel has no Landlock: what files the server may open is not fenced in");
	return error;
}

static enum km_error start(struct service *service, struct km_problem *problem)
{
	const struct km_service_options *options = service->options;
	enum km_error error =
		options->clock_file ? open_here(options, &service->signer, problem) : open_apart(service, problem);
	if (error)
		return error;
	const struct km_server_options server = {
		.address = options->listen.address,
		.port = options->listen.port,
		.listening = options->listening,
		.tls_cert = options->tls_cert,
		.tls_key = options->tls_key,
		.limit = options->limit,
		.proxy = options->proxy,
		.database = options->home->database,
		.keys = options->home->keys,
		.signer = service->signer,
		.clock = options->clock,
		.confine = confine,
		.confine_context = service,
		.log = log_line,
		.log_context = service,
	};
	return km_server_start(&server, &service->server, &service->port, problem);
}

static void announce(const struct service *service)
{
	char address[KM_LISTEN_TEXT];
	struct km_listen listen = service->options->listen;
	listen.port = service->port;
	km_listen_format(&listen, address);
	if (service->options->announce)
		service->options->announce(service->options->announce_context, address);
	fflush(stdout);
	km_line_say(service->line, KM_LINE_READY, NULL, -1);
}

static void look(const struct service *service)
{
	km_server_look(service->server);
	log_line((void *)service, false, "SIGHUP: looking at the keys and the register now");
	km_line_say(service->line, KM_LINE_READY, NULL, -1);
}

/* The next signal; 0 where it did not come within the time. */
static int next_signal(const sigset_t *set, unsigned wait_ms)
{
	const struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = (long)(wait_ms % 1000) * 1000000};
	int which = wait_ms ? sigtimedwait(set, NULL, &wait) : sigwaitinfo(set, NULL);
	return which < 0 ? 0 : which;
}

static void wait_for_end(const struct service *service)
{
	const sigset_t set = km_service_signals();
	unsigned watchdog_ms = service->options->watchdog_ms;
	for (int which = 0; which != SIGTERM && which != SIGINT;) {
		/* Twice as often as it must be, as sd_watchdog_enabled(3) asks. */
		which = next_signal(&set, watchdog_ms / 2);
		if (which == SIGHUP)
			look(service);
		if (watchdog_ms && km_server_well(service->server))
			km_line_say(service->line, KM_LINE_WELL, NULL, -1);
	}
}

enum km_error km_service_run(const struct km_service_options *options, int line, struct km_problem *problem)
{
	struct service service = {.options = options, .line = line};
	enum km_error error = start(&service, problem);
	if (!error) {
		announce(&service);
		wait_for_end(&service);
	}
	km_server_stop(service.server);
	km_signer_close(service.signer);
	return error;
}
