/* The receipt of what was done, and the look that tells in a millisecond that nothing needs to be
 * done. */
#include "act/record/receipt.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "act/act.h"
#include "act/fetch/pin.h"
#include "act/image/baked.h"
#include "act/journal/journal.h"
#include "act/program.h"
#include "act/record/put.h"
#include "act/boot/resume_unit.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/edition.h"
#include "host/host.h"
#include "probe/pci.h"
#include "probe/port.h"

#define RECEIPT_PATH ACT_STATE_DIR "/receipt.json"
#define BOOT_ID      "proc/sys/kernel/random/boot_id"

enum { RECEIPT_BYTES_MAX = 8 << 20 };

/* Databases of the package managers that we know; those that are there count. */
static const char *const package_databases[] = {
	"var/lib/dpkg/status",
	"var/lib/rpm/rpmdb.sqlite",
	"var/lib/rpm/Packages",
	"var/lib/rpm/Packages.db",
	"usr/lib/sysimage/rpm/rpmdb.sqlite",
	"usr/lib/sysimage/rpm/Packages.db",
};

static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
#define FIELD(name, member)                                                                        \
	{                                                                                          \
		name, offsetof(struct fingerprint, member),                                        \
			sizeof(((struct fingerprint *)0)->member)                                  \
	}
	FIELD("bootId", boot_id),    FIELD("kernel", kernel),   FIELD("pci", pci),
	FIELD("settings", settings), FIELD("version", version), FIELD("packages", packages),
	FIELD("modules", modules),
#undef FIELD
};

static void stamp(const struct host *h, const char *path, struct buf *into)
{
	struct stat st;

	if (fstatat(h->root, path, &st, 0) == 0)
		(void)buf_add_format(into, "%s %" PRIu64 " %" PRId64 " %" PRId64 ".%09ld\n", path,
				     (uint64_t)st.st_ino, (int64_t)st.st_size,
				     (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void digest_packages(const struct host *h, char ret[static DIGEST_TEXT_SIZE])
{
	AUTO_BUF struct buf stamps = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(package_databases); i++)
		stamp(h, package_databases[i], &stamps);
	digest_of(buf_text(&stamps), stamps.len, ret);
}

static void digest_modules(const struct host *h, const json_t *files,
			   char ret[static DIGEST_TEXT_SIZE])
{
	AUTO_BUF struct buf stamps = { 0 };
	json_t *file;
	size_t i;

	json_array_foreach((json_t *)files, i, file)
	{
		if (json_is_string(file))
			stamp(h, json_string_value(file), &stamps);
	}
	digest_of(buf_text(&stamps), stamps.len, ret);
}

static void digest_pci(const struct host *h, char ret[static DIGEST_TEXT_SIZE])
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));
	AUTO_BUF struct buf text = { 0 };

	if (!f)
		return;
	pci_read(h, f);
	for (unsigned i = 0; i < f->nnics; i++)
		(void)buf_add_format(&text, "%s %04x %04x %04x\n", f->nics[i].address,
				     f->nics[i].vendor, f->nics[i].device, f->nics[i].class_code);
	digest_of(buf_text(&text), text.len, ret);
}

void fingerprint_take(const struct host *h, const struct fingerprint_of *of,
		      struct fingerprint *ret)
{
	*ret = (struct fingerprint) { 0 };
	if (HOST_READ_LINE(h, BOOT_ID, ret->boot_id) < 0)
		ret->boot_id[0] = '\0';
	if (HOST_READ_LINE(h, "proc/sys/kernel/osrelease", ret->kernel) < 0)
		ret->kernel[0] = '\0';
	TEXT_COPY(ret->settings, of->settings_digest);
	TEXT_COPY(ret->version, of->version);
	digest_packages(h, ret->packages);
	digest_modules(h, of->module_files, ret->modules);
	digest_pci(h, ret->pci);
}

const char *fingerprint_difference(const struct fingerprint *a, const struct fingerprint *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *of_a = (const char *)a + fields[i].offset,
			   *of_b = (const char *)b + fields[i].offset;

		if (!*of_a || !*of_b || strcmp(of_a, of_b) != 0)
			return fields[i].name;
	}
	return NULL;
}

