/* probe/driver.c - tells whose RDMA stack is installed. */
#include "probe/driver.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "host/run.h"
#include "probe/slice.h"

enum { OFED_INFO_DEADLINE_S = 10 };

/* "25.10-OFED.25.10.0.2.8.1" -> "25.10-0.2.8.1"; false if the word has no such form. */
static bool parse_name(struct slice word, char *ret, size_t size)
{
	static const char inner[] = "OFED.";
	struct slice line, rest = word;
	char first[16];

	if (!slice_cut(&rest, '-', &line) || line.len == 0 || line.len >= sizeof first ||
	    !slice_starts(rest, inner))
		return false;
	SLICE_COPY(line, first);
	rest = (struct slice) { rest.text + strlen(inner), rest.len - strlen(inner) };
	/* It says the line again, and a dot. */
	if (slice_starts(rest, first) && rest.len > line.len && rest.text[line.len] == '.')
		rest = (struct slice) { rest.text + line.len + 1, rest.len - line.len - 1 };
	if (rest.len == 0 || line.len + rest.len + 1 >= size)
		return false;
	slice_copy(line, ret, size);
	ret[line.len] = '-';
	slice_copy(rest, ret + line.len + 1, size - line.len - 1);
	return true;
}

static bool starts_with_digit(struct slice s)
{
	return s.len > 0 && s.text[0] >= '0' && s.text[0] <= '9';
}

static bool parse_word(struct slice word, struct ofed_info *ret)
{
	static const struct {
		const char *prefix;
		int kind;
	} forms[] = { { "MLNX_OFED_LINUX-", OFED_MLNX }, { "OFED-internal-", OFED_INTERNAL } };
	struct ofed_info info = { .kind = OFED_INTERNAL };
	struct slice version;

	if (slice_cut(&word, ':', &version))
		word = version;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t len = strlen(forms[i].prefix);

		if (!slice_starts(word, forms[i].prefix))
			continue;
		word = (struct slice) { word.text + len, word.len - len };
		if (!starts_with_digit(word) || word.len >= sizeof info.version)
			return false;
		*ret = (struct ofed_info) { .kind = forms[i].kind };
		SLICE_COPY(word, ret->version);
		return true;
	}
	if (!starts_with_digit(word) || !parse_name(word, info.version, sizeof info.version))
		return false;
	*ret = info;
	return true;
}

int driver_parse_ofed_info(const char *text, size_t len, struct ofed_info *ret)
{
	struct slice rest = { text, len }, word;

	while (slice_word(&rest, &word)) {
		if (parse_word(word, ret))
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

/* Azure Linux builds the vendor's sources itself, and its ofed_info names MLNX_OFED all the same.
 */
static const struct package_facts *find_distro_stack(const struct facts *f)
{
	static const char *const names[] = { "mlnx-ofa_kernel", "mlnx-ofa_kernel-modules",
					     "mlnx-ofa_kernel-hwe-modules", NULL };

	if (!text_eq(f->os.id, "azurelinux") && !text_eq(f->os.id, "mariner"))
		return NULL;
	for (size_t i = 0; names[i] != NULL; i++) {
		if (facts_package(f, names[i]) != NULL)
			return facts_package(f, names[i]);
	}
	return NULL;
}

static bool has_vendor_packages(const struct facts *f)
{
	static const char *const names[] = {
		"ofed-scripts",           "mlnx-ofed-kernel-dkms", "mlnx-ofed-kernel-modules",
		"mlnx-ofed-kernel-utils", "mlnx-ofa_kernel",       "mlnx-ofa_kernel-modules",
		"mlnx-ofa_kernel-dkms",   "kmod-mlnx-ofa_kernel",  NULL,
	};

	return has_package(f, names);
}

static void set_driver(struct facts *f, enum driver_kind kind, const char *version)
{
	f->driver.kind = kind;
	(void)TEXT_COPY(f->driver.version, version);
}

/* doca-host alone is no driver: it only brings the package source. */
static bool is_doca(const struct facts *f, const struct ofed_info *ofed, bool is_vendor)
{
	static const char *const names[] = { "doca-ofed", "doca-ofed-userspace", NULL };

	if (has_package(f, names))
		return true;
	if (!is_vendor || (ofed != NULL && ofed->kind == OFED_MLNX))
		return false;
	return facts_package(f, "doca-host") != NULL ||
	       (ofed != NULL && ofed->kind == OFED_INTERNAL);
}

void driver_classify(struct facts *f, const struct ofed_info *ofed)
{
	const struct package_facts *core = facts_package(f, "rdma-core");
	const struct package_facts *distro = find_distro_stack(f);
	bool is_vendor = ofed != NULL || has_vendor_packages(f);

	memset(&f->driver, 0, sizeof f->driver);
	if (is_doca(f, distro == NULL ? ofed : NULL, is_vendor && distro == NULL)) {
		f->driver.kind = DRIVER_DOCA_OFED;
		copy_doca_version(f, f->driver.version, sizeof f->driver.version);
	} else if (distro != NULL) {
		set_driver(f, DRIVER_DISTRO, distro->version);
	} else if (is_vendor) {
		set_driver(f, DRIVER_MLNX_OFED,
			   ofed != NULL && ofed->kind == OFED_MLNX ? ofed->version : "");
	} else if (core != NULL &&
		   (facts_module(f, "mlx5_ib") != NULL || facts_module(f, "mlx4_ib") != NULL)) {
		set_driver(f, DRIVER_INBOX, core->version);
	}
}

static void keep_text(const struct buf *out, struct facts *ret)
{
	struct slice rest = { buf_text(out), out->len }, line;

	memset(ret->ofed_text, 0, sizeof ret->ofed_text);
	if (slice_line(&rest, &line))
		SLICE_COPY(slice_trim(line), ret->ofed_text);
}

void driver_read(const struct host *h, struct facts *ret)
{
	static const char *const argv[] = { "ofed_info", "-s", NULL };
	const struct run_spec spec = { .argv = argv,
				       .deadline_s = OFED_INFO_DEADLINE_S,
				       .quiet = true };
	bool has_ofed_info = host_exists(h, "usr/bin/ofed_info");
	AUTO_RUN struct run_result result = { 0 };
	struct ofed_info info = { .kind = OFED_NONE };

	if (has_ofed_info && run(h, &spec, &result, NULL) == 0 && run_ok(&result)) {
		keep_text(&result.out, ret);
		(void)driver_parse_ofed_info(buf_text(&result.out), result.out.len, &info);
	}
	driver_classify(ret, has_ofed_info ? &info : NULL);
}
