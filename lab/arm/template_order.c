/* Ids of resources, what they depend on, and their order. */
#include "template.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"

/* "virtualMachines/extensions" and "a/b" by turns. */
static int add_turns(struct buf *b, const char *type, const char *name)
{
	int rc = 0;

	while (rc == 0 && *type && *name) {
		size_t type_len = strcspn(type, "/"), name_len = strcspn(name, "/");

		rc = buf_add_format(b, "/%.*s/%.*s", (int)type_len, type, (int)name_len, name);
		type += type_len + (type[type_len] == '/');
		name += name_len + (name[name_len] == '/');
	}
	return rc < 0 ? rc : *type || *name ? -EINVAL : 0;
}

int template_id(const struct template *t, const char *type, const char *name, char *ret,
		size_t size)
{
	const char *slash = strchr(type, '/');
	AUTO_BUF struct buf b = { 0 };
	int rc;

	if (!slash || !slash[1] || !*name)
		return -EINVAL;
	rc = buf_add_format(&b, "%s/providers/%.*s", json_text_at(t->resource_group, "id", ""),
			    (int)(slash - type), type);
	if (rc == 0)
		rc = add_turns(&b, slash + 1, name);
	return rc < 0 ? rc : text_copy(ret, size, buf_text(&b));
}

static bool ends_in(const char *text, const char *tail)
{
	size_t len = strlen(text), n = strlen(tail);

	return n <= len && strcasecmp(text + len - n, tail) == 0;
}

/* What stands in dependsOn: an id, its end ("Microsoft.Compute/virtualMachines/a"), a name, or the
 * name of a copy loop, which is all of its resources. */
static bool is_meant(const struct template_resource *r, const char *need)
{
	if (text_eq_nocase(json_text_at(r->head, "name", ""), need))
		return true;
	if (strchr(need, '/') && ends_in(json_text_at(r->head, "id", ""), need))
		return true;
	for (unsigned i = 0; i < r->nloops; i++)
		if (text_eq_nocase(r->loops[i].name, need))
			return true;
	return false;
}

/* Could it stand for a resource whose condition said no? Then nothing has to be waited for. */
static bool is_an_id(const char *need)
{
	return strchr(need, '/') != NULL;
}

static int needs_of(const struct template *t, struct template_resource *r, struct error *err)
{
	AUTO_JSON json_t *ids = json_array();
	json_t *need;
	size_t i;

	json_array_foreach(json_object_get(r->head, "dependsOn"), i, need)
	{
		const char *text = json_string_value(need);
		size_t found = 0;

		for (size_t k = 0; text && k < t->nresources; k++)
			if (&t->resources[k] != r && is_meant(&t->resources[k], text)) {
				json_array_append(ids, json_object_get(t->resources[k].head, "id"));
				found++;
			}
		if (found == 0 && (!text || !is_an_id(text)))
			return error_set(err, FAULT_USAGE, EINVAL,
					 "InvalidTemplate: Deployment template validation failed: "
					 "'The resource '%.120s' which '%.120s' depends on is not "
					 "defined in the template.'",
					 text ? text : "?", json_text_at(r->head, "name", ""));
	}
	return json_object_set(r->head, "dependsOn", ids) < 0
		       ? error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for a template")
		       : 0;
}

static bool is_among(const struct template_resource *done, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (text_eq_nocase(json_text_at(done[i].head, "id", ""), id))
			return true;
	return false;
}

static bool is_ready(const struct template_resource *r, const struct template_resource *done,
		     size_t n)
{
	json_t *need;
	size_t i;

	json_array_foreach(json_object_get(r->head, "dependsOn"), i,
			   need) if (!is_among(done, n, json_string_value(need))) return false;
	return true;
}

/* The first that is ready comes next, so that what depends on nothing stays as it stands. */
static int sort(struct template_resource *r, size_t n, struct error *err)
{
	for (size_t done = 0; done < n; done++) {
		struct template_resource next;
		size_t k = done;

		while (k < n && !is_ready(&r[k], r, done))
			k++;
		if (k == n)
			return error_set(err, FAULT_USAGE, ELOOP,
					 "InvalidTemplate: Deployment template validation failed: "
					 "'Circular dependency detected on resource: '%.200s'.'",
					 json_text_at(r[done].head, "id", ""));
		next = r[k];
		memmove(&r[done + 1], &r[done], (k - done) * sizeof *r);
		r[done] = next;
	}
	return 0;
}

static int refuse_twins(const struct template *t, struct error *err)
{
	for (size_t i = 0; i < t->nresources; i++) {
		const char *id = json_text_at(t->resources[i].head, "id", "");

		if (is_among(t->resources, i, id))
			return error_set(err, FAULT_USAGE, EEXIST,
					 "InvalidTemplate: Deployment template validation failed: "
					 "'The resource '%.200s' is defined multiple times in a "
					 "template.'",
					 id);
	}
	return 0;
}

int template_order(struct template *t, struct error *err)
{
	if (refuse_twins(t, err) < 0)
		return -1;
	for (size_t i = 0; i < t->nresources; i++)
		if (needs_of(t, &t->resources[i], err) < 0)
			return -1;
	return sort(t->resources, t->nresources, err);
}
