/* Writes the disk on which a machine finds what it is to be. */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/text.h"
#include "qemu.h"
#include "wire.h"

enum { KVP_POOLS = 5, KVP_POOL_MAX = 40 << 10 };

void machine_uuid(const struct vm *vm, char ret[static UUID_TEXT_SIZE])
{
	char digest[DIGEST_TEXT_SIZE];

	digest_of(vm->dir, strlen(vm->dir), digest);
	(void)text_format(ret, UUID_TEXT_SIZE, "%.8s-%.4s-4%.3s-8%.3s-%.12s", digest, digest + 8,
			  digest + 12, digest + 15, digest + 18);
}

/* Hyper-V's key-value pairs, where the daemon has written them as into a cell's layer. */
static int add_pools(const struct vm *vm, struct buf *b)
{
	int rc = 0;

	for (int i = 0; i < KVP_POOLS && rc == 0; i++) {
		AUTO_BUF struct buf pool = { 0 };
		AUTO_FREE char *hex = NULL;
		char path[VM_PATH_MAX];

		(void)TEXT_FORMAT(path, "%s/" MACHINE_UPPER "/var/lib/hyperv/.kvp_pool_%d", vm->dir,
				  i);
		if (fs_read(AT_FDCWD, path, KVP_POOL_MAX, &pool) < 0 || pool.len == 0)
			continue;
		hex = malloc(2 * pool.len + 1);
		if (hex == NULL)
			return -ENOMEM;
		(void)sodium_bin2hex(hex, 2 * pool.len + 1, (void *)pool.data, pool.len);
		rc = buf_add_format(b, "file=/var/lib/hyperv/.kvp_pool_%d 644 %s\n", i, hex);
	}
	return rc;
}

static int add_pci(const struct vm_spec *spec, struct buf *b)
{
	int rc = buf_add_text(b, "pci=");

	for (size_t i = 0; i < spec->npci && rc == 0; i++)
		rc = buf_add_format(b, "%s%04x:%04x:%06x", i > 0 ? "," : "", spec->pci[i].vendor,
				    spec->pci[i].device, spec->pci[i].class_code);
	return rc < 0 ? rc : buf_add_text(b, "\n");
}

static int add_all(const struct vm *vm, struct buf *b)
{
	const struct vm_spec *s = &vm->spec;
	unsigned char seed[32];
	char hex[2 * sizeof seed + 1];
	int rc;

	randombytes_buf(seed, sizeof seed);
	(void)sodium_bin2hex(hex, sizeof hex, seed, sizeof seed);
	rc = buf_add_format(b,
			    "mode=run\nname=%s\naddress=%s\nmac=%s\ngateway=" VM_GATEWAY
			    "\nroute=" VM_WIRESERVER "\nroute=" VM_METADATA
			    "\nseed=%s\nagent=%d\nagent_disk=%d\nvmbus=%d\nadapter=%d\nport=%d\n"
			    "rate=%u\nguid=0x00155dfffe33%02x00\n",
			    s->name, vm->address, vm->mac, hex, s->agent,
			    s->agent_source[0] != '\0', s->vmbus, s->adapter, (int)s->port,
			    s->rate_gbps, vm->index & 0xff);
	if (rc == 0)
		rc = add_pci(s, b);
	return rc < 0 ? rc : add_pools(vm, b);
}

/* In place: QEMU has the file open, and the guest reads it whenever it is told to. */
static int disk_write(const char *dir, const struct buf *text, struct error *err)
{
	AUTO_FREE char *disk = calloc(1, WIRE_CONFIG_SIZE);
	char path[VM_PATH_MAX];
	AUTO_FD int fd = -1;

	(void)TEXT_FORMAT(path, "%s/" QEMU_CONFIG, dir);
	if (disk == NULL || text->len >= WIRE_CONFIG_SIZE)
		return error_set(err, FAULT_INTERNAL, EFBIG, "%s would be too long", path);
	memcpy(disk, buf_text(text), text->len);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || pwrite(fd, disk, WIRE_CONFIG_SIZE, 0) != WIRE_CONFIG_SIZE)
		return error_set(err, FAULT_INTERNAL, errno, "cannot write %s: %s", path,
				 strerror(errno));
	return 0;
}

int machine_config_write(const struct vm *vm, struct error *err)
{
	AUTO_BUF struct buf b = { 0 };

	if (add_all(vm, &b) < 0)
		return error_set(err, FAULT_INTERNAL, ENOMEM, "no memory for the config disk");
	return disk_write(vm->dir, &b, err);
}

int machine_config_park(const char *dir, struct error *err)
{
	static char text[] = "mode=park\n";

	return disk_write(dir, &(struct buf) { .data = text, .len = sizeof text - 1 }, err);
}
