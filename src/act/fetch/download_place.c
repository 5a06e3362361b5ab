/* act/fetch/download_place.c - chooses a directory by its room, its mount options and its owner. */
#include "act/fetch/download_place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "act/act.h"
#include "base/fs.h"
#include "base/text.h"
#include "host/host.h"

enum { MIB = 1 << 20, ROOM_LEFT = 64 * MIB, ROOM_GUESS = 512 * MIB, UNPACKED_TIMES = 3 };

/* `above` is never made by us: a disk that is not there is no place. */
static const struct {
	const char *above, *dir;
} places[] = {
	{ "", ACT_STATE_DIR "/downloads" },
	{ "mnt/resource", "mnt/resource/ib-vmext-downloads" },
	{ "mnt", "mnt/ib-vmext-downloads" },
	{ "var/tmp", "var/tmp/ib-vmext-downloads" },
};

bool download_is_archive(const char *name)
{
	static const char *const ends[] = { ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (text_ends(name, ends[i]))
			return true;
	return false;
}

int64_t download_room(const char *name, int64_t bytes)
{
	bool archive = download_is_archive(name);

	if (bytes < 0)
		return archive ? UNPACKED_TIMES * (int64_t)ROOM_GUESS : ROOM_LEFT;
	return bytes * (archive ? UNPACKED_TIMES : 1) + ROOM_LEFT;
}

static bool is_noexec(const struct host *h, const char *path)
{
	char at[300];
	struct statvfs s;

	(void)TEXT_COPY(at, path);
	for (;;) {
		AUTO_FD int fd = openat(h->root, at[0] != '\0' ? at : ".",
					O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		char *slash = strrchr(at, '/');

		if (fd >= 0)
			return fstatvfs(fd, &s) == 0 && (s.f_flag & ST_NOEXEC) != 0;
		if (at[0] == '\0')
			return false;
		*(slash != NULL ? slash : at) = '\0';
	}
}

/* Nobody else may have put it there, or may write to it: /var/tmp is everybody's. */
static bool is_ours(const struct host *h, const char *dir)
{
	AUTO_FD int fd = openat(h->root, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 022) == 0;
}

static bool is_there(const struct host *h, const char *above)
{
	struct stat st;

	return above[0] == '\0' ||
	       (fstatat(h->root, above, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode));
}

/* Why a place will not do: FAULT_NONE if it will. */
static enum fault judge(const struct host *h, const char *dir, const char *name, int64_t need)
{
	uint64_t left, total;

	if (host_space(h, dir, &left, &total) == 0 && (need < 0 || left < (uint64_t)need))
		return FAULT_DISK_FULL;
	return download_is_archive(name) && is_noexec(h, dir) ? FAULT_NOEXEC : FAULT_NONE;
}

static int refuse(const struct host *h, const char *name, int64_t need, enum fault fault,
		  struct error *err)
{
	uint64_t left = 0, total = 0;

	if (host_space(h, places[0].dir, &left, &total) < 0)
		left = 0;
	if (fault == FAULT_NOEXEC)
		return error_set(
			err, FAULT_NOEXEC, 0,
			"no place was found for %.120s from which programs can be run: /%s "
			"is mounted noexec, and so are the others, or they are full",
			name, places[0].dir);
	return error_set(err, FAULT_DISK_FULL, ENOSPC,
			 "%.120s needs %" PRId64
			 " MiB with what is unpacked from it, and below /%s "
			 "there are %" PRIu64 " MiB; there is no more in /mnt and /var/tmp",
			 name, need / MIB, places[0].dir, left / MIB);
}

int download_place(const struct host *h, const char *name, int64_t bytes, char *ret, size_t size,
		   struct error *err)
{
	int64_t need = download_room(name, bytes);
	enum fault first = FAULT_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const char *dir = places[i].dir;
		enum fault fault;
		int rc;

		if (!is_there(h, places[i].above))
			continue;
		fault = judge(h, dir, name, need);
		if (first == FAULT_NONE)
			first = fault;
		if (fault != FAULT_NONE)
			continue;
		rc = fs_make_dirs(h->root, dir, 0700);
		if (rc == 0 && is_ours(h, dir))
			return text_copy(ret, size, dir);
		if (i == 0)
			return error_set(err, FAULT_STATE_DIR, -rc, "/%s cannot be used: %s", dir,
					 rc < 0 ? strerror(-rc) : "others can write to it");
	}
	return refuse(h, name, need, first, err);
}

const char *download_place_at(unsigned at)
{
	return at < ARRAY_SIZE(places) ? places[at].dir : NULL;
}

int download_find(const struct host *h, const char *name, char *ret, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char path[300];

		if (TEXT_FORMAT(path, "%s/%s", places[i].dir, name) < 0 ||
		    !fs_exists(h->root, path) || !is_ours(h, places[i].dir))
			continue;
		return text_copy(ret, size, path) < 0 ? -ENOENT : 0;
	}
	return -ENOENT;
}
