/* lab/vm/machine.h - what the parts of the kind "machine" share. The kind itself is declared in
 * vm.h. */
#pragma once

#include "vm.h"

/* machine_config.c: write the config disk of a VM, in place. Returns 0, or -1 with *err set. */
int machine_config_write(const struct vm *vm, struct error *err);

/* The same for a machine that is to stop where the snapshot is made. */
int machine_config_park(const char *dir, struct error *err);

/* bootdisk.c: the disk onto which the guest's boot loader writes what is to be started next
 * (files/boot-loader). Made empty in `dir`. */
int bootdisk_create(const char *dir, struct error *err);

enum { BOOT_PARAMETERS_SIZE = 256 };

/* Put the kernel and the initramfs that it holds beside it, by the names of an image's; tell what
 * the guest's /etc/default/grub adds to the command line. Returns 1; 0 if it is empty, or what it
 * says is not so. */
int bootdisk_take(const char *dir, char ret_parameters[static BOOT_PARAMETERS_SIZE]);

/* "8d2f1c9e-..." of a VM, the same at each boot. */
/* Below a VM's directory: what the daemon would write into the file system of a cell. */
#define MACHINE_UPPER "upper"

enum { UUID_TEXT_SIZE = 37 };
void machine_uuid(const struct vm *vm, char ret[static UUID_TEXT_SIZE]);

/* exec.c: run argv (a login shell if argv[0] is NULL) in the machine whose directory is `dir`, with
 * this process's stdin, stdout and stderr. Returns the exit status, or -1 with *err set: the
 * machine ended, or restarted meanwhile. */
int machine_exec(const char *dir, char *const argv[], struct error *err);
