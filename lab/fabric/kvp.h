/* fabric/kvp.h - the key-value pairs that Hyper-V hands to its guests, in the files that the
 * guest's daemon keeps.
 *
 * Source: tools/hv/hv_kvp_daemon.c (kernel tree): records of a 512-byte key and a 2048-byte value,
 * each padded with zeros. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"

enum { KVP_KEY_SIZE = 512, KVP_VALUE_SIZE = 2048, KVP_RECORD_SIZE = 2560 };

/* Add one record. Returns 0, -EINVAL when key (empty or too long) or value (too long) do not fit,
 * or what buf_add does. */
int kvp_add(struct buf *b, const char *key, const char *value);

/* The value of IPoIB_Data for [{"mac","address"}]: "NUMPAIRS:1|00155D33FF17:172.16.1.14". No bar
 * stands at the end, since the agent counts the bars (rdma.py, provision_sriov_multiple_ib).
 * Returns 0 or what buf_add does. */
int kvp_ipoib_value(const json_t *pairs, struct buf *ret);

/* Replace var/lib/hyperv/.kvp_pool_`pool` below the directory `root`. Returns 0 or -errno. */
int kvp_write_pool(int root, int pool, const struct buf *records);
