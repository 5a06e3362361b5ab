/* What an agent's report means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "extension.h"

#define READY     "\"handler\":{\"status\":\"Ready\",\"code\":0}"
#define NOT_READY "\"handler\":{\"status\":\"NotReady\",\"code\":1009}"
/* Agent 2.7.3, exthandlers.py: get_extension_handling_status */
#define PLACEHOLDER                                                                                \
	"{\"status\":\"transitioning\",\"operation\":null,\"formattedMessage\":{\"message\":"      \
	"\"This "                                                                                  \
	"status is being reported by the Guest Agent since no status file was reported by "        \
	"extension Lab.Hello: ...\"}}"
#define NOW "\"current\":true"
#define OLD "\"current\":false"

static const struct {
	const char *name, *report;
	bool processed;
	enum extension_end want;
} rows[] = {
	{ "the fabric knows no such extension", "null", true, EXTENSION_GONE },
	{ "nothing was said yet", "{\"handler\":null,\"status\":null," OLD "}", false,
	  EXTENSION_PENDING },
	{ "success", "{" READY ",\"status\":{\"status\":\"success\"}," NOW "}", true,
	  EXTENSION_SUCCESS },
	{ "success of the request before",
	  "{" READY ",\"status\":{\"status\":\"success\"}," OLD "}", true, EXTENSION_PENDING },
	{ "still at work", "{" READY ",\"status\":{\"status\":\"transitioning\"}," NOW "}", true,
	  EXTENSION_PENDING },
	{ "error", "{" READY ",\"status\":{\"status\":\"error\"}," NOW "}", true, EXTENSION_ERROR },
	{ "enable failed after it wrote error",
	  "{" NOT_READY ",\"status\":{\"status\":\"error\"}," NOW "}", true, EXTENSION_ERROR },
	{ "install failed: no sequence number is ever reported",
	  "{" NOT_READY ",\"status\":null," OLD "}", true, EXTENSION_ERROR },
	{ "the same, of a goal state before", "{" NOT_READY ",\"status\":null," OLD "}", false,
	  EXTENSION_PENDING },
	{ "no settings, so no status: the handler's word", "{" READY ",\"status\":null," NOW "}",
	  true, EXTENSION_SUCCESS },
	{ "enable failed and wrote no status: what the agent says in its place is no status",
	  "{" NOT_READY ",\"status\":" PLACEHOLDER "," NOW "}", true, EXTENSION_ERROR },
	{ "enable went well, and the status is still to come",
	  "{" READY ",\"status\":" PLACEHOLDER "," NOW "}", true, EXTENSION_PENDING },
	{ "enable was cut off, and its worker goes on",
	  "{" NOT_READY ",\"status\":{\"status\":\"transitioning\"}," NOW "}", true,
	  EXTENSION_PENDING },
	{ "a warning is no end", "{" READY ",\"status\":{\"status\":\"warning\"}," NOW "}", true,
	  EXTENSION_PENDING },
};

static void judges_reports(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_JSON json_t *report = json_loads(rows[i].report, JSON_DECODE_ANY, NULL);

		if (extension_verdict(json_is_null(report) ? NULL : report, rows[i].processed) !=
		    rows[i].want)
			fail_msg("%s", rows[i].name);
	}
}

static void says_the_status_before_the_handler(void **unused)
{
	AUTO_JSON json_t *both = json_loads(
		"{\"status\":{\"formattedMessage\":{\"message\":\"a\"}},"
		"\"handler\":{\"formattedMessage\":{\"message\":\"b\"}}}",
		0, NULL);
	AUTO_JSON json_t *one = json_loads("{\"status\":null,\"handler\":{\"formattedMessage\":"
					   "{\"message\":\"b\"}}}",
					   0, NULL);

	AUTO_JSON json_t *failed = json_loads("{\"status\":" PLACEHOLDER
					      ",\"handler\":{\"status\":\"NotReady\",\"code\":1009,"
					      "\"formattedMessage\":{\"message\":\"b\"}}}",
					      0, NULL);

	(void)unused;
	assert_string_equal(extension_said(both), "a");
	assert_string_equal(extension_said(one), "b");
	assert_string_equal(extension_said(NULL), "");
	assert_string_equal(extension_said(failed), "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_reports),
		cmocka_unit_test(says_the_status_before_the_handler),
	};

	return cmocka_run_group_tests_name("lab/extension", tests, NULL, NULL);
}
