/* fabric/fabric.h - what Azure answers to the VMs of the lab: wire server, host plugin, instance
 * metadata and blob store, for any number of VMs told apart by the address that asks.
 *
 * Every call may come from any thread. Strings that are passed in are copied; JSON that is returned
 * is a new reference which belongs to the caller. Returns 0, or -1 with *err set, unless said
 * otherwise; an unknown VM or extension is ENOENT in err->sys, a bad argument EINVAL.
 *
 * Source: the requests of WALinuxAgent 2.7.3 and 2.15, and Azure's pages on the metadata service.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"

struct fabric;
struct log;

struct fabric_options {
	const char *state_dir; /* made if absent; one JSON document a VM, mode 0600 */
	struct log *log;       /* may be NULL; used under the fabric's lock, one event at a time */

	/* Where to listen; NULL and 0 take the value in brackets. Tests give 127.0.0.1 and
	 * FABRIC_ANY_PORT. */
	const char *wire_address; /* [168.63.129.16] wire server and host plugin */
	const char *imds_address; /* [169.254.169.254] */
	const char *blob_address; /* [10.7.0.1]; also the host of the URLs handed to the VMs */
	int wire_port;            /* [80] */
	int plugin_port;          /* [32526] */
	int imds_port;            /* [80] */
	int blob_port;            /* [8080] */

	/* New goal states come by the host plugin alone (vmSettings with the source FastTrack,
	 * which agents from 2.8 on take); the wire server stays at what it had. */
	bool fast_track;
};

enum { FABRIC_ANY_PORT = -1 }; /* let the kernel choose; ask fabric_port afterwards */

enum fabric_service {
	FABRIC_WIRE,
	FABRIC_PLUGIN,
	FABRIC_IMDS,
	FABRIC_BLOB,
	FABRIC_SERVICES /* their number */
};

/* Open the four listeners in the network namespace of the calling thread (the caller does setns)
 * and take up the VMs that state_dir holds. The listeners stay in that namespace whatever the
 * caller does later. */
NODISCARD int fabric_start(const struct fabric_options *options, struct fabric **ret,
			   struct error *err);
void fabric_stop(struct fabric *f); /* NULL is fine; wakes every fabric_wait */

/* The port that a service listens on. */
int fabric_port(const struct fabric *f, enum fabric_service service);

/* ---- VMs -------------------------------------------------------------------------------- */

struct fabric_ipoib {
	const char *mac;     /* "00155D33FF17": what Hyper-V calls the adapter */
	const char *address; /* "172.16.1.14" */
};

struct fabric_vm {
	const char *name;           /* of the Resource Manager; the key of every call below */
	const char *address;        /* the IPv4 address that it asks from; unique */
	const char *size;           /* "Standard_HB120rs_v3" */
	const char *location;       /* "southcentralus" */
	const char *resource_group; /* NULL: "lab" */
	const char *subscription;   /* NULL: 00000000-0000-0000-0000-000000000000 */
	const char *vm_id;          /* NULL: made once and kept */
	const char *publisher, *offer, *sku, *image_version; /* of the image; NULL: empty text */
	const char *hostname;                                /* NULL: name */
	const char *scale_set;                               /* NULL: none */
	const char *mac; /* of its eth0, "02:00:0a:07:00:02"; NULL: made of the address */
	bool page_blob;  /* the status blob is a page blob, else a block blob */
	const struct fabric_ipoib *ipoib;
	size_t nipoib;
};

/* Add a VM, or take it up again under a name that state_dir holds: then extensions, certificate and
 * incarnation stay and the rest is replaced. EEXIST when another VM has the address. */
NODISCARD int fabric_add_vm(struct fabric *f, const struct fabric_vm *vm, struct error *err);
NODISCARD int fabric_remove_vm(struct fabric *f, const char *vm, struct error *err);

/* Write the key-value pool that Hyper-V's daemon would write (var/lib/hyperv/.kvp_pool_0 with
 * IPoIB_Data) below the directory `root`, which is the root of the VM's file system. */
NODISCARD int fabric_write_kvp(struct fabric *f, const char *vm, int root, struct error *err);

/* [{"name","address","size",...,"incarnation":N,"extensions":[...]}]: everything but secrets. An
 * extension is {"name","publisher","type","requested","version","autoUpgrade","seqNo",
 * "settings":object|null,"protected":bool,"state":"enabled|disabled|uninstall","forceUpdate",
 * "incarnation": that of the goal state which asked for it first in this form}. */
json_t *fabric_vms(struct fabric *f);
json_t *fabric_vm_show(struct fabric *f, const char *vm); /* one of them, NULL if there is none */

/* ---- managed identities ------------------------------------------------------------------ */

/* Assign identities to a VM: {"principalId","clientId": of the system's, if it has one,
 * "userAssignedIdentities":{resource id:{"principalId","clientId"}}}, with whatever else the caller
 * keeps there; NULL takes all away. Shown by fabric_vm_show as "identity". */
NODISCARD int fabric_set_identity(struct fabric *f, const char *vm, const json_t *identity,
				  struct error *err);

