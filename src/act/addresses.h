/* act/addresses.h - gives IPoIB interfaces the addresses that the host assigned to their ports,
 * whatever the interfaces are called. */
#pragma once

#include "base/error.h"
#include "base/json.h"

struct facts;
struct host;

/* Look: *f holds the ports, their interfaces and the addresses that are meant. */
int addresses_look(const struct host *h, struct facts *f, struct error *err);

/* Those that are missing, as [{"netdev","address"}]: a new reference, NULL without memory. Left out
 * are an interface that the kernel does not have, and one to which somebody gave another address.
 */
json_t *addresses_missing(const struct facts *f);

/* Take the interfaces up and give them these addresses; doing it twice changes nothing, nor does it
 * beside the agent's own attempt. Whatever fails is said in the log: IP over InfiniBand is no
 * reason to do without the driver, and a check of verify tells. Returns how many failed. */
unsigned addresses_give(const struct host *h, const json_t *missing);

/* Take them away again. An interface that is gone has none. */
void addresses_take(const struct host *h, const json_t *given);
