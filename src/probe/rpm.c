/* probe/rpm.c - asks rpm what is installed. */
#include "probe/rpm.h"

#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/package.h"
#include "probe/slice.h"

enum { RPM_DEADLINE_S = 60, LIST_MAX = 2 << 20 };

/* Does each kernel have one of its own? */
static bool is_for_each_kernel(const char *name)
{
	return text_starts(name, "kmod-") || text_starts(name, "kernel-") ||
	       text_ends(name, "-modules") || text_ends(name, "-KMP-default");
}

static void mark_doubles(struct package_set *set, const struct package_facts *package)
{
	for (size_t i = 0; i < set->count; i++) {
		struct package_facts *known = &set->at[i];

		if (text_eq(known->name, package->name) &&
		    !text_eq(known->version, package->version) && !is_for_each_kernel(known->name))
			known->half_installed = true;
	}
}

void rpm_parse(const char *text, size_t len, struct package_set *ret)
{
	struct slice rest = { text, len }, line, name, version;

	while (slice_line(&rest, &line)) {
		struct package_facts package = { .half_installed = false };

		if (!slice_word(&line, &name) || !slice_word(&line, &version))
			continue;
		SLICE_COPY(name, package.name);
		SLICE_COPY(version, package.version);
		if (!package_is_listed(package.name))
			continue;
		mark_doubles(ret, &package);
		package_set_add(ret, &package);
	}
}

void rpm_read(const struct host *h, struct facts *ret)
{
	static const char *const argv[] = { "rpm", "-qa", "--qf", "%{NAME} %{VERSION}-%{RELEASE}\n",
					    NULL };
	const struct run_spec spec = {
		.argv = argv, .deadline_s = RPM_DEADLINE_S, .keep = LIST_MAX, .quiet = true
	};
	AUTO_RUN struct run_result result = { 0 };
	struct package_set set = { 0 };

	if (run(h, &spec, &result, NULL) < 0 || !run_ok(&result) || result.cut)
		return;
	rpm_parse(buf_text(&result.out), result.out.len, &set);
	package_set_give(&set, ret);
}
