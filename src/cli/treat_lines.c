/* cli/treat_lines.c - tells lines that facts are read from, and hides what is binary or
 * hexadecimal. */
#include "cli/treat_lines.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "probe/module.h"
#include "probe/package.h"

static bool begins(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(line, word, n) == 0;
}

static bool is_module(const char *name, size_t len)
{
	struct module_set set;

	module_set_init(&set);
	for (size_t i = 0; i < set.count; i++) {
		size_t k = 0;

		while (k < len && (name[k] == '-' ? '_' : name[k]) == set.at[i].name[k])
			k++;
		if (k == len && set.at[i].name[k] == '\0')
			return true;
	}
	return false;
}

bool line_is_of_module(void *state, const char *line, size_t len)
{
	size_t end = 0, begin = 0;

	(void)state;
	while (end < len && line[end] != ':' && line[end] != '\n')
		end++;
	for (size_t i = 0; i < end; i++)
		if (line[i] == '/')
			begin = i + 1;
	len = 0;
	while (begin + len < end && line[begin + len] != '.')
		len++;
	return is_module(line + begin, len);
}

/* Beside the packages of an RDMA stack: kernels, and whose version decides something. */
static bool is_package(const char *name)
{
	static const char *const heads[] = { "linux-",       "kernel",  "walinuxagent",
					     "WALinuxAgent", "waagent", "cloud-init",
					     "net-tools",    "lustre",  "beegfs",
					     "nvidia-",      "dkms" };

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (text_starts(name, heads[i]))
			return true;
	return package_is_listed(name);
}

bool line_is_of_package(void *state, const char *line, size_t len)
{
	static const char *const fields[] = { "Package:", "Status:", "Version:", "Architecture:" };
	struct line_state *s = state;
	char name[96];
	size_t at = strlen("Package:");

	if (begins(line, len, "Package:")) {
		while (at < len && line[at] == ' ')
			at++;
		(void)TEXT_FORMAT(name, "%.*s", (int)(len - at), line + at);
		s->kept = is_package(text_trim(name));
	}
	if (len == 1) /* the end of the stanza */
		return s->kept;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (begins(line, len, fields[i]))
			return s->kept;
	return false;
}

/* The name ends at one of the places where such a word may end: which one it is, the list of names
 * tells. */
bool line_is_of_rpm(void *state, const char *line, size_t len)
{
	char name[96];

	(void)state;
	for (size_t end = 1; end <= len && end < sizeof name; end++) {
		if (end < len && !strchr("-|= \t\n(", line[end]))
			continue;
		(void)TEXT_FORMAT(name, "%.*s", (int)end, line);
		if (is_package(name))
			return true;
	}
	return false;
}

