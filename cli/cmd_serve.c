#include "base/buf.h"
#include "cli/command.h"
#include "cli/domain_options.h"
#include "cli/home.h"
#include "cli/keeper.h"
#include "cli/listen.h"
#include "cli/passphrase.h"
#include "cli/say.h"
#include "cli/service.h"
#include "cli/supervisor.h"
#include "www/limit.h"

#include <stdlib.h>
#include <string.h>

static const struct km_option options[] = {
	KM_OPTION_HOME,
	{"listen", 0, "ADDRESS:PORT",
     "where to answer (default: the registry's own address if that is this machine, else 127.0.0.1:8080)", KM_OPTIONAL},
	{"no-domain-checks", 0, NULL, "leave it to `keurmerk domain check` to look whether domains are proven",
     KM_OPTIONAL},
	KM_OPTIONS_DOMAIN,
	KM_OPTION_PASSPHRASE("the keys"),
	{"tls-cert", 0, "FILE", "certificate (PEM), with those between it and its root: answers over HTTPS itself",
     KM_OPTIONAL},
	{"tls-key", 0, "FILE", "its private key (PEM)", KM_OPTIONAL},
	{"limit", 0, "NUMBER",
     "costly requests (search, pictures, all that is sent in) that one address may make in a minute (default: 600; 0: "
     "without end)",
     KM_OPTIONAL},
	{"trust-proxy", 0, "ADDRESS",
     "the web server before this one: for whom it speaks stands in its Forwarded or X-Forwarded-For", KM_OPTIONAL},
	KM_OPTIONS_END,
};

static enum km_error read_limit(const struct km_call *call, unsigned *ret_limit, struct km_problem *problem)
{
	const char *given = km_given(call, "limit");
	char *end = NULL;
	unsigned long limit = given && *given >= '0' && *given <= '9' ? strtoul(given, &end, 10) : KM_LIMIT_USUAL;
	if (given && (!end || *end || limit > KM_LIMIT_MAX))
		return km_fail(problem, KM_INVALID, "usage", "--limit %s: give a number from 0 to %d", given, KM_LIMIT_MAX);
	*ret_limit = (unsigned)limit;
	return KM_OK;
}

struct served {
	char *url;
	bool tls;
};

static void announce(void *context, const char *address)
{
	const struct served *served = context;
	km_say(stdout, "%s is served at http%s://%s.", served->url, served->tls ? "s" : "", address);
}

/* Brings an older register up to date. It is closed again, for the keeper forks. */
static enum km_error read_url(const struct km_call *call, char **ret_url, struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	enum km_error error = km_home_store(call, KM_STORE_WRITE, &store, problem);
	if (error)
		return error;
	char *url = strdup(km_store_url(store));
	if (!url)
		return km_fail_memory(problem);
	*ret_url = url;
	return KM_OK;
}

static enum km_error choose_address(const struct km_call *call, const char *url, struct km_listen *ret_listen,
                                    struct km_problem *problem)
{
	const char *given = km_given(call, "listen");
	return given ? km_listen_parse(given, ret_listen, problem) : km_listen_for_url(url, ret_listen, problem);
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_home struct km_home home = {0};
	auto_free char *url = NULL, *passphrase_file = NULL;
	struct km_probe_options domains = {0};
	int listening = -1;
	struct km_service_options service = {
		.home = &home,
		.clock = &call->clock,
		.clock_file = call->test_clock.path,
		.domains = km_given(call, "no-domain-checks") ? NULL : &domains,
		.tls_cert = km_given(call, "tls-cert"),
		.tls_key = km_given(call, "tls-key"),
		.proxy = km_given(call, "trust-proxy"),
		.watchdog_ms = km_supervisor_watchdog_ms(),
		.logs_signatures = true,
		.announce = announce,
	};
	enum km_error error = km_supervisor_socket(&listening, problem);
	if (!error)
		error = km_home_find(call, &home, problem);
	if (!error)
		error = read_limit(call, &service.limit, problem);
	if (!error)
		error = km_passphrase_file(call, &passphrase_file, problem);
	if (!error)
		error = km_domain_options(call, &domains, problem);
	if (!error)
		error = read_url(call, &url, problem);
	if (!error)
		error = choose_address(call, url, &service.listen, problem);
	if (error)
		return error;
	struct served served = {.url = url, .tls = service.tls_key != NULL};
	service.announce_context = &served;
	service.passphrase_file = passphrase_file;
	service.listening = listening > 0 ? listening : 0;
	return km_keeper_run(&service, problem);
}

const struct km_command km_serve_command = {
	.noun = "serve",
	.operands = "",
	.summary = "run the registry",
	.details =
		"Answers until SIGTERM or SIGINT, then finishes what was begun and stops. Logs one line a time on standard\n"
		"error. On SIGHUP it looks at once at what other commands have changed. It speaks HTTP: put a web server with "
		"TLS before it, or give it a certificate.",
	.options = options,
	.run = run,
};
