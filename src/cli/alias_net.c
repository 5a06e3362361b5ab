/* cli/alias_net.c - hardware addresses, GUIDs and IP addresses in text. */
#include "cli/alias_net.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

enum { LOW_DIGITS = 6, GUID_DIGITS = 16, MIDDLE_AT = 6, MIDDLE_DIGITS = 4, MAC_DIGITS = 12 };

static bool is_hex(char c)
{
	return isxdigit((unsigned char)c);
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c);
}

bool alias_begins_word(const struct alias_scan *s)
{
	return s->at == 0 || !is_word_char(s->text[s->at - 1]);
}

bool alias_is_word(const struct alias_scan *s, size_t len)
{
	return alias_begins_word(s) &&
	       (s->at + len == s->len || !is_word_char(s->text[s->at + len]));
}

size_t alias_digits(const struct alias_scan *s, size_t at)
{
	size_t n = 0;

	while (at + n < s->len && is_hex(s->text[at + n]))
		n++;
	return n;
}

/* Where the hexadecimal digits of the text stand; returns how many. */
static size_t find_digits(const char *text, size_t len, size_t ret[static 40])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < 40; i++)
		if (is_hex(text[i]))
			ret[n++] = i;
	return n;
}

static void copy_digits(const char *text, const size_t *at, size_t count, char *ret)
{
	for (size_t i = 0; i < count; i++)
		ret[i] = (char)tolower((unsigned char)text[at[i]]);
	ret[count] = '\0';
}

/* Put the number where digits stand, in the case of the letters around. */
static void write_digits(char *text, const size_t *at, size_t count, unsigned number, bool upper)
{
	for (size_t i = count; i-- > 0; number >>= 4)
		text[at[i]] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[number & 15];
}

/* A GUID made of a MAC has one of these in its middle, and Azure's has fd instead of fe. */
static bool is_usual_middle(const char *digits)
{
	return text_eq(digits, "fffe") || text_eq(digits, "fffd") || text_eq(digits, "0300");
}

static int hide_digits(const struct alias_scan *s, enum alias_kind kind, const size_t *at,
		       size_t count)
{
	char key[GUID_DIGITS + 1];
	char *text = s->ret->data;
	bool upper = false;
	int n;

	copy_digits(text, at, count, key);
	n = alias_number(s->aliases, kind, key);
	if (n < 0)
		return n;
	for (size_t i = 0; i < count; i++)
		upper = upper || isupper((unsigned char)text[at[i]]);
	write_digits(text, at, count, (unsigned)n, upper);
	return 0;
}

static int hide_address(const struct alias_scan *s, size_t *at, size_t count)
{
	char low[LOW_DIGITS + 1], middle[MIDDLE_DIGITS + 1];
	int rc = 0;

	copy_digits(s->ret->data, at + count - LOW_DIGITS, LOW_DIGITS, low);
	if (text_eq(low, "000000") || text_eq(low, "ffffff"))
		return 0;
	if (count >= GUID_DIGITS) {
		const size_t *guid = at + count - GUID_DIGITS;

		copy_digits(s->ret->data, guid + MIDDLE_AT, MIDDLE_DIGITS, middle);
		if (!is_usual_middle(middle))
			rc = hide_digits(s, ALIAS_MIDDLE, guid + MIDDLE_AT, MIDDLE_DIGITS);
	}
	return rc < 0 ? rc : hide_digits(s, ALIAS_HARDWARE, at + count - LOW_DIGITS, LOW_DIGITS);
}

int alias_put_hardware(const struct alias_scan *s, size_t len)
{
	size_t at[40], before = s->ret->len;
	size_t count = find_digits(s->text + s->at, len, at);
	int rc = buf_add(s->ret, s->text + s->at, len);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < count; i++)
		at[i] += before;
	return hide_address(s, at, count);
}

/* How many groups of `width` digits stand between colons; 0 if they are not all so. */
static size_t count_groups(const char *text, size_t len, size_t width)
{
	size_t groups = (len + 1) / (width + 1);

	if ((len + 1) % (width + 1) != 0)
		return 0;
	for (size_t i = 0; i < len; i++)
		if ((i % (width + 1) == width) != (text[i] == ':'))
			return 0;
	return groups;
}

