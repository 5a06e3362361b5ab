/* tests/unit/act/test_traffic.c - what the programs of the traffic test are told, and what is read
 * from what they print. The outputs are real ones, of Debian 12's perftest and ibverbs-utils over
 * rdma_rxe (tests/fuzz/corpus/traffic). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>

#include "act/traffic/output.h"
#include "act/traffic/tool.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"

static const char *corpus;

static void read_output(const char *name, struct buf *ret)
{
	char path[300];

	(void)TEXT_FORMAT(path, "%s/%s", corpus, name);
	if (fs_read(AT_FDCWD, path, 1 << 16, ret) < 0)
		fail_msg("%s cannot be read", path);
}

enum { BW = 1, PINGPONG = 2 };

static const struct {
	const char *file;
	int parsers; /* which of them take it */
	unsigned messages, rate_mbps;
} output_rows[] = {
	{ "bw-client", BW, 1152, 300 },
	{ "bw-server", BW, 1152, 300 },
	/* 30.99 MiB/s */
	{ "bw-mib", BW, 1488, 259 },
	{ "bw-nothing-arrived", BW, 0, 0 },
	{ "bw-no-device", 0, 0, 0 },
	{ "bw-refused", 0, 0, 0 },
	{ "bw-help", 0, 0, 0 },
	{ "pingpong-client", PINGPONG, 1000, 31 },
	{ "pingpong-server", PINGPONG, 1000, 31 },
	{ "pingpong-refused", 0, 0, 0 },
	{ "pingpong-help", 0, 0, 0 },
};

static void check_output(size_t at, int parser, int rc, const struct traffic_output *o)
{
	bool takes = (output_rows[at].parsers & parser) != 0;

	if (rc != (takes ? 0 : -EINVAL) ||
	    (takes && (o->messages != output_rows[at].messages ||
		       o->rate_mbps != output_rows[at].rate_mbps)) ||
	    (!takes && o->messages != 7))
		fail_msg("%s, parser %d: %d, %u messages, %u Mb/s", output_rows[at].file, parser,
			 rc, (unsigned)o->messages, o->rate_mbps);
}

static void reads_what_they_print(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(output_rows); i++) {
		AUTO_BUF struct buf text = { 0 };
		struct traffic_output bw = { .messages = 7 }, pingpong = { .messages = 7 };
		int rc;

		read_output(output_rows[i].file, &text);
		rc = output_parse_bw(buf_text(&text), text.len, &bw);
		check_output(i, BW, rc, &bw);
		rc = output_parse_pingpong(buf_text(&text), text.len, &pingpong);
		check_output(i, PINGPONG, rc, &pingpong);
	}
}

/* The form of the line is that of rc_pingpong.c; no run has printed it. */
static void data_out_of_order_is_a_failure(void **unused)
{
	AUTO_BUF struct buf text = { 0 };
	struct traffic_output o;

	(void)unused;
	read_output("pingpong-server", &text);
	assert_int_equal(buf_add_text(&text, "invalid data in page 0\n"), 0);
	assert_int_equal(output_parse_pingpong(buf_text(&text), text.len, &o), -EINVAL);
}

static const struct {
	const char *name, *line;
	unsigned rate_mbps;
} rate_rows[] = {
	{ "an HDR port", " 65536      755024           0.00               197.92  \t\t   0.377",
	  197920 },
	{ "more digits than count", " 65536 1 0.00 1.23456 0.1", 1234 },
	{ "no digits behind the point", " 65536 1 0.00 12. 0.1", 12000 },
	{ "no point", " 65536 1 0.00 12 0.1", 12000 },
	{ "more than there is", " 65536 1 0.00 4294967295.0 0.1", UINT32_MAX },
};

static void reads_a_rate(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rate_rows); i++) {
		AUTO_BUF struct buf text = { 0 };
		struct traffic_output o = { 0 };

		assert_int_equal(buf_add_format(&text,
						" #bytes     #iterations    BW peak[Gb/sec]    "
						"BW average[Gb/sec]   MsgRate[Mpps]\n%s\n",
						rate_rows[i].line),
				 0);
		if (output_parse_bw(buf_text(&text), text.len, &o) < 0 ||
		    o.rate_mbps != rate_rows[i].rate_mbps)
			fail_msg("%s: %u", rate_rows[i].name, o.rate_mbps);
	}
}

static const struct {
	const char *file, *text, *want;
} reason_rows[] = {
	{ "bw-no-device", NULL, "IB device nosuch not found" },
	{ "bw-refused", NULL, "Couldn't connect to 127.0.0.1:18600" },
	{ "pingpong-refused", NULL, "Couldn't connect to 127.0.0.1:18601" },
	{ "pingpong-no-device", NULL, "IB device nosuch not found" },
	/* As perftest's source has it. */
	{ NULL,
	  " Completion with error at client\n Failed status 12: wr_id 0 syndrom 0x81\n"
	  "scnt=128, ccnt=0\n Failed to complete run_iter_bw function successfully\n",
	  "Failed status 12: wr_id 0 syndrom 0x81" },
	{ NULL, "something\nelse at last\n\n-----------\n", "else at last" },
	{ NULL, "\033[1mFailed\tso\303\251\n", "?[1mFailed so??" },
	{ NULL, "----\n\n", "" },
	{ NULL, "", "" },
};