static json_t *fingerprint_to_json(const struct fingerprint *f)
{
	json_t *j = json_object();

	for (size_t i = 0; j && i < ARRAY_SIZE(fields); i++)
		json_object_set_new(j, fields[i].name,
				    json_string((const char *)f + fields[i].offset));
	return j;
}

static void fingerprint_from_json(const json_t *j, struct fingerprint *ret)
{
	*ret = (struct fingerprint) { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		(void)text_copy((char *)ret + fields[i].offset, fields[i].size,
				json_text_at(j, fields[i].name, ""));
}

/* The files whose change means that another module would be loaded next time. */
static json_t *module_files(const struct facts *f)
{
	json_t *files = json_array();
	char path[256];

	TEXT_FORMAT(path, "lib/modules/%s/modules.dep", f->kernel.release);
	json_array_append_new(files, json_string(path));
	for (unsigned i = 0; i < f->nmodules; i++) {
		if (!f->modules[i].path[0])
			continue;
		TEXT_FORMAT(path, "lib/modules/%s/%s", f->kernel.release, f->modules[i].path);
		json_array_append_new(files, json_string(path));
	}
	return files;
}

int receipt_load(const struct host *h, json_t **ret, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	char why[160] = "not a JSON object";
	int rc = fs_read(h->root, RECEIPT_PATH, RECEIPT_BYTES_MAX, &text);

	*ret = NULL;
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return error_set(err, FAULT_STATE_DIR, -rc, "the receipt /%s cannot be read: %s",
				 RECEIPT_PATH, strerror(-rc));
	*ret = json_parse(buf_text(&text), text.len, why, sizeof(why));
	if (json_is_object(*ret))
		return 0;
	json_decref(TAKE(*ret));
	return error_set(err, FAULT_STATE_DIR, EINVAL, "the receipt /%s cannot be read: %s",
			 RECEIPT_PATH, why);
}

json_t *receipt_read(const struct host *h)
{
	json_t *receipt;

	return receipt_load(h, &receipt, NULL) < 0 ? NULL : receipt;
}

bool receipt_awaits_boot(const struct host *h, const json_t *receipt)
{
	const char *after = json_text_at(receipt, "awaitsBootAfter", "");
	char boot[40];

	return after[0] && HOST_READ_LINE(h, BOOT_ID, boot) == 0 && text_eq(after, boot);
}

bool receipt_is_of_image(const json_t *receipt)
{
	return json_bool_at(receipt, "ofImage", false);
}

bool receipt_lists(const json_t *receipt, const char *run)
{
	const json_t *installed = json_object_get(receipt, "installed");

	for (size_t i = 0; i < json_array_size(installed); i++)
		if (text_eq(json_text_at(json_array_get(installed, i), "run", ""), run))
			return true;
	return false;
}

/* What undo needs: the plan that was carried out, and what each step saw before. */
static json_t *installed_to_json(const struct receipt_entry *e)
{
	const struct journal *j = e->journal;
	json_t *put = put_to_json(e->packages, j, IB_VMEXT_VERSION);
	json_t *steps = json_array();

	for (unsigned i = 0; steps && i < j->plan.nsteps; i++)
		if (json_array_append_new(steps,
					  json_pack("{s:s, s:s, s:O?}", "id", j->plan.steps[i].id,
						    "state", step_state_name(j->steps[i].state),
						    "before", j->steps[i].before)) < 0) {
			json_decref(steps);
			json_decref(put);
			return NULL;
		}
	json_object_set_new(put, "distribution", json_text_or_null(e->facts->os.id));
	return json_pack("{s:s, s:o, s:o, s:o}", "run", j->run, "plan", plan_to_json(&j->plan),
			 "steps", steps, "put", put);
}

/* By the kernel alone a boot tells that another one came (boot/kernel_change.c). */
static json_t *right_of_image(const struct receipt_entry *e)
{
	return json_pack("{s:{s:s}}", "fingerprint", "kernel", e->facts->kernel.release);
}

static json_t *right_to_json(const struct host *h, const struct receipt_entry *e)
{
	AUTO_JSON json_t *files = module_files(e->facts);
	struct fingerprint_of of = { e->settings_digest, e->version, files };
	struct fingerprint f;

	fingerprint_take(h, &of, &f);
	return json_pack("{s:o, s:O, s:i}", "fingerprint", fingerprint_to_json(&f), "moduleFiles",
			 files, "ports", (int)facts_count_infiniband_ports(e->facts, PORT_ACTIVE));
}

static int failed(const char *doing, int rc, struct error *err)
{
	return error_set(err, fault_of_write(rc, FAULT_STATE_DIR), -rc,
			 "the receipt /%s cannot be %s: %s", RECEIPT_PATH, doing, strerror(-rc));
}

static int receipt_store(const struct host *h, const json_t *receipt, struct error *err)
{
	AUTO_BUF struct buf text = { 0 };
	int rc = receipt ? json_write(receipt, true, &text) : -ENOMEM;

	if (rc == 0)
		rc = fs_replace(h->root, RECEIPT_PATH, text.data, text.len, 0600);
	return rc < 0 ? failed("written", rc, err) : 0;
}

/* A new reference: `array` of the older receipt, or an empty one. */
static json_t *carried_over(const json_t *older, const char *array)
{
	json_t *j = json_object_get(older, array);

	return json_is_array(j) ? json_incref(j) : json_array();
}

/* The versions of this program of which there is a copy, this one included. */
static json_t *programs_to_json(const struct host *h, const json_t *older)
{
	json_t *programs = carried_over(older, "programs");

	for (size_t i = 0; i < json_array_size(programs); i++)
		if (text_eq(json_string_value(json_array_get(programs, i)), IB_VMEXT_VERSION))
			return programs;
	if (program_is_there(h, IB_VMEXT_VERSION))
		json_array_append_new(programs, json_string(IB_VMEXT_VERSION));
	return programs;
}

/* A run with an older one, as after a downgrade of the program, does not make older ones good. */
static const char *newest_catalogue(const struct receipt_entry *e, const json_t *older)
{
	const char *former = json_text_at(older, "catalogue", "");

	return edition_is_version(former) && edition_compare(former, e->catalogue) > 0
		       ? former
		       : e->catalogue;
}

static json_t *receipt_to_json(const struct host *h, const struct receipt_entry *e,
			       const json_t *older, json_t *installed)
{
	char now[21], boot[40] = "";

	time_text(h->clock->realtime_ms(h->clock), now);
	if (e->awaits_boot && HOST_READ_LINE(h, BOOT_ID, boot) < 0)
		boot[0] = '\0';
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:{s:s, s:o}, s:o, s:O, s:o, s:o, "
			 "s:o, s:O?, s:o, s:b}",
			 "schema", "ib-vmext/receipt/1", "at", now, "version", e->version, "seq",
			 (json_int_t)e->seq, "settingsDigest", e->settings_digest, "route",
			 e->route, "catalogue", newest_catalogue(e, older), "driver", "kind",
			 driver_kind_name(e->facts->driver.kind), "version",
			 json_text_or_null(e->facts->driver.version), "message",
			 json_text_or_null(e->message), "installed", installed, "programs",
			 programs_to_json(h, older), "right",
			 e->of_image ? right_of_image(e) : right_to_json(h, e), "awaitsBootAfter",
			 json_text_or_null(boot), "kernelChange",
			 json_object_get(older, "kernelChange"), "artefacts",
			 pins_to_json(h, e->journal, older), "ofImage", e->of_image);
}

