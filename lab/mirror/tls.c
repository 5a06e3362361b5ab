/* A certificate authority for the mirror, by openssl, whose key is thrown away. */
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "lab/vm/root.h"
#include "lab/vm/vm.h"
#include "mirror.h"

enum { PEM_MAX = 64 << 10 };

static const char script[] =
	"set -eu\n"
	"cd \"$1\"\n"
	"openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=ib-lab mirror' \\\n"
	"	-addext 'basicConstraints=critical,CA:TRUE' -addext "
	"'keyUsage=critical,keyCertSign' \\\n"
	"	-keyout ca.key -out ca.pem\n"
	"openssl req -newkey rsa:2048 -nodes -subj \"/CN=$2\" -keyout server.key -out server.csr\n"
	"printf 'subjectAltName=IP:%s,DNS:%s\\nbasicConstraints=CA:FALSE\\n' \"$2\" \"$3\" "
	">server.ext\n"
	"openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 \\\n"
	"	-extfile server.ext -out server.pem\n"
	"rm -f ca.key ca.srl server.csr server.ext\n";

static void place(const struct vm_env *env, const char *suffix, char ret[static VM_PATH_MAX])
{
	(void)text_format(ret, VM_PATH_MAX, "%s/" ROOT_MIRROR_TLS "%s", env->cache, suffix);
}

int tls_prepare(const struct vm_env *env, struct error *err)
{
	char dir[VM_PATH_MAX], next[VM_PATH_MAX];
	const char *const argv[] = { "sh", "-s", "--", next, VM_GATEWAY, MIRROR_BLOB, NULL };
	AUTO_FD int lock = -1;
	int rc = fs_make_dirs(AT_FDCWD, env->cache, 0755);

	place(env, "", dir);
	place(env, ".new", next);
	if (rc < 0)
		return error_set(err, FAULT_INTERNAL, -rc, "cannot make %s", env->cache);
	lock = root_lock(env, ROOT_MIRROR_TLS, err);
	if (lock < 0)
		return -1;
	if (fs_exists(AT_FDCWD, dir))
		return 0;
	if (fs_remove(AT_FDCWD, next) < 0 || fs_make_dirs(AT_FDCWD, next, 0755) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot make %s", next);
	if (root_run(env, argv, script, 120, err) < 0)
		return -1;
	if (rename(next, dir) < 0)
		return error_set(err, FAULT_INTERNAL, errno, "cannot rename %s", next);
	return 0;
}

int tls_read(const struct vm_env *env, struct buf *key, struct buf *certificate, struct error *err)
{
	char path[VM_PATH_MAX];
	int rc;

	place(env, "/server.key", path);
	rc = fs_read(AT_FDCWD, path, PEM_MAX, key);
	place(env, "/server.pem", path);
	if (rc == 0)
		rc = fs_read(AT_FDCWD, path, PEM_MAX, certificate);
	return rc < 0 ? error_set(err, FAULT_INTERNAL, -rc, "cannot read %s", path) : 0;
}
