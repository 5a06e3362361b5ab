/* base/cleanup.h - scope-bound cleanup: the six macros of this codebase, and no more.
 *
 * Every AUTO variable is initialised on its declaration, even when assigned on the next line. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#define AUTO_FREE CLEANUP(cleanup_free)
#define AUTO_FD   CLEANUP(cleanup_fd)

/* Hand the value of `p` on and leave NULL behind, so that its cleanup finds nothing. */
#define TAKE(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

#define NODISCARD    __attribute__((warn_unused_result))
#define PRINTF(a, b) __attribute__((format(printf, a, b)))
