/* probe/listener.c - looks for a socket that listens. */
#include "probe/listener.h"

#include <errno.h>

#include "host/host.h"
#include "probe/slice.h"

enum { TABLE_MAX = 8 << 20, STATE_LISTEN = 0x0a };

int listener_parse(const char *line, size_t len, uint16_t *ret)
{
	struct slice rest = { line, len }, number, local, remote, state, address;
	uint32_t port, value;

	if (!slice_word(&rest, &number) || !slice_word(&rest, &local) ||
	    !slice_word(&rest, &remote) || !slice_word(&rest, &state) ||
	    !slice_cut(&local, ':', &address))
		return -EINVAL;
	if (slice_number(local, 16, &port) < 0 || port == 0 || port > UINT16_MAX ||
	    slice_number(state, 16, &value) < 0 || value != STATE_LISTEN)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

static bool table_has(const struct host *h, const char *path, uint16_t port)
{
	AUTO_BUF struct buf text = { 0 };
	struct slice rest, line;
	uint16_t found;

	if (host_read(h, path, TABLE_MAX, &text) < 0)
		return false;
	rest = (struct slice) { text.data, text.len };
	while (slice_line(&rest, &line)) {
		if (listener_parse(line.text, line.len, &found) == 0 && found == port)
			return true;
	}
	return false;
}

bool listener_is_there(const struct host *h, uint16_t port)
{
	return table_has(h, "proc/net/tcp", port) || table_has(h, "proc/net/tcp6", port);
}
