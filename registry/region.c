#include "registry/region.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

const struct km_region km_provinces[KM_PROVINCES] = {
	{"NL-DR", {"Drenthe", "Drenthe"}},
	{"NL-FL", {"Flevoland", "Flevoland"}},
	{"NL-FR", {"Fryslân", "Friesland"}},
	{"NL-GE", {"Gelderland", "Gelderland"}},
	{"NL-GR", {"Groningen", "Groningen"}},
	{"NL-LI", {"Limburg", "Limburg"}},
	{"NL-NB", {"Noord-Brabant", "North Brabant"}},
	{"NL-NH", {"Noord-Holland", "North Holland"}},
	{"NL-OV", {"Overijssel", "Overijssel"}},
	{"NL-UT", {"Utrecht", "Utrecht"}},
	{"NL-ZE", {"Zeeland", "Zeeland"}},
	{"NL-ZH", {"Zuid-Holland", "South Holland"}},
};

bool km_region_valid(const char *code)
{
	size_t len = strnlen(code, KM_REGION_TEXT);
	return len >= 4 && len < KM_REGION_TEXT && isupper((unsigned char)code[0]) && isupper((unsigned char)code[1]) &&
	       code[2] == '-' && strspn(code + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len - 3;
}

static bool is_one_of(const struct km_region *region, const char *text)
{
	return strcasecmp(text, region->code) == 0 || strcasecmp(text, region->name[KM_NL]) == 0 ||
	       strcasecmp(text, region->name[KM_EN]) == 0;
}

enum km_error km_region_read(const char *text, const char *country, char ret_code[static KM_REGION_TEXT],
                             struct km_problem *problem)
{
	char code[KM_REGION_TEXT] = "";
	if (strcmp(country, "NL") == 0) {
		for (size_t i = 0; i < KM_PROVINCES && !*code; i++)
			if (is_one_of(&km_provinces[i], text))
				strcpy(code, km_provinces[i].code);
		if (!*code)
			return km_fail(problem, KM_INVALID, "region",
			               "a region of the Netherlands is one of its twelve provinces, by name or as in ISO 3166-2: "
			               "Noord-Brabant or NL-NB");
	} else {
		for (size_t i = 0; i < sizeof code - 1 && text[i]; i++)
			code[i] = (char)toupper((unsigned char)text[i]);
		if (strlen(text) >= sizeof code || !km_region_valid(code) || strncmp(code, country, 2) != 0)
			return km_fail(problem, KM_INVALID, "region",
			               "a region of %.2s is written as in ISO 3166-2: %.2s- and one to three letters or digits",
			               country, country);
	}
	memcpy(ret_code, code, sizeof code);
	return KM_OK;
}

const char *km_region_name(const char *code, enum km_language language)
{
	for (size_t i = 0; i < KM_PROVINCES; i++)
		if (strcmp(code, km_provinces[i].code) == 0)
			return km_provinces[i].name[language];
	return code;
}
