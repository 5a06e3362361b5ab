/* Reads who refers to whom. */
#include "act/step/reload_order.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *const reload_modules[] = {
	"mlx_compat", "mlxfw",      "ib_core",   "ib_cm",   "iw_cm",    "rdma_cm",
	"ib_uverbs",  "ib_umad",    "mlx5_core", "mlx5_ib", "ib_ipoib", "rdma_ucm",
	"mlx5_vdpa",  "ib_iser",    "ib_isert",  "ib_srp",  "ib_srpt",  "rpcrdma",
	"nvme_rdma",  "nvmet_rdma", "rds_rdma",  "smc",     NULL,
};

struct line {
	char name[56];
	unsigned references;
	char users[512]; /* "a,b,", or "-" */
};

/* "name size references users state address". Moves *at behind the line; false at the end. */
static bool line_next(const char **at, struct line *ret)
{
	while (**at != '\0') {
		char text[700];
		size_t len = strcspn(*at, "\n");

		(void)TEXT_FORMAT(text, "%.*s", (int)len, *at);
		*at += len + ((*at)[len] == '\n');
		if (sscanf(text, "%55s %*s %u %511s", ret->name, &ret->references, ret->users) == 3)
			return true;
	}
	return false;
}

static bool is_mine(const char *name)
{
	for (size_t i = 0; reload_modules[i] != NULL; i++)
		if (text_eq(reload_modules[i], name))
			return true;
	return false;
}

/* Each reference must be that of a module which goes too. */
static int line_possible(const struct line *l, struct error *err)
{
	char users[sizeof l->users], *save = NULL;
	unsigned known = 0;

	(void)TEXT_COPY(users, l->users);
	for (char *user = strtok_r(users, ",", &save); user != NULL && !text_eq(user, "-");
	     user = strtok_r(NULL, ",", &save)) {
		if (!is_mine(user))
			return error_set(err, FAULT_RELOAD_REFUSED, 0,
					 "the module %s hangs on %s and would be torn", user,
					 l->name);
		known++;
	}
	if (l->references > known)
		return error_set(err, FAULT_RELOAD_REFUSED, 0,
				 "the module %s is in use by a program or a mount, which would "
				 "lose it: end what uses RDMA first",
				 l->name);
	return 0;
}

int reload_order_possible(const char *proc_modules, struct error *err)
{
	struct line l;

	while (line_next(&proc_modules, &l))
		if (is_mine(l.name) && line_possible(&l, err) < 0)
			return -1;
	return 0;
}

bool reload_order_has(const char *proc_modules, const char *name)
{
	struct line l;

	while (line_next(&proc_modules, &l))
		if (text_eq(l.name, name))
			return true;
	return false;
}

bool reload_order_next(const char *proc_modules, char *ret, size_t size)
{
	struct line l;

	while (line_next(&proc_modules, &l))
		if (is_mine(l.name) && l.references == 0)
			return text_copy(ret, size, l.name) >= 0;
	return false;
}
