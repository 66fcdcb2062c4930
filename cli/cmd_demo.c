#include "badge/drawing.h"
#include "base/buf.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/home.h"
#include "cli/keeper.h"
#include "cli/listen.h"
#include "cli/sample.h"
#include "cli/say.h"
#include "cli/service.h"
#include "registry/person.h"
#include "www/limit.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct km_option options[] = {
	{"listen", 0, "ADDRESS:PORT", "where to answer (default: 127.0.0.1:8080, or another port if that one is taken)",
     KM_OPTIONAL},
	KM_OPTIONS_END,
};

/* ------------------------------------------------------------------------------------------------------- the folder */

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *place)
{
	(void)status;
	(void)flag;
	(void)place;
	remove(path);
	return 0;
}

static void remove_folder(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static enum km_error make_folder(char **ret_path, struct km_problem *problem)
{
	const char *temp = getenv("TMPDIR");
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/keurmerk-demo.XXXXXX", temp && *temp ? temp : "/tmp");
	if (path.failed)
		return km_fail_memory(problem);
	if (!mkdtemp(path.data))
		return km_fail(problem, KM_IO, "create", "%s: %s", path.data, strerror(errno));
	*ret_path = km_buf_take(&path, NULL);
	return KM_OK;
}

/* ------------------------------------------------------------------------------------------------------- the badges */

struct gallery {
	struct km_store *store;
	const struct km_catalogue *words;
	const char *folder;
	int64_t now;
};

static enum km_error save(const char *folder, const char *name, const struct km_buf *svg, struct km_problem *problem)
{
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	km_buf_add_format(&path, "%s/%s.svg", folder, name);
	if (path.failed || svg->failed)
		return km_fail_memory(problem);
	return km_file_create(path.data, svg->data, svg->len, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, problem);
}

/* A copy that somebody has touched: one character of the credential is another. */
static enum km_error forge(const struct gallery *gallery, struct km_buf *svg, const char *token,
                           struct km_problem *problem)
{
	char *at = svg->failed ? NULL : strstr(svg->data, token);
	if (!at)
		return km_fail(problem, KM_BUG, "sample", "the badge does not hold its credential");
	at += strlen(token) / 2;
	*at = *at == 'A' ? 'B' : 'A';
	return save(gallery->folder, "forged", svg, problem);
}

static enum km_error hang(const struct gallery *gallery, const struct km_sample_mark *sample, bool forged,
                          struct km_problem *problem)
{
	auto_mark struct km_mark *mark = NULL;
	auto_free char *credential = NULL;
	auto_buf struct km_buf svg = KM_BUF_EMPTY;
	enum km_error error = km_mark_get(gallery->store, sample->number, gallery->now, &mark, problem);
	if (!error)
		error = km_mark_credential(gallery->store, sample->number, &credential, problem);
	struct km_drawing drawing = {.url = km_store_url(gallery->store), .credential = credential};
	if (!error)
		error = km_badge_svg(&drawing, mark, gallery->words, &svg, problem);
	if (error)
		return error;
	return forged ? forge(gallery, &svg, credential, problem) : save(gallery->folder, sample->name, &svg, problem);
}

static enum km_error hang_all(const struct km_home *home, const char *folder, int64_t now,
                              const struct km_sample_mark marks[static KM_SAMPLE_MARKS], struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	struct km_catalogue *words = NULL;
	enum km_error error = km_store_open(home->database, KM_STORE_READ, &store, problem);
	if (!error)
		error = km_badge_words(&words, problem);
	const struct gallery gallery = {store, words, folder, now};
	for (size_t i = 0; !error && i < KM_SAMPLE_MARKS; i++)
		error = hang(&gallery, &marks[i], false, problem);
	if (!error)
		error = hang(&gallery, &marks[0], true, problem);
	km_catalogue_free(words);
	return error;
}

/* ------------------------------------------------------------------------------------------------------- the people */

struct guest {
	const char *name;
	unsigned roles;
	char code[KM_CODE_TEXT];
};

static enum km_error invite_guests(const struct km_home *home, int64_t now, struct guest *guests, size_t len,
                                   struct km_problem *problem)
{
	auto_store struct km_store *store = NULL;
	int64_t person;
	enum km_error error = km_store_open(home->database, KM_STORE_WRITE, &store, problem);
	if (!error)
		error = km_store_begin(store, problem);
	for (size_t i = 0; !error && i < len; i++)
		error = km_person_invite(store, KM_SAMPLE_BODY, guests[i].name, guests[i].roles, now, &person, guests[i].code,
		                         problem);
	return error ? error : km_store_commit(store, problem);
}

static void print_guests(const char *url, const struct guest *guests, size_t len)
{
	km_say(stdout, "Audit and decide, each in a browser profile of its own:");
	for (size_t i = 0; i < len; i++)
		km_say(stdout, "  %s/console/enrol#%s  %s", url, guests[i].code, guests[i].name);
}

/* --------------------------------------------------------------------------------------------------------- the show */

static void print_tour(const char *url, const struct km_sample_mark marks[static KM_SAMPLE_MARKS])
{
	km_say(stdout, "A throw-away registry with a sample register; Ctrl-C stops it and removes all of it.");
	km_say(stdout, "Open:");
	km_say(stdout, "  %s/  (search for: donald)", url);
	for (size_t i = 0; i < KM_SAMPLE_MARKS; i++)
		km_say(stdout, "  %s/m/%s  %s: %s", url, marks[i].number, marks[i].provider, marks[i].about);
}

static void print_trials(const struct km_call *call, const char *url, const char *folder,
                         const struct km_sample_mark marks[static KM_SAMPLE_MARKS])
{
	const char *program = strchr(call->program, '/') ? call->program : "keurmerk"; /* as the reader can call it too */
	km_say(stdout, "Try:");
	km_say(stdout, "  %s verify --registry %s %s/%s.svg", program, url, folder, marks[0].name);
	km_say(stdout, "  %s verify --registry %s %s/forged.svg", program, url, folder);
	km_say(stdout, "  %s verify %s/%s.svg", program, folder, marks[0].name);
	km_say(stdout, "  %s provider link %s --body %s --home %s/registry", program, KM_SAMPLE_KVK, KM_SAMPLE_BODY,
	       folder);
	km_say(stdout, "  %s mark list --home %s/registry", program, folder);
	fflush(stdout);
}

static enum km_error choose_address(const struct km_call *call, struct km_listen *ret_listen, char ret_url[static 96],
                                    struct km_problem *problem)
{
	const char *given = km_given(call, "listen");
	struct km_listen listen = {0};
	enum km_error error = km_listen_parse(given ? given : "127.0.0.1:8080", &listen, problem);
	if (!error)
		error = km_listen_settle(&listen, !given, problem);
	if (error)
		return error;
	/* The address that a browser on this machine can use is part of all that is signed. */
	struct km_listen local = listen;
	if (strcmp(listen.address, "0.0.0.0") == 0 || strcmp(listen.address, "::") == 0)
		strcpy(local.address, "127.0.0.1");
	char text[KM_LISTEN_TEXT];
	km_listen_format(&local, text);
	snprintf(ret_url, 96, "http://%s", text);
	*ret_listen = listen;
	return KM_OK;
}

struct show {
	const struct km_call *call;
	const char *url, *folder;
	const struct km_sample_mark *marks;
	const struct guest *guests;
	size_t guests_len;
};

static void announce(void *context, const char *address)
{
	const struct show *show = context;
	(void)address; /* that of the url */
	print_tour(show->url, show->marks);
	print_guests(show->url, show->guests, show->guests_len);
	print_trials(show->call, show->url, show->folder, show->marks);
}

static enum km_error give_show(const struct km_call *call, const char *folder, struct km_problem *problem)
{
	char url[96];
	struct km_listen listen;
	struct km_sample_mark marks[KM_SAMPLE_MARKS];
	auto_home struct km_home home = {0};
	auto_buf struct km_buf home_path = KM_BUF_EMPTY;
	km_buf_add_format(&home_path, "%s/registry", folder);
	if (home_path.failed)
		return km_fail_memory(problem);
	int64_t now = km_clock_now(&call->clock);
	enum km_error error = choose_address(call, &listen, url, problem);
	if (!error)
		error = km_home_at(home_path.data, &home, problem);
	if (!error)
		error = km_sample_make(&home, url, now, marks, problem);
	if (!error)
		error = hang_all(&home, folder, now, marks, problem);
	struct guest guests[] = {{"auditor", KM_ROLE_AUDITOR, ""}, {"decider", KM_ROLE_DECIDER, ""}};
	const size_t guests_len = sizeof guests / sizeof *guests;
	if (!error)
		error = invite_guests(&home, now, guests, guests_len, problem);
	struct show show = {call, url, folder, marks, guests, guests_len};
	const struct km_service_options service_options = {
		.home = &home,
		.clock = &call->clock,
		.clock_file = call->test_clock.path,
		.listen = listen,
		.limit = KM_LIMIT_USUAL,
		.announce = announce,
		.announce_context = &show,
	};
	return error ? error : km_keeper_run(&service_options, problem);
}

static enum km_error run(struct km_call *call, struct km_problem *problem)
{
	auto_free char *folder = NULL;
	km_service_hold_signals(); /* Ctrl-C while the past is being written waits until there is something to stop */
	enum km_error error = make_folder(&folder, problem);
	if (error)
		return error;
	error = give_show(call, folder, problem);
	remove_folder(folder);
	return error;
}

const struct km_command km_demo_command = {
	.noun = "demo",
	.operands = "",
	.summary = "run a throw-away registry with a sample register",
	.details =
		"Everything in it was signed by generated people with generated keys, in a past that ends now. It lives in a\n"
		"temporary folder, which is removed at the end.",
	.options = options,
	.run = run,
};
