/*
 * Inside the template engine only: what a template becomes when it is compiled. All nodes stand in one array; a section
 * is followed by what is in it.
 */
#ifndef KM_WWW_TEMPLATE_NODE_H
#define KM_WWW_TEMPLATE_NODE_H

#include "www/template.h"

enum { KM_TEMPLATE_NAME_MAX = 60 };

enum km_node_kind { KM_NODE_TEXT, KM_NODE_VALUE, KM_NODE_RAW, KM_NODE_SECTION, KM_NODE_INVERTED, KM_NODE_CALL };

struct km_node {
	enum km_node_kind kind;
	const char *text; /* the text, or the name; borrowed from a source or from a template's words */
	size_t len;
	size_t end;                  /* of a section: the index after its last node */
	size_t target[KM_LANGUAGES]; /* of a call: the partial, or the words in each language */
};

struct km_template {
	char *name;        /* owned; "t.KEY/nl" for words */
	char *words;       /* the escaped words that the nodes point into; NULL for a source */
	size_t first, end; /* its nodes */
};

struct km_templates {
	struct km_template *templates;
	size_t len, capacity;
	struct km_node *nodes;
	size_t nodes_len, nodes_capacity;
};

size_t km_templates_find(const struct km_templates *templates, const char *name, size_t len);

#endif
