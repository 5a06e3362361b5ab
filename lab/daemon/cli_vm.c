/* The verbs about VMs. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>

#include "base/text.h"
#include "client.h"
#include "lab/mirror/rpms.h"
#include "lab/vm/distro.h"

static json_t *named(const struct cli *c)
{
	return json_pack("{s:s}", "name", c->words[0]);
}

static void print_vm(const json_t *vm)
{
	printf("%-16s %-8s %-9s %-14s %-26s boots %lld\n", json_text_at(vm, "name", ""),
	       json_text_at(vm, "kind", ""), json_text_at(vm, "state", ""),
	       json_text_at(vm, "address", ""), json_text_at(vm, "size", ""),
	       json_int_at(vm, "boots", 0));
}

/* Ask, and print the VM that is answered (nothing when there is none). */
static int ask_and_print(const struct cli *c, const char *verb, json_t *args)
{
	AUTO_JSON json_t *answer = NULL;
	int rc = client_ask(&c->lab->paths, verb, args, NULL, &answer);

	if (rc != LAB_OK)
		return rc;
	if (cli_flag(c, "json"))
		cli_print_json(json_incref(answer));
	else if (json_object_get(answer, "name") != NULL)
		print_vm(answer);
	return LAB_OK;
}

static int run_plain(const struct cli *c)
{
	return ask_and_print(c, c->verb->name, named(c));
}

/* The slow part of a VM's making is the client's: a root, an image. */
static int prepare(const struct cli *c, struct vm_spec *spec)
{
	const struct vm_kind *kind = vm_kind_of(spec->machine);
	struct error err = { 0 };

	const struct distro *d = distro_find(spec->image, &err);

	if (d != NULL && kind->prepare(&c->lab->env, spec, &err) == 0 &&
	    rpms_prepare(&c->lab->env, d, &err) == 0)
		return LAB_OK;
	fprintf(stderr, "ib-lab: %s\n", err.what);
	return err.fault == FAULT_USAGE ? LAB_USAGE : LAB_FAILED;
}

static int run_create(const struct cli *c)
{
	struct vm_spec spec = { .machine = cli_flag(c, "machine"),
				.init = !cli_flag(c, "no-init"),
				.agent = !cli_flag(c, "no-agent"),
				.adapter = !cli_flag(c, "no-adapter"),
				.vmbus = !cli_flag(c, "no-vmbus"),
				.azure = !cli_flag(c, "no-azure") };
	const char *image = cli_value(c, "image"), *rate = cli_value(c, "rate");
	const char *source = getenv("WALA_SOURCE"), *given = cli_value(c, "root");
	AUTO_FREE char *root = given != NULL ? realpath(given, NULL) : NULL;
	json_t *args;
	long gbps = 0;
	int rc;

	if ((spec.machine && cli_flag(c, "cell")) ||
	    (rate != NULL && (text_to_long(rate, 10, &gbps) < 0 || gbps <= 0))) {
		fprintf(stderr, "ib-lab: --cell or --machine; --rate takes Gb/s\n");
		return LAB_USAGE;
	}
	if (given != NULL && root == NULL) {
		fprintf(stderr, "ib-lab: %s: %s\n", given, strerror(errno));
		return LAB_USAGE;
	}
	if (!client_is_up(&c->lab->paths))
		return client_ask(&c->lab->paths, "env", NULL, NULL, NULL);
	(void)TEXT_COPY(spec.name, c->words[0]);
	(void)TEXT_COPY(spec.image, image != NULL ? image : distros[0].name);
	rc = prepare(c, &spec);
	if (rc != LAB_OK)
		return rc;
	args = json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:i}", "name", c->words[0], "machine",
			 spec.machine, "init", spec.init, "agent", spec.agent, "adapter",
			 spec.adapter, "vmbus", spec.vmbus, "azure", spec.azure, "rate", (int)gbps);
	cli_pass(c, args, "size", "size");
	cli_pass(c, args, "image", "image");
	cli_pass(c, args, "pci", "pci");
	if (root != NULL)
		json_object_set_new(args, "root", json_string(root));
	if (source != NULL && *source != '\0')
		json_object_set_new(args, "agentSource", json_string(source));
	return ask_and_print(c, "vm create", args);
}

static int run_list(const struct cli *c)
{
	AUTO_JSON json_t *answer = NULL;
	int rc = client_ask(&c->lab->paths, "vm list", NULL, NULL, &answer);
	json_t *vm;
	size_t i;

	if (rc == LAB_OK && cli_flag(c, "json"))
		cli_print_json(json_incref(answer));
	else
		json_array_foreach(answer, i, vm) print_vm(vm);
	return rc;
}

