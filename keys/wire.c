#include "keys/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct head {
	uint32_t kind, len;
};

static enum km_error gone(struct km_problem *problem, int reason)
{
	return km_fail(problem, KM_UNAVAILABLE, "signer-gone", "the signer does not answer (%s): try again in a moment",
	               reason == EAGAIN ? "it takes too long"
	               : reason         ? strerror(reason)
	                                : "it has stopped");
}

enum km_error km_message_send(int fd, uint32_t kind, const void *bytes, size_t len, struct km_problem *problem)
{
	if (len > UINT32_MAX)
		return km_fail(problem, KM_TOO_LARGE, "message", "a message to the signer of %zu bytes is too long", len);
	struct head head = {.kind = kind, .len = (uint32_t)len};
	size_t sent = 0;
	while (sent < sizeof head + len) {
		size_t of_head = sent < sizeof head ? sent : sizeof head, of_bytes = sent - of_head;
		/* What is sent is only read, whatever the type says. */
		struct iovec pieces[] = {
			{.iov_base = (char *)&head + of_head, .iov_len = sizeof head - of_head},
			{.iov_base = (char *)bytes + of_bytes, .iov_len = len - of_bytes},
		};
		struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
		ssize_t taken = sendmsg(fd, &message, MSG_NOSIGNAL);
		if (taken < 0 && errno == EINTR)
			continue;
		if (taken < 0)
			return gone(problem, errno);
		sent += (size_t)taken;
	}
	return KM_OK;
}

/* How many of the bytes came before the end or a failure, which is in *ret_reason (0 for the end). */
static size_t receive_all(int fd, void *bytes, size_t len, int *ret_reason)
{
	size_t got = 0;
	*ret_reason = 0;
	while (got < len) {
		ssize_t piece = recv(fd, (char *)bytes + got, len - got, 0);
		if (piece < 0 && errno == EINTR)
			continue;
		if (piece < 0)
			*ret_reason = errno;
		if (piece <= 0)
			break;
		got += (size_t)piece;
	}
	return got;
}

enum km_error km_message_receive(int fd, size_t max_bytes, struct km_message *ret_message, struct km_problem *problem)
{
	struct head head;
	int reason;
	size_t got = receive_all(fd, &head, sizeof head, &reason);
	if (got == 0 && reason == 0)
		return km_fail(problem, KM_ABSENT, "end", "the other end has closed");
	if (got < sizeof head)
		return gone(problem, reason);
	if (head.len > max_bytes)
		return km_fail(problem, KM_TOO_LARGE, "message", "a message of %lu bytes is too long", (unsigned long)head.len);
	char *bytes = malloc((size_t)head.len + 1);
	if (!bytes)
		return km_fail_memory(problem);
	if (receive_all(fd, bytes, head.len, &reason) < head.len) {
		free(bytes);
		return gone(problem, reason);
	}
	bytes[head.len] = '\0';
	*ret_message = (struct km_message){.kind = head.kind, .bytes = bytes, .len = head.len};
	return KM_OK;
}
