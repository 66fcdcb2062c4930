/*
 * What all requests share: settings, words, templates, and the way to the register. Made before the first request and
 * unchanged until after the last one, apart from what is atomic or behind a lock.
 */
#ifndef KM_WWW_SITE_H
#define KM_WWW_SITE_H

#include "badge/issuer.h"
#include "base/catalogue.h"
#include "base/error.h"
#include "registry/store.h"
#include "registry/usage.h"
#include "www/ready.h"
#include "www/server.h"
#include "www/shared.h"
#include "www/statics.h"
#include "www/template.h"
#include "www/visitor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct km_connections;
struct km_limit;
struct km_metrics;
struct km_request;
struct km_sessions;

#define KM_API_VERSION "1.0.0"

/* What stands ready for everybody: www/shared.h. */
enum km_shelf_name {
	KM_SHELF_CSV,
	KM_SHELF_JSONL,
	KM_SHELF_REGISTER_JWT,
	KM_SHELF_ATOM, /* in each language, as are the next */
	KM_SHELF_JSON_FEED = KM_SHELF_ATOM + KM_LANGUAGES,
	KM_SHELF_FIGURES = KM_SHELF_JSON_FEED + KM_LANGUAGES,
	KM_SHELVES
};

struct km_site {
	struct km_server_options options; /* its strings are owned here */
	char *url;                        /* public address of the registry, without a trailing slash */
	struct km_catalogue *words;       /* www/words.json */
	struct km_catalogue *badge_words; /* badge/words.json */
	struct km_templates *templates;
	struct km_statics statics;
	struct km_issuer *issuer; /* under issuer_lock: see km_site_issuer */
	pthread_mutex_t issuer_lock;
	pthread_key_t thread_key; /* each thread's own store and ready replies, gone when the thread ends */
	bool has_lock, has_key, has_proxy;
	bool mirror; /* makes files for a mirror (www/mirror.h): links lead to files, or to the registry itself */
	struct km_shelf shelves[KM_SHELVES];
	struct km_metrics *metrics;
	struct km_connections *connections; /* from when the server has counted how many there may be */
	struct km_limit *limit;             /* NULL: none */
	struct km_visitor proxy;
	atomic_llong uses[KM_USES];   /* since they were last written down */
	atomic_int checks;            /* lists that are being checked just now */
	atomic_int in_progress;       /* requests that have begun and are not yet answered */
	struct km_sessions *sessions; /* of the console */
	atomic_bool stopping;
	atomic_uint changes; /* how often the issuer was given back, after a change perhaps */
};

/* Opens the register and everything else. Free with km_site_close (NULL is allowed), once no thread uses it. */
enum km_error km_site_open(const struct km_server_options *options, struct km_site **ret_site,
                           struct km_problem *problem);
void km_site_close(struct km_site *site);

int64_t km_site_now(const struct km_site *site);

/* This thread's store, opened at first use; borrowed until the thread ends. */
enum km_error km_site_store(struct km_site *site, struct km_store **ret_store, struct km_problem *problem);

/* This thread's replies that are ready, as the register is now, or, of what another process has changed, as it was at
 * most KM_READY_LOOK_US ago; borrowed likewise. */
enum km_error km_site_ready(struct km_site *site, struct km_ready **ret_ready, struct km_problem *problem);

/* The issuer, for one thread at a time; waits a few seconds for its turn, then KM_UNAVAILABLE. Give it back with
 * km_site_issuer_done. */
enum km_error km_site_issuer(struct km_site *site, struct km_issuer **ret_issuer, struct km_problem *problem);
void km_site_issuer_done(struct km_site *site);

/* Counts one use: in memory, until km_site_write_uses. HEAD and other methods that look at nothing do not count. */
void km_site_use(const struct km_request *request, enum km_use use);

/* Writes the counts into the register, where there are any. */
enum km_error km_site_write_uses(struct km_site *site, struct km_problem *problem);

/* One line for the operator. Never what a visitor sent. */
void km_site_log(const struct km_site *site, bool ours, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
