/* lab/vm/vm.h - the virtual machines of the lab: what one is, and what each of the two kinds must
 * be able to do.
 *
 * A cell (cell.c) is a container, a machine (machine.c) is QEMU. The daemon owns the struct vm; a
 * kind fills in its own part and starts one child process a boot, which the daemon reaps. Children
 * die with the daemon (PR_SET_PDEATHSIG: fork on the calling thread only, which is the daemon's
 * main thread). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/json.h"

struct host;
struct log;

enum { VM_PCI_MAX = 16, VM_NAME_MAX = 32, VM_PATH_MAX = 512 };

/* Where things are. Paths are absolute. */
struct vm_env {
	const char *state; /* $IB_LAB_STATE */
	const char *cache; /* $IB_LAB_CACHE: keyed by what a thing was made from, safe to delete */
	const char *id;    /* eight digits of a digest of `state`: tells labs apart */
	const struct host *host; /* the machine that the lab runs on, to run programs */
	struct log *log;
	int netns; /* the lab's network namespace with its bridge; -1 in the client */
};

struct vm_pci {
	uint16_t vendor, device;
	uint32_t
		class_code; /* 24 bits, as sysfs shows it: 0x020700 InfiniBand, 0x020000 Ethernet */
};

enum vm_port_state {
	VM_PORT_DOWN = 1,
	VM_PORT_INIT = 2,
	VM_PORT_ACTIVE = 4
}; /* the kernel's numbers */

/* What `vm create` was asked for, and what `vm set` changed since. */
struct vm_spec {
	char name[VM_NAME_MAX];
	bool machine;                  /* else a cell */
	char size[64];                 /* "Standard_HB120rs_v3" */
	char image[32];                /* "debian12": distro.h */
	char root[VM_PATH_MAX];        /* a cell's: a tree of files that somebody made of one of the
					  lab's, in the place of the image; "": none */
	char scale_set[64];            /* that it is an instance of; "": none */
	struct vm_pci pci[VM_PCI_MAX]; /* from --pci, else from the size (vm_spec_defaults) */
	size_t npci;
	bool init;                      /* systemd as PID 1 */
	bool agent;                     /* the Azure agent is started */
	bool adapter;                   /* the PCI functions are plugged in */
	bool vmbus;                     /* a VMBus and Hyper-V PCI pass-through are there */
	bool azure;                     /* SMBIOS says that it is a VM of Azure's */
	unsigned rate_gbps;             /* of each InfiniBand port, once its driver is loaded */
	enum vm_port_state port;        /* of each InfiniBand port */
	char agent_source[VM_PATH_MAX]; /* a checkout of a newer agent ($WALA_SOURCE), or empty: the
					   packaged one */
};

enum vm_state { VM_STOPPED, VM_STARTING, VM_RUNNING, VM_STOPPING };

struct vm {
	struct vm_spec spec;
	unsigned index;        /* 2 and up, unique while the VM exists */
	char address[16];      /* "10.7.0.2": 10.7.(index / 256).(index % 256) */
	char mac[18];          /* "02:00:0a:07:00:02": of its eth0 */
	char dir[VM_PATH_MAX]; /* $IB_LAB_STATE/vm/NAME: the VM's own, removed with it */
	enum vm_state state;
	unsigned boots;
	pid_t child;  /* what the daemon reaps: systemd-nspawn or QEMU; 0 when stopped */
	pid_t leader; /* cells: PID 1 of the cell as seen from outside; 0 until known */
	bool reboot;  /* set by ended(): the guest asked for another boot */
	int ready_fd; /* the daemon polls it for input while STARTING and calls ready(); -1: none */
	void *own;    /* the kind's; freed by its remove() */
};

struct vm_kind {
	const char *name; /* "cell", "machine" */

	/* Called in the CLIENT before create is sent: the slow part (roots, disk images, kernel
	 * modules), cached under env->cache and a file lock, progress to env->log. May take minutes
	 * the first time, milliseconds later. */
	int (*prepare)(const struct vm_env *env, const struct vm_spec *spec, struct error *err);

