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

static void take_pair(struct slice s, struct kvp_facts *ret)
{
	struct assigned_address *a = &ret->assigned[ret->nassigned];
	struct slice mac, ipv4;

	if (!slice_cut(&s, ':', &mac) || !is_mac(mac))
		return;
	ipv4 = slice_trim(s);
	if (ret->nassigned == FACTS_ASSIGNED_MAX || !is_ipv4(ipv4) || ipv4.len >= sizeof a->ipv4)
		return;
	memset(a, 0, sizeof *a);
	SLICE_COPY(mac, a->mac);
	SLICE_COPY(ipv4, a->ipv4);
	ret->nassigned++;
}

void kvp_parse_pairs(const char *text, size_t len, struct kvp_facts *ret)
{
	struct slice rest = { text, len }, part;

	memset(ret->assigned, 0, sizeof ret->assigned);
	ret->nassigned = 0;
	while (slice_cut(&rest, '|', &part))
		take_pair(part, ret);
	take_pair(rest, ret);
	ret->ipoib_pairs = ret->nassigned;
}

static void take_record(const char *record, struct kvp_facts *ret)
{
	struct slice key = field(record, KEY_SIZE), value = field(record + KEY_SIZE, VALUE_SIZE);

	if (slice_eq(key, "IPoIB_Data"))
		kvp_parse_pairs(value.text, value.len, ret);
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
