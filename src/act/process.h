/* act/process.h - other processes of this machine, as proc/ tells of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct host;

/* What proc/<pid>/stat says, see proc(5): the parent, and the start in clock ticks after the boot.
 * Returns 0, or -EINVAL. */
int process_stat_parse(const char *line, pid_t *ret_parent, uint64_t *ret_start);

/* The parent of a process; 0 if it cannot be told. */
pid_t process_parent(const struct host *h, pid_t pid);

/* Is it one of ours, or does one of ours wait for it? Ours are this process and all above it. */
bool process_is_ancestor(const struct host *h, pid_t pid);

/* Seconds since it was started; -1 if that cannot be told. */
int64_t process_age_s(const struct host *h, pid_t pid);

/* "apt-get (pid 1234)". Below 0: a process of another container. */
void process_name(const struct host *h, pid_t pid, char *ret, size_t size);

/* The words that it was started with, joined by spaces and cut; "" for a thread of the kernel, or
 * where the process is gone. */
void process_words(const struct host *h, pid_t pid, char *ret, size_t size);

/* The first process, by the number as text, for which `is` holds; 0 if there is none. This process
 * and those above it are left out. */
pid_t process_find(const struct host *h, bool (*is)(const struct host *h, pid_t pid, void *ctx),
		   void *ctx);
