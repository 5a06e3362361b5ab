/* tests/unit/cli/test_topic.c - what `explain` finds, says, and suggests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/text.h"
#include "cli/page.h"
#include "cli/topic.h"
#include "plan/advice.h"

static const struct {
	const char *name, *word, *number;
	const char *say; /* a part of the page, or of the refusal where `bad` */
	bool bad;
} rows[] = {
	{ "an exit code and its faults", "12", NULL, "route-not-carried-out", false },
	{ "a fault", "package-lock", NULL, "package-lock (a fault, exit code 14)", false },
	{ "whether a retry helps", "package-lock", NULL, "can help by itself", false },
	{ "whether it does not", "settings", NULL, "changes nothing", false },
	{ "who acts", "adapter-absent", NULL, "who:      operator", false },
	{ "what the platform's support needs", "fabric-not-ready", NULL, "Azure support", false },
	{ "a warning", "ucx-old", NULL, "ucx-old (a warning", false },
	{ "its issues", "dkms-other-kernel", NULL, "10, 11 (`ib-vmext", false },
	{ "a word that is both: the fault", "secure-boot", NULL, "(a fault, exit code 12)", false },
	{ "a word that is both: the warning", "secure-boot", NULL, "(a warning of a plan", false },
	{ "an issue", "issue", "6", "issue 6: No headers for the running kernel", false },
	{ "with what catches it", "issue", "6", "headers-missing (a warning", false },
	{ "an issue that a fault catches", "issue", "8", "package-lock (a fault", false },
	{ "an issue that verify catches", "issue", "49", "port-active, lid-sane", false },
	{ "an issue that nothing catches", "issue", "53", "The agent then never calls", false },
	{ "an unknown word", "header-missing", NULL, "did you mean headers-missing?", true },
	{ "an unknown fault", "package-lok", NULL, "did you mean package-lock?", true },
	{ "a word like no other", "zzzzzzzzzzzzzzz", NULL, "warning zzzzzzzzzzzzzzz", true },
	{ "a code that is none", "7", NULL, "0, 1, 10 to 14", true },
	{ "an issue that is none", "issue", "63", "no known issue 63", true },
	{ "an issue without number", "issue", NULL, "needs the number", true },
	{ "an issue below the first", "issue", "0", "needs the number", true },
	{ "two words", "ucx-old", "6", "takes one word", true },
};

static char *page_text_of(const struct topic *t)
{
	char *text = NULL;
	size_t len = 0;
	struct page p = { .out = open_memstream(&text, &len), .width = 160 };

	topic_render(&p, t);
	assert_int_equal(fclose(p.out), 0);
	return text;
}

static void explains(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_FREE char *text = NULL;
		struct topic t;
		struct error err = { 0 };
		int rc = topic_find(rows[i].word, rows[i].number, &t, &err);

		if ((rc < 0) != rows[i].bad)
			fail_msg("%s: %d, %s", rows[i].name, rc, err.what);
		if (rows[i].bad) {
			assert_int_equal(err.fault, FAULT_USAGE);
			if (strstr(err.what, rows[i].say) == NULL)
				fail_msg("%s: %s", rows[i].name, err.what);
			continue;
		}
		text = page_text_of(&t);
		if (strstr(text, rows[i].say) == NULL)
			fail_msg("%s: %s", rows[i].name, text);
	}
}

/* Every word that a plan, a status or a page can name. */
static void knows_every_word(void **unused)
{
	const struct warning_row *warning;
	const struct issue_row *issue;
	struct error err = { 0 };
	struct topic t;

	(void)unused;
	for (int i = 1; i < FAULT_COUNT; i++) {
		assert_int_equal(topic_find(fault_row((enum fault)i)->slug, NULL, &t, &err), 0);
		assert_ptr_equal(t.fault, fault_row((enum fault)i));
	}
	for (size_t i = 0; (warning = warning_row_at(i)) != NULL; i++) {
		assert_int_equal(topic_find(warning->id, NULL, &t, &err), 0);
		assert_ptr_equal(t.warning, warning);
	}
	for (unsigned n = 1; (issue = issue_row(n)) != NULL; n++) {
		AUTO_FREE char *text = NULL;
		char number[8];

		(void)TEXT_FORMAT(number, "%u", n);
		assert_int_equal(topic_find("issue", number, &t, &err), 0);
		text = page_text_of(&t);
		assert_non_null(strstr(text, issue->title));
	}
	assert_null(issue_row(0));
	assert_non_null(issue_row(62));
	assert_null(issue_row(63));
}

static void is_a_document_too(void **unused)
{
	AUTO_JSON json_t *issue = NULL, *fault = NULL, *code = NULL, *all = NULL;
	struct error err = { 0 };
	struct topic t;

	(void)unused;
	assert_int_equal(topic_find("issue", "10", &t, &err), 0);
	issue = topic_to_json(&t);
	assert_string_equal(json_text_at(issue, "schema", ""), "ib-vmext/explain/1");
	assert_string_equal(json_text_at(issue, "issue.by.1", ""), "pending-kernel");
	assert_true(json_is_null(json_at(issue, "fault")));
	assert_int_equal(topic_find("secure-boot", NULL, &t, &err), 0);
	fault = topic_to_json(&t);
	assert_int_equal(json_int_at(fault, "fault.exitCode", -1), 12);
	assert_string_equal(json_text_at(fault, "warning.issues.0", ""), "42");
	assert_true(json_text_at(fault, "fault.support", "")[0] != '\0');
	assert_int_equal(topic_find("13", NULL, &t, &err), 0);
	code = topic_to_json(&t);
	assert_string_equal(json_text_at(code, "exitCode.faults.0.id", ""),
			    "size-without-infiniband");
	all = topics_to_json();
	assert_int_equal(json_array_size(json_at(all, "exitCodes")), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explains),
		cmocka_unit_test(knows_every_word),
		cmocka_unit_test(is_a_document_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
