/* The documents of the Resource Manager's own resources: one JSON file each, replaced atomically.
 */
#include "inner.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"

enum { DOCUMENT_MAX = 8 << 20, FILE_NAME_SIZE = 200 };

#define SUFFIX ".json"

bool arm_name_is_good(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= 64 && name[0] != '.' &&
	       strspn(name,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.()") == len;
}

/* "scaleSet.myvmss": whatever the case of the name. */
static int key_of(const char *kind, const char *name, char *ret, size_t size)
{
	int rc = text_format(ret, size, "%s.%s", kind, name);

	for (char *at = ret + strlen(kind); *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return rc;
}

json_t *arm_document(const struct arm *a, const char *kind, const char *name)
{
	char key[FILE_NAME_SIZE];

	return key_of(kind, name, key, sizeof key) < 0 ? NULL : json_object_get(a->documents, key);
}

int arm_document_save(struct arm *a, const char *kind, json_t *document, struct error *err)
{
	char key[FILE_NAME_SIZE], file[FILE_NAME_SIZE + sizeof SUFFIX];
	AUTO_BUF struct buf text = { 0 };
	int rc = key_of(kind, json_text_at(document, "name", ""), key, sizeof key);

	(void)TEXT_FORMAT(file, "%s" SUFFIX, key);
	if (rc == 0)
		rc = json_write(document, true, &text);
	if (rc == 0)
		rc = fs_replace(a->store, file, buf_text(&text), text.len, 0600);
	if (rc == 0 && json_object_set(a->documents, key, document) < 0)
		rc = -ENOMEM;
	if (rc < 0)
		LOG(a->log, ERROR, "lab.arm", "cannot keep %s: %s", file, strerror(-rc));
	return rc < 0 ? error_set(err, FAULT_WRITE_FAILED, -rc, "cannot keep %s: %s", file,
				  strerror(-rc))
		      : 0;
}

void arm_document_put(struct arm_request *r, const char *kind, json_t *document, bool existed,
		      struct arm_answer *ret)
{
	struct error err = { 0 };
	int rc;

	(void)pthread_mutex_lock(&r->arm->lock);
	rc = arm_document_save(r->arm, kind, document, &err);
	(void)pthread_mutex_unlock(&r->arm->lock);
	if (rc < 0)
		arm_refuse(ret, 500, "InternalServerError", "%s", err.what);
	else
		arm_say(ret, existed ? 200 : 201, json_deep_copy(document));
}

void arm_document_drop(struct arm *a, const char *kind, const char *name)
{
	char key[FILE_NAME_SIZE], file[FILE_NAME_SIZE + sizeof SUFFIX];

	if (key_of(kind, name, key, sizeof key) < 0)
		return;
	(void)TEXT_FORMAT(file, "%s" SUFFIX, key);
	(void)!fs_remove(a->store, file);
	(void)json_object_del(a->documents, key);
}

json_t *arm_documents(const struct arm *a, const char *kind)
{
	json_t *list = json_array(), *document;
	size_t len = strlen(kind);
	const char *key;

	json_object_foreach(a->documents, key, document)
	{
		if (strncmp(key, kind, len) == 0 && key[len] == '.')
			json_array_append(list, document);
	}
	return list;
}

int arm_key_load(const struct arm *a, const char *file, unsigned char ret[static 32],
		 struct error *err)
{
	AUTO_BUF struct buf key = { .max = 32 };
	char path[FILE_NAME_SIZE];
	int rc;

	(void)TEXT_FORMAT(path, "../%s", file);
	rc = fs_read(a->store, path, 32, &key);
	if (rc == 0 && key.len == 32) {
		memcpy(ret, key.data, 32);
		return 0;
	}
	randombytes_buf(ret, 32);
	rc = fs_replace(a->store, path, ret, 32, 0600);
	return rc < 0 ? error_set(err, FAULT_WRITE_FAILED, -rc, "cannot keep %s: %s", file,
				  strerror(-rc))
		      : 0;
}

struct loading {
	struct arm *arm;
	struct error *err;
};

static int load_one(void *ctx, const char *file)
{
	struct loading *l = ctx;
	AUTO_BUF struct buf text = { 0 };
	AUTO_JSON json_t *document = NULL;
	char key[FILE_NAME_SIZE], why[160] = "";
	int rc;

	if (file[0] == '.' || !text_ends(file, SUFFIX) || TEXT_COPY(key, file) < 0)
		return 0;
	rc = fs_read(l->arm->store, file, DOCUMENT_MAX, &text);
	document = rc < 0 ? NULL : json_parse(buf_text(&text), text.len, why, sizeof why);
	if (!json_text_at(document, "name", NULL))
		return error_set(l->err, FAULT_READ_FAILED, EINVAL,
				 "%s in the lab's state is damaged: %s", file, why);
	key[strlen(key) - strlen(SUFFIX)] = '\0';
	return json_object_set(l->arm->documents, key, document) < 0 ? -ENOMEM : 0;
}

int arm_store_open(struct arm *a, const char *state, struct error *err)
{
	struct loading loading = { a, err };
	char dir[512];
	int rc;

	(void)TEXT_FORMAT(dir, "%s/arm/resources", state);
	rc = fs_make_dirs(AT_FDCWD, dir, 0700);
	if (rc == 0) {
		a->store = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = a->store < 0 ? -errno : 0;
	}
	if (rc < 0)
		return error_set(err, FAULT_WRITE_FAILED, -rc, "cannot use %s: %s", dir,
				 strerror(-rc));
	rc = fs_list(a->store, ".", load_one, &loading);
	return rc == 0 || rc == -1 ? rc
				   : error_set(err, FAULT_READ_FAILED, -rc, "cannot read %s: %s",
					       dir, strerror(-rc));
}