static int run_set(const struct cli *c)
{
	json_t *args = named(c), *set = json_object();

	for (size_t i = 1; i < c->nwords; i++) {
		AUTO_FREE char *key = strdup(c->words[i]);
		char *value = key != NULL ? strchr(key, '=') : NULL;

		if (value == NULL) {
			fprintf(stderr, "ib-lab: %s: expected KEY=VALUE\n", c->words[i]);
			json_decref(args);
			json_decref(set);
			return LAB_USAGE;
		}
		*value++ = '\0';
		json_object_set_new(set, key, json_string(value));
	}
	json_object_set_new(args, "set", set);
	return ask_and_print(c, "vm set", args);
}

int cli_shell(const struct cli *c, const char *vm, char *const argv[])
{
	AUTO_JSON json_t *answer = NULL;
	struct error err = { 0 };
	const struct vm_kind *kind;
	int rc = client_ask(&c->lab->paths, "vm show", json_pack("{s:s}", "name", vm), NULL,
			    &answer);

	if (rc != LAB_OK)
		return rc;
	if (!text_eq(json_text_at(answer, "state", ""), "running")) {
		fprintf(stderr, "ib-lab: %s is %s\n", vm, json_text_at(answer, "state", ""));
		return LAB_FAILED;
	}
	kind = vm_kind_of(text_eq(json_text_at(answer, "kind", ""), "machine"));
	rc = kind->shell(json_object_get(answer, "access"), argv, &err);
	if (rc >= 0)
		return rc;
	fprintf(stderr, "ib-lab: %s\n", err.what);
	return LAB_FAILED;
}

static int run_shell(const struct cli *c)
{
	return cli_shell(c, c->words[0], c->rest);
}

static int run_counts(const struct cli *c)
{
	json_t *answer = NULL;
	int rc = client_ask(&c->lab->paths, "vm counts", named(c), NULL, &answer);

	if (rc == LAB_OK)
		cli_print_json(answer);
	return rc;
}

static int run_log(const struct cli *c)
{
	const char *file = cli_value(c, "file");
	char path[VM_PATH_MAX];
	char *const argv[] = { (char[]) { "cat" }, path, NULL };

	(void)TEXT_COPY(path, file != NULL ? file : "/var/log/azure/ib-vmext-status");
	return cli_shell(c, c->words[0], argv);
}

static int run_images(const struct cli *c)
{
	AUTO_JSON json_t *all = json_array();

	for (const struct distro *d = distros; d->name != NULL; d++)
		if (cli_flag(c, "json"))
			json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "name", d->name,
							     "packages", d->packages, "about",
							     d->about));
		else
			printf("%-12s %-7s %s\n", d->name, d->packages, d->about);
	if (cli_flag(c, "json"))
		cli_print_json(json_incref(all));
	return LAB_OK;
}

const struct cli_verb cli_vm_verbs[] = {
	{ "vm create",
	  "NAME [--cell|--machine] [--size SIZE] [--image IMAGE] [--root DIR] [--pci V:D:C,...] "
	  "[--rate GBPS] "
	  "[--no-init] [--no-agent] [--no-adapter] [--no-vmbus] [--no-azure]",
	  "make a VM and wait until it is up",
	  "cell machine size= image= root= pci= rate= no-init no-agent no-adapter no-vmbus "
	  "no-azure json",
	  1, 1, run_create },
	{ "vm images", "", "what a cell can be made of: --image", "json", 0, 0, run_images },
	{ "vm list", "", "the VMs of the lab", "json", 0, 0, run_list },
	{ "vm show", "NAME", "one of them", "json", 1, 1, run_plain },
	{ "vm shell", "NAME [-- CMD ARGS]", "run a command in it, or a shell", "", 1, 1, run_shell,
	  true },
	{ "vm reboot", "NAME", "stop it in order and start it again", "json", 1, 1, run_plain },
	{ "vm stop", "NAME", "stop it in order", "json", 1, 1, run_plain },
	{ "vm kill", "NAME", "kill all its processes at once", "json", 1, 1, run_plain },
	{ "vm cut", "NAME", "cut its power", "json", 1, 1, run_plain },
	{ "vm start", "NAME", "start it again", "json", 1, 1, run_plain },
	{ "vm delete", "NAME", "take it away with all that is its own", "json", 1, 1, run_plain },
	{ "vm set", "NAME KEY=VALUE...",
	  "imds=ok|429:N|delay:MS|silent|404, mirror=on|off (without the proxy), adapter=on|off, "
	  "port=active|init|down, rate=GBPS, module.NAME=REFUSAL|ok, fault.SERVICE=MODE",
	  "json", 2, 8, run_set },
	{ "vm counts", "NAME", "how often it asked Azure for what", "json", 1, 1, run_counts },
	{ "log", "VM [--file PATH]", "a log file of it", "file=", 1, 1, run_log },
	{ 0 },
};
