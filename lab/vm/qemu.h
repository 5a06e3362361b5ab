/* lab/vm/qemu.h - one QEMU process: its command line, its descriptors, its monitor.
 *
 * The devices and their order are the same in every machine and in the snapshot, which is bound to
 * them. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

struct vm_env;

/* What a machine is started from. Paths are absolute. */
struct qemu_spec {
	const char *name;       /* of the process, for ps(1) */
	const char *dir;        /* its working directory: sockets, disks and logs are there */
	const char *image;      /* what image_prepare made */
	const char *boot;       /* where kernel and initrd are */
	const char *mac;        /* NULL: the one of the snapshot */
	const char *uuid;       /* the VM's id in SMBIOS, machine id of the system */
	const char *parameters; /* more of the kernel's command line; may be NULL */
	int tap;                /* -1: not connected */
	bool resume;            /* go on from the snapshot of the image */
	bool azure;             /* SMBIOS says that it is a VM of Azure's */
};

struct qemu {
	pid_t pid;
	int host;    /* lines with lab-guest: see wire.h */
	int monitor; /* QMP */
};

/* The names in its directory. */
#define QEMU_DISK    "disk.qcow2"
#define QEMU_CONFIG  "config.img"
#define QEMU_AGENT   "agent.img"
#define QEMU_BOOT    "boot.img" /* what the guest's boot loader would start (files/boot-loader) */
#define QEMU_CONSOLE "console.log"
#define QEMU_EXEC    "exec." /* followed by the number of the port */

/* Fork on the calling thread: QEMU dies with it. Returns 0, or -1 with *err set. */
int qemu_start(const struct qemu_spec *spec, struct qemu *ret, struct error *err);

/* Close the descriptors; the process is the caller's to reap. */
void qemu_close(struct qemu *q);

/* Has the guest asked for a reboot? Then QEMU has ended, or is about to. */
bool qemu_was_reset(const struct qemu *q);

/* Press the power button. The answer is not waited for. Returns 0 or -errno. */
int qemu_power_button(const struct qemu *q);

/* One command of QMP as JSON, and the wait for its answer (10 s). The first after qemu_start is "",
 * whose answer is that of the greeting. Returns 0, or -1 with *err set.
 */
int qemu_command(const struct qemu *q, const char *json, struct buf *answer, struct error *err);

/* A line to lab-guest, with its newline. Returns 0 or -errno. */
int qemu_say(const struct qemu *q, const char *line);

/* A line from lab-guest, without its newline. Waits for at most `timeout_ms`. Returns 1; 0 in vain;
 * -1 when QEMU has ended. */
int qemu_line(const struct qemu *q, int timeout_ms, char *ret, size_t size);

/* snapshot.c: boot the image in `dir` as far as all machines are alike and save it there. Without
 * success there is no snapshot, the log says why, and machines boot cold. */
void snapshot_make(const struct vm_env *env, const char *dir);
