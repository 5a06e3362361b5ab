/* Writes the pool files of Hyper-V's key-value daemon. */
#include "kvp.h"

#include <errno.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"

int kvp_add(struct buf *b, const char *key, const char *value)
{
	char record[KVP_RECORD_SIZE] = { 0 };

	if (*key == '\0' || text_copy(record, KVP_KEY_SIZE, key) < 0 ||
	    text_copy(record + KVP_KEY_SIZE, KVP_VALUE_SIZE, value) < 0)
		return -EINVAL;
	return buf_add(b, record, sizeof record);
}

int kvp_ipoib_value(const json_t *pairs, struct buf *ret)
{
	size_t i;
	json_t *pair;
	int rc = buf_add_format(ret, "NUMPAIRS:%zu", json_array_size(pairs));

	json_array_foreach(pairs, i, pair)
	{
		if (rc == 0)
			rc = buf_add_format(ret, "|%s:%s", json_text_at(pair, "mac", ""),
					    json_text_at(pair, "address", ""));
	}
	return rc;
}

int kvp_write_pool(int root, int pool, const struct buf *records)
{
	char path[64];
	int rc = fs_make_dirs(root, "var/lib/hyperv", 0755);

	if (rc < 0)
		return rc;
	(void)TEXT_FORMAT(path, "var/lib/hyperv/.kvp_pool_%d", pool);
	return fs_replace(root, path, buf_text(records), records->len, 0644);
}
