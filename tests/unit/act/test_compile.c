/* tests/unit/act/test_compile.c - the environment of what compiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "act/build/compile.h"
#include "base/text.h"
#include "place.h"

#define CONFIG(release) "lib/modules/" release "/build/include/config/auto.conf"
#define PLAIN           "CONFIG_DEBUG_INFO_BTF_MODULES=y\nCONFIG_GENKSYMS=y\n"
#define FOLDERS         "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *word_of(const struct compile_env *e, const char *name)
{
	for (size_t i = 0; e->env[i]; i++)
		if (text_starts(e->env[i], name))
			return e->env[i];
	return "";
}

static void the_environment(void **unused)
{
	static const struct row {
		const char *name;
		struct {
			const char *path, *text;
		} files[4];
		const char *flags, *path;
		enum compiler compiler;
	} rows[] = {
		{ "headers without vmlinux", { { CONFIG("6.1"), PLAIN } }, "KCFLAGS=-g0", "" },
		{ "versions of symbols come from debugging information",
		  { { CONFIG("6.1"), "CONFIG_GENDWARFKSYMS=y\n" } },
		  "",
		  "" },
		{ "BTF is made where there is a vmlinux",
		  { { CONFIG("6.1"), PLAIN }, { "lib/modules/6.1/build/vmlinux", "" } },
		  "",
		  "" },
		{ "no headers yet", { { "lib/modules/6.1/modules.dep", "" } }, "", "" },
		{ "a second kernel without headers",
		  { { CONFIG("6.1"), PLAIN },
		    { "lib/modules/6.14/modules.dep", "" },
		    { "boot/vmlinuz-6.14", "" } },
		  "",
		  "" },
		{ "what is left of a kernel that is gone is none",
		  { { CONFIG("6.1"), PLAIN }, { "lib/modules/6.14/modules.dep", "" } },
		  "KCFLAGS=-g0",
		  "" },
		{ "rpmbuild, which may pack it",
		  { { CONFIG("6.1"), PLAIN } },
		  "",
		  "",
		  COMPILER_RPMBUILD },
		{ "ccache of Debian",
		  { { CONFIG("6.1"), PLAIN }, { "usr/lib/ccache/gcc", "" } },
		  "KCFLAGS=-g0",
		  "PATH=/usr/lib/ccache:" FOLDERS },
		{ "ccache of Fedora's family",
		  { { "usr/lib64/ccache/gcc", "" } },
		  "",
		  "PATH=/usr/lib64/ccache:" FOLDERS },
	};
	static const char *const own[] = { "DEBIAN_FRONTEND=noninteractive", NULL };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct compile_env e;
		struct place place;

		print_message("%s\n", rows[i].name);
		place_make(&place);
		place_put(&place, "proc/sys/kernel/osrelease", "6.1\n");
		for (size_t f = 0; f < ARRAY_SIZE(rows[i].files) && rows[i].files[f].path; f++)
			place_put(&place, rows[i].files[f].path, rows[i].files[f].text);
		compile_env_fill(&place.host, rows[i].compiler, own, &e);
		assert_string_equal(e.env[0], own[0]);
		assert_string_equal(word_of(&e, "KCFLAGS="), rows[i].flags);
		assert_string_equal(word_of(&e, "PATH="), rows[i].path);
		assert_string_equal(word_of(&e, "CCACHE_DIR="),
				    *rows[i].path ? "CCACHE_DIR=/var/lib/ib-vmext/ccache" : "");
		place_drop(&place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_environment) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