/* The digits and colons from here on, without colons at the end. */
static size_t colon_run(const struct alias_scan *s)
{
	size_t n = 0;

	while (s->at + n < s->len && (is_hex(s->text[s->at + n]) || s->text[s->at + n] == ':'))
		n++;
	while (n > 0 && s->text[s->at + n - 1] == ':')
		n--;
	return n;
}

static bool is_known(const struct alias_scan *s, size_t at)
{
	char low[LOW_DIGITS + 1];

	for (size_t i = 0; i < LOW_DIGITS; i++)
		low[i] = (char)tolower((unsigned char)s->text[at + i]);
	low[LOW_DIGITS] = '\0';
	return json_object_get(s->aliases->of[ALIAS_HARDWARE], low) != NULL;
}

/* Digits without colons may be anything; they are an address where its last bytes were met as one
 * before, in a pair of KVP ("00155D33FF0C:172.16.1.5"), and in the name of an interface. */
static size_t bare_address(const struct alias_scan *s)
{
	static const char *const prefixes[] = { "enx", "0x", "" };
	size_t skip = 0, digits, end;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		skip = strlen(prefixes[i]);
		if (s->len - s->at >= skip && memcmp(s->text + s->at, prefixes[i], skip) == 0)
			break;
	}
	digits = alias_digits(s, s->at + skip);
	end = s->at + skip + digits;
	if ((digits != MAC_DIGITS && digits != GUID_DIGITS) || !alias_is_word(s, skip + digits))
		return 0;
	if (is_known(s, end - LOW_DIGITS) || skip == 3 ||
	    (digits == MAC_DIGITS && end + 1 < s->len && s->text[end] == ':' &&
	     isdigit((unsigned char)s->text[end + 1])))
		return skip + digits;
	return 0;
}

int alias_take_hardware(const struct alias_scan *s)
{
	size_t len = bare_address(s);
	size_t run = colon_run(s);
	size_t pairs = count_groups(s->text + s->at, run, 2);
	int rc;

	if (len == 0 && alias_is_word(s, run) &&
	    (pairs == 6 || pairs == 8 || pairs == 20 || count_groups(s->text + s->at, run, 4) == 4))
		len = run;
	if (len == 0)
		return 0;
	rc = alias_put_hardware(s, len);
	return rc < 0 ? rc : (int)len;
}

/* Loopback, the unspecified address and groups are no machine's. */
static bool is_common_ipv6(const unsigned char a[static 16])
{
	static const unsigned char none[15] = { 0 };

	return a[0] == 0xff || (memcmp(a, none, sizeof none) == 0 && a[15] <= 1) ||
	       (a[0] == 0xfe && a[1] == 0x80 && memcmp(a + 2, none, 14) == 0);
}

int alias_take_ipv6(const struct alias_scan *s)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char address[16];
	size_t run = colon_run(s);
	int n, rc;

	/* Colons at the end belong to it only as "::". */
	if (s->len - s->at >= run + 2 && memcmp(s->text + s->at + run, "::", 2) == 0)
		run += 2;
	if (run < 3 || run >= sizeof text || !alias_is_word(s, run) ||
	    (s->at > 0 && s->text[s->at - 1] == ':') ||
	    (s->at + run + 1 < s->len && s->text[s->at + run] == '.' &&
	     isdigit((unsigned char)s->text[s->at + run + 1])))
		return 0;
	(void)TEXT_FORMAT(text, "%.*s", (int)run, s->text + s->at);
	if (inet_pton(AF_INET6, text, address) != 1)
		return 0;
	if (is_common_ipv6(address)) {
		rc = buf_add(s->ret, s->text + s->at, run);
		return rc < 0 ? rc : (int)run;
	}
	(void)inet_ntop(AF_INET6, address, text, sizeof text);
	n = alias_number(s->aliases, ALIAS_IPV6, text);
	if (n < 0)
		return n;
	rc = buf_add_format(s->ret, "2001:db8::%x", (unsigned)n);
	return rc < 0 ? rc : (int)run;
}

/* Bytes of "10.0.0.4", 0 if there is no such thing. */
static size_t parse_quad(const char *text, size_t len, uint32_t *ret)
{
	uint32_t value = 0;
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		size_t begin = at;
		unsigned part = 0;

		if (i > 0 && (at == len || text[at++] != '.'))
			return 0;
		begin = at;
		while (at < len && at - begin < 3 && isdigit((unsigned char)text[at]))
			part = part * 10 + (unsigned)(text[at++] - '0');
		if (at == begin || part > 255 || (at - begin > 1 && text[begin] == '0'))
			return 0;
		value = value << 8 | part;
	}
	*ret = value;
	return at;
}