	/* The rest is called in the daemon, on its one thread, and must return within about a
	 * second. */

	/* Make what belongs to this VM alone in vm->dir, which exists. Once, before the first
	 * start. */
	int (*create)(const struct vm_env *env, struct vm *vm, struct error *err);

	/* Boot: sets vm->child and vm->ready_fd, and returns without waiting. Used again for each
	 * boot. */
	int (*start)(const struct vm_env *env, struct vm *vm, struct error *err);

	/* ready_fd is readable. Returns 1 when the VM can run commands (the daemon then says
	 * RUNNING), 0 when not yet, -1 when it never will. */
	int (*ready)(const struct vm_env *env, struct vm *vm, struct error *err);

	/* Ask for an orderly shutdown; the child ends by itself. The daemon cuts after a minute. */
	int (*stop)(const struct vm_env *env, struct vm *vm, struct error *err);

	/* The power goes: SIGKILL to all of it, at once. */
	void (*cut)(const struct vm_env *env, struct vm *vm);

	/* The child has been reaped: drop what lived only for that boot (sockets, taps). */
	void (*ended)(const struct vm_env *env, struct vm *vm);

	/* `vm set`: vm->spec already has the new adapter, port or rate; bring the running or the
	 * next boot to it. */
	int (*changed)(const struct vm_env *env, struct vm *vm, const char *key, struct error *err);

	/* Stopped and about to be forgotten: free vm->own. The daemon removes vm->dir. */
	void (*forget)(const struct vm_env *env, struct vm *vm);

	/* In the daemon: what the client needs to reach inside, as a JSON object of the kind's own
	 * choice. */
	json_t *(*access)(const struct vm_env *env, const struct vm *vm);

	/* Called in the CLIENT with that object: run argv inside with this process's stdin, stdout
	 * and stderr, an interactive root shell if argv[0] is NULL. Returns the exit status (128 +
	 * signal), or -1 with *err set. */
	int (*shell)(const json_t *access, char *const argv[], struct error *err);
};

extern const struct vm_kind vm_kind_cell;    /* cell.c */
extern const struct vm_kind vm_kind_machine; /* machine.c */

/* The base root, Debian 12, $IB_LAB_CACHE/root-<key>/, made at first use (minutes). For the CLIENT:
 * prepare() of either kind calls it. `ret` gets its absolute path. Never write into it. */
int root_prepare(const struct vm_env *env, char ret[static VM_PATH_MAX], struct error *err);

/* Where that root is, without making it (in the daemon). FAULT_IO-class error if it is not there.
 */
int root_find(const struct vm_env *env, char ret[static VM_PATH_MAX], struct error *err);

/* The kernel release in a root: the name of its one directory in lib/modules. */
int root_kernel(const char *root, char *ret, size_t size, struct error *err);

/* The other kernel that machines can install from the mirror and boot: Debian's real-time flavour
 * of the same version, "6.1.0-56-rt-amd64". */
void root_other_kernel(const char *release, char *ret, size_t size);

/* A tap in the lab's network namespace, up and on its bridge, for QEMU's -netdev tap,fd=N. The name
 * is at most 15 characters and unique in the lab ("t-2" of the index will do). Gone when the
 * descriptor is closed. Returns the descriptor (close-on-exec), or -1 with *err set. */
int net_tap(int netns, const char *name, struct error *err);

/* Fill in what was not asked for from the size's catalogue row: PCI functions, rate. Unknown sizes
 * get none. */
void vm_spec_defaults(struct vm_spec *spec);

/* "15b3:101c:0207,15b3:1016:0200" into spec->pci. Returns 0 or -EINVAL. */
int vm_spec_pci(struct vm_spec *spec, const char *text);

/* Gateway and magic addresses of every VM, for guests that are set up from inside. */
#define VM_GATEWAY    "10.7.0.1"
#define VM_PREFIX     16
#define VM_WIRESERVER "168.63.129.16"
#define VM_METADATA   "169.254.169.254"
#define VM_BRIDGE_MAC "02:00:00:00:07:01"
