/*
 * RDF statements as canonical N-Quads (W3C RDF Dataset Canonicalization, RDFC-1.0), for data in which every node has an
 * IRI. The canonical form then is the sorted set of its lines, and there is no blank node that would need a name.
 */
#ifndef KM_KEYS_NQUADS_H
#define KM_KEYS_NQUADS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* A set of statements that grows. What cannot be written down is reported once, by km_nquads_take. */
struct km_nquads {
	char **lines; /* owned, as each of them */
	size_t len, capacity;
	enum km_error error; /* of the first that failed */
};

#define KM_NQUADS_EMPTY ((struct km_nquads){0})

/* <subject> <predicate> <object> . */
void km_nquads_add_link(struct km_nquads *set, const char *subject, const char *predicate, const char *object);

/* <subject> <predicate> "text"^^<datatype> . The text is UTF-8; datatype NULL: xsd:string, which is left unsaid. */
void km_nquads_add_text(struct km_nquads *set, const char *subject, const char *predicate, const char *text,
                        const char *datatype);

/* All of it, sorted by code point, each statement once; the caller's (free). KM_INVALID, type "iri", where an IRI had a
 * character that none may have; KM_NO_MEMORY. */
enum km_error km_nquads_take(struct km_nquads *set, char **ret_text, size_t *ret_len, struct km_problem *problem);

void km_nquads_done(struct km_nquads *set);
#define auto_nquads __attribute__((cleanup(km_nquads_done)))

/* A piece of a text that is read; not closed by a NUL. */
struct km_span {
	const char *at;
	size_t len;
};

struct km_nquad {
	struct km_span subject, predicate; /* IRIs, without their brackets */
	struct km_span object;             /* an IRI; or a text, still with its escapes */
	bool is_text;
};

bool km_span_is(struct km_span span, const char *text);

/* Reads just what km_nquads_take gives: IRIs and texts, no blank node, no language, no graph; every line once, in
 * order. Each goes to `take` (which returns an error to stop there, and fills `problem`). KM_MALFORMED, type "n-quads",
 * names the line. */
enum km_error km_nquads_read(const char *text, size_t len,
                             enum km_error (*take)(void *context, const struct km_nquad *quad,
                                                   struct km_problem *problem),
                             void *context, struct km_problem *problem);

#endif
