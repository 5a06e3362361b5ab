/* Sets what a machine that was restored from a snapshot has wrong: clock and random numbers; and
 * writes the files that the host gave. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <linux/rtc.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* QEMU's RTC follows the host's clock, the kernel's goes on from where it was saved: apt refuses
 * repositories that are newer than now. */
static void clock_from_rtc(void)
{
	int fd = open("/dev/rtc0", O_RDONLY | O_CLOEXEC);
	struct rtc_time rtc;

	if (fd >= 0 && ioctl(fd, RTC_RD_TIME, &rtc) == 0) {
		struct tm tm = { .tm_sec = rtc.tm_sec,
				 .tm_min = rtc.tm_min,
				 .tm_hour = rtc.tm_hour,
				 .tm_mday = rtc.tm_mday,
				 .tm_mon = rtc.tm_mon,
				 .tm_year = rtc.tm_year };
		struct timeval now = { .tv_sec = timegm(&tm) };

		if (settimeofday(&now, NULL) < 0)
			complain("clock: %s", strerror(errno));
	}
	if (fd >= 0)
		(void)close(fd);
}

/* Decode hex in place. Returns the number of bytes. */
static size_t decode(char *hex)
{
	size_t n = 0;

	for (; hex[2 * n] != '\0' && hex[2 * n + 1] != '\0'; n++) {
		const char pair[3] = { hex[2 * n], hex[2 * n + 1], '\0' };

		hex[n] = (char)strtoul(pair, NULL, 16);
	}
	return n;
}

/* Without it all machines of one snapshot would draw the same keys. */
static void random_mix(const char *seed)
{
	enum { SEED_BYTES = 32 };
	union {
		struct rand_pool_info info;
		unsigned char room[sizeof(struct rand_pool_info) + SEED_BYTES];
	} pool = { .info = { .buf_size = SEED_BYTES, .entropy_count = SEED_BYTES * 8 } };
	char hex[2 * SEED_BYTES + 1];
	int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);

	(void)snprintf(hex, sizeof hex, "%s", seed);
	memcpy(pool.room + offsetof(struct rand_pool_info, buf), hex,
	       decode(hex) == SEED_BYTES ? SEED_BYTES : 0);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
		complain("random pool: %s", strerror(errno));
	if (fd >= 0)
		(void)close(fd);
}

static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
}

/* "PATH MODE HEX" */
static void write_file(const char *line)
{
	char *copy = strdup(line), *rest = copy;
	char *path = strsep(&rest, " "), *mode = strsep(&rest, " ");
	int fd;

	if (rest != NULL) {
		size_t len = decode(rest);

		make_parents(path);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			  (mode_t)strtoul(mode, NULL, 8));
		if (fd < 0 || write(fd, rest, len) != (ssize_t)len)
			complain("%s: %s", path, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
	}
	free(copy);
}

/* A newer agent than the packaged one; the wrapper of its unit looks there. */
static void agent_mount(void)
{
	if (mount("/dev/vdc", "/opt/wala", "ext4", MS_RDONLY, NULL) < 0 && errno != EBUSY)
		complain("/opt/wala: %s", strerror(errno));
}

void system_prepare(const struct config *c)
{
	if (c->agent_disk)
		agent_mount();
	clock_from_rtc();
	random_mix(c->seed);
	for (size_t i = 0; i < c->nfiles; i++)
		write_file(c->files[i]);
	(void)mkdir("/run/lab", 0755);
	if (c->agent)
		(void)unlink("/run/lab/no-agent");
	else
		(void)write_text("/run/lab/no-agent", "");
}
