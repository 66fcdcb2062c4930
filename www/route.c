#include "www/route.h"

#include <stdlib.h>
#include <string.h>

/* Matches one segment of a path, cutting the value out of `segment` in place. */
static bool match_segment(const char *pattern, size_t pattern_len, char *segment, struct km_request *request)
{
	const char *close = *pattern == '{' ? memchr(pattern, '}', pattern_len) : NULL;
	if (!close)
		return strlen(segment) == pattern_len && memcmp(segment, pattern, pattern_len) == 0;
	size_t ending_len = pattern_len - (size_t)(close + 1 - pattern);
	size_t len = strlen(segment);
	if (len <= ending_len || memcmp(segment + len - ending_len, close + 1, ending_len) != 0 ||
	    request->path_values_len == KM_PATH_VALUES_MAX)
		return false;
	segment[len - ending_len] = '\0';
	/* The name ends at the pattern's "}": km_request_path_value knows. */
	request->path_values[request->path_values_len++] = (struct km_pair){.name = pattern + 1, .value = segment};
	return true;
}

/* "{name*}", which stands for all that is left of the path. */
static bool ends_open(const char *pattern)
{
	size_t len = strlen(pattern);
	return len > 3 && *pattern == '{' && !strchr(pattern, '/') && strcmp(pattern + len - 2, "*}") == 0;
}

/* Whether what stands before the first {…} is how the path begins, which most routes fail on. */
static bool begins_like(const char *pattern, const char *path)
{
	return strncmp(pattern, path, strcspn(pattern, "{")) == 0;
}

static bool match_path(const char *pattern, struct km_request *request)
{
	request->path_values_len = 0;
	strcpy(request->path_copy, request->path);
	char *segment = request->path_copy + 1;
	pattern++;
	while (segment) {
		if (ends_open(pattern) && request->path_values_len < KM_PATH_VALUES_MAX) {
			request->path_values[request->path_values_len++] = (struct km_pair){.name = pattern + 1, .value = segment};
			return *segment != '\0';
		}
		char *rest = strchr(segment, '/');
		if (rest)
			*rest++ = '\0';
		size_t pattern_len = strcspn(pattern, "/");
		bool last = pattern[pattern_len] == '\0';
		if (last != !rest || !match_segment(pattern, pattern_len, segment, request))
			return false;
		segment = rest;
		pattern += pattern_len + !last;
	}
	return true;
}

static bool answers(const struct km_route *route, enum km_method method)
{
	return route->method == method || (route->method == KM_GET && method == KM_HEAD);
}

static void say_allow(bool get, bool post, char ret_allow[static KM_ALLOW_TEXT])
{
	strcpy(ret_allow, get ? "GET, HEAD, " : "");
	strcat(ret_allow, post ? "POST, " : "");
	strcat(ret_allow, "OPTIONS");
}

enum km_error km_route_find(const struct km_route *table, size_t len, struct km_request *request,
                            char ret_allow[static KM_ALLOW_TEXT], struct km_problem *problem)
{
	/* A compact QR is upper case throughout, and the path of an address is not folded by those who read it. */
	request->from_qr = strncmp(request->path, "/M/", 3) == 0 || strncmp(request->path, "/Q/", 3) == 0;
	if (request->from_qr)
		request->path[1] = (char)(request->path[1] - 'A' + 'a');
	free(request->path_copy);
	request->path_copy = strdup(request->path);
	if (!request->path_copy)
		return km_fail_memory(problem);
	const struct km_route *found = NULL, *first = NULL;
	bool get = false, post = false;
	for (size_t i = 0; i < len && !found; i++) {
		if (!begins_like(table[i].path, request->path) || !match_path(table[i].path, request))
			continue;
		/* Of two lines that match, only those for the same path are kinds of one thing. */
		if (first && strcmp(first->path, table[i].path) != 0)
			break;
		first = first ? first : &table[i];
		get |= table[i].method == KM_GET;
		post |= table[i].method == KM_POST;
		if (answers(&table[i], request->method))
			found = &table[i];
	}
	if (!first) {
		*ret_allow = '\0';
		return km_fail(problem, KM_ABSENT, "no-such-page", "there is nothing at this address");
	}
	say_allow(get, post, ret_allow);
	request->route = found ? found : first;
	if (found || request->method == KM_OPTIONS)
		return KM_OK;
	return km_fail(problem, KM_CONFLICT, "method-not-allowed", "this address takes %s only", ret_allow);
}