bool line_is_of_mount(void *state, const char *line, size_t len)
{
	static const char *const places[] = { " / ",     " /tmp ", " /var ",     " /usr ",
					      " /boot ", " /opt ", " /var/tmp ", " /boot/efi " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (memmem(line, len, places[i], strlen(places[i])))
			return true;
	return false;
}

bool line_is_of_agent(void *state, const char *line, size_t len)
{
	(void)state;
	return begins(line, len, "OS.");
}

/* Whether the network is cloud-init's, not how it is made: there are keys and addresses. */
bool line_is_of_cloud(void *state, const char *line, size_t len)
{
	struct line_state *s = state;
	size_t quote = len > 0 && (line[0] == '"' || line[0] == '\'');

	if (len > 1 && !isspace((unsigned char)line[0]) && line[0] != '#') {
		s->kept = begins(line + quote, len - quote, "network");
		return s->kept;
	}
	return s->kept && memmem(line, len, "config", strlen("config"));
}

bool line_is_of_proxy(void *state, const char *line, size_t len)
{
	(void)state;
	for (size_t i = 0; i + 5 <= len; i++)
		if (strncasecmp(line + i, "proxy", 5) == 0)
			return line_is_no_comment(state, line, len);
	return false;
}

bool line_is_of_manager(void *state, const char *line, size_t len)
{
	return begins(line, len, "DefaultLimit") || line_is_of_proxy(state, line, len);
}

bool line_is_of_order(void *state, const char *line, size_t len)
{
	(void)state;
	return begins(line, len, "After") || begins(line, len, "Wants") ||
	       begins(line, len, "Requires");
}

bool word_is_of_boot(void *state, const char *word, size_t len)
{
	static const char *const heads[] = {
		"selinux", "enforcing",  "lockdown",       "module",   "modprobe", "security",
		"lsm=",    "cloud-init", "network-config", "pci",      "iommu",    "mlx",
		"ib_",     "fips",       "rdblacklist",    "rd.driver"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (begins(word, len, heads[i]))
			return true;
	return false;
}

/* But for the one that says who wrote the file. */
bool line_is_no_comment(void *state, const char *line, size_t len)
{
	size_t at = 0;

	(void)state;
	while (at < len && isspace((unsigned char)line[at]))
		at++;
	return at < len &&
	       ((line[at] != '#' && line[at] != ';' && !begins(line + at, len - at, "//")) ||
		memmem(line, len, "cloud-init", strlen("cloud-init")));
}

int treat_nothing(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret)
{
	(void)a;
	(void)flags;
	return buf_add(ret, text, len);
}

/* An entry of .modinfo: from its key to the NUL behind it. */
static int put_entry(const char *text, size_t len, const char *key, struct buf *ret)
{
	const char *at = memmem(text, len, key, strlen(key));
	int rc;

	if (!at)
		return 0;
	rc = buf_add(ret, at, strnlen(at, len - (size_t)(at - text)));
	return rc < 0 ? rc : buf_add(ret, "", 1);
}

int treat_module(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret)
{
	static const char key[] = "vermagic=", mark[] = "~Module signature appended~\n";
	size_t end = strlen(mark);
	int rc;

	if (!(flags & TREAT_REDUCED) || !memmem(text, len, key, strlen(key)))
		return treat_nothing(a, flags, text, len, ret);
	rc = put_entry(text, len, key, ret);
	if (rc == 0)
		rc = put_entry(text, len, "srcversion=", ret);
	if (rc == 0 && len >= end && memcmp(text + len - end, mark, end) == 0)
		rc = buf_add(ret, mark, end);
	return rc;
}

/* Of a program what it says that it can (probe/naming.h), and not the program. */
int treat_renamer(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret)
{
	static const char *const words[] = { "dev set", "NAME_FIXED" };
	int rc = buf_add(ret, "", 0);

	(void)a;
	(void)flags;
	for (size_t i = 0; i < ARRAY_SIZE(words) && rc == 0; i++)
		if (memmem(text, len, words[i], strlen(words[i])))
			rc = buf_add_format(ret, "%s\n", words[i]);
	return rc;
}

enum { KVP_KEY = 512, KVP_VALUE = 2048, KVP_RECORD = KVP_KEY + KVP_VALUE };

/* Add the text, cut or filled up with NULs to the size of its field. */
static int put_field(const char *text, size_t len, size_t size, struct buf *ret)
{
	static const char nuls[KVP_VALUE];
	int rc;

	if (len >= size)
		len = size - 1;
	rc = buf_add(ret, text, len);
	return rc < 0 ? rc : buf_add(ret, nuls, size - len);
}

static int put_record(struct aliases *a, const char *record, struct buf *ret)
{
	AUTO_BUF struct buf value = { 0 };
	char text[KVP_VALUE + 1];
	size_t key = strnlen(record, KVP_KEY), len = strnlen(record + KVP_KEY, KVP_VALUE);
	int rc;

	memcpy(text, record + KVP_KEY, len);
	text[len] = '\0';
	if (begins(record, key, "IPoIB_Data"))
		rc = alias_text(a, 0, text, len, &value);
	else if (begins(record, key, "NdDriverVersion"))
		rc = buf_add(&value, text, len);
	else
		rc = alias_value(a, text, &value);
	if (rc == 0)
		rc = put_field(record, key, KVP_KEY, ret);
	return rc < 0 ? rc : put_field(buf_text(&value), value.len, KVP_VALUE, ret);
}

int treat_kvp(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret)
{
	int rc = buf_add(ret, "", 0);

	(void)flags;
	for (; len >= KVP_RECORD && rc == 0; len -= KVP_RECORD, text += KVP_RECORD)
		rc = put_record(a, text, ret);
	/* What is no whole record says only that it is none. */
	for (; len > 0 && rc == 0; len--)
		rc = buf_add(ret, "", 1);
	return rc;
}

enum { DESTINATION = 1, GATEWAY = 2, MASK = 7, COLUMNS = 11 };

/* The column as an address, 0 if it is none. */
static uint32_t address_of(const char *text)
{
	unsigned long value = strlen(text) == 8 ? strtoul(text, NULL, 16) : 0;

	return ntohl((uint32_t)value);
}

static int put_column(struct aliases *a, char *const *column, int i, struct buf *ret)
{
	uint32_t address = address_of(column[i]), mask = address_of(column[MASK]);
	int rc;

	if (i == DESTINATION && mask != ~(uint32_t)0 && alias_is_rdma_network(address, mask))
		return buf_add_text(ret, column[i]);
	if ((i != DESTINATION && i != GATEWAY) || address == 0)
		return alias_text(a, 0, column[i], strlen(column[i]), ret);
	rc = alias_ipv4(a, address, &address);
	return rc < 0 ? rc : buf_add_format(ret, "%08X", htonl(address));
}

static int put_route(struct aliases *a, char *line, struct buf *ret)
{
	char *column[COLUMNS], *rest = line;
	int count = 0, rc = 0;

	while (count < COLUMNS && rest)
		column[count++] = strsep(&rest, "\t");
	for (int i = 0; i < count && rc == 0; i++) {
		if (i > 0)
			rc = buf_add_text(ret, "\t");
		if (rc == 0)
			rc = count > MASK ? put_column(a, column, i, ret)
					  : alias_text(a, 0, column[i], strlen(column[i]), ret);
	}
	return rc;
}

int treat_routes(struct aliases *a, unsigned flags, const char *text, size_t len, struct buf *ret)
{
	int rc = buf_add(ret, "", 0);

	(void)flags;
	while (len > 0 && rc == 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;
		AUTO_FREE char *copy = strndup(text, line);

		rc = copy ? put_route(a, copy, ret) : -ENOMEM;
		if (rc == 0 && end)
			rc = buf_add_text(ret, "\n");
		line += end ? 1 : 0;
		text += line;
		len -= line;
	}
	return rc;
}
