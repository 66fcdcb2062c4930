#include "www/template.h"

#include "www/template_node.h"

#include <stdlib.h>
#include <string.h>

/* Rendering: the compiled nodes, one after the other; www/template_compile.c makes them. */

enum {
	CONTEXT_DEPTH_MAX = 16, /* sections within sections */
	CALL_DEPTH_MAX = 8,     /* partials and words within one another */
};

struct render {
	const struct km_templates *templates;
	enum km_language language;
	const json_t *contexts[CONTEXT_DEPTH_MAX]; /* the innermost last */
	size_t depth;
	size_t calls;
	struct km_buf *out;
	struct km_problem *problem;
};

static enum km_error fault(struct render *render, const struct km_node *node, const char *what)
{
	return km_fail(render->problem, KM_BUG, "template", "a template asks for \"%.*s\": %s", (int)node->len, node->text,
	               what);
}

/* The member `name` (len bytes) of an object; jansson asks for a NUL-terminated name. */
static const json_t *member(const json_t *object, const char *name, size_t len)
{
	char key[KM_TEMPLATE_NAME_MAX + 1];
	if (len > KM_TEMPLATE_NAME_MAX)
		return NULL;
	memcpy(key, name, len);
	key[len] = '\0';
	return json_object_get(object, key);
}

/* The first part of a name is looked for from the innermost context outward, the others within what was found. */
static const json_t *look_up(const struct render *render, const struct km_node *node)
{
	if (node->len == 1 && *node->text == '.')
		return render->contexts[render->depth - 1];
	const char *name = node->text, *end = node->text + node->len;
	const char *dot = memchr(name, '.', node->len);
	size_t len = (size_t)((dot ? dot : end) - name);
	const json_t *value = NULL;
	for (size_t i = render->depth; i-- > 0 && !value;)
		value = member(render->contexts[i], name, len);
	while (value && dot) {
		name = dot + 1;
		dot = memchr(name, '.', (size_t)(end - name));
		value = member(value, name, (size_t)((dot ? dot : end) - name));
	}
	return value;
}

static bool shows(const json_t *value)
{
	if (!value || json_is_null(value) || json_is_false(value))
		return false;
	if (json_is_array(value))
		return json_array_size(value) > 0;
	return !json_is_string(value) || json_string_length(value) > 0;
}

static enum km_error add_value(struct render *render, const struct km_node *node)
{
	const json_t *value = look_up(render, node);
	if (!value)
		return fault(render, node, "there is no such value");
	if (json_is_null(value))
		return KM_OK;
	if (json_is_integer(value))
		km_buf_add_format(render->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_string(value) && node->kind == KM_NODE_RAW)
		km_buf_add_text(render->out, json_string_value(value));
	else if (json_is_string(value))
		km_buf_add_escaped(render->out, json_string_value(value));
	else
		return fault(render, node, "that is neither text nor a whole number");
	return KM_OK;
}

static enum km_error render_nodes(struct render *render, size_t from, size_t to);

static enum km_error within(struct render *render, const struct km_node *node, const json_t *context, size_t from)
{
	if (render->depth == CONTEXT_DEPTH_MAX)
		return fault(render, node, "sections are nested too deep");
	render->contexts[render->depth++] = context;
	enum km_error error = render_nodes(render, from, node->end);
	render->depth--;
	return error;
}

static enum km_error add_section(struct render *render, size_t index)
{
	const struct km_node *node = &render->templates->nodes[index];
	const json_t *value = look_up(render, node);
	if (node->kind == KM_NODE_INVERTED)
		return shows(value) ? KM_OK : render_nodes(render, index + 1, node->end);
	if (!shows(value))
		return KM_OK;
	if (!json_is_array(value))
		return within(render, node, value, index + 1);
	enum km_error error = KM_OK;
	for (size_t i = 0; i < json_array_size(value) && !error; i++)
		error = within(render, node, json_array_get(value, i), index + 1);
	return error;
}

static enum km_error add_call(struct render *render, const struct km_node *node)
{
	if (render->calls == CALL_DEPTH_MAX)
		return fault(render, node, "it goes round in a circle");
	const struct km_template *target = &render->templates->templates[node->target[render->language]];
	render->calls++;
	enum km_error error = render_nodes(render, target->first, target->end);
	render->calls--;
	return error;
}

static enum km_error render_nodes(struct render *render, size_t from, size_t to)
{
	enum km_error error = KM_OK;
	for (size_t i = from; i < to && !error; i++) {
		const struct km_node *node = &render->templates->nodes[i];
		switch (node->kind) {
		case KM_NODE_TEXT:
			km_buf_add(render->out, node->text, node->len);
			break;
		case KM_NODE_VALUE:
		case KM_NODE_RAW:
			error = add_value(render, node);
			break;
		case KM_NODE_SECTION:
		case KM_NODE_INVERTED:
			error = add_section(render, i);
			i = node->end - 1;
			break;
		case KM_NODE_CALL:
			error = add_call(render, node);
			break;
		}
	}
	return error;
}

/* The index of the template of this name; templates->len where there is none. */
size_t km_templates_find(const struct km_templates *templates, const char *name, size_t len)
{
	for (size_t i = 0; i < templates->len; i++)
		if (strlen(templates->templates[i].name) == len && memcmp(templates->templates[i].name, name, len) == 0)
			return i;
	return templates->len;
}

enum km_error km_template_render(const struct km_templates *templates, const char *name, enum km_language language,
                                 const json_t *data, struct km_buf *ret_text, struct km_problem *problem)
{
	size_t index = km_templates_find(templates, name, strlen(name));
	if (index == templates->len)
		return km_fail(problem, KM_BUG, "template", "there is no template \"%s\"", name);
	auto_buf struct km_buf text = KM_BUF_EMPTY;
	struct render render = {
		.templates = templates, .language = language, .contexts = {data}, .depth = 1, .out = &text, .problem = problem};
	const struct km_template *template = &templates->templates[index];
	enum km_error error = render_nodes(&render, template->first, template->end);
	if (error) {
		km_problem_prefix(problem, "%s", name);
		return error;
	}
	if (text.failed)
		return km_fail_memory(problem);
	km_buf_add(ret_text, text.data, text.len);
	return KM_OK;
}

void km_templates_free(struct km_templates *templates)
{
	if (!templates)
		return;
	for (size_t i = 0; i < templates->len; i++) {
		free(templates->templates[i].name);
		free(templates->templates[i].words);
	}
	free(templates->templates);
	free(templates->nodes);
	free(templates);
}
