/* cli/alias.h - takes out of a text what tells whose machine it is from, and puts the same other
 * thing in its place wherever it stands, so that relations hold: an IPoIB address still ends in its
 * port's GUID.
 *
 * Hidden: given names, hosts and users of URLs, UUIDs, hardware addresses and GUIDs (their last
 * three bytes, the vendor's part stays), IPv4 and IPv6 addresses. Kept, since all machines have
 * them or decisions hang on them: addresses of Azure itself, loopback, masks, the prefix 172.16/16
 * of the RDMA network, UUIDs of VMBus classes and EFI variables, distributions' own hosts. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"

enum alias_kind {
	ALIAS_NAME,     /* searched in every text */
	ALIAS_VALUE,    /* hidden where it stands alone */
	ALIAS_HOST,     /* of a URL */
	ALIAS_HARDWARE, /* the last three bytes of an address or GUID */
	ALIAS_MIDDLE,   /* bytes four and five of a GUID that no MAC was made into */
	ALIAS_UUID,
	ALIAS_IPV4,
	ALIAS_RDMA_IPV4, /* within 172.16/16 */
	ALIAS_IPV6,
	ALIAS_KINDS
};

struct aliases {
	json_t *of[ALIAS_KINDS]; /* what is hidden -> its number, from 1 */
};

enum alias_flags {
	ALIAS_KEEP_QUADS = 1 << 0, /* 5.8.2.1 is a version here, no address */
	ALIAS_SETTINGS = 1 << 1,   /* hide what is set as a password, user, token or proxy */
};

/* Returns 0 or -ENOMEM. */
NODISCARD int aliases_init(struct aliases *ret);
void aliases_free(struct aliases *a);

/* Hide this name from now on, in any case of its letters; as a word, or anywhere if it is long. One
 * of a single character would blacken too much and is left out. Returns 0 or -ENOMEM. */
NODISCARD int alias_add_name(struct aliases *a, const char *name);

/* Add the text to `ret`, as it may be shown. Returns 0, -ENOMEM or -EFBIG. */
NODISCARD int alias_text(struct aliases *a, unsigned flags, const char *text, size_t len,
			 struct buf *ret);

/* As alias_text, for a text that says one thing, of which nothing may be shown: what is no
 * address, UUID, short number or truth value becomes "value-1" and so on. */
NODISCARD int alias_value(struct aliases *a, const char *text, struct buf *ret);

/* The alias of an IPv4 address, in host byte order. Returns 0 or -ENOMEM. */
NODISCARD int alias_ipv4(struct aliases *a, uint32_t address, uint32_t *ret);

/* Do a network and 172.16/16 have an address in common? */
int alias_is_rdma_network(uint32_t network, uint32_t mask);
