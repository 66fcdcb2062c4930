#include "cli/service.h"

#include "cli/say.h"
#include "keys/signer.h"
#include "www/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct km_service {
	struct km_signer *signer;
	struct km_server *server;
	const struct km_clock *clock;
	char address[KM_LISTEN_TEXT];
};

static sigset_t enough(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return set;
}

void km_service_hold_signals(void)
{
	const sigset_t set = enough();
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Whose fault it was comes first: an operator sleeps through the other kind. */
static void log_line(void *context, bool ours, const char *line)
{
	const struct km_service *service = context;
	char time[KM_TIME_TEXT];
	km_time_format(km_clock_now(service->clock), time);
	km_say(stderr, "%s %s %s", time, ours ? "fault" : "note", line);
}

static enum km_error start(struct km_service *service, const struct km_home *home, const char *passphrase,
                           struct km_listen listen, struct km_problem *problem)
{
	enum km_error error = km_signer_open(home->keys, passphrase, service->clock, &service->signer, problem);
	if (error)
		return error;
	struct km_server_options options = {
		.address = listen.address,
		.port = listen.port,
		.database = home->database,
		.keys = home->keys,
		.signer = service->signer,
		.clock = service->clock,
		.log = log_line,
		.log_context = service,
	};
	error = km_server_start(&options, &service->server, &listen.port, problem);
	if (!error)
		km_listen_format(&listen, service->address);
	return error;
}

enum km_error km_service_start(const struct km_home *home, const char *passphrase, const struct km_listen *listen,
                               const struct km_clock *clock, struct km_service **ret_service,
                               struct km_problem *problem)
{
	struct km_service *service = calloc(1, sizeof *service);
	if (!service)
		return km_fail_memory(problem);
	service->clock = clock;
	km_service_hold_signals(); /* before there are threads, which inherit this */
	enum km_error error = start(service, home, passphrase, *listen, problem);
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

void km_service_wait(void)
{
	const sigset_t set = enough();
	int which = 0;
	while (sigwait(&set, &which) != 0) {
	}
}

void km_service_stop(struct km_service *service)
{
	if (!service)
		return;
	if (service->server)
		km_server_stop(service->server);
	km_signer_close(service->signer);
	free(service);
}
