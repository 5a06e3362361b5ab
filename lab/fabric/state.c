/* Keeps the VMs over a restart: one JSON document each, replaced atomically. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/text.h"

#include "inner.h"

enum { DOC_MAX = 8 << 20 };

#define SCHEMA   "ib-lab/fabric-vm/1"
#define KEY_FILE "sas.key"
#define SUFFIX   ".vm.json"

static int doc_path(const struct guest *vm, char *ret, size_t size)
{
	return text_format(ret, size, "%s" SUFFIX, vm->name);
}

int guest_save(const struct fabric *f, const struct guest *vm, struct error *err)
{
	struct buf text AUTO_BUF = { 0 };
	char path[VM_NAME_SIZE + sizeof SUFFIX];
	int rc = json_write(vm->doc, true, &text);

	(void)doc_path(vm, path, sizeof path);
	if (rc == 0)
		rc = fs_replace(f->state_dir, path, buf_text(&text), text.len, 0600);
	if (rc < 0)
		return error_set(err, FAULT_WRITE_FAILED, -rc, "cannot keep the state of VM %s: %s",
				 vm->name, strerror(-rc));
	return 0;
}

int guest_forget(const struct fabric *f, const struct guest *vm, struct error *err)
{
	char path[VM_NAME_SIZE + sizeof SUFFIX];
	int rc;

	(void)doc_path(vm, path, sizeof path);
	rc = fs_remove(f->state_dir, path);
	if (rc < 0)
		return error_set(err, FAULT_WRITE_FAILED, -rc,
				 "cannot remove the state of VM %s: %s", vm->name, strerror(-rc));
	return 0;
}

/* The key outlives the fabric: agents keep URLs that are signed with it. */
static int key_load(struct fabric *f)
{
	struct buf key AUTO_BUF = { .max = SAS_KEY_SIZE };
	int rc = fs_read(f->state_dir, KEY_FILE, SAS_KEY_SIZE, &key);

	if (rc == 0 && key.len == SAS_KEY_SIZE) {
		memcpy(f->sas_key, key.data, SAS_KEY_SIZE);
		return 0;
	}
	if (rc < 0 && rc != -ENOENT)
		return rc;
	randombytes_buf(f->sas_key, SAS_KEY_SIZE);
	return fs_replace(f->state_dir, KEY_FILE, f->sas_key, SAS_KEY_SIZE, 0600);
}

static int guest_take(struct fabric *f, json_t *doc)
{
	struct guest **vms = reallocarray(f->vms, f->nvms + 1, sizeof(struct guest *));
	struct guest *vm;

	if (!vms)
		return -ENOMEM;
	f->vms = vms;
	vm = calloc(1, sizeof *vm);
	if (!vm)
		return -ENOMEM;
	f->vms[f->nvms++] = vm;
	vm->doc = json_incref(doc);
	vm->counts = json_object();
	vm->blob.max = STATUS_BLOB_MAX;
	if (TEXT_COPY(vm->name, json_text_at(doc, "vm.name", "")) < 0 ||
	    TEXT_COPY(vm->address, json_text_at(doc, "vm.address", "")) < 0 ||
	    vm->name[0] == '\0' || !vm->counts)
		return -EINVAL;
	return 0;
}

struct loading {
	struct fabric *fabric;
	struct error *err;
};

static int doc_load(void *ctx, const char *name)
{
	struct loading *l = ctx;
	struct buf text AUTO_BUF = { 0 };
	char why[160] = "";
	int rc;

	if (!text_ends(name, SUFFIX))
		return 0;
	rc = fs_read(l->fabric->state_dir, name, DOC_MAX, &text);
	json_t *doc AUTO_JSON = rc < 0 ? NULL
				       : json_parse(buf_text(&text), text.len, why, sizeof why);

	if (!text_eq(json_text_at(doc, "schema", ""), SCHEMA) || guest_take(l->fabric, doc) < 0)
		return error_set(l->err, FAULT_READ_FAILED, EINVAL,
				 "%s in the lab's state is damaged%s%s", name, *why ? ": " : "",
				 why);
	return 0;
}

int guests_load(struct fabric *f, const char *dir, struct error *err)
{
	struct loading loading = { f, err };
	int rc = fs_make_dirs(AT_FDCWD, dir, 0700);

	if (rc == 0) {
		f->state_dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = f->state_dir < 0 ? -errno : key_load(f);
	}
	if (rc < 0)
		return error_set(err, FAULT_WRITE_FAILED, -rc, "cannot use %s for the state: %s",
				 dir, strerror(-rc));
	rc = fs_list(f->state_dir, ".", doc_load, &loading);
	if (rc == -1)
		return -1;
	return rc < 0 ? error_set(err, FAULT_READ_FAILED, -rc, "cannot list %s: %s", dir,
				  strerror(-rc))
		      : 0;
}
