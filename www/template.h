/*
 * Templates: a small part of Mustache, compiled once and rendered by any number of threads.
 *
 *     {{name}}  {{a.b}}  {{.}}        a value, with & < > " ' escaped
 *     {{{name}}}                      as it is: only for markup that this program made itself
 *     {{t.KEY}}                       the words KEY of the catalogue, which may hold tags of their own
 *     {{#name}} … {{/name}}           for each element; or once, within the object or the true value
 *     {{^name}} … {{/name}}           where it is missing, null, false, empty text or an empty list
 *     {{>file}}                       another template of the set
 *     {{! remark }}
 *
 * A line that holds nothing but one section, partial or remark tag leaves no line behind. Stricter than Mustache: a
 * value or words that are missing are an error, so that a slip of the pen is found by the first test and not by a
 * visitor.
 */
#ifndef KM_WWW_TEMPLATE_H
#define KM_WWW_TEMPLATE_H

#include "base/buf.h"
#include "base/catalogue.h"
#include "base/error.h"

#include <jansson.h>
#include <stddef.h>

struct km_template_source {
	const char *name; /* by which a page or a partial names it */
	const char *text; /* borrowed: lives as long as the set */
	size_t len;
};

struct km_templates;

/* Compiles the sources and all words they use. The catalogue is borrowed until the set is freed. KM_INVALID,
 * "template", says in which template and line. Free with km_templates_free (NULL is allowed). */
enum km_error km_templates_compile(const struct km_template_source *sources, size_t len,
                                   const struct km_catalogue *words, struct km_templates **ret_templates,
                                   struct km_problem *problem);
void km_templates_free(struct km_templates *templates);

/* Adds the rendered template to the buffer. `data` is an object. KM_BUG where the template asks for what is not there.
 */
enum km_error km_template_render(const struct km_templates *templates, const char *name, enum km_language language,
                                 const json_t *data, struct km_buf *ret_text, struct km_problem *problem);

#endif
