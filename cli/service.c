#include "cli/service.h"

#include "base/buf.h"
#include "cli/domain_watch.h"
#include "cli/say.h"
#include "cli/supervisor.h"
#include "keys/key.h"
#include "keys/sandbox.h"
#include "keys/signer.h"
#include "www/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct km_service {
	struct km_signer *signer;
	struct km_server *server;
	struct km_domain_watch *domains;
	const struct km_clock *clock;
	char address[KM_LISTEN_TEXT];
};

/* Those that mean something to us. */
static sigset_t signals(void)
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
	const sigset_t set = signals();
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN); /* a client, or a terminal, that goes away is not our end */
}

/* Whose fault it was comes first: an operator sleeps through the other kind. */
static void log_line(void *context, bool ours, const char *line)
{
	const struct km_service *service = context;
	char time[KM_TIME_TEXT];
	km_time_format(km_clock_now(service->clock), time);
	km_say(stderr, "%s %s %s", time, ours ? "fault" : "note", line);
}

static void log_fault(void *context, const char *line)
{
	log_line(context, true, line);
}

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

/* In a process of its own, which alone reads the passphrase and the keys. */
static enum km_error open_apart(const struct km_service_options *options, struct km_signer **ret_signer,
                                struct km_problem *problem)
{
	auto_free char *file = options->passphrase_file ? realpath(options->passphrase_file, NULL) : NULL;
	if (options->passphrase_file && !file)
		return km_fail(problem, KM_ABSENT, "passphrase-file", "%s: %s", options->passphrase_file, strerror(errno));
	const struct km_signer_process process = {
		.program = "/proc/self/exe",
		.folder = options->home->keys,
		.passphrase_file = file,
		.environment = environ,
	};
	return km_signer_start(&process, options->clock, ret_signer, problem);
}

static enum km_error start(struct km_service *service, const struct km_service_options *options,
                           struct km_problem *problem)
{
	enum km_error error = options->clock_is_set ? open_here(options, &service->signer, problem)
	                                            : open_apart(options, &service->signer, problem);
	if (!error)
		error = km_sandbox_harden(problem);
	if (error)
		return error;
	struct km_listen listen = options->listen;
	struct km_server_options server = {
		.address = listen.address,
		.port = listen.port,
		.listening = options->listening,
		.tls_cert = options->tls_cert,
		.tls_key = options->tls_key,
		.limit = options->limit,
		.proxy = options->proxy,
		.database = options->home->database,
		.keys = options->home->keys,
		.signer = service->signer,
		.clock = options->clock,
		.log = log_line,
		.log_context = service,
	};
	error = km_server_start(&server, &service->server, &listen.port, problem);
	if (!error)
		km_listen_format(&listen, service->address);
	if (!error && options->domains)
		error = km_domain_watch_start(options->home->database, options->domains, options->clock, log_fault, service,
		                              &service->domains, problem);
	return error;
}

enum km_error km_service_start(const struct km_service_options *options, struct km_service **ret_service,
                               struct km_problem *problem)
{
	struct km_service *service = calloc(1, sizeof *service);
	if (!service)
		return km_fail_memory(problem);
	service->clock = options->clock;
	km_service_hold_signals(); /* before there are threads, which inherit this */
	enum km_error error = start(service, options, problem);
	if (error) {
		km_service_stop(service);
		return error;
	}
	*ret_service = service;
	return KM_OK;
}

const char *km_service_address(const struct km_service *service)
{
	return service->address;
}

static void look(struct km_service *service)
{
	km_supervisor_tell("RELOADING=1");
	km_server_look(service->server);
	log_line(service, false, "SIGHUP: looking at the keys and the register now");
	km_supervisor_tell("READY=1");
}

/* The next signal; 0 where it did not come within the time. */
static int next_signal(const sigset_t *set, unsigned wait_ms)
{
	const struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = (long)(wait_ms % 1000) * 1000000};
	int which = wait_ms ? sigtimedwait(set, NULL, &wait) : sigwaitinfo(set, NULL);
	return which < 0 ? 0 : which;
}

void km_service_wait(struct km_service *service)
{
	const sigset_t set = signals();
	unsigned watchdog_ms = km_supervisor_watchdog_ms();
	km_supervisor_tell("READY=1");
	for (int which = 0; which != SIGTERM && which != SIGINT;) {
		/* Twice as often as it must be, as sd_watchdog_enabled(3) asks. */
		which = next_signal(&set, watchdog_ms / 2);
		if (which == SIGHUP)
			look(service);
		if (watchdog_ms && km_server_well(service->server))
			km_supervisor_tell("WATCHDOG=1");
	}
	km_supervisor_tell("STOPPING=1");
}

void km_service_stop(struct km_service *service)
{
	if (!service)
		return;
	km_domain_watch_stop(service->domains);
	if (service->server)
		km_server_stop(service->server);
	km_signer_close(service->signer);
	free(service);
}
