/* tests/fuzz/fuzz_transfer.c - the heads of answers: whatever comes, the fields are within their
 * bounds, and only 200 and 206 are a file. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "act/fetch/transfer_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer a;
	struct judgement v;

	answer_parse((const char *)data, size, &a);
	assert(a.status == 0 || (a.status >= 100 && a.status <= 599));
	assert(a.length >= -1 && a.total >= -1);
	assert(a.retry_after_s >= 0 && a.retry_after_s <= 86400);
	assert(strlen(a.location) < sizeof a.location);
	judgement_of_curl(size > 0 ? data[0] : 0, &a, size % 2, &v);
	assert(v.fault != FAULT_NONE || a.status == 200 || a.status == 206);
	judgement_of_wget(size > 0 ? data[0] % 9 : 0, &a, size % 2, &v);
	assert(v.fault != FAULT_NONE || a.status == 200 || a.status == 206);
	return 0;
}
