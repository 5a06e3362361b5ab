/* probe/pack.h - packs of prebuilt modules that lie where the setting `prebuilt` says, held against
 * this machine.
 *
 * Sources: the files ib-vmext-pack_*.tar of that directory and their .minisig; where that is a URL,
 * those of PACKS_DIR, and PACK_NOTES. Of the kernel: proc/version (fs/proc/version.c),
 * boot/config-*, Module.symvers of its headers, and the .modinfo of a module of its own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/pack.h"

struct buf;
struct host;
struct settings;
struct trusted_keys;

#define PACKS_DIR "var/lib/ib-vmext/packs"

/* What was not fetched of the URL, and why: {"schema", "from": the URL as it may be shown, "why":
 * of all of it, "packs": [{"file", "version", "kernel", "why"}]}. */
#define PACK_NOTES        PACKS_DIR "/fetched.json"
#define PACK_NOTES_SCHEMA "ib-vmext/packs-fetched/1"

/* "Linux version RELEASE (who@where) (compiler, linker) #1 SMP ..." -> compiler and build. Nothing
 * is taken of another release, such as that of the kernel beneath a container. Returns 0 or
 * -EINVAL. */
int pack_parse_version(const char *text, const char *release, struct pack_target *ret);

/* What a pack for this machine has to be for. Needs os, kernel and modules. */
void pack_target_read(const struct host *h, const struct facts *f, struct pack_target *ret);

/* Is `prebuilt` a web address? */
bool pack_is_remote(const struct settings *s);

/* The directory where packs are looked for, relative to the root; NULL where there is none. */
const char *pack_dir(const struct settings *s);

/* Judge the pack of this open file by target, signature and digests, in this order. Leaves file and
 * path as they are. */
void pack_judge(int fd, const struct buf *signature, const struct pack_target *machine,
		const struct trusted_keys *keys, struct pack_facts *ret);

/* Fill in packs. Needs os, kernel and modules. */
void pack_read(const struct host *h, const struct settings *s, struct facts *ret);
