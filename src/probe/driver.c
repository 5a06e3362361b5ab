/* probe/driver.c - tells whose RDMA stack is installed. */
#include "probe/driver.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/slice.h"

enum { OFED_INFO_DEADLINE_S = 10 };

int driver_parse_ofed_info(const char *text, size_t len, char *ret, size_t size)
{
	static const char prefix[] = "MLNX_OFED_LINUX-";
	struct slice rest = { text, len }, word, version;

	while (slice_word(&rest, &word)) {
		if (!slice_starts(word, prefix))
			continue;
		word = (struct slice) { word.text + strlen(prefix), word.len - strlen(prefix) };
		if (!slice_cut(&word, ':', &version))
			version = word;
		if (version.len == 0 || version.len >= size)
			return -EINVAL;
		slice_copy(version, ret, size);
		return 0;
	}
	return -EINVAL;
}

static bool has_package(const struct facts *f, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (facts_package(f, *names) != NULL)
			return true;
	}
	return false;
}

/* The DOCA version is what stands before the first '-' of "3.2.1-044000-25.10-ubuntu2204". */
static void copy_doca_version(const struct facts *f, char *ret, size_t size)
{
	const struct package_facts *package = facts_package(f, "doca-ofed");
	struct slice version = { 0 }, rest;

	if (package == NULL)
		package = facts_package(f, "doca-host");
	if (package == NULL)
		return;
	rest = (struct slice) { package->version, strlen(package->version) };
	if (!slice_cut(&rest, '-', &version))
		version = rest;
	slice_copy(version, ret, size);
}

void driver_classify(struct facts *f, bool has_ofed_info, const char *ofed_version)
{
	/* doca-host alone is no driver: it only brings the package source. */
	static const char *const doca[] = { "doca-ofed", "doca-ofed-userspace", NULL };
	static const char *const vendor[] = { "ofed-scripts", "mlnx-ofed-kernel-dkms",
					      "mlnx-ofed-kernel-modules", "mlnx-ofed-kernel-utils",
					      NULL };
	const struct package_facts *core = facts_package(f, "rdma-core");
	bool is_vendor = has_ofed_info || has_package(f, vendor);

	f->driver.kind = DRIVER_NONE;
	f->driver.version[0] = '\0';
	if (has_package(f, doca) ||
	    (is_vendor && facts_package(f, "doca-host") != NULL && ofed_version[0] == '\0')) {
		f->driver.kind = DRIVER_DOCA_OFED;
		copy_doca_version(f, f->driver.version, sizeof f->driver.version);
	} else if (is_vendor) {
		f->driver.kind = DRIVER_MLNX_OFED;
		(void)TEXT_COPY(f->driver.version, ofed_version);
	} else if (core != NULL &&
		   (facts_module(f, "mlx5_ib") != NULL || facts_module(f, "mlx4_ib") != NULL)) {
		f->driver.kind = DRIVER_INBOX;
		(void)TEXT_COPY(f->driver.version, core->version);
	}
}

void driver_read(const struct host *h, struct facts *ret)
{
	static const char *const argv[] = { "ofed_info", "-s", NULL };
	const struct run_spec spec = { .argv = argv,
				       .deadline_s = OFED_INFO_DEADLINE_S,
				       .quiet = true };
	bool has_ofed_info = host_exists(h, "usr/bin/ofed_info");
	char version[sizeof ret->driver.version] = "";
	AUTO_RUN struct run_result result = { 0 };

	if (has_ofed_info && run(h, &spec, &result, NULL) == 0 && run_ok(&result))
		(void)driver_parse_ofed_info(buf_text(&result.out), result.out.len, version,
					     sizeof version);
	driver_classify(ret, has_ofed_info, version);
}
