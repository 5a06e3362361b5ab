/* Where apt has packages from: address and digest, as its lists tell them. */
#include "act/apt/call.h"

#include <string.h>

#include "base/text.h"
#include "host/run.h"

/* The next word, without the quotes around it; cut off where the next begins. */
static char *word_next(char **at)
{
	char *word = *at + strspn(*at, " '"), *end = word + strcspn(word, " '");

	*at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* "'http://deb.debian.org/.../rdma-core_44.0-2_amd64.deb' rdma-core_44.0-2_amd64.deb 62828
 * SHA256:...": the strongest digest that the list has, which some have SHA512 for. */
static void take_line(char *line, json_t *into)
{
	static const struct {
		const char *mark, *key;
	} digests[] = { { "SHA256:", "sha256" }, { "SHA512:", "sha512" } };
	char *url = word_next(&line), *file = word_next(&line), *digest;
	json_t *source;

	(void)word_next(&line); /* its size */
	digest = word_next(&line);
	if (!file[0])
		return;
	file[strcspn(file, "_")] = '\0';
	source = json_pack("{s:s}", "url", url);
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++)
		if (text_starts(digest, digests[i].mark))
			json_object_set_new(source, digests[i].key,
					    json_string(digest + strlen(digests[i].mark)));
	json_object_set_new(into, file, source);
}

json_t *apt_sources(const struct package_context *c, const struct transaction *t)
{
	AUTO_COMMAND struct command cmd = { 0 };
	AUTO_RUN struct run_result r = { 0 };
	AUTO_JSON json_t *specs = json_array(), *sources = json_object();
	static const char *const words[] = { "apt-get", "-qq", "--print-uris", "download", NULL };
	char spec[200];

	command_add_all(&cmd, words);
	for (size_t i = 0; i < t->count; i++) {
		if (t->changes[i].kind == CHANGE_REMOVE)
			continue;
		(void)TEXT_FORMAT(spec, "%s=%s", t->changes[i].name, t->changes[i].new_version);
		json_array_append_new(specs, json_string(spec));
		command_add(&cmd,
			    json_string_value(json_array_get(specs, json_array_size(specs) - 1)));
	}
	if (json_array_size(specs) == 0 || cmd.failed || apt_query(c, &cmd, &r, NULL) < 0)
		return NULL;
	for (char *line = r.out.data; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		take_line(line, sources);
		line = end ? end + 1 : NULL;
	}
	return TAKE(sources);
}
