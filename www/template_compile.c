#include "www/template.h"

#include "www/template_node.h"

#include <stdlib.h>
#include <string.h>

/* Compiling: text and tags into nodes; www/template.c renders them. */

enum { SECTION_DEPTH_MAX = 16, TEMPLATES_MAX = 4096, NODES_MAX = 1 << 17 };

struct compile {
	struct km_templates *templates;
	const struct km_catalogue *words;
	const char *start, *at, *end;   /* of the text being compiled */
	size_t open[SECTION_DEPTH_MAX]; /* indexes of the sections that are not closed yet */
	size_t open_len;
	bool in_words; /* which may call nothing */
	struct km_problem *problem;
};

struct tag {
	char sigil; /* # ^ / > ! { or NUL for a plain value */
	const char *name;
	size_t len;
	const char *next; /* just after the tag */
};

static int line_of(const struct compile *compile, const char *at)
{
	int line = 1;
	for (const char *c = compile->start; c < at; c++)
		line += *c == '\n';
	return line;
}

static enum km_error fault(const struct compile *compile, const char *at, const char *what)
{
	return km_fail(compile->problem, KM_INVALID, "template", "line %d: %s", line_of(compile, at), what);
}

/* Makes room for one more element; false where that is too many or memory ran out. */
static bool grow(void **array, size_t len, size_t *capacity, size_t size, size_t max)
{
	if (len < *capacity)
		return true;
	size_t more = *capacity ? *capacity * 2 : 64;
	void *bigger = more <= max ? reallocarray(*array, more, size) : NULL;
	if (!bigger)
		return false;
	*array = bigger;
	*capacity = more;
	return true;
}

static struct km_node *add_node(struct compile *compile, enum km_node_kind kind, const char *text, size_t len)
{
	struct km_templates *set = compile->templates;
	void *nodes = set->nodes;
	if (!grow(&nodes, set->nodes_len, &set->nodes_capacity, sizeof *set->nodes, NODES_MAX))
		return NULL;
	set->nodes = nodes;
	struct km_node *node = &set->nodes[set->nodes_len++];
	*node = (struct km_node){.kind = kind, .text = text, .len = len};
	return node;
}

static enum km_error add_template(struct compile *compile, char *name, char *words, size_t *ret_index)
{
	struct km_templates *set = compile->templates;
	void *templates = set->templates;
	if (!name || !grow(&templates, set->len, &set->capacity, sizeof *set->templates, TEMPLATES_MAX)) {
		free(name);
		free(words);
		return km_fail_memory(compile->problem);
	}
	set->templates = templates;
	*ret_index = set->len;
	set->templates[set->len++] = (struct km_template){.name = name, .words = words};
	return KM_OK;
}

static bool name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
	       c == '.';
}

static bool name_valid(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!name_character(name[i]))
			return false;
	return len > 0 && len <= KM_TEMPLATE_NAME_MAX;
}

/* Reads the tag that begins at `open` ("{{"). */
static enum km_error read_tag(const struct compile *compile, const char *open, struct tag *ret_tag)
{
	const char *from = open + 2;
	char sigil = from < compile->end && strchr("#^/>!{", *from) ? *from : '\0';
	from += sigil != '\0';
	const char *closing = sigil == '{' ? "}}}" : "}}";
	const char *close = memmem(from, (size_t)(compile->end - from), closing, strlen(closing));
	if (!close)
		return fault(compile, open, "a tag is not closed");
	const char *name = from, *name_end = close;
	while (name < name_end && *name == ' ')
		name++;
	while (name_end > name && name_end[-1] == ' ')
		name_end--;
	*ret_tag =
		(struct tag){.sigil = sigil, .name = name, .len = (size_t)(name_end - name), .next = close + strlen(closing)};
	if (sigil != '!' && !name_valid(ret_tag->name, ret_tag->len))
		return fault(compile, open, "this is not the name of a value, words or partial");
	return KM_OK;
}

/* A section, partial or remark that has its line to itself takes that line with it. */
static void trim_line(const struct compile *compile, const struct tag *tag, const char **text_end, const char **next)
{
	if (!tag->sigil || tag->sigil == '{' || compile->in_words)
		return;
	const char *before = *text_end, *after = *next;
	while (before > compile->start && (before[-1] == ' ' || before[-1] == '\t'))
		before--;
	while (after < compile->end && (*after == ' ' || *after == '\t'))
		after++;
	if (before > compile->start && before[-1] != '\n')
		return;
	if (after < compile->end && *after != '\n')
		return;
	*text_end = before > compile->at ? before : compile->at;
	*next = after < compile->end ? after + 1 : after;
}

static enum km_error open_section(struct compile *compile, const struct tag *tag)
{
	if (compile->open_len == SECTION_DEPTH_MAX)
		return fault(compile, tag->name, "sections are nested too deep");
	compile->open[compile->open_len++] = compile->templates->nodes_len;
	enum km_node_kind kind = tag->sigil == '#' ? KM_NODE_SECTION : KM_NODE_INVERTED;
	return add_node(compile, kind, tag->name, tag->len) ? KM_OK : km_fail_memory(compile->problem);
}

static enum km_error close_section(struct compile *compile, const struct tag *tag)
{
	struct km_node *node = compile->open_len ? &compile->templates->nodes[compile->open[compile->open_len - 1]] : NULL;
	if (!node || node->len != tag->len || memcmp(node->text, tag->name, tag->len) != 0)
		return fault(compile, tag->name, "this closes a section that is not open");
	node->end = compile->templates->nodes_len;
	compile->open_len--;
	return KM_OK;
}

