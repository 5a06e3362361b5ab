/* tests/unit/base/test_gen.c - the generator of tables: argv[1] is gen-tables, argv[2]
 * data/faults.json. */
#include "rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

static const char *generator, *faults_file;
static char place[] = "/tmp/test-gen-XXXXXX";

/* Run it with stderr in place/err. Returns its exit code. */
static int generate(const char *mode, const char *input, const char *output)
{
	char err[64];
	int status;
	pid_t pid;

	assert_int_equal(TEXT_FORMAT(err, "%s/err", place), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (fd >= 0 && dup2(fd, STDERR_FILENO) >= 0)
			execl(generator, "gen-tables", mode, input, output, (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void content(const char *path, struct buf *ret)
{
	buf_clear(ret);
	assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, ret), 0);
}

#define EXITS                                                                                      \
	"\"exitCodes\":[{\"code\":0,\"meaning\":\"m\",\"remedy\":\"r\"},"                          \
	"{\"code\":1,\"meaning\":\"m\",\"remedy\":\"r\"}]"
#define HEAD "{\"schema\":\"ib-vmext/faults/1\"," EXITS ",\"faults\":["
#define REST "\"exitCode\":1,\"who\":\"user\",\"transient\":false,\"cause\":\"c\",\"remedy\":\"r\"}"

static const struct {
	const char *name, *text;
	const char *says; /* on stderr; NULL: accepted */
} rows[] = {
	{ "one good row", HEAD "{\"slug\":\"a-b2\"," REST "]}", NULL },
	{ "no rows", HEAD "]}", NULL },
	{ "not JSON names the line", "{\n\n!", "line 3" },
	{ "not an object", "[]", "not an object" },
	{ "another schema", "{\"schema\":\"x\"}", "\"schema\" is not" },
	{ "no schema", "{}", "\"schema\" is missing" },
	{ "no rows at all", "{\"schema\":\"ib-vmext/faults/1\"," EXITS "}",
	  "\"faults\" is not an array" },
	{ "a row that is no object", HEAD "7]}", "faults[0] is not an object" },
	{ "a slug twice", HEAD "{\"slug\":\"a\"," REST ",{\"slug\":\"a\"," REST "]}",
	  "faults[1] \"a\": the slug stands at faults[0] already" },
	{ "a slug with a capital", HEAD "{\"slug\":\"aB\"," REST "]}", "faults[0] \"aB\"" },
	{ "a slug that ends in -", HEAD "{\"slug\":\"a-\"," REST "]}", "is not a slug" },
	{ "a slug that begins with a digit", HEAD "{\"slug\":\"1a\"," REST "]}", "is not a slug" },
	{ "a slug with -- inside", HEAD "{\"slug\":\"a--b\"," REST "]}", "is not a slug" },
	{ "a slug that the enum takes", HEAD "{\"slug\":\"count\"," REST "]}",
	  "taken by the enum" },
	{ "an empty slug", HEAD "{\"slug\":\"\"," REST "]}",
	  "\"slug\" is not a text, or is empty" },
	{ "a key twice", HEAD "{\"slug\":\"a\",\"slug\":\"b\"," REST "]}", "duplicate" },
	{ "a misspelt member", HEAD "{\"slug\":\"a\",\"remedie\":\"x\"," REST "]}",
	  "unknown member \"remedie\"" },
	{ "an exit code that is not in the table",
	  HEAD "{\"slug\":\"a\",\"exitCode\":2,\"who\":\"user\",\"transient\":false,\"cause\":"
	       "\"c\",\"remedy\":\"r\"}]}",
	  "not among exitCodes" },
	{ "a fault cannot be success",
	  HEAD "{\"slug\":\"a\",\"exitCode\":0,\"who\":\"user\",\"transient\":false,\"cause\":"
	       "\"c\",\"remedy\":\"r\"}]}",
	  "from 1 to 255" },
	{ "somebody unknown must act",
	  HEAD "{\"slug\":\"a\",\"exitCode\":1,\"who\":\"me\",\"transient\":false,\"cause\":\"c\","
	       "\"remedy\":\"r\"}]}",
	  "\"who\" is \"me\"" },
	{ "transient as text",
	  HEAD "{\"slug\":\"a\",\"exitCode\":1,\"who\":\"user\",\"transient\":\"no\",\"cause\":"
	       "\"c\",\"remedy\":\"r\"}]}",
	  "\"transient\" is not true or false" },
	{ "exit codes out of order",
	  "{\"schema\":\"ib-vmext/faults/"
	  "1\",\"exitCodes\":[{\"code\":1,\"meaning\":\"m\",\"remedy\":\"r\"},"
	  "{\"code\":0,\"meaning\":\"m\",\"remedy\":\"r\"}],\"faults\":[]}",
	  "exitCodes[1]: code 0 stands twice or out of order" },
	{ "no exit code 0",
	  "{\"schema\":\"ib-vmext/faults/"
	  "1\",\"exitCodes\":[{\"code\":1,\"meaning\":\"m\",\"remedy\":\"r\"}],"
	  "\"faults\":[]}",
	  "lacks 0" },
};

static void refuses_bad_rows_and_says_where(void **unused)
{
	static const char *const modes[] = { "fault-ids", "fault-table" };
	char input[64], output[64], err[64];
	AUTO_BUF struct buf said = { 0 };

	(void)unused;
	(void)TEXT_FORMAT(input, "%s/in.json", place);
	(void)TEXT_FORMAT(output, "%s/out", place);
	(void)TEXT_FORMAT(err, "%s/err", place);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const char *text = rows[i / 2].text, *says = rows[i / 2].says;
		int rc;

		assert_int_equal(fs_remove(AT_FDCWD, output), 0);
		assert_int_equal(fs_replace(AT_FDCWD, input, text, strlen(text), 0600), 0);
		rc = generate(modes[i % 2], input, output);
		content(err, &said);
		if (rc != (says == NULL ? 0 : 1) || fs_exists(AT_FDCWD, output) != (says == NULL))
			fail_msg("%s: exit %d, %s", rows[i / 2].name, rc, buf_text(&said));
		if (says != NULL && (strstr(buf_text(&said), says) == NULL ||
				     strstr(buf_text(&said), "in.json: ") == NULL))
			fail_msg("%s: says %s", rows[i / 2].name, buf_text(&said));
	}
}

static void any_byte_of_a_text_is_safe(void **unused)
{
	static const char text[] = HEAD
		"{\"slug\":\"a\",\"exitCode\":1,\"who\":\"user\",\"transient\":true,"
		"\"cause\":\"q\\\" b\\\\ n\\n1 ?\?= \xc3\xa9"
		"a %s\",\"remedy\":\"r\"}]}";
	char input[64], output[64];
	AUTO_BUF struct buf made = { 0 };

	(void)unused;
	(void)TEXT_FORMAT(input, "%s/in.json", place);
	(void)TEXT_FORMAT(output, "%s/out", place);
	assert_int_equal(fs_replace(AT_FDCWD, input, text, strlen(text), 0600), 0);
	assert_int_equal(generate("fault-table", input, output), 0);
	content(output, &made);
	assert_non_null(
		strstr(buf_text(&made), "\"q\\\" b\\\\ n\\0121 \\077\\077= \\303\\251a %s\""));
	assert_non_null(strstr(buf_text(&made), "[FAULT_A] = { \"a\", 1, \"user\", true"));
}

static void the_same_input_makes_the_same_output(void **unused)
{
	static const char *const modes[] = { "fault-ids", "fault-table" };
	char one[64], two[64];
	AUTO_BUF struct buf a = { 0 };
	AUTO_BUF struct buf b = { 0 };

	(void)unused;
	(void)TEXT_FORMAT(one, "%s/one", place);
	(void)TEXT_FORMAT(two, "%s/two", place);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(generate(modes[i], faults_file, one), 0);
		assert_int_equal(generate(modes[i], faults_file, two), 0);
		content(one, &a);
		content(two, &b);
		assert_true(a.len > 100);
		assert_string_equal(buf_text(&a), buf_text(&b));
	}
}

static void refuses_what_it_does_not_know(void **unused)
{
	(void)unused;
	assert_int_equal(generate("no-such-mode", faults_file, "/dev/null"), 1);
	assert_int_equal(generate("fault-ids", "/nonexistent.json", "/dev/null"), 1);
	assert_int_equal(generate("fault-ids", faults_file, "/nonexistent/out"), 1);
}

static int make_place(void **unused)
{
	(void)unused;
	return mkdtemp(place) == NULL ? -1 : 0;
}

static int remove_place(void **unused)
{
	(void)unused;
	return fs_remove(AT_FDCWD, place);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_bad_rows_and_says_where),
		cmocka_unit_test(any_byte_of_a_text_is_safe),
		cmocka_unit_test(the_same_input_makes_the_same_output),
		cmocka_unit_test(refuses_what_it_does_not_know),
	};

	if (argc != 3) {
		(void)fputs("usage: test-base-gen GEN-TABLES FAULTS.JSON\n", stderr);
		return 1;
	}
	generator = argv[1];
	faults_file = argv[2];
	return cmocka_run_group_tests(tests, make_place, remove_place);
}
