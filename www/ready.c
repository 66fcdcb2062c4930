#include "www/ready.h"

#include "registry/number.h"
#include "registry/stale.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096, OVERHEAD_BYTES = 2048 }; /* of an entry: headers, and what MHD keeps */

struct entry {
	struct km_ready_reply reply;
	char number[KM_NUMBER_TEXT];
	uint64_t hash; /* of the key */
	char *key;
	int64_t until;
	size_t bytes;
	struct entry *next;          /* in the same bucket */
	struct entry *newer, *older; /* in the order of use */
};

struct km_ready {
	struct entry *buckets[BUCKETS];
	struct entry *newest, *oldest;
	size_t bytes, bytes_max;
	struct km_stale_cursor cursor;
};

struct km_ready *km_ready_new(size_t bytes_max)
{
	struct km_ready *ready = calloc(1, sizeof *ready);
	if (ready)
		ready->bytes_max = bytes_max;
	return ready;
}

/* FNV-1a. A stranger who makes keys meet in one bucket gains nothing: the entries are few, and leave by age. */
static uint64_t hash_of(const char *key)
{
	uint64_t hash = 0xcbf29ce484222325;
	for (const char *c = key; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
	return hash;
}

static void unlink_use(struct km_ready *ready, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &ready->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &ready->oldest) = entry->newer;
}

static void link_newest(struct km_ready *ready, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = ready->newest;
	*(ready->newest ? &ready->newest->newer : &ready->oldest) = entry;
	ready->newest = entry;
}

static void drop(struct km_ready *ready, struct entry *entry)
{
	struct entry **place = &ready->buckets[entry->hash % BUCKETS];
	while (*place != entry)
		place = &(*place)->next;
	*place = entry->next;
	unlink_use(ready, entry);
	ready->bytes -= entry->bytes;
	MHD_destroy_response(entry->reply.response);
	free(entry->key);
	free(entry);
}

static void drop_all(struct km_ready *ready)
{
	while (ready->oldest)
		drop(ready, ready->oldest);
}

void km_ready_free(struct km_ready *ready)
{
	if (!ready)
		return;
	drop_all(ready);
	free(ready);
}

static void drop_mark(void *context, const char *number)
{
	struct km_ready *ready = context;
	for (struct entry *entry = ready->oldest, *newer; entry; entry = newer) {
		newer = entry->newer;
		if (!*entry->number || strcmp(entry->number, number) == 0)
			drop(ready, entry);
	}
}

enum km_error km_ready_follow(struct km_ready *ready, struct km_store *store, struct km_problem *problem)
{
	bool all = false;
	enum km_error error = km_stale_marks(store, &ready->cursor, &all, drop_mark, ready, problem);
	if (error || all)
		drop_all(ready);
	return error;
}

static struct entry *find(struct km_ready *ready, uint64_t hash, const char *key)
{
	struct entry *entry = ready->buckets[hash % BUCKETS];
	while (entry && (entry->hash != hash || strcmp(entry->key, key) != 0))
		entry = entry->next;
	return entry;
}

const struct km_ready_reply *km_ready_find(struct km_ready *ready, const char *key, int64_t now)
{
	struct entry *entry = find(ready, hash_of(key), key);
	if (!entry)
		return NULL;
	/* A clock that was set back makes it too old as well. */
	if (now >= entry->until || now < entry->until - KM_READY_S) {
		drop(ready, entry);
		return NULL;
	}
	unlink_use(ready, entry);
	link_newest(ready, entry);
	return &entry->reply;
}

void km_ready_put(struct km_ready *ready, const char *key, const char *number, const struct km_ready_reply *reply,
                  size_t bytes, int64_t now)
{
	uint64_t hash = hash_of(key);
	struct entry *entry = find(ready, hash, key);
	if (entry)
		drop(ready, entry);
	bytes += OVERHEAD_BYTES + strlen(key);
	entry = calloc(1, sizeof *entry);
	char *copy = strdup(key);
	if (!entry || !copy || bytes > ready->bytes_max || strlen(number) >= sizeof entry->number) {
		MHD_destroy_response(reply->response);
		free(copy);
		free(entry);
		return;
	}
	while (ready->bytes + bytes > ready->bytes_max)
		drop(ready, ready->oldest);
	*entry = (struct entry){.reply = *reply,
	                        .hash = hash,
	                        .key = copy,
	                        .until = now + KM_READY_S,
	                        .bytes = bytes,
	                        .next = ready->buckets[hash % BUCKETS]};
	strcpy(entry->number, number);
	ready->buckets[hash % BUCKETS] = entry;
	link_newest(ready, entry);
	ready->bytes += bytes;
}
