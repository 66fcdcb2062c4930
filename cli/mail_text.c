#include "cli/mail_text.h"

#include "base/embed.h"

#include <stdio.h>
#include <string.h>

KM_EMBED(km_mail_words_json, "cli/mail_words.json");

enum km_error km_mail_words(struct km_catalogue **ret_words, struct km_problem *problem)
{
	return km_catalogue_parse(km_mail_words_json, KM_EMBEDDED_LEN(km_mail_words_json), ret_words, problem);
}

enum { DATE_MAX = 32, KEY_MAX = 64, BLANKS = 12 };

/* A letter as it is put into words. */
struct writing {
	const struct km_catalogue *words;
	const struct km_letter *letter;
	const char *topic; /* what happened, or what is due: the ending of a text's name */
	char date[DATE_MAX], until[DATE_MAX], limit[DATE_MAX], due[DATE_MAX];
	struct km_buf mark;
	struct km_blank blanks[BLANKS];
	struct km_buf *text;
};

static const char *word(const struct writing *writing, const char *key)
{
	return km_text(writing->words, writing->letter->language, key);
}

/* NULL where there is none about that; of each topic there are a subject and a "what" (tests/test_mail_text.c). */
static const char *word_about(const struct writing *writing, const char *what, const char *topic)
{
	char key[KEY_MAX];
	snprintf(key, sizeof key, "%s.%s", what, topic);
	const char *text = word(writing, key);
	return strcmp(text, key) == 0 ? NULL : text;
}

/* With an empty line after it. */
static void add_paragraph(struct writing *writing, const char *sentences)
{
	km_text_fill(writing->text, sentences, writing->blanks, BLANKS);
	km_buf_add_text(writing->text, "\n\n");
}

/* A short name such as "mkb-keurmerk ICT" says by itself what it is. */
static void name_mark(struct writing *writing)
{
	const char *name = writing->letter->scheme->short_name.in[writing->letter->language];
	const struct km_blank blank = {"name", name};
	bool says_it = strcasestr(name, "keurmerk") || strcasestr(name, "mark");
	km_text_fill(&writing->mark, says_it ? "{name}" : word(writing, "mark"), &blank, 1);
}

/* By when something else happens by itself, where it is about a suspension or a surveillance. */
static int64_t limit_of(const struct km_letter *letter)
{
	return strcmp(letter->kind, "surveillance") == 0 ? letter->period.surveillance_limit
	                                                 : letter->period.suspension_limit;
}

static void fill_blanks(struct writing *writing, const char *url)
{
	const struct km_letter *letter = writing->letter;
	name_mark(writing);
	km_date_words(letter->language, letter->at, writing->date);
	km_date_words(letter->language, letter->period.valid_until, writing->until);
	km_date_words(letter->language, limit_of(letter), writing->limit);
	km_date_words(letter->language, letter->due_at, writing->due);
	const struct km_blank blanks[BLANKS] = {
		{"mark", writing->mark.data ? writing->mark.data : ""},
		{"provider", letter->provider->name},
		{"kvk", letter->provider->kvk},
		{"body", letter->body->name},
		{"web", letter->body->url ? letter->body->url : ""},
		{"date", writing->date},
		{"until", writing->until},
		{"limit", writing->limit},
		{"due", writing->due},
		{"criteria", letter->criteria.data ? letter->criteria.data : ""},
		{"registry", url},
		{"who", letter->to_provider ? letter->provider->name : letter->body->name},
	};
	memcpy(writing->blanks, blanks, sizeof blanks);
}

/* What the reader is to do. What would name a day that is not there any more (the mark has changed since) is left out.
 */
static void add_what_to_do(struct writing *writing)
{
	const struct km_letter *letter = writing->letter;
	const char *text = word_about(writing, letter->to_provider ? "provider" : "body", writing->topic);
	if (!text && !letter->to_provider)
		text = word(writing, "body.change");
	if (text && (limit_of(letter) || !strstr(text, "{limit}")))
		add_paragraph(writing, text);
}

static void add_page(struct writing *writing, const char *url)
{
	km_buf_add_format(writing->text, "%s\n%s/m/%s\n\n", word(writing, "page"), url, writing->letter->number);
}

static void add_text(struct writing *writing, const char *url)
{
	const struct km_letter *letter = writing->letter;
	add_paragraph(writing, word(writing, "greeting"));
	add_paragraph(writing, word_about(writing, "what", writing->topic));
	if (letter->text) {
		add_paragraph(writing, word(writing, "wrote"));
		km_buf_add_format(writing->text, "%s\n\n", letter->text);
	}
	add_what_to_do(writing);
	if (*letter->number)
		add_page(writing, url);
	if (letter->to_provider)
		add_paragraph(writing, word(writing, letter->body->url ? "ask.web" : "ask"));
	if (letter->scheme->sample)
		add_paragraph(writing, word(writing, "sample"));
	km_buf_add_text(writing->text, "-- \n"); /* what comes after that is a signature */
	km_text_fill(writing->text, word(writing, "footer"), writing->blanks, BLANKS);
	km_buf_add_text(writing->text, "\n");
}

void km_mail_text(const struct km_catalogue *words, const struct km_letter *letter, const char *url,
                  struct km_buf *subject, struct km_buf *text)
{
	struct writing writing = {
		.words = words, .letter = letter, .topic = letter->action ? letter->action : letter->kind, .text = text};
	fill_blanks(&writing, url);
	km_text_fill(subject, word_about(&writing, "subject", writing.topic), writing.blanks, BLANKS);
	add_text(&writing, url);
	text->failed |= writing.mark.failed;
	km_buf_free(&writing.mark);
}

void km_mail_trial(const struct km_catalogue *words, enum km_language language, const char *url, struct km_buf *subject,
                   struct km_buf *text)
{
	const struct km_blank blank = {"registry", url};
	km_text_fill(subject, km_text(words, language, "subject.try"), &blank, 1);
	km_text_fill(text, km_text(words, language, "what.try"), &blank, 1);
	km_buf_add_text(text, "\n");
}
