/* probe/limits.c - reads pam_limits' and systemd's configuration of locked memory. */
#include "probe/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/host.h"
#include "probe/files.h"

#define NOTHING_SET "default"

static const char unlimited[] = "unlimited";

/* "unlimited", "-1" and "infinity" are one word; a number stays; anything else is left alone. */
static bool session_value(struct slice s, char *ret, size_t size)
{
	static const char *const words[] = { "unlimited", "infinity", "-1" };
	uint32_t kib;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (slice_eq(s, words[i]))
			return text_copy(ret, size, unlimited) == 0;
	if (slice_number(s, 10, &kib) < 0 || s.len >= size)
		return false;
	slice_copy(s, ret, size);
	return true;
}

static void take_session_line(struct slice line, struct limit_facts *ret)
{
	struct slice domain, type, item, value;
	char text[sizeof ret->session_soft] = "";

	if (!slice_word(&line, &domain) || !slice_eq(domain, "*") || !slice_word(&line, &type) ||
	    !slice_word(&line, &item) || !slice_eq(item, "memlock") || !slice_word(&line, &value) ||
	    !session_value(value, text, sizeof text))
		return;
	if (slice_eq(type, "soft") || slice_eq(type, "-"))
		memcpy(ret->session_soft, text, sizeof text);
	if (slice_eq(type, "hard") || slice_eq(type, "-"))
		memcpy(ret->session_hard, text, sizeof text);
}

void limits_parse_session(const char *text, size_t len, struct limit_facts *ret)
{
	struct slice rest = { text, len }, line, code;

	while (slice_line(&rest, &line)) {
		if (slice_cut(&line, '#', &code))
			line = code;
		take_session_line(line, ret);
	}
}

/* Bytes, with K, M, G or T of 1024, as systemd writes a size. False for what is none. */
static bool service_value(struct slice s, char *ret, size_t size)
{
	static const char units[] = "KMGT";
	const char *unit = s.len > 0 ? strchr(units, s.text[s.len - 1]) : NULL;
	char text[24] = "";
	uint32_t number;
	uint64_t bytes;

	if (slice_eq(s, "infinity"))
		return text_copy(ret, size, unlimited) == 0;
	if (unit != NULL && *unit != '\0')
		s.len--;
	else
		unit = NULL;
	if (slice_number(s, 10, &number) < 0)
		return false;
	bytes = number;
	for (long i = unit != NULL ? unit - units + 1 : 0; i > 0; i--)
		bytes *= 1024;
	(void)TEXT_FORMAT(text, "%" PRIu64, bytes / 1024);
	(void)memset(ret, 0, size);
	return text_copy(ret, size, text) == 0;
}

void limits_parse_services(const char *text, size_t len, struct limit_facts *ret)
{
	struct slice rest = { text, len }, line, key, value, soft;
	char limit[sizeof ret->service_soft] = "";

	while (slice_line(&rest, &line)) {
		if (!files_pair(line, &key, &value) || !slice_eq(key, "DefaultLimitMEMLOCK"))
			continue;
		if (slice_cut(&value, ':', &soft))
			value = soft;
		memset(limit, 0, sizeof limit);
		if (value.len == 0)
			(void)TEXT_COPY(limit, NOTHING_SET);
		else if (!service_value(value, limit, sizeof limit))
			continue;
		memcpy(ret->service_soft, limit, sizeof limit);
	}
}

static void take_session_file(void *ctx, const char *path, struct slice text)
{
	(void)path;
	limits_parse_session(text.text, text.len, ctx);
}

static void take_session(void *ctx, struct slice text)
{
	limits_parse_session(text.text, text.len, ctx);
}

static void take_services_file(void *ctx, const char *path, struct slice text)
{
	(void)path;
	limits_parse_services(text.text, text.len, ctx);
}

static void take_services(void *ctx, struct slice text)
{
	limits_parse_services(text.text, text.len, ctx);
}

/* Where the main file is there and no line is, nothing is set. */
static void set_default(const struct host *h, const char *path, char *ret, size_t size)
{
	if (ret[0] == '\0' && (h->live || host_exists(h, path)))
		(void)text_copy(ret, size, NOTHING_SET);
}

void limits_read(const struct host *h, struct facts *ret)
{
	static const char session[] = "etc/security/limits.conf";
	static const char services[] = "etc/systemd/system.conf";
	static const char *const drop_ins[] = { "usr/lib/systemd/system.conf.d",
						"run/systemd/system.conf.d",
						"etc/systemd/system.conf.d" };
	struct limit_facts *l = &ret->limits;
	char number[24];
	uint32_t most;

	memset(l, 0, sizeof *l);
	if (HOST_READ_LINE(h, "proc/sys/fs/nr_open", number) == 0 &&
	    slice_number((struct slice) { number, strlen(number) }, 10, &most) == 0)
		l->most_open_files = most;
	(void)files_read(h, session, take_session, l);
	files_each(h, "etc/security/limits.d", ".conf", take_session_file, l);
	set_default(h, session, l->session_soft, sizeof l->session_soft);
	set_default(h, session, l->session_hard, sizeof l->session_hard);
	if (!ret->systemd)
		return;
	(void)files_read(h, services, take_services, l);
	for (size_t i = 0; i < ARRAY_SIZE(drop_ins); i++)
		files_each(h, drop_ins[i], ".conf", take_services_file, l);
	set_default(h, services, l->service_soft, sizeof l->service_soft);
}
