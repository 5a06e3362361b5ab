/* tests/unit/act/test_denial.c - what SELinux's records tell of a failure. Lines are of the forms
 * that Linux's security/selinux/avc.c and auditd write; synthetic but for their form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/denial.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"
#include "host/run.h"

#define CONTEXTS "scontext=system_u:system_r:init_t:s0 tcontext=system_u:object_r:user_tmp_t:s0 "
#define MODULE(time)                                                                               \
	"[   12.5] audit: type=1400 audit(" time ":7): avc:  denied  { module_load } for  pid=9 "  \
	"comm=\"modprobe\" path=\"/usr/lib/modules/5.14/mlx5_ib.ko\" dev=\"vda\" ino=4 " CONTEXTS  \
	"tclass=system permissive=0"

static void a_line(void **unused)
{
	static const struct row {
		const char *name, *line;
		int rc;
		struct denial wanted;
	} rows[] = {
		{ "a module, from the kernel's log",
		  MODULE("1700000000.123"),
		  0,
		  { 1700000000123, "module_load", "modprobe", "/usr/lib/modules/5.14/mlx5_ib.ko",
		    "system", "user_tmp_t" } },
		{ "auditd's, two permissions, a name without a path",
		  "type=AVC msg=audit(1700000001.007:8): avc:  denied  { write add_name } for  "
		  "pid=9 comm=\"dpkg\" "
		  "name=\"modprobe.d\" " CONTEXTS "tclass=dir permissive=0",
		  0,
		  { 1700000001007, "write add_name", "dpkg", "modprobe.d", "dir", "user_tmp_t" } },
		{ "an old kernel, which does not say permissive",
		  "type=AVC msg=audit(1700000001.007:8): avc:  denied  { execute } for  pid=9 "
		  "comm=\"sh\" name=\"x\" "
		  "tcontext=u:object_r:tmp_t tclass=file",
		  0,
		  { 1700000001007, "execute", "sh", "x", "file", "tmp_t" } },
		{ "a capability: no object",
		  "audit(1700000001.007:8): avc:  denied  { sys_module } for  pid=9 "
		  "comm=\"modprobe\" capability=16 "
		  "tcontext=u:r:init_t:s0 tclass=capability permissive=0",
		  0,
		  { 1700000001007, "sys_module", "modprobe", "", "capability", "init_t" } },
		{ "what is no text",
		  "audit(1.007:8): avc:  denied  { a\001b } for  comm=\"\033[2J\" "
		  "tcontext=u:object_r:t tclass=file",
		  0,
		  { 1007, "a?b", "?[2J", "", "file", "t" } },
		{ "a permissive policy only notes it",
		  "audit(1700000001.007:8): avc:  denied  { execute } for  pid=9 tcontext=u:r:t "
		  "tclass=file permissive=1",
		  -EINVAL,
		  { 0 } },
		{ "granted",
		  "audit(1700000001.007:8): avc:  granted  { execute } for  tcontext=u:r:t",
		  -EINVAL,
		  { 0 } },
		{ "no time",
		  "avc:  denied  { execute } for  tcontext=u:r:t tclass=file",
		  -EINVAL,
		  { 0 } },
		{ "cut off", "audit(1700000001.007:8): avc:  denied  { execute", -EINVAL, { 0 } },
		{ "another line",
		  "mlx5_core 0002:00:02.0: firmware version: 20.31",
		  -EINVAL,
		  { 0 } },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct denial d = { 0 };

		print_message("%s\n", rows[i].name);
		assert_int_equal(denial_parse(rows[i].line, strlen(rows[i].line), &d), rows[i].rc);
		assert_int_equal(d.at_ms, rows[i].wanted.at_ms);
		assert_string_equal(d.permission, rows[i].wanted.permission);
		assert_string_equal(d.program, rows[i].wanted.program);
		assert_string_equal(d.object, rows[i].wanted.object);
		assert_string_equal(d.kind, rows[i].wanted.kind);
		assert_string_equal(d.type, rows[i].wanted.type);
	}
}

/* ---- a machine whose kernel says so ---- */

static const char *kernel_log;
static int say(const struct host *h, const struct run_spec *spec, struct run_result *ret,
	       struct error *err)
{
	(void)h;
	(void)err;
	assert_string_equal(spec->argv[0], "dmesg");
	*ret = (struct run_result) { .end = kernel_log ? RUN_EXITED : RUN_NOT_FOUND };
	return kernel_log ? buf_add_text(&ret->out, kernel_log) : 0;
}