/* What stands before it makes a version of it: "1.2.3.4.5", "ofed-5.8.1.1", "Version: 2.9.1.1". */
static bool is_version_before(const struct alias_scan *s)
{
	size_t begin = s->at, quad = s->at - 1;
	uint32_t unused;

	if (s->at == 0)
		return false;
	while (begin > 0 && s->text[begin - 1] != '\n')
		begin--;
	for (size_t i = begin; i + 7 <= s->at; i++)
		if (strncasecmp(s->text + i, "version", 7) == 0)
			return true;
	if (strchr("._+~", s->text[s->at - 1]))
		return true;
	if (s->text[s->at - 1] != '-')
		return false;
	while (quad > begin && strchr("0123456789.", s->text[quad - 1]))
		quad--;
	return parse_quad(s->text + quad, s->at - 1 - quad, &unused) != s->at - 1 - quad ||
	       quad == s->at - 1;
}

static bool is_version_after(const struct alias_scan *s, size_t end)
{
	uint32_t unused;

	if (end == s->len)
		return false;
	if (s->text[end] == '.' && end + 1 < s->len)
		return isalnum((unsigned char)s->text[end + 1]);
	if (s->text[end] == '-')
		return parse_quad(s->text + end + 1, s->len - end - 1, &unused) == 0;
	return s->text[end] != '\0' &&
	       (isalnum((unsigned char)s->text[end]) || strchr("_+~", s->text[end]));
}

int alias_is_rdma_network(uint32_t network, uint32_t mask)
{
	return ((network ^ 0xac100000) & mask & 0xffff0000) == 0;
}

/* 0.0.0.0/8, loopback, groups and masks; Azure's own two; the RDMA network itself. */
static bool is_common_ipv4(uint32_t a)
{
	uint32_t rest = ~a;

	return a >> 24 == 0 || a >> 24 == 127 || a >> 24 >= 224 || (rest & (rest + 1)) == 0 ||
	       a == 0xa9fea9fe || a == 0xa83f8110 || a == 0xac100000;
}

/* "172.16.0.0/12": a network, of which it matters whether the RDMA network is in it. */
static bool is_rdma_prefix(const struct alias_scan *s, size_t end, uint32_t a)
{
	unsigned bits = 0;
	uint32_t mask;

	if (end + 1 >= s->len || s->text[end] != '/')
		return false;
	for (end++; end < s->len && isdigit((unsigned char)s->text[end]) && bits <= 32; end++)
		bits = bits * 10 + (unsigned)(s->text[end] - '0');
	if (bits == 0 || bits > 31)
		return false;
	mask = ~(uint32_t)0 << (32 - bits);
	return (a & ~mask) == 0 && alias_is_rdma_network(a, mask);
}

int alias_ipv4(struct aliases *a, uint32_t address, uint32_t *ret)
{
	bool rdma = alias_is_rdma_network(address, ~(uint32_t)0);
	char key[16];
	int n;

	if (is_common_ipv4(address)) {
		*ret = address;
		return 0;
	}
	(void)TEXT_FORMAT(key, "%08x", address);
	n = alias_number(a, rdma ? ALIAS_RDMA_IPV4 : ALIAS_IPV4, key);
	if (n < 0)
		return n;
	/* 198.18/15 is for tests (RFC 2544). */
	*ret = rdma ? 0xac100000 | (uint32_t)n : 0xc6120000 | (uint32_t)n;
	return 0;
}

int alias_take_ipv4(const struct alias_scan *s)
{
	uint32_t a;
	size_t len = parse_quad(s->text + s->at, s->len - s->at, &a);
	int rc;

	if (len == 0 || (s->flags & ALIAS_KEEP_QUADS) || is_version_before(s) ||
	    is_version_after(s, s->at + len))
		return 0;
	if (!is_rdma_prefix(s, s->at + len, a))
		rc = alias_ipv4(s->aliases, a, &a);
	else
		rc = 0;
	if (rc == 0)
		rc = buf_add_format(s->ret, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255,
				    a & 255);
	return rc < 0 ? rc : (int)len;
}
