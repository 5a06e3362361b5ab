/* daemon/lab.h - the lab as a value: where its things are, its VMs, its services, and who waits for
 * what.
 *
 * One process, one thread of ours (the services bring their own): every change happens in the loop
 * of server.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "host/host.h"
#include "lab/vm/vm.h"

struct arm;
struct fabric;
struct mirror;

enum {
	LAB_GUESTS_MAX = 64,
	LAB_CONNS_MAX = 64,
	/* exit statuses of ib-lab */
	LAB_OK = 0,
	LAB_USAGE = 1,
	LAB_NOT_RUNNING = 2,
	LAB_NOT_FOUND = 3,
	LAB_FAILED = 4,
};

/* Where the lab is, from the environment. Filled in by lab_paths. */
struct lab_paths {
	char state[VM_PATH_MAX], cache[VM_PATH_MAX];
	char socket[VM_PATH_MAX]; /* state/lab.sock */
	char id[16];              /* tells this lab's control groups from another's */
};

enum guest_then { THEN_NOTHING, THEN_START, THEN_FORGET };

/* A VM and what the daemon means to do with it. */
struct guest {
	struct vm vm;
	const struct vm_kind *kind;
	enum guest_then then; /* when its child has ended */
	int64_t cut_at_ms;    /* STOPPING: when patience ends */
	int64_t started_ms;   /* the boot under way or done */
	char trouble[480];    /* why it is not running, for who waits */
};

enum wait_kind { WAIT_NONE, WAIT_RUNNING, WAIT_STOPPED, WAIT_GONE, WAIT_EXTENSION };

/* What a client waits for; it is answered when that holds, or at the deadline. */
struct wait {
	enum wait_kind kind;
	char vm[VM_NAME_MAX];
	char extension[80];
	char until[16]; /* WAIT_EXTENSION: "final", "success", "error" or "gone" */
	bool progress;
	char said[1200];     /* the status told last */
	unsigned boots;      /* WAIT_RUNNING: of that boot or a later one */
	int64_t deadline_ms; /* 0: none */
};

struct conn {
	int fd; /* -1: free */
	struct buf in;
	struct wait wait;
};

struct lab {
	struct lab_paths paths;
	struct vm_env env;
	struct host host;
	struct log log;
	struct fabric *fabric;
	struct mirror *mirror;
	struct arm *arm; /* NULL: not asked for */
	int arm_port;    /* 0: not asked for; else as arm_options.port */
	bool page;       /* start with what the page names: myVM and myVMSS */
	char dist[VM_PATH_MAX];
	struct guest *guests[LAB_GUESTS_MAX];
	struct conn conns[LAB_CONNS_MAX];
	int listener, signals;
	bool stopping;
	bool keep;   /* it goes down, and another is to take up what it had */
	bool resume; /* take up what the last one had */
};

/* From $IB_LAB_STATE and $IB_LAB_CACHE. Returns 0, or -1 with *err set when a path cannot serve. */
int lab_paths(struct lab_paths *ret, struct error *err);

/* Open the host and fill in lab->env. Returns 0, or -1 with *err set. */
int lab_init(struct lab *lab, struct error *err);

/* Take away what a lab that was killed left behind: control groups and the processes in them,
 * directories of VMs; what it knew of them, too, unless that is kept or to be taken up. */
void lab_sweep(const struct lab *lab);

#define LAB_GUESTS_DIR "guests" /* documents of VMs, below the state directory */

/* Run the daemon until it is told to stop. `tell` gets "ok\n" or the text of a failure once the
 * listeners answer (-1: nobody to tell). Returns an exit status. */
int server_run(struct lab *lab, int tell);

int64_t lab_now_ms(void); /* monotonic */

static inline const struct vm_kind *vm_kind_of(bool machine)
{
	return machine ? &vm_kind_machine : &vm_kind_cell;
}

/* ---- guests.c ---- */

struct guest *guest_find(struct lab *lab, const char *name); /* NULL if there is none */
json_t *guest_json(const struct lab *lab, const struct guest *g);

/* Each returns 0, or -1 with *err set. What takes time goes on afterwards; WAIT_* says when it is
 * done. */
int guest_create(struct lab *lab, const struct vm_spec *spec, unsigned index, struct error *err);
int guest_start(struct lab *lab, struct guest *g, struct error *err);
int guest_stop(struct lab *lab, struct guest *g, enum guest_then then, struct error *err);
void guest_cut(struct lab *lab, struct guest *g, enum guest_then then);
int guest_set(struct lab *lab, struct guest *g, const char *key, const char *value,
	      struct error *err);

/* From the loop: the ready descriptor is readable; a child of ours ended; time passed. */
void guest_on_ready(struct lab *lab, struct guest *g);
void guest_on_exit(struct lab *lab, pid_t pid);
void guest_on_time(struct lab *lab);

/* The end of what its console said, and which file has the rest; "" where there is none. */
void guest_console_end(const struct guest *g, char *out, size_t size);

/* ---- keep.c ---- */

/* Create what `vm create` asks for, and keep a document of it. Returns 0, or -1 with *err set. */
int guest_ask(struct lab *lab, const json_t *args, struct guest **ret, struct error *err);
void guest_unkeep(const struct lab *lab, const char *name);

/* Make the VMs of the documents again, where the lab is to. Returns 0, or -1 with *err set. */
int guests_resume(struct lab *lab, struct error *err);

/* ---- page.c ---- */

#define LAB_PAGE_VM   "myVM"
#define LAB_PAGE_SIZE "Standard_HB120rs_v3"

/* Begin with the VMs of the page, where the lab is to have them. Returns 0, or -1 with *err set. */
int page_make(struct lab *lab, struct error *err);

/* ---- control.c ---- */

/* Answer one request line. */
void control_request(struct lab *lab, struct conn *c, const char *line, size_t len);

/* ---- waits.c ---- */

/* Answer those whose wait is over. */
void waits_check(struct lab *lab);

/* ---- dist.c ---- */

/* Offer every package of lab->dist to the fabric's catalogue. Returns how many, or -1 with *err
 * set. */
int dist_scan(struct lab *lab, struct error *err);