static int64_t tell(const struct clock *c)
{
	(void)c;
	return 1700000100000;
}

static void a_failure(void **unused)
{
	static const struct row {
		const char *name, *enforce, *kernel, *audit;
		enum fault fault;
		int sys;
		const char *what;
		const char *says; /* NULL: as it was */
	} rows[] = {
		{ "modprobe", "1", MODULE("1700000090.000") "\n", NULL, FAULT_MODULE_LOAD, 0,
		  "modprobe mlx5_ib: exit code 1: could not insert 'mlx5_ib': Permission denied",
		  "module_load to modprobe on system \"/usr/lib/modules/5.14/mlx5_ib.ko\" of the "
		  "type user_tmp_t" },
		{ "by errno, from auditd, the newest", "1", MODULE("1700000080.000"),
		  "type=AVC msg=audit(1700000090.000:1): avc:  denied  { add_name } for  "
		  "comm=\"ib-vmext\" name=\"x\" "
		  "tcontext=a:b:etc_t:s0 tclass=dir permissive=0\ntype=SYSCALL "
		  "msg=audit(1700000090.000:1): x\n",
		  FAULT_WRITE_FAILED, EACCES, "cannot write /etc/x",
		  "add_name to ib-vmext on dir \"x\" of the type etc_t" },
		{ "a program that may not be executed", "1", MODULE("1700000090.000"), NULL,
		  FAULT_NOEXEC, 0, "it cannot be run", "SELinux denied" },
		{ "long ago", "1", MODULE("1699990000.000"), NULL, FAULT_MODULE_LOAD, 0,
		  "Permission denied", NULL },
		{ "it does not enforce", "0", MODULE("1700000090.000"), NULL, FAULT_MODULE_LOAD, 0,
		  "Permission denied", NULL },
		{ "there is none", NULL, MODULE("1700000090.000"), NULL, FAULT_MODULE_LOAD, 0,
		  "Permission denied", NULL },
		{ "another failure", "1", MODULE("1700000090.000"), NULL, FAULT_DISK_FULL, ENOSPC,
		  "No space left", NULL },
		{ "no record", "1", "[ 1.0] Linux version 5.14\n", NULL, FAULT_MODULE_LOAD, 0,
		  "Permission denied", NULL },
		{ "no dmesg", "1", NULL, NULL, FAULT_MODULE_LOAD, 0, "Permission denied", NULL },
	};
	const struct runner runner = { say };
	const struct clock clock = { .realtime_ms = tell };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char dir[] = "/tmp/test-denial-XXXXXX";
		struct host h = { .live = true, .runner = &runner, .clock = &clock };
		struct error err = { 0 };

		print_message("%s\n", rows[i].name);
		assert_non_null(mkdtemp(dir));
		h.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(fs_make_dirs(h.root, "sys/fs/selinux", 0755), 0);
		assert_int_equal(fs_make_dirs(h.root, "var/log/audit", 0755), 0);
		if (rows[i].enforce)
			assert_int_equal(fs_replace(h.root, "sys/fs/selinux/enforce",
						    rows[i].enforce, 1, 0644),
					 0);
		if (rows[i].audit)
			assert_int_equal(fs_replace(h.root, "var/log/audit/audit.log",
						    rows[i].audit, strlen(rows[i].audit), 0600),
					 0);
		kernel_log = rows[i].kernel;
		(void)error_set(&err, rows[i].fault, rows[i].sys, "%s", rows[i].what);
		denial_explain(&h, &err);
		assert_non_null(strstr(err.what, rows[i].what));
		if (rows[i].says) {
			assert_int_equal(err.fault, FAULT_SELINUX_DENIED);
			assert_non_null(strstr(err.what, rows[i].says));
			denial_explain(&h, &err); /* not twice */
			assert_null(strstr(strstr(err.what, "SELinux") + 1, "SELinux"));
		} else {
			assert_int_equal(err.fault, rows[i].fault);
			assert_string_equal(err.what, rows[i].what);
		}
		assert_int_equal(fs_remove(AT_FDCWD, dir), 0);
		assert_int_equal(close(h.root), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_line), cmocka_unit_test(a_failure) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
