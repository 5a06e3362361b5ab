/* probe/kvp.c - reads the pools of Hyper-V's key-value pairs. */
#include "probe/kvp.h"

#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/slice.h"

enum { KEY_SIZE = 512, VALUE_SIZE = 2048, RECORD_SIZE = KEY_SIZE + VALUE_SIZE, POOLS = 5 };
enum { POOL_MAX = 1 << 20, MAC_DIGITS = 12 };

static struct slice field(const char *at, size_t size)
{
	return (struct slice) { at, strnlen(at, size) };
}

static bool is_mac(struct slice s)
{
	uint32_t number;

	if (s.len != MAC_DIGITS || slice_starts(s, "0x") || slice_starts(s, "0X"))
		return false;
	return slice_number((struct slice) { s.text, 6 }, 16, &number) == 0 &&
	       slice_number((struct slice) { s.text + 6, 6 }, 16, &number) == 0;
}

static bool is_ipv4(struct slice s)
{
	struct slice part;
	uint32_t number;

	for (int i = 0; i < 3; i++) {
		if (!slice_cut(&s, '.', &part) || slice_number(part, 10, &number) < 0 ||
		    number > UINT8_MAX)
			return false;
	}
	return slice_number(s, 10, &number) == 0 && number <= UINT8_MAX;
}

static bool is_pair(struct slice s)
{
	struct slice mac;

	return slice_cut(&s, ':', &mac) && is_mac(mac) && is_ipv4(slice_trim(s));
}

unsigned kvp_count_pairs(const char *text, size_t len)
{
	struct slice rest = { text, len }, part;
	unsigned count = 0;

	while (slice_cut(&rest, '|', &part))
		count += is_pair(part);
	count += is_pair(rest);
	return count < KVP_PAIRS_MAX ? count : KVP_PAIRS_MAX;
}

static void take_record(const char *record, struct kvp_facts *ret)
{
	struct slice key = field(record, KEY_SIZE), value = field(record + KEY_SIZE, VALUE_SIZE);

	if (slice_eq(key, "IPoIB_Data"))
		ret->ipoib_pairs = kvp_count_pairs(value.text, value.len);
	else if (slice_eq(key, "NdDriverVersion"))
		ret->network_direct = true;
}

void kvp_parse(const char *bytes, size_t len, struct kvp_facts *ret)
{
	ret->known = true;
	for (; len >= RECORD_SIZE; bytes += RECORD_SIZE, len -= RECORD_SIZE)
		take_record(bytes, ret);
	if (len != 0)
		ret->malformed = true;
}

void kvp_read(const struct host *h, struct facts *ret)
{
	char path[64];

	for (int i = 0; i < POOLS; i++) {
		AUTO_BUF struct buf b = { .max = POOL_MAX };

		(void)TEXT_FORMAT(path, "var/lib/hyperv/.kvp_pool_%d", i);
		if (host_read(h, path, POOL_MAX, &b) == 0)
			kvp_parse(buf_text(&b), b.len, &ret->kvp);
	}
}
