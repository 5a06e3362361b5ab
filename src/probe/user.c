/* probe/user.c - tells who uses the modules of the stack. */
#include "probe/user.h"

#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/slice.h"

enum { MODULES_MAX = 1 << 20 };

static const char *const stack[] = {
	"ib_core",   "ib_uverbs",      "ib_umad",    "ib_mad",     "ib_sa",
	"ib_addr",   "ib_cm",          "ib_ucm",     "iw_cm",      "rdma_cm",
	"rdma_ucm",  "ib_ipoib",       "mlx5_core",  "mlx5_ib",    "mlx4_core",
	"mlx4_ib",   "mlx4_en",        "mlx_compat", "mlx5_vdpa",  "mlx5_fwctl",
	"mlx5_dpll", "mlx5_vfio_pci",  "mlxdevm",    "mlxfw",      "mana",
	"mana_ib",   "irdma",          "bnxt_re",    "rdma_rxe",   "siw",
	"efa",       "hns_roce_hw_v2", "qedr",       "ib_qib",     "hfi1",
	"rdmavt",    "auxiliary",      "fwctl",      "ib_netlink", "hv_network_direct",
};

/* The kernel's own protocols over the stack. */
static const char *const protocols[] = {
	"ib_iser",    "ib_isert",    "ib_srp",      "ib_srpt",   "nvme_rdma",
	"nvmet_rdma", "rpcrdma",     "xprtrdma",    "svcrdma",   "rds_rdma",
	"smc",        "rtrs_client", "rtrs_server", "rtrs_core", "9pnet_rdma",
};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (text_eq(names[i], name))
			return true;
	}
	return false;
}

bool user_is_of_stack(const char *name)
{
	return is_one_of(name, stack, ARRAY_SIZE(stack));
}

/* Does something refer to the module? Also where the text does not say. */
static bool is_referred_to(struct slice modules, const char *name)
{
	struct slice line, word, count;
	uint32_t number;

	while (slice_line(&modules, &line)) {
		if (slice_word(&line, &word) && slice_eq(word, name) && slice_word(&line, &word) &&
		    slice_word(&line, &count) && slice_number(count, 10, &number) == 0)
			return number > 0;
	}
	return true;
}

static void add(struct facts *f, struct slice user, struct slice holds)
{
	struct module_user *u = &f->users[f->nusers];

	if (f->nusers == FACTS_USERS_MAX || user.len == 0 || user.len >= sizeof u->name)
		return;
	memset(u, 0, sizeof *u);
	SLICE_COPY(user, u->name);
	SLICE_COPY(holds, u->holds);
	for (unsigned i = 0; i < f->nusers; i++) {
		if (text_eq(f->users[i].name, u->name)) {
			memset(u, 0, sizeof *u);
			return;
		}
	}
	f->nusers++;
}

static void consider(struct facts *f, struct slice modules, struct slice user, struct slice holds)
{
	char name[sizeof f->users[0].name];

	SLICE_COPY(user, name);
	if (user_is_of_stack(name))
		return;
	if (!is_one_of(name, protocols, ARRAY_SIZE(protocols)) || is_referred_to(modules, name))
		add(f, user, holds);
}

void user_parse(const char *text, size_t len, struct facts *ret)
{
	const struct slice all = { text, len };
	struct slice rest = all, line, holds, word, user;
	char name[sizeof ret->users[0].holds];

	while (slice_line(&rest, &line)) {
		/* name, size, references, users: "a,b," or "-". */
		if (!slice_word(&line, &holds) || holds.len >= sizeof name ||
		    !slice_word(&line, &word) || !slice_word(&line, &word) ||
		    !slice_word(&line, &word) || slice_eq(word, "-"))
			continue;
		SLICE_COPY(holds, name);
		if (!user_is_of_stack(name))
			continue;
		while (slice_cut(&word, ',', &user))
			consider(ret, all, user, holds);
		consider(ret, all, word, holds);
	}
}

struct listing {
	const struct host *host;
	struct facts *facts;
	const char *holds;
};

static int take_holder(void *ctx, const char *name)
{
	const struct listing *l = ctx;
	struct slice user = { name, strlen(name) }, holds = { l->holds, strlen(l->holds) };
	char path[128], line[96], count[16];

	(void)TEXT_FORMAT(path, "sys/module/%s/refcnt", name);
	if (HOST_READ_LINE(l->host, path, count) < 0 ||
	    TEXT_FORMAT(line, "%s 0 %s", name, count) < 0)
		line[0] = '\0';
	consider(l->facts, (struct slice) { line, strlen(line) }, user, holds);
	return 0;
}

static void read_holders(const struct host *h, struct facts *ret)
{
	struct listing l = { .host = h, .facts = ret };
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(stack); i++) {
		l.holds = stack[i];
		(void)TEXT_FORMAT(path, "sys/module/%s/holders", stack[i]);
		(void)!host_list(h, path, take_holder, &l);
	}
}

void user_read(const struct host *h, struct facts *ret)
{
	AUTO_BUF struct buf b = { .max = MODULES_MAX };

	memset(ret->users, 0, sizeof ret->users);
	ret->nusers = 0;
	if (host_read(h, "proc/modules", MODULES_MAX, &b) == 0)
		user_parse(buf_text(&b), b.len, ret);
	else
		read_holders(h, ret);
}
