#include "www/connections.h"

#include "base/digest.h"
#include "keys/random.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	SALT_BYTES = 32,
	GROUPS = 4096, /* of addresses; two that share one count as one where all places are taken, and only then */
};

struct km_connection {
	struct km_connection *previous, *next;
	int fd;
	unsigned group;
	enum km_step step;
	int64_t since; /* when that began */
	bool cut;
};

struct km_connections {
	size_t max;
	uint8_t salt[SALT_BYTES];
	pthread_mutex_t lock; /* of all below, and of what is in the list */
	struct km_connection *first, *last;
	size_t len, cut;
	unsigned in_group[GROUPS];
	int64_t tended;
	uint64_t slow, displaced;
};

enum km_error km_connections_new(size_t max, struct km_connections **ret_connections, struct km_problem *problem)
{
	struct km_connections *connections = calloc(1, sizeof *connections);
	if (!connections)
		return km_fail_memory(problem);
	connections->max = max;
	enum km_error error = km_random(connections->salt, sizeof connections->salt, problem);
	if (!error && pthread_mutex_init(&connections->lock, NULL) != 0)
		error = km_fail_memory(problem);
	if (error) {
		free(connections);
		return error;
	}
	*ret_connections = connections;
	return KM_OK;
}

void km_connections_free(struct km_connections *connections)
{
	if (!connections)
		return;
	pthread_mutex_destroy(&connections->lock);
	free(connections);
}

/* Those of one visitor (for IPv6, of one household) are in one group, and nobody can choose to be in that of another.
 */
static unsigned group_of(const struct km_connections *connections, const struct km_visitor *peer)
{
	const struct km_visitor network = km_visitor_network(peer);
	uint8_t digest[KM_SHA256_BYTES];
	km_sha256_two(connections->salt, sizeof connections->salt, network.address, sizeof network.address, digest);
	return (digest[0] | (unsigned)digest[1] << 8) % GROUPS;
}

static void cut(struct km_connections *connections, struct km_connection *connection)
{
	connection->cut = true;
	connections->cut++;
	shutdown(connection->fd, SHUT_RDWR);
}

/* Whether a is to go rather than b: it has no request, it is of those who hold more, it came to its step earlier. */
static bool goes_before(const struct km_connections *connections, const struct km_connection *a,
                        const struct km_connection *b)
{
	if ((a->step == KM_STEP_ANSWER) != (b->step == KM_STEP_ANSWER))
		return b->step == KM_STEP_ANSWER;
	unsigned of_a = connections->in_group[a->group], of_b = connections->in_group[b->group];
	return of_a != of_b ? of_a > of_b : a->since < b->since;
}

static void make_room(struct km_connections *connections)
{
	struct km_connection *goes = NULL;
	for (struct km_connection *each = connections->first; each; each = each->next)
		if (!each->cut && (!goes || goes_before(connections, each, goes)))
			goes = each;
	if (!goes)
		return;
	cut(connections, goes);
	connections->displaced++;
}

struct km_connection *km_connections_enter(struct km_connections *connections, int fd, const struct km_visitor *peer,
                                           int64_t now)
{
	struct km_connection *connection = calloc(1, sizeof *connection);
	if (!connection)
		return NULL;
	*connection = (struct km_connection){.fd = fd, .group = group_of(connections, peer), .since = now};
	pthread_mutex_lock(&connections->lock);
	if (connections->len - connections->cut >= connections->max)
		make_room(connections);
	connection->previous = connections->last;
	if (connections->last)
		connections->last->next = connection;
	else
		connections->first = connection;
	connections->last = connection;
	connections->len++;
	connections->in_group[connection->group]++;
	pthread_mutex_unlock(&connections->lock);
	return connection;
}

void km_connections_leave(struct km_connections *connections, struct km_connection *connection)
{
	if (!connection)
		return;
	pthread_mutex_lock(&connections->lock);
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		connections->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	else
		connections->last = connection->previous;
	connections->len--;
	connections->cut -= connection->cut;
	connections->in_group[connection->group]--;
	pthread_mutex_unlock(&connections->lock);
	free(connection);
}

void km_connections_step(struct km_connections *connections, struct km_connection *connection, enum km_step step,
                         int64_t now)
{
	if (!connection)
		return;
	pthread_mutex_lock(&connections->lock);
	connection->step = step;
	connection->since = now;
	pthread_mutex_unlock(&connections->lock);
}

void km_connections_tend(struct km_connections *connections, int64_t now)
{
	static const int64_t most[KM_STEPS] = {
		[KM_STEP_HEAD] = KM_HEAD_MAX_S, [KM_STEP_BODY] = KM_BODY_MAX_S, [KM_STEP_ANSWER] = KM_ANSWER_MAX_S};
	pthread_mutex_lock(&connections->lock);
	struct km_connection *each = now == connections->tended ? NULL : connections->first;
	connections->tended = now;
	for (; each; each = each->next)
		if (!each->cut && now - each->since > most[each->step]) {
			cut(connections, each);
			connections->slow++;
		}
	pthread_mutex_unlock(&connections->lock);
}

struct km_connections_count km_connections_count(struct km_connections *connections)
{
	pthread_mutex_lock(&connections->lock);
	struct km_connections_count count = {connections->len, connections->slow, connections->displaced};
	pthread_mutex_unlock(&connections->lock);
	return count;
}
