/* The fabric as a whole: starting, stopping, and the catalogue of what is published. */
#include "fabric.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#include "http.h"
#include "inner.h"
#include "version.h"

void fabric_lock(struct fabric *f)
{
	(void)pthread_mutex_lock(&f->lock);
}

void fabric_unlock(struct fabric *f)
{
	(void)pthread_mutex_unlock(&f->lock);
}

int64_t fabric_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void fabric_uuid(char ret[static 37])
{
	unsigned char b[16];
	char *at = ret;

	randombytes_buf(b, sizeof b);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		(void)text_format(at, 3, "%02x", b[i]);
		at += 2;
	}
}

/* ---- starting and stopping ------------------------------------------------------------------ */

static struct fabric *fabric_new(const struct fabric_options *o)
{
	struct fabric *f = calloc(1, sizeof *f);
	pthread_condattr_t attr;

	if (!f)
		return NULL;
	f->state_dir = -1;
	f->log = o->log;
	f->fast_track = o->fast_track;
	f->catalogue = json_object();
	f->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&f->uploaded, &attr);
	(void)pthread_condattr_destroy(&attr);
	return f;
}

static int listeners_open(struct fabric *f, const struct fabric_options *o, struct error *err)
{
	const char *wire = o->wire_address ? o->wire_address : "168.63.129.16";
	const char *imds = o->imds_address ? o->imds_address : "169.254.169.254";
	const char *blob = o->blob_address ? o->blob_address : "10.7.0.1";

	if (listener_open(f, FABRIC_WIRE, wire, o->wire_port ? o->wire_port : 80, err) < 0 ||
	    listener_open(f, FABRIC_PLUGIN, wire, o->plugin_port ? o->plugin_port : 32526, err) <
		    0 ||
	    listener_open(f, FABRIC_IMDS, imds, o->imds_port ? o->imds_port : 80, err) < 0)
		return -1;
	return listener_open(f, FABRIC_BLOB, blob, o->blob_port ? o->blob_port : 8080, err);
}

int fabric_start(const struct fabric_options *options, struct fabric **ret, struct error *err)
{
	struct fabric *f;

	if (sodium_init() < 0)
		return error_set(err, FAULT_INTERNAL, EIO, "no source of random numbers");
	f = fabric_new(options);
	if (!f || !f->catalogue || f->stop_fd < 0) {
		fabric_stop(f);
		return error_set(err, FAULT_INTERNAL, ENOMEM, "cannot make the fabric");
	}
	if (guests_load(f, options->state_dir, err) < 0) {
		fabric_stop(f);
		return -1;
	}
	for (size_t i = 0; i < f->nvms; i++)
		guest_hold(f->vms[i], f->fast_track);
	if (listeners_open(f, options, err) < 0) {
		fabric_stop(f);
		return -1;
	}
	*ret = f;
	return 0;
}

void fabric_stop(struct fabric *f)
{
	if (!f)
		return;
	fabric_lock(f);
	f->stopping = true;
	(void)pthread_cond_broadcast(&f->uploaded);
	fabric_unlock(f);
	if (f->stop_fd >= 0)
		(void)eventfd_write(f->stop_fd, 1);
	for (int i = 0; i < FABRIC_SERVICES; i++)
		listener_close(f->listeners[i]);
	for (size_t i = 0; i < f->nvms; i++)
		guest_free(f->vms[i]);
	free(f->vms);
	json_decref(f->catalogue);
	cleanup_fd(&f->stop_fd);
	cleanup_fd(&f->state_dir);
	(void)pthread_cond_destroy(&f->uploaded);
	(void)pthread_mutex_destroy(&f->lock);
	free(f);
}

int fabric_port(const struct fabric *f, enum fabric_service service)
{
	return listener_port(f->listeners[service]);
}

/* ---- the catalogue ------------------------------------------------------------------------- */

static json_t *entry_get(struct fabric *f, const char *publisher, const char *type)
{
	char handler[256];
	json_t *entry;

	if (TEXT_FORMAT(handler, "%s.%s", publisher, type) < 0)
		return NULL;
	entry = json_object_get(f->catalogue, handler);
	if (!entry) {
		entry = json_pack("{s:s,s:s,s:{}}", "publisher", publisher, "type", type,
				  "versions");
		(void)json_object_set_new(f->catalogue, handler, entry);
	}
	return entry;
}

/* The parts of a handler's name stand in paths and URLs. */
static bool handler_part_ok(const char *part)
{
	size_t len = part ? strlen(part) : 0;

	return len > 0 && len < 100 &&
	       strspn(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789.-_") == len;
}

int fabric_publish_extension(struct fabric *f, const char *publisher, const char *type,
			     const char *version, const char *zip_path, struct error *err)
{
	struct ext_version v;
	json_t *entry;

	if (!handler_part_ok(publisher) || !handler_part_ok(type))
		return error_set(err, FAULT_USAGE, EINVAL,
				 "a publisher or type is made of letters, digits and ._-");
	if (ext_version_parse(version, &v) < 0)
		return error_set(err, FAULT_USAGE, EINVAL, "%s is not a version", version);
	if (access(zip_path, R_OK) < 0)
		return error_set(err, FAULT_READ_FAILED, errno, "cannot read %s: %s", zip_path,
				 strerror(errno));
	fabric_lock(f);
	entry = entry_get(f, publisher, type);
	(void)json_object_set_new(json_object_get(entry, "versions"), version,
				  json_string(zip_path));
	fabric_unlock(f);
	return entry ? 0 : error_set(err, FAULT_INTERNAL, ENOMEM, "out of memory");
}

/* A new array of the versions, ascending: an insertion sort, as there are few. */
static json_t *versions_sorted(const json_t *versions)
{
	json_t *ret = json_array(), *path;
	const char *key;

	json_object_foreach((json_t *)versions, key, path)
	{
		struct ext_version v, other;
		size_t at = json_array_size(ret);

		(void)ext_version_parse(key, &v);
		while (at > 0) {
			const char *text = json_string_value(json_array_get(ret, at - 1));

			if (ext_version_parse(text, &other) == 0 &&
			    ext_version_compare(&other, &v) <= 0)
				break;
			at--;
		}
		(void)json_array_insert_new(ret, at, json_string(key));
	}
	return ret;
}

json_t *fabric_catalogue(struct fabric *f)
{
	json_t *ret = json_array(), *entry;
	const char *key;

	fabric_lock(f);
	json_object_foreach(f->catalogue, key, entry)(void) json_array_append_new(
		ret, json_pack("{s:O,s:O,s:o}", "publisher", json_object_get(entry, "publisher"),
			       "type", json_object_get(entry, "type"), "versions",
			       versions_sorted(json_object_get(entry, "versions"))));
	fabric_unlock(f);
	return ret;
}
