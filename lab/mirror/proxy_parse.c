/* The head of a request to a proxy. Source: RFC 9112, 3.2.2 and 3.2.3; RFC 7617. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "proxy.h"

/* "10.7.0.1:8000", what follows it is *rest. */
static int parse_authority(const char *text, int port, struct proxy_request *ret, const char **rest)
{
	size_t len = strspn(text, "0123456789.");
	struct in_addr in;
	long number = port;
	char *end;

	if (len >= sizeof ret->address)
		return -EINVAL;
	(void)text_format(ret->address, sizeof ret->address, "%.*s", (int)len, text);
	if (inet_pton(AF_INET, ret->address, &in) != 1)
		return -EINVAL;
	end = (char *)(uintptr_t)text + len;
	if (*end == ':')
		number = strtol(end + 1, &end, 10);
	if (number <= 0 || number > 65535)
		return -EINVAL;
	ret->port = (int)number;
	*rest = end;
	return 0;
}

static int parse_first(const char *line, struct proxy_request *ret, struct buf *forward)
{
	char method[16], target[2048], version[16];
	const char *rest;

	if (sscanf(line, "%15s %2047s %15s", method, target, version) != 3)
		return -EINVAL;
	ret->tunnel = text_eq(method, "CONNECT");
	if (ret->tunnel)
		return parse_authority(target, 443, ret, &rest) < 0 || *rest != '\0' ? -EINVAL : 0;
	if (!text_starts(target, "http://") || parse_authority(target + 7, 80, ret, &rest) < 0)
		return -EINVAL;
	return buf_add_format(forward, "%s %s %s\r\nConnection: close\r\n", method,
			      *rest == '\0' ? "/" : rest, version);
}

static bool header_is(const char *line, const char *name)
{
	size_t len = strlen(name);

	return strncasecmp(line, name, len) == 0 && line[len] == ':';
}

static int parse_header(const char *line, struct proxy_request *ret, struct buf *forward)
{
	const char *value = strchr(line, ':');

	if (value == NULL)
		return -EINVAL;
	value += 1 + strspn(value + 1, " \t");
	if (header_is(line, "Proxy-Authorization") && strncasecmp(value, "Basic ", 6) == 0)
		(void)TEXT_COPY(ret->login, value + 6);
	if (header_is(line, "Proxy-Authorization") || header_is(line, "Proxy-Connection") ||
	    header_is(line, "Connection"))
		return 0;
	return buf_add_format(forward, "%s\r\n", line);
}

int proxy_parse(const char *head, struct proxy_request *ret, struct buf *forward)
{
	AUTO_FREE char *copy = strdup(head);
	char *rest = copy, *line;
	bool first = true;
	int rc = 0;

	*ret = (struct proxy_request) { 0 };
	while (rc == 0 && rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
		line[strcspn(line, "\r")] = '\0';
		if (*line == '\0')
			break;
		rc = first ? parse_first(line, ret, forward) : parse_header(line, ret, forward);
		first = false;
	}
	if (first)
		return -EINVAL;
	return rc == 0 ? buf_add_text(forward, "\r\n") : rc;
}