static enum km_error add_partial(struct compile *compile, const struct tag *tag)
{
	size_t target = km_templates_find(compile->templates, tag->name, tag->len);
	if (target == compile->templates->len)
		return fault(compile, tag->name, "there is no such partial");
	struct km_node *node = add_node(compile, KM_NODE_CALL, tag->name, tag->len);
	if (!node)
		return km_fail_memory(compile->problem);
	for (size_t i = 0; i < KM_LANGUAGES; i++)
		node->target[i] = target;
	return KM_OK;
}

/* The words as a template of their own, made at first use and compiled in their turn (see km_templates_compile). They
 * are escaped here, once; a tag holds no character that escaping changes. */
static enum km_error words_template(struct compile *compile, const struct tag *tag, enum km_language language,
                                    size_t *ret_index)
{
	auto_buf struct km_buf name = KM_BUF_EMPTY;
	km_buf_add(&name, tag->name, tag->len);
	km_buf_add_format(&name, "/%s", km_language_code(language));
	if (name.failed)
		return km_fail_memory(compile->problem);
	*ret_index = km_templates_find(compile->templates, name.data, name.len);
	if (*ret_index < compile->templates->len)
		return KM_OK;
	auto_free char *key = strndup(tag->name + 2, tag->len - 2);
	if (!key)
		return km_fail_memory(compile->problem);
	const char *words = km_text(compile->words, language, key);
	if (words == key)
		return fault(compile, tag->name, "there are no such words in the catalogue");
	auto_buf struct km_buf escaped = KM_BUF_EMPTY;
	km_buf_add_escaped(&escaped, words);
	char *text = km_buf_take(&escaped, NULL);
	return text ? add_template(compile, km_buf_take(&name, NULL), text, ret_index) : km_fail_memory(compile->problem);
}

static enum km_error add_words(struct compile *compile, const struct tag *tag)
{
	size_t target[KM_LANGUAGES];
	enum km_error error = KM_OK;
	for (enum km_language language = KM_NL; language < KM_LANGUAGES && !error; language++)
		error = words_template(compile, tag, language, &target[language]);
	if (error)
		return error;
	struct km_node *node = add_node(compile, KM_NODE_CALL, tag->name, tag->len);
	if (!node)
		return km_fail_memory(compile->problem);
	memcpy(node->target, target, sizeof target);
	return KM_OK;
}

static enum km_error add_tag(struct compile *compile, const struct tag *tag)
{
	bool words = !tag->sigil && tag->len > 2 && memcmp(tag->name, "t.", 2) == 0;
	if (compile->in_words && (words || tag->sigil == '>' || tag->sigil == '{'))
		return fault(compile, tag->name, "words may hold values and sections only");
	switch (tag->sigil) {
	case '!':
		return KM_OK;
	case '#':
	case '^':
		return open_section(compile, tag);
	case '/':
		return close_section(compile, tag);
	case '>':
		return add_partial(compile, tag);
	default:
		if (words)
			return add_words(compile, tag);
		return add_node(compile, tag->sigil == '{' ? KM_NODE_RAW : KM_NODE_VALUE, tag->name, tag->len)
		           ? KM_OK
		           : km_fail_memory(compile->problem);
	}
}

static enum km_error compile_text(struct compile *compile, const char *text, size_t len)
{
	compile->start = compile->at = text;
	compile->end = text + len;
	compile->open_len = 0;
	while (compile->at < compile->end) {
		const char *open = memmem(compile->at, (size_t)(compile->end - compile->at), "{{", 2);
		const char *text_end = open ? open : compile->end, *next = compile->end;
		struct tag tag = {0};
		enum km_error error = open ? read_tag(compile, open, &tag) : KM_OK;
		if (error)
			return error;
		if (open) {
			next = tag.next;
			trim_line(compile, &tag, &text_end, &next);
		}
		if (text_end > compile->at && !add_node(compile, KM_NODE_TEXT, compile->at, (size_t)(text_end - compile->at)))
			return km_fail_memory(compile->problem);
		error = open ? add_tag(compile, &tag) : KM_OK;
		if (error)
			return error;
		compile->at = next;
	}
	return compile->open_len ? fault(compile, compile->templates->nodes[compile->open[compile->open_len - 1]].text,
	                                 "this section is not closed")
	                         : KM_OK;
}

/* All names first, so that a template can use one that comes later; words are added to the end while others compile,
 * and get their turn. */
static enum km_error compile_all(struct compile *compile, const struct km_template_source *sources, size_t len)
{
	enum km_error error = KM_OK;
	for (size_t i = 0, index; i < len && !error; i++)
		error = add_template(compile, strdup(sources[i].name), NULL, &index);
	struct km_templates *set = compile->templates;
	for (size_t i = 0; i < set->len && !error; i++) {
		const char *text = i < len ? sources[i].text : set->templates[i].words;
		compile->in_words = i >= len;
		size_t first = set->nodes_len;
		error = compile_text(compile, text, i < len ? sources[i].len : strlen(text));
		set->templates[i].first = first;
		set->templates[i].end = set->nodes_len;
		if (error)
			km_problem_prefix(compile->problem, "%s", set->templates[i].name);
	}
	return error;
}

enum km_error km_templates_compile(const struct km_template_source *sources, size_t len,
                                   const struct km_catalogue *words, struct km_templates **ret_templates,
                                   struct km_problem *problem)
{
	struct km_templates *templates = calloc(1, sizeof *templates);
	if (!templates)
		return km_fail_memory(problem);
	struct compile compile = {.templates = templates, .words = words, .problem = problem};
	enum km_error error = compile_all(&compile, sources, len);
	if (error) {
		km_templates_free(templates);
		return error;
	}
	*ret_templates = templates;
	return KM_OK;
}
