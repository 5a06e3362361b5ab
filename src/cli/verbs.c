/* The one table of verbs. */
#include "cli/app.h"

enum { REPORT_FILES_MAX = 100000 };

static const struct verb_option plan_options[] = {
	{ "--resolve", "ask the package manager what it would change" },
	{ 0 },
};

static const struct verb_option apply_options[] = {
	{ "--yes", "do not ask before anything is changed" },
	{ "--reload", "reload the modules instead of a restart; never on Hyper-V" },
	{ 0 },
};

static const struct verb_option bake_options[] = {
	{ "--for", "the VM sizes or generations that the image is for: Standard_HB120rs_v3,CX7" },
	{ "--kernel", "the kernel that they boot; else the one that the image boots next" },
	{ 0 },
};

static const struct verb_option verify_options[] = {
	{ "--loopback", "and send data from each InfiniBand port to itself" },
	{ "--peer", "and send data to another node, where `verify --listen` runs" },
	{ "--listen", "and wait 5 minutes for data of another node's --peer" },
	{ "--device", "with this RDMA device, which may be of Ethernet, or of software" },
	{ "--seconds", "for so long, from 1 to 60; else 2" },
	{ 0 },
};

static const struct verb_option undo_options[] = {
	{ "--force", "go on where something cannot be put back" },
	{ 0 },
};

static const struct verb_option status_options[] = {
	{ "--watch", "follow the run to its end, and exit with its code" },
	{ "--spdx", "all that was put on the disk, as an SPDX 2.3 document" },
	{ 0 },
};

static const struct verb_option metrics_options[] = {
	{ "--file", "where node_exporter's textfile collector reads: ....prom" },
	{ 0 },
};

static const struct verb_option pack_options[] = {
	{ "--key", "a secret key file of minisign, without a password, to sign with" },
	{ 0 },
};

const struct verb verbs[] = {
	{ "facts", "", "what this machine is", 0, 0, VERB_NO_SETTINGS | VERB_CATALOGUE, NULL,
	  verb_facts },
	{ "plan", "[--resolve]", "what would be done, and why", 0, 1, VERB_CATALOGUE, plan_options,
	  verb_plan },
	{ "apply", "[--yes]", "carry the plan out and prove that it works", 0, 2,
	  VERB_NEEDS_ROOT | VERB_CATALOGUE | VERB_FETCHES, apply_options, verb_apply },
	{ "bake", "--for SIZE|GENERATION[,...] [--kernel REL]",
	  "apply in an image, no adapter present", 2, 4,
	  VERB_NEEDS_ROOT | VERB_CATALOGUE | VERB_FETCHES, bake_options, verb_bake },
	{ "verify", "[--loopback|--peer HOST|--listen] [--device NAME] [--seconds N]",
	  "does InfiniBand work, and as it should", 0, 6, VERB_NO_SETTINGS | VERB_CATALOGUE,
	  verify_options, verb_verify },
	{ "metrics", "[--file FILE]", "the same for Prometheus, to print or into a file", 0, 2,
	  VERB_NO_SETTINGS | VERB_CATALOGUE, metrics_options, verb_metrics },
	{ "status", "[--watch|--spdx]", "where the last run stands", 0, 1, VERB_NO_SETTINGS,
	  status_options, verb_status },
	{ "undo", "[--force]", "put back what apply changed", 0, 1,
	  VERB_NEEDS_ROOT | VERB_NO_SETTINGS | VERB_CATALOGUE, undo_options, verb_undo },
	{ "explain", "[WORD|issue N]", "a code, fault, warning or known issue, offline", 0, 2,
	  VERB_NO_MACHINE | VERB_NO_SETTINGS, NULL, verb_explain },
	{ "catalogue", "list|show ID|check [FILE]|import FILE|update FILE",
	  "the drivers that it knows; another catalogue", 1, 2, VERB_CATALOGUE, NULL,
	  verb_catalogue },
	{ "pack", "make|index DIR [--key FILE]|list [DIR]|fetch|check FILE",
	  "prebuilt modules, for other VMs of this kind", 1, 4, VERB_CATALOGUE, pack_options,
	  verb_pack },
	{ "offline", "make FILE --key FILE|check FILE",
	  "one signed file of all that the plan downloads", 2, 4, VERB_CATALOGUE, pack_options,
	  verb_offline },
	{ "support", "[FILE]", "a support bundle of this machine and its last runs, redacted", 0, 1,
	  VERB_NO_SETTINGS | VERB_CATALOGUE, NULL, verb_support },
	{ "report", "FILE|DIR...", "an HTML page of what `verify --json` and `support` wrote", 1,
	  REPORT_FILES_MAX, VERB_NO_MACHINE | VERB_NO_SETTINGS, NULL, verb_report },
	{ "capture", "DIR", "this machine as a world, redacted", 1, 1, VERB_NO_SETTINGS, NULL,
	  verb_capture },
	{ "handler", "install|enable|disable|uninstall|update", "the agent's side", 1, 1,
	  VERB_NEEDS_ROOT | VERB_NO_SETTINGS, NULL, verb_handler },
	{ 0 },
};