static void finds_the_reason(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(reason_rows); i++) {
		AUTO_BUF struct buf text = { 0 };
		char reason[160];

		if (reason_rows[i].file)
			read_output(reason_rows[i].file, &text);
		else
			assert_int_equal(buf_add_text(&text, reason_rows[i].text), 0);
		output_reason(buf_text(&text), text.len, reason, sizeof(reason));
		assert_string_equal(reason, reason_rows[i].want);
	}
}

static void cuts_a_long_reason(void **unused)
{
	static const char text[] = "Failed to do a thing that has a long name";
	char reason[12];

	(void)unused;
	output_reason(text, sizeof(text) - 1, reason, sizeof(reason));
	assert_string_equal(reason, "Failed to d");
}

static void reads_the_help(void **unused)
{
	static const struct {
		const char *file, *option;
		bool has;
	} rows[] = {
		{ "bw-help", "--pkey_index", true }, { "bw-help", "--report_gbits", true },
		{ "bw-help", "--gid-index", true },  { "bw-help", "--pkey", false },
		{ "pingpong-help", "--chk", true },  { "pingpong-help", "--pkey_index", false },
		{ "bw-no-device", "--chk", false },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf text = { 0 };

		read_output(rows[i].file, &text);
		if (output_has_option(buf_text(&text), text.len, rows[i].option) != rows[i].has)
			fail_msg("%s of %s", rows[i].option, rows[i].file);
	}
}

static const struct {
	const char *name;
	struct tool tool;
	struct binding binding;
	const char *peer, *want;
} command_rows[] = {
	{ "the server of an InfiniBand port",
	  { .name = "ib_write_bw", .measures_rate = true, .gigabits = true, .pkey_index = true },
	  { .device = "mlx5_0", .port = 1 },
	  NULL,
	  "ib_write_bw -d mlx5_0 -i 1 -p 18515 -D 2 -F --report_gbits" },
	{ "the client of the second port, whose full partition key is not the first",
	  { .name = "ib_write_bw", .measures_rate = true, .gigabits = true, .pkey_index = true },
	  { .device = "mlx5_0", .port = 2, .pkey_index = 1 },
	  "127.0.0.1",
	  "ib_write_bw -d mlx5_0 -i 2 -p 18515 -D 2 -F --report_gbits --pkey_index=1 127.0.0.1" },
	{ "RoCE, and a perftest that knows no gigabits",
	  { .name = "ib_write_bw", .measures_rate = true },
	  { .device = "rxe0", .port = 1, .has_gid = true, .gid_index = 3 },
	  "10.0.0.5",
	  "ib_write_bw -d rxe0 -i 1 -p 18515 -D 2 -F -x 3 10.0.0.5" },
	{ "the other program",
	  { .name = "ibv_rc_pingpong", .compares = true },
	  { .device = "rxe0", .port = 1, .has_gid = true, .gid_index = 1 },
	  "10.0.0.5",
	  "ibv_rc_pingpong -d rxe0 -i 1 -p 18515 -e -c -g 1 10.0.0.5" },
	{ "... of a time before it could compare",
	  { .name = "ibv_rc_pingpong" },
	  { .device = "mlx5_0", .port = 1 },
	  NULL,
	  "ibv_rc_pingpong -d mlx5_0 -i 1 -p 18515 -e" },
};

static void writes_the_command(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(command_rows); i++) {
		const struct tool_call call = { &command_rows[i].tool, &command_rows[i].binding,
						command_rows[i].peer, 18515, 2 };
		AUTO_TOOL_WORDS struct tool_words w = { 0 };
		AUTO_BUF struct buf text = { 0 };
		struct error err = { 0 };

		assert_int_equal(tool_command(&call, &w, &err), 0);
		for (size_t k = 0; k < w.command.n; k++)
			assert_int_equal(
				buf_add_format(&text, "%s%s", k > 0 ? " " : "", w.command.argv[k]),
				0);
		assert_null(w.command.argv[w.command.n]);
		assert_string_equal(buf_text(&text), command_rows[i].want);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_they_print),
		cmocka_unit_test(data_out_of_order_is_a_failure),
		cmocka_unit_test(reads_a_rate),
		cmocka_unit_test(finds_the_reason),
		cmocka_unit_test(cuts_a_long_reason),
		cmocka_unit_test(reads_the_help),
		cmocka_unit_test(writes_the_command),
	};

	if (argc != 2)
		return 2;
	corpus = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
