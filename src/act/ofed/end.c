/* Tells what an end of mlnxofedinstall means. */
#include "act/ofed/end.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* A text of the output counts before the code: 1 is for everything. */
static const struct {
	const char *said;
	enum fault fault;
	const char *means;
} messages[] = {
	{ "No space left on device", FAULT_DISK_FULL, "the disk is full" },
	{ "Failed to build MLNX_OFED_LINUX for", FAULT_BUILD_FAILED,
	  "its modules do not compile for this kernel" },
	{ "Current operation system is not supported", FAULT_INSTALLER_FAILED,
	  "this release of MLNX_OFED does not know the distribution" },
	{ "required packages for installing MLNX_OFED_LINUX are missing", FAULT_INSTALLER_NEEDS,
	  "packages that it needs are missing" },
	{ "is locked by another process", FAULT_PACKAGE_LOCK,
	  "another program holds the package manager's lock" },
};

static const struct {
	int code;
	enum fault fault;
	const char *means;
} codes[] = {
	{ 2, FAULT_INSTALLER_FAILED, "it has no firmware for the adapter" },
	{ 22, FAULT_INSTALLER_FAILED, "it does not know one of the options" },
	{ 28, FAULT_DISK_FULL, "there is too little room on the disk" },
	{ 171, FAULT_ADAPTER_LOST, "it finds no adapter" },
	{ 172, FAULT_INSTALLER_NEEDS, "packages that it needs are missing" },
	{ 173, FAULT_INSTALLER_FAILED, "mst could not be started" },
	{ 174, FAULT_PACKAGE_RESOLVE, "packages that are not of MLNX_OFED stand in its way" },
};

enum fault end_fault(int code, const char *said, const char **ret_means)
{
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		if (strstr(said, messages[i].said)) {
			*ret_means = messages[i].means;
			return messages[i].fault;
		}
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].code == code) {
			*ret_means = codes[i].means;
			return codes[i].fault;
		}
	*ret_means = "it failed";
	return FAULT_INSTALLER_FAILED;
}

static bool begins_with_any(const char *line, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text_starts(line, words[i]))
			return true;
	return false;
}

bool end_is_progress(const char *line)
{
	static const char *const words[] = { "Installing ",  "Building ", "Removing ",
					     "Uninstalling", "Checking ", "Preparing",
					     "Creating ",    "Install " };

	return begins_with_any(line, words, ARRAY_SIZE(words));
}

/* "/tmp/x/a.c:12:3: error: ...", "make[1]: *** ...", "dpkg: error ...", "Error: ..." */
static bool matters(const char *line, size_t len)
{
	static const char *const words[] = { "ERROR",  "Error",  "error",
					     "Failed", "FAILED", "dpkg: error" };
	static const char *const within[] = { " error: ", ": *** ", " failed", " missing",
					      "not supported" };

	if (begins_with_any(line, words, ARRAY_SIZE(words)))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(within); i++)
		if (memmem(line, len, within[i], strlen(within[i])))
			return true;
	return false;
}

void end_lines(const char *text, char *ret, size_t size)
{
	size_t n = 0;

	ret[0] = '\0';
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\r\n");

		if (matters(line, len) && n + len + strlen("; ") < size)
			n += (size_t)snprintf(ret + n, size - n, "%s%.*s", n ? "; " : "", (int)len,
					      line);
		line += len;
		line += strspn(line, "\r\n");
	}
}

bool end_log(const char *said, char *ret, size_t size)
{
	static const char *const before[] = { "General log file: ", "See log file ",
					      "Log File: ", "Logs dir: " };

	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		const char *at = strstr(said, before[i]);

		if (!at)
			continue;
		at += strlen(before[i]);
		if (at[0] == '/' &&
		    text_format(ret, size, "%.*s", (int)strcspn(at, " \r\n"), at) == 0)
			return true;
	}
	return false;
}
