/* tests/unit/act/place.c - makes and removes it. */
#include "place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"

void place_make(struct place *p)
{
	(void)TEXT_COPY(p->dir, "/tmp/ib-vmext-act-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->host = (struct host) { .root = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				  .live = true,
				  .runner = &runner_real,
				  .clock = &clock_system };
	assert_true(p->host.root >= 0);
}

void place_drop(struct place *p)
{
	host_close(&p->host);
	assert_int_equal(fs_remove(AT_FDCWD, p->dir), 0);
}

void place_put(const struct place *p, const char *path, const char *text)
{
	char parent[200];

	(void)TEXT_COPY(parent, path);
	*strrchr(parent, '/') = '\0';
	assert_int_equal(fs_make_dirs(p->host.root, parent, 0755), 0);
	assert_int_equal(fs_replace(p->host.root, path, text, strlen(text), 0644), 0);
}