struct fabric_token {
	struct buf text;
	int64_t expires_s; /* since 1970 */
};

/* Make a token for `resource` ("https://storage.azure.com/") of the identity `who`; `id` is the
 * resource id of a user's, NULL of the system's. Called with the fabric's lock held. Returns 0 or
 * -errno. */
typedef int fabric_token_fn(void *ctx, const char *resource, const char *id, const json_t *who,
			    struct fabric_token *ret);
void fabric_set_tokens(struct fabric *f, fabric_token_fn *fn, void *ctx);

/* ---- the extension catalogue ------------------------------------------------------------- */

/* Offer a package, which stays where it is and is read when asked for. The same version again
 * replaces the path. ENOENT when the file is not there, EINVAL when the version is not dotted
 * numbers. */
NODISCARD int fabric_publish_extension(struct fabric *f, const char *publisher, const char *type,
				       const char *version, const char *zip_path,
				       struct error *err);

/* [{"publisher","type","versions":["1.1.0","1.1.1"]}], versions ascending. */
json_t *fabric_catalogue(struct fabric *f);

/* ---- extensions of a VM ------------------------------------------------------------------ */

enum fabric_ext_state { FABRIC_EXT_ENABLED, FABRIC_EXT_DISABLED, FABRIC_EXT_UNINSTALL };

struct fabric_extension {
	const char *name; /* the Resource Manager's name of it, "InfiniBandDriverLinux" */
	const char *publisher, *type;
	const char *version;            /* "1.1": the highest published 1.1.N */
	bool auto_upgrade;              /* a higher minor version of the same major will do, too */
	const char *settings;           /* JSON text of an object, or NULL; NULL is not "{}": with
					 * both NULL the agent reports no extension status at all */
	const char *protected_settings; /* JSON text of an object, or NULL; encrypted at once */
	enum fabric_ext_state state;
	const char *force_update; /* a tag; a new one counts as new settings. NULL: none */
	const json_t *after; /* names of extensions that must have succeeded before; NULL: none */
};

/* Ask for an extension, as a PUT to the Resource Manager does: version resolved now, the sequence
 * number one higher when settings or tag differ from before, a new incarnation in any case.
 * ENOENT when nothing published fits the version, EEXIST when another name has the same publisher
 * and type. *incarnation (may be NULL) gets the number of the new goal state. */
NODISCARD int fabric_set_extension(struct fabric *f, const char *vm,
				   const struct fabric_extension *ext, int64_t *incarnation,
				   struct error *err);

/* Ask for its removal: the goal state says uninstall until the agent has processed that and
 * reports the handler no more; then it is gone from fabric_vm_show. */
NODISCARD int fabric_remove_extension(struct fabric *f, const char *vm, const char *name,
				      int64_t *incarnation, struct error *err);

/* A new incarnation with nothing changed. */
NODISCARD int fabric_bump(struct fabric *f, const char *vm, int64_t *incarnation,
			  struct error *err);

/* ---- what the agent says ----------------------------------------------------------------- */

/* {"serial":N,"time":"2026-11-22T11:00:00Z","incarnation":N|null,"status":{...}}: what the agent
 * uploaded last and nothing else; incarnation is the goal state that it says it has processed.
 * JSON null before the first upload since fabric_start, NULL if there is no such VM. "status" is
 * the whole document; the handlers are its aggregateStatus.handlerAggregateStatus. */
json_t *fabric_vm_report(struct fabric *f, const char *vm);

/* The part of that about one extension: {"serial":N,"time":text|null,"handler":{...}|null,
 * "status":{...}|null,"current":bool}. handler is an entry of handlerAggregateStatus, status the
 * status object of its settings; current says that the agent has processed the goal state that
 * asked for the extension and that both speak of its version and sequence number. NULL if unknown.
 */
json_t *fabric_extension_report(struct fabric *f, const char *vm, const char *name);

/* Block until there is an upload with a higher serial, at most timeout_ms. Returns its serial; -1
 * with ETIMEDOUT, or ECANCELED when the fabric stops. */
NODISCARD int64_t fabric_wait(struct fabric *f, const char *vm, int64_t serial, int timeout_ms,
			      struct error *err);

/* ---- trouble on demand, and counters for tests -------------------------------------------- */

/* How a service behaves: "ok", "CODE" or "CODE:TIMES" (an HTTP status, that many times, then ok),
 * "delay:MS", "silent" (accepts and never answers), "reset", "hold" (goalstate only: the
 * incarnation that is served stays as it is). */
NODISCARD int fabric_set_imds(struct fabric *f, const char *vm, const char *mode,
			      struct error *err);

/* `what`: imds, wire, plugin, blob (whole services); goalstate, vmsettings, status (uploads, either
 * way), artifact (packages, either way). Not kept over a restart. */
NODISCARD int fabric_set_fault(struct fabric *f, const char *vm, const char *what, const char *mode,
			       struct error *err);

/* How often a VM asked for something since it was added: {"wire.goalstate":3,"imds.instance":1}. */
json_t *fabric_counts(struct fabric *f, const char *vm); /* NULL if there is no such VM */
