/* Reads the disk on which the host says what this machine is to be. */
#include "guest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../wire.h"

#define CONFIG_DISK       "/dev/disk/by-id/virtio-lab-config"
#define CONFIG_DISK_PLAIN "/dev/vdb"

static int disk_open(void)
{
	int fd = open(CONFIG_DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);

	return fd >= 0 ? fd : open(CONFIG_DISK_PLAIN, O_RDONLY | O_DIRECT | O_CLOEXEC);
}

/* O_DIRECT: the host may have written since the last time. Returns the text, or exits. */
static char *disk_text(void)
{
	int fd = disk_open();
	char *text = NULL;

	if (fd < 0 || posix_memalign((void **)&text, 4096, WIRE_CONFIG_SIZE) != 0 ||
	    pread(fd, text, WIRE_CONFIG_SIZE, 0) != WIRE_CONFIG_SIZE) {
		complain("the config disk cannot be read");
		exit(1);
	}
	(void)close(fd);
	text[WIRE_CONFIG_SIZE - 1] = '\0';
	return text;
}

static void take(struct config *c, const char *key, char *value)
{
	const struct {
		const char *key;
		const char **into;
	} texts[] = {
		{ "mode", &c->mode }, { "name", &c->name },       { "address", &c->address },
		{ "mac", &c->mac },   { "gateway", &c->gateway }, { "seed", &c->seed },
		{ "pci", &c->pci },   { "port", &c->port },       { "rate", &c->rate },
		{ "guid", &c->guid },
	};
	const struct {
		const char *key;
		bool *into;
	} flags[] = { { "agent", &c->agent },
		      { "agent_disk", &c->agent_disk },
		      { "vmbus", &c->vmbus },
		      { "adapter", &c->adapter } };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(key, texts[i].key) == 0)
			*texts[i].into = value;
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (strcmp(key, flags[i].key) == 0)
			*flags[i].into = value[0] == '1';
	if (strcmp(key, "route") == 0 && c->nroutes < CONFIG_ROUTES)
		c->routes[c->nroutes++] = value;
	if (strcmp(key, "file") == 0 && c->nfiles < CONFIG_FILES)
		c->files[c->nfiles++] = value;
}

void config_read(struct config *ret)
{
	struct config c = { .mode = "",
			    .name = "",
			    .address = "",
			    .mac = "",
			    .gateway = "",
			    .seed = "",
			    .pci = "",
			    .port = "",
			    .rate = "",
			    .guid = "" };

	c.text = disk_text();
	for (char *line = c.text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		char *value;

		*end = '\0';
		value = strchr(line, '=');
		if (value == NULL)
			continue;
		*value = '\0';
		take(&c, line, value + 1);
	}
	*ret = c;
}

void config_free(struct config *c)
{
	free(c->text);
	*c = (struct config) { 0 };
}