/* What nobody can read any more is kept for a person to look at. */
static int set_aside(const struct host *h, const struct error *why, struct error *err)
{
	LOG(h->log, WARNING, "receipt.damaged", "%s: kept as /%s.damaged", why->what, RECEIPT_PATH);
	if (renameat(h->root, RECEIPT_PATH, h->root, RECEIPT_PATH ".damaged") < 0)
		return failed("set aside", -errno, err);
	return 0;
}

int receipt_write(const struct host *h, const struct receipt_entry *e, struct error *err)
{
	AUTO_JSON json_t *older = NULL;
	AUTO_JSON json_t *installed = NULL;
	AUTO_JSON json_t *receipt = NULL;
	struct error why = { 0 };

	if (receipt_load(h, &older, &why) < 0 && set_aside(h, &why, err) < 0)
		return -1;
	installed = carried_over(older, "installed");
	/* A run that was interrupted between its receipt and its end comes here twice. */
	if (e->journal && !receipt_lists(older, e->journal->run) &&
	    json_array_append_new(installed, installed_to_json(e)) < 0)
		return failed("made", -ENOMEM, err);
	receipt = receipt_to_json(h, e, older, installed);
	if (receipt_store(h, receipt, err) < 0)
		return -1;
	/* From now on it is this VM's own that counts. */
	if (!e->of_image)
		baked_remove(h);
	return 0;
}

