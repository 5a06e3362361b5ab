/* tests/unit/probe/test_port_table.c - which GID and which partition key a connection uses, and who
 * listens. */
#include "fixture.h"

#include <errno.h>

#include "facts/facts.h"
#include "probe/listener.h"
#include "probe/port_table.h"

static const struct {
	const char *name, *gid, *type;
	enum gid_worth want;
} gid_rows[] = {
	{ "an IPv4 address, as rxe shows it", "0000:0000:0000:0000:0000:ffff:0a07:0002", "RoCE v2",
	  GID_V2_IPV4 },
	{ "a link-local address, as rxe shows it", "fe80:0000:0000:0000:0000:0aff:fe07:0002",
	  "RoCE v2", GID_V2 },
	{ "the same of the older protocol", "0000:0000:0000:0000:0000:ffff:0a07:0002", "IB/RoCE v1",
	  GID_V1 },
	{ "no type, as older kernels have it", "fe80:0000:0000:0000:0000:0aff:fe07:0002", "",
	  GID_V1 },
	{ "an empty place", "0000:0000:0000:0000:0000:0000:0000:0000", "", GID_EMPTY },
	{ "no more than a prefix", "fe80:0000:0000:0000:0000:0000:0000:0000", "RoCE v2",
	  GID_EMPTY },
	{ "nothing", "", "", GID_EMPTY },
};

static void judges_a_gid(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(gid_rows); i++)
		if (gid_judge(gid_rows[i].gid, gid_rows[i].type) != gid_rows[i].want)
			fail_msg("%s: %d", gid_rows[i].name,
				 gid_judge(gid_rows[i].gid, gid_rows[i].type));
}

#define PORT "root/sys/class/infiniband/mlx5_1/ports/1/"

static const struct {
	const char *name;
	const char *paths[8], *texts[8]; /* below the port */
	int gid, pkey;                   /* the index, or -ENOENT */
} table_rows[] = {
	{ "nothing is known", { NULL }, { NULL }, -ENOENT, -ENOENT },
	{ "the best, not the first",
	  { "gids/0", "gid_attrs/types/0", "gids/3", "gid_attrs/types/3", "pkeys/0", "pkeys/1" },
	  { "fe80:0000:0000:0000:0000:0aff:fe07:0002\n", "RoCE v2\n",
	    "0000:0000:0000:0000:0000:ffff:0a07:0002\n", "RoCE v2\n", "0x7fff\n", "0x800a\n" },
	  3,
	  1 },
	{ "of equals the first by number, not by name",
	  { "gids/10", "gid_attrs/types/10", "gids/9", "gid_attrs/types/9", "pkeys/10", "pkeys/9" },
	  { "0000:0000:0000:0000:0000:ffff:0a07:0003\n", "RoCE v2\n",
	    "0000:0000:0000:0000:0000:ffff:0a07:0002\n", "RoCE v2\n", "0x8001\n", "0x8002\n" },
	  9,
	  9 },
	{ "limited members and empty places alone",
	  { "gids/0", "pkeys/0", "pkeys/1", "pkeys/2" },
	  { "fe80:0000:0000:0000:0000:0000:0000:0000\n", "0x7fff\n", "0x0000\n", "0x8000\n" },
	  -ENOENT,
	  -ENOENT },
};

static void finds_in_the_tables(void **unused)
{
	const struct port_facts port = { .device = "mlx5_1", .number = 1 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(table_rows); i++) {
		unsigned gid = 0, pkey = 0;
		struct world w;
		struct host h;
		char path[128];
		int rc_gid, rc_pkey;

		world_make(&w);
		world_put_dir(&w, "root/sys");
		for (size_t k = 0; k < 8 && table_rows[i].paths[k] != NULL; k++) {
			(void)TEXT_FORMAT(path, PORT "%s", table_rows[i].paths[k]);
			world_put(&w, path, table_rows[i].texts[k]);
		}
		world_start(&w, "", &h);
		rc_gid = gid_find(&h, &port, &gid);
		rc_pkey = pkey_find_full(&h, &port, &pkey);
		if ((rc_gid < 0 ? rc_gid : (int)gid) != table_rows[i].gid ||
		    (rc_pkey < 0 ? rc_pkey : (int)pkey) != table_rows[i].pkey)
			fail_msg("%s: GID %d %u, key %d %u", table_rows[i].name, rc_gid, gid,
				 rc_pkey, pkey);
		host_close(&h);
		world_drop(&w);
	}
}

static const struct {
	const char *name, *line;
	int port; /* 0: none */
} listener_rows[] = {
	{ "ib_write_bw waits",
	  "   0: 00000000:48A8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0       "
	  " 0 "
	  "21813 1 00000000f5e6db19 100 0 0 10 0                     ",
	  0x48a8 },
	{ "over IPv6",
	  "   1: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A "
	  "00000000:00000000 00:00000000 00000000     0        0 1",
	  22 },
	{ "a connection",
	  "   2: 0100007F:48A8 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0       "
	  " 0 "
	  "1",
	  0 },
	{ "the head",
	  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid", 0 },
	{ "no port", "   3: 00000000 00000000:0000 0A", 0 },
	{ "port 0", "   3: 00000000:0000 00000000:0000 0A", 0 },
	{ "a number too large", "   3: 00000000:148A8 00000000:0000 0A", 0 },
	{ "nothing", "", 0 },
};

static void finds_who_listens(void **unused)
{
	struct world w;
	struct host h;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(listener_rows); i++) {
		const char *line = listener_rows[i].line;
		uint16_t port = 0;
		int rc = listener_parse(line, strlen(line), &port);

		if (port != listener_rows[i].port || (rc == 0) != (port != 0))
			fail_msg("%s: %u", listener_rows[i].name, port);
	}
	world_make(&w);
	world_put(&w, "root/proc/net/tcp", listener_rows[0].line);
	world_put(&w, "root/proc/net/tcp6", listener_rows[1].line);
	world_start(&w, "", &h);
	assert_true(listener_is_there(&h, 0x48a8));
	assert_true(listener_is_there(&h, 22));
	assert_false(listener_is_there(&h, 23));
	host_close(&h);
	world_drop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_a_gid),
		cmocka_unit_test(finds_in_the_tables),
		cmocka_unit_test(finds_who_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
