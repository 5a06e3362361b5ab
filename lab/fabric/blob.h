/* fabric/blob.h - the blob store: manifests, packages and status blobs, each under a signed URL.
 *
 * Source: Put Blob and Put Page in the reference of Azure Storage (x-ms-blob-type, x-ms-page-write,
 * x-ms-range: pages of 512 bytes, at most 4 MiB a request). */
#pragma once

#include <stddef.h>

#include "base/buf.h"

#include "inner.h"

struct answer;

enum { BLOB_PATH_MAX = 512, PAGE_SIZE_BYTES = 512, PAGE_WRITE_MAX = 4 << 20 };

/* What a URL of the store says. */
struct blob_ref {
	char path[BLOB_PATH_MAX]; /* "/status/vm1.<container>.status" */
	char permissions[8];      /* sp */
	char signature[64];       /* sig, as text */
	char comp[16];
};

/* The headers of a PUT that matter; NULL where absent. */
struct blob_put {
	const char *type;           /* x-ms-blob-type */
	const char *content_length; /* x-ms-blob-content-length */
	const char *page_write;     /* x-ms-page-write */
	const char *range;          /* x-ms-range, else Range */
};

/* Add the whole URL of a path with a signature for the permissions ("r" or "w"). 0 or -errno. */
int blob_url(const struct fabric *f, const char *path, const char *permissions, struct buf *ret);

/* The paths. 0 or -errno. */
int blob_status_path(const struct guest *vm, char *ret, size_t size);
int blob_manifest_path(const char *handler, char *ret, size_t size);

/* Read a URL of this store, such as an agent hands to the host plugin. Returns 0; -EINVAL when it
 * is malformed or of another host. */
int blob_ref_parse(const struct fabric *f, const char *url, struct blob_ref *ret);

/* The same, of a store whose URLs begin with `base` ("http://10.7.0.1:8080/"). blob_text.c */
int blob_ref_read(const char *base, const char *url, struct blob_ref *ret);

/* GET and PUT once the reference is known; a refusal is the answer's. */
void blob_get(struct fabric *f, struct guest *vm, const struct blob_ref *ref, struct answer *ret);
void blob_put(struct fabric *f, struct guest *vm, const struct blob_ref *ref,
	      const struct blob_put *put, const struct buf *body, struct answer *ret);

/* Write to a blob of pages or replace a block blob: the semantics alone. Returns the HTTP status
 * and, on refusal, Azure's error code in *code. blob_text.c */
int blob_write(enum blob_kind *kind, struct buf *blob, const char *comp, const struct blob_put *put,
	       const struct buf *body, const char **code);
