/* lab/vm/distro.h - the images that a cell can be made of: Debian, and others that the lab makes
 * look like what they are not.
 *
 * An image is up to two layers over the base root: the world of rpm, which those of the rpm family
 * share, and what makes it this one (names, kernel, package source). Agent, systemd and programs
 * are Debian's in all of them. */
#pragma once

#include "vm.h"

struct distro {
	const char *name;       /* "el9": of --image */
	const char *packages;   /* its package manager, as the product names it: "dnf" */
	const char *repository; /* "el9": its directory in the mirror; "": the apt repository */
	const char *kernel;     /* the release that it says it runs; NULL: that of the root */
	const char *publisher, *offer, *sku, *version; /* what Azure says of it */
	const char *about;                             /* one line for people */
};

/* The table ends with a NULL name; the first is what a VM gets that asks for none. */
extern const struct distro distros[];

enum { DISTRO_LAYERS_MAX = 3 * VM_PATH_MAX };

/* NULL with *err set, which names those that there are. */
const struct distro *distro_find(const char *name, struct error *err);

/* In the client: make its layers at first use, under the cache. Minutes for the first of the rpm
 * family (packages are fetched), seconds for another. `ret`: as distro_layers. */
int distro_prepare(const struct vm_env *env, const struct distro *d,
		   char ret[static DISTRO_LAYERS_MAX], struct error *err);

/* The directories that an overlay of the image lies on, topmost first, divided by colons; the base
 * root, whose path `root` gets, is the last. -1 with *err set when one is not there. */
int distro_layers(const struct vm_env *env, const struct distro *d,
		  char ret[static DISTRO_LAYERS_MAX], char root[static VM_PATH_MAX],
		  struct error *err);

/* The world of rpm, for who works in it (rpmbuild, createrepo_c): its layers, as above. Made at
 * first use. */
int distro_rpm_world(const struct vm_env *env, char ret[static DISTRO_LAYERS_MAX],
		     struct error *err);
/* The same, whether it has been made or not. */
int distro_rpm_world_path(const struct vm_env *env, char ret[static DISTRO_LAYERS_MAX],
			  struct error *err);
