/* VMs over a restart of the lab: of each there is a document of what it was asked to be, from which
 * `up --resume` makes it anew. Its disk is not kept; what the fabric and the Resource Manager know
 * of it is. */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"
#include "lab/vm/distro.h"

enum { DOCUMENT_MAX = 64 << 10 };

#define SUFFIX ".json"

static bool name_is_good(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < VM_NAME_MAX && name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
		       len;
}

static int spec_read(const json_t *args, struct vm_spec *ret, struct error *err)
{
	static const struct json_field fields[] = {
		{ "name", JSON_KIND_TEXT, true, offsetof(struct vm_spec, name), VM_NAME_MAX },
		{ "size", JSON_KIND_TEXT, false, offsetof(struct vm_spec, size), 64 },
		{ "image", JSON_KIND_TEXT, false, offsetof(struct vm_spec, image), 32 },
		{ "machine", JSON_KIND_BOOL, false, offsetof(struct vm_spec, machine), 0 },
		{ "init", JSON_KIND_BOOL, false, offsetof(struct vm_spec, init), 0 },
		{ "agent", JSON_KIND_BOOL, false, offsetof(struct vm_spec, agent), 0 },
		{ "adapter", JSON_KIND_BOOL, false, offsetof(struct vm_spec, adapter), 0 },
		{ "vmbus", JSON_KIND_BOOL, false, offsetof(struct vm_spec, vmbus), 0 },
		{ "azure", JSON_KIND_BOOL, false, offsetof(struct vm_spec, azure), 0 },
		{ "scaleSet", JSON_KIND_TEXT, false, offsetof(struct vm_spec, scale_set),
		  sizeof ret->scale_set },
		{ "root", JSON_KIND_TEXT, false, offsetof(struct vm_spec, root), VM_PATH_MAX },
		{ "agentSource", JSON_KIND_TEXT, false, offsetof(struct vm_spec, agent_source),
		  VM_PATH_MAX },
	};
	const char *bad = NULL, *pci = json_text_at(args, "pci", NULL);

	*ret = (struct vm_spec) {
		.init = true, .agent = true, .adapter = true, .vmbus = true, .azure = true
	};
	(void)TEXT_COPY(ret->size, "Standard_HB120rs_v3");
	(void)TEXT_COPY(ret->image, distros[0].name);
	if (json_read(args, fields, ARRAY_SIZE(fields), ret, &bad) < 0 || !name_is_good(ret->name))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "%s cannot be: letters, digits and - only",
				 bad != NULL ? bad : "that name");
	if (distro_find(ret->image, err) == NULL)
		return -1;
	if (pci != NULL && *pci != '\0' && vm_spec_pci(ret, pci) < 0)
		return error_set(err, FAULT_USAGE, EINVAL,
				 "--pci takes VENDOR:DEVICE:CLASS,... as 15b3:101c:0207");
	if (ret->root[0] != '\0' &&
	    (ret->machine || ret->root[0] != '/' || strpbrk(ret->root, ":,\\") != NULL))
		return error_set(
			err, FAULT_USAGE, EINVAL,
			"--root is for cells, and takes a directory whose path has none of "
			"the characters : , and \\");
	ret->rate_gbps = (unsigned)json_int_at(args, "rate", 0);
	vm_spec_defaults(ret);
	return 0;
}

static int document_path(const struct lab *lab, const char *name, char *ret, size_t size)
{
	return text_format(ret, size, "%s/" LAB_GUESTS_DIR "/%s" SUFFIX, lab->paths.state, name);
}

static int document_write(const struct lab *lab, const json_t *args, const struct guest *g,
			  struct error *err)
{
	AUTO_JSON json_t *document = json_copy((json_t *)args);
	AUTO_BUF struct buf text = { 0 };
	char path[VM_PATH_MAX + 64];
	int rc;

	(void)TEXT_FORMAT(path, "%s/" LAB_GUESTS_DIR, lab->paths.state);
	(void)json_object_set_new(document, "index", json_integer(g->vm.index));
	rc = fs_make_dirs(AT_FDCWD, path, 0700);
	if (rc == 0)
		rc = json_write(document, true, &text);
	(void)document_path(lab, g->vm.spec.name, path, sizeof path);
	if (rc == 0)
		rc = fs_replace(AT_FDCWD, path, text.data, text.len, 0600);
	return rc < 0 ? error_set(err, FAULT_WRITE_FAILED, -rc, "cannot keep %s: %s", path,
				  strerror(-rc))
		      : 0;
}

int guest_ask(struct lab *lab, const json_t *args, struct guest **ret, struct error *err)
{
	struct vm_spec spec;

	if (spec_read(args, &spec, err) < 0)
		return -1;
	if (guest_find(lab, spec.name) != NULL)
		return error_set(err, FAULT_USAGE, EEXIST, "there is a VM named %s already",
				 spec.name);
	if (guest_create(lab, &spec, (unsigned)json_int_at(args, "index", 0), err) < 0)
		return -1;
	*ret = guest_find(lab, spec.name);
	return document_write(lab, args, *ret, err);
}

void guest_unkeep(const struct lab *lab, const char *name)
{
	char path[VM_PATH_MAX + 64];

	if (!lab->keep && document_path(lab, name, path, sizeof path) == 0)
		(void)!fs_remove(AT_FDCWD, path);
}

struct resuming {
	struct lab *lab;
	const char *dir;
};

/* One that cannot be made again is told, and left out. */
static int resume_one(void *ctx, const char *file)
{
	const struct resuming *r = ctx;
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *args = NULL;
	struct error err = { 0 };
	char path[VM_PATH_MAX + 64];
	struct guest *g;

	if (file[0] == '.' || !text_ends(file, SUFFIX))
		return 0;
	(void)TEXT_FORMAT(path, "%s/%s", r->dir, file);
	if (fs_read(AT_FDCWD, path, DOCUMENT_MAX, &text) == 0)
		args = json_parse(buf_text(&text), text.len, NULL, 0);
	if (args == NULL || guest_ask(r->lab, args, &g, &err) < 0)
		LOG(&r->lab->log, ERROR, "lab.vm", "%s is not taken up again: %s", file,
		    args != NULL ? err.what : "damaged");
	return 0;
}

int guests_resume(struct lab *lab, struct error *err)
{
	char dir[VM_PATH_MAX + 16];
	struct resuming r = { lab, dir };
	int rc;

	(void)TEXT_FORMAT(dir, "%s/" LAB_GUESTS_DIR, lab->paths.state);
	if (!lab->resume || !fs_exists(AT_FDCWD, dir))
		return 0;
	rc = fs_list(AT_FDCWD, dir, resume_one, &r);
	return rc < 0 ? error_set(err, FAULT_READ_FAILED, -rc, "cannot read %s: %s", dir,
				  strerror(-rc))
		      : 0;
}
