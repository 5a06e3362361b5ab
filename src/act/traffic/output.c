/* act/traffic/output.c - parsers. */
#include "act/traffic/output.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "probe/slice.h"

enum { BW_COLUMNS = 5, BW_ITERATIONS = 1, BW_AVERAGE = 3, MILLI = 1000 };

/* "11.24" -> 11240. Returns 0 or -EINVAL. */
static int parse_milli(struct slice s, uint64_t *ret)
{
	struct slice whole = s;
	uint32_t units, part = 0, digits = 0;

	if (slice_cut(&s, '.', &whole)) {
		digits = (uint32_t)(s.len < 3 ? s.len : 3);
		s.len = digits;
		if (digits > 0 && slice_number(s, 10, &part) < 0)
			return -EINVAL;
	}
	for (; digits < 3; digits++)
		part *= 10;
	if (slice_number(whole, 10, &units) < 0)
		return -EINVAL;
	*ret = (uint64_t)units * MILLI + part;
	return 0;
}

/* Mb/s of thousandths of MiB/s, which perftest calls MB/sec: 2^20 * 8 / 10^9, shortened. */
static uint64_t mbps_of_mib(uint64_t milli)
{
	return milli * 1048576 / 125000000;
}

static bool slice_has(struct slice s, const char *text)
{
	return memmem(s.text, s.len, text, strlen(text)) != NULL;
}

static int parse_bw_line(struct slice line, bool gigabits, struct traffic_output *ret)
{
	struct slice columns[BW_COLUMNS];
	uint32_t iterations;
	uint64_t average;

	for (int i = 0; i < BW_COLUMNS; i++)
		if (!slice_word(&line, &columns[i]))
			return -EINVAL;
	if (slice_number(columns[BW_ITERATIONS], 10, &iterations) < 0 ||
	    parse_milli(columns[BW_AVERAGE], &average) < 0)
		return -EINVAL;
	if (!gigabits)
		average = mbps_of_mib(average);
	ret->messages = iterations;
	ret->rate_mbps = average > UINT32_MAX ? UINT32_MAX : (uint32_t)average;
	return 0;
}

int output_parse_bw(const char *text, size_t len, struct traffic_output *ret)
{
	struct slice rest = { text, len }, line;
	bool in_table = false, gigabits = false;
	int rc = -EINVAL;

	while (slice_line(&rest, &line)) {
		line = slice_trim(line);
		if (slice_starts(line, "#bytes")) {
			in_table = true;
			gigabits = slice_has(line, "average[Gb/sec]");
		} else if (in_table && parse_bw_line(line, gigabits, ret) == 0) {
			rc = 0;
		}
	}
	return rc;
}

/* The word before `word`. Returns 0 or -EINVAL. */
static int word_before(struct slice line, const char *word, struct slice *ret)
{
	struct slice before = { "", 0 }, at;

	while (slice_word(&line, &at)) {
		if (slice_eq(at, word)) {
			*ret = before;
			return before.len > 0 ? 0 : -EINVAL;
		}
		before = at;
	}
	return -EINVAL;
}

int output_parse_pingpong(const char *text, size_t len, struct traffic_output *ret)
{
	struct slice rest = { text, len }, line, word;
	struct traffic_output found = { 0 };
	uint32_t count;
	uint64_t rate;

	while (slice_line(&rest, &line)) {
		if (slice_starts(slice_trim(line), "invalid data"))
			return -EINVAL;
		if (word_before(line, "Mbit/sec", &word) == 0 && parse_milli(word, &rate) == 0)
			found.rate_mbps = rate / MILLI > UINT32_MAX ? UINT32_MAX
								    : (uint32_t)(rate / MILLI);
		if (word_before(line, "iters", &word) == 0 && slice_number(word, 10, &count) == 0)
			found.messages = count;
	}
	if (found.messages == 0)
		return -EINVAL;
	*ret = found;
	return 0;
}

bool output_has_option(const char *help, size_t len, const char *option)
{
	struct slice rest = { help, len }, word, value;

	while (slice_word(&rest, &value)) {
		/* "--gid-index=<index>", "--report_gbits" */
		if (!slice_cut(&value, '=', &word))
			word = value;
		if (slice_eq(word, option))
			return true;
	}
	return false;
}

/* From what tells most to what tells least; the end of a test that failed names all of the way
 * there. */
static const char *const telling[] = {
	"invalid data",     "Failed status", "Couldn't connect", "Couldn't listen", "not found",
	"Failed to modify", "Couldn't",      "Unable to",        "ailed",           "rror",
};

/* A line of dashes says nothing. */
static bool has_words(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((line.text[i] | 0x20) >= 'a' && (line.text[i] | 0x20) <= 'z')
			return true;
	return false;
}

static struct slice find_reason(const char *text, size_t len)
{
	struct slice rest, line, last = { "", 0 };

	for (size_t i = 0; i < ARRAY_SIZE(telling); i++) {
		rest = (struct slice) { text, len };
		while (slice_line(&rest, &line))
			if (slice_has(line, telling[i]))
				return line;
	}
	rest = (struct slice) { text, len };
	while (slice_line(&rest, &line))
		if (has_words(line))
			last = line;
	return last;
}

void output_reason(const char *text, size_t len, char *ret, size_t size)
{
	struct slice line = find_reason(text, len), word;
	size_t used = 0;

	ret[0] = '\0';
	while (slice_word(&line, &word) && used + 1 < size) {
		if (used > 0)
			ret[used++] = ' ';
		slice_copy(word, ret + used, size - used);
		used += strlen(ret + used);
	}
}