int receipt_note(const struct host *h, const char *key, json_t *note, struct error *err)
{
	AUTO_JSON json_t *receipt = NULL;

	if (receipt_load(h, &receipt, err) < 0)
		return -1;
	if (!receipt)
		return 0;
	return json_object_set(receipt, key, note) < 0 ? failed("made", -ENOMEM, err)
						       : receipt_store(h, receipt, err);
}

int receipt_remove(const struct host *h, struct error *err)
{
	int rc = unlinkat(h->root, RECEIPT_PATH, 0) < 0 && errno != ENOENT ? -errno : 0;

	if (rc == 0)
		rc = fs_sync_parent(h->root, RECEIPT_PATH);
	return rc < 0 ? failed("removed", rc, err) : 0;
}

int receipt_drop(const struct host *h, const char *run, struct error *err)
{
	AUTO_JSON json_t *receipt = NULL;
	json_t *installed;

	if (receipt_load(h, &receipt, err) < 0)
		return -1;
	if (!receipt_lists(receipt, run))
		return 0;
	baked_remove(h);
	installed = json_object_get(receipt, "installed");
	for (size_t i = json_array_size(installed); i-- > 0;)
		if (text_eq(json_text_at(json_array_get(installed, i), "run", ""), run))
			json_array_remove(installed, i);
	if (json_array_size(installed) == 0)
		return receipt_remove(h, err);
	json_object_del(receipt, "right");
	json_object_set_new(receipt, "artefacts", pins_without(receipt, run));
	return receipt_store(h, receipt, err);
}

static unsigned active_ports_now(const struct host *h)
{
	AUTO_FREE struct facts *f = calloc(1, sizeof(*f));

	if (!f)
		return 0;
	port_read(h, f);
	return facts_count_infiniband_ports(f, PORT_ACTIVE);
}

static const char *difference_from(const struct host *h, const json_t *receipt,
				   const char *settings_digest, const char *version)
{
	const json_t *right = json_object_get(receipt, "right");
	struct fingerprint_of of = { settings_digest, version,
				     json_object_get(right, "moduleFiles") };
	struct fingerprint then, now;
	const char *difference;
	long long ports;

	fingerprint_from_json(json_object_get(right, "fingerprint"), &then);
	fingerprint_take(h, &of, &now);
	difference = fingerprint_difference(&then, &now);
	if (difference)
		return difference;
	ports = json_int_at(right, "ports", 0);
	return ports > 0 && active_ports_now(h) >= ports ? NULL : "ports";
}

bool receipt_holds(const struct host *h, const char *settings_digest, const char *version,
		   const char **why, char *message, size_t message_size)
{
	AUTO_JSON json_t *receipt = receipt_read(h);
	const char *difference;

	if (!receipt)
		difference = "receipt";
	else if (fs_exists(h->root, ACT_STATE_DIR "/journal/open") || resume_unit_is_there(h))
		difference = "journal";
	else
		difference = difference_from(h, receipt, settings_digest, version);
	if (why)
		*why = difference;
	if (!difference && message)
		(void)text_copy(message, message_size, json_text_at(receipt, "message", ""));
	return !difference;
}
