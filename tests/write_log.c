/*
 * write_log FOLDER: fills a log in a register of its own and writes, into a folder that is there, what the world would
 * get of it: verifier key, checkpoints of several sizes, tiles, bundles, proofs. For tests with readers that are not
 * ours.
 */
#include "base/buf.h"
#include "base/encode.h"
#include "base/file.h"
#include "registry/log.h"
#include "registry/log_check.h"
#include "registry/log_checkpoint.h"
#include "registry/tlog_proof.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define URL "https://keurmerk.example"

/* 70,000 is the example of tlog-tiles. */
static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 5000, 65535, 65536, 70000};
enum { SIZES = sizeof sizes / sizeof *sizes, NOW = 1795539757 };

static const char *folder;

static void must(enum km_error error, const struct km_problem *problem)
{
	if (!error)
		return;
	fprintf(stderr, "write_log: %s\n", problem->message);
	exit(EXIT_FAILURE);
}

/* Writes FOLDER/PATH and makes the folders on the way. */
__attribute__((format(printf, 3, 4))) static void write_file(const char *bytes, size_t len, const char *format, ...)
{
	char name[128], path[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(name, sizeof name, format, arguments);
	va_end(arguments);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			perror(path);
		*slash = '/';
	}
	struct km_problem problem;
	must(km_file_replace(path, bytes, len, 0644, &problem), &problem);
}

static struct km_key *make_key(void)
{
	static const uint8_t seed[32] = {7};
	struct km_key *key = NULL;
	struct km_note_verifier verifier;
	uint8_t public_key[KM_PUBLIC_BYTES];
	char origin[KM_ORIGIN_MAX + 1];
	struct km_problem problem;
	auto_free char *text = NULL;
	must(km_key_from_seed(seed, &key, &problem), &problem);
	km_key_public(key, public_key);
	must(km_checkpoint_origin(URL, origin, &problem), &problem);
	must(km_note_verifier_make(origin, public_key, &verifier, &problem), &problem);
	must(km_note_verifier_format(&verifier, &text, &problem), &problem);
	write_file(text, strlen(text), "vkey");
	return key;
}

static void fill(struct km_store *store, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++) {
		char entry[80];
		uint64_t index;
		struct km_problem problem;
		int len = snprintf(entry, sizeof entry, "entry %" PRIu64 "%.*s", i, (int)(i % 50),
		                   "..................................................");
		must(km_log_append(store, NULL, entry, (size_t)len, &index, &problem), &problem);
	}
}

static char *seal(struct km_store *store, const struct km_key *key, uint64_t size)
{
	auto_free char *body = NULL;
	char *note = NULL;
	size_t len = 0;
	struct km_problem problem;
	char origin[KM_ORIGIN_MAX + 1];
	must(km_checkpoint_origin(URL, origin, &problem), &problem);
	must(km_log_checkpoint_body(store, &body, &len, &problem), &problem);
	must(km_note_sign(key, origin, body, len, &note, &problem), &problem);
	must(km_log_checkpoint_put(store, note, strlen(note), NOW, &problem), &problem);
	write_file(note, strlen(note), "checkpoints/%" PRIu64, size);
	return note;
}

static void write_tile(struct km_store *store, struct km_tile tile, uint64_t size)
{
	char path[KM_TILE_PATH_TEXT];
	auto_free char *bytes = NULL;
	size_t len = 0;
	struct km_problem problem;
	km_tile_format(&tile, path);
	must(km_log_tile(store, &tile, size, &bytes, &len, &problem), &problem);
	write_file(bytes, len, "%s", path);
}

/* All tiles and bundles of a tree of this size. */
static void write_tiles(struct km_store *store, uint64_t size)
{
	for (unsigned level = 0; size >> (KM_TILE_HEIGHT * level); level++) {
		uint64_t hashes = size >> (KM_TILE_HEIGHT * level);
		for (uint64_t index = 0; index * KM_TILE_WIDTH < hashes; index++) {
			uint64_t left = hashes - index * KM_TILE_WIDTH;
			unsigned width = left < KM_TILE_WIDTH ? (unsigned)left : KM_TILE_WIDTH;
			write_tile(store, (struct km_tile){false, level, index, width}, size);
			if (level == 0)
				write_tile(store, (struct km_tile){true, 0, index, width}, size);
		}
	}
}

static void write_inclusion(struct km_store *store, uint64_t index, uint64_t size, const char *note)
{
	struct km_tlog_proof proof = {.index = index, .note = note, .note_len = strlen(note)};
	struct km_problem problem;
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	must(km_log_entry(store, index, &proof.extra, &proof.extra_len, &problem), &problem);
	must(km_log_inclusion(store, index, size, &proof.path, &problem), &problem);
	km_tlog_proof_format(&proof, &text);
	km_tlog_proof_done(&proof);
	write_file(text.data, text.len, "inclusion/%" PRIu64 "-%" PRIu64 ".tlog-proof", index, size);
}

static void write_consistency(struct km_store *store, uint64_t old_size, uint64_t size)
{
	struct km_merkle_proof proof;
	struct km_problem problem;
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	must(km_log_consistency(store, old_size, size, &proof, &problem), &problem);
	for (size_t i = 0; i < proof.len; i++) {
		km_encode(KM_BASE64, proof.hashes[i].bytes, sizeof proof.hashes[i].bytes, &text);
		km_buf_add_char(&text, '\n');
	}
	write_file(text.len ? text.data : "", text.len, "consistency/%" PRIu64 "-%" PRIu64, old_size, size);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return fprintf(stderr, "usage: write_log FOLDER\n"), 2;
	folder = argv[1];
	char path[512];
	snprintf(path, sizeof path, "%s/register.db", folder);
	struct km_store *store = NULL;
	struct km_problem problem;
	must(km_store_create(path, URL, NOW, &problem), &problem);
	must(km_store_open(path, KM_STORE_WRITE, &store, &problem), &problem);
	must(km_store_begin(store, &problem), &problem);
	struct km_key *key = make_key();
	for (size_t i = 0; i < SIZES; i++) {
		uint64_t size = sizes[i];
		fill(store, i ? sizes[i - 1] : 0, size);
		auto_free char *note = seal(store, key, size);
		write_tiles(store, size);
		for (size_t j = 0; j <= i; j++) {
			write_inclusion(store, sizes[j] - 1, size, note);
			write_inclusion(store, sizes[j] / 3, size, note);
			write_consistency(store, sizes[j], size);
		}
	}
	must(km_store_commit(store, &problem), &problem);
	must(km_log_check(store, &problem), &problem);
	km_store_close(store);
	km_key_free(key);
	return 0;
}
