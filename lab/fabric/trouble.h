/* fabric/trouble.h - how a service misbehaves on demand: the grammar of fabric_set_fault. */
#pragma once

#include <stddef.h>

enum trouble_kind {
	TROUBLE_NONE,
	TROUBLE_STATUS, /* an HTTP status instead of the answer */
	TROUBLE_DELAY,  /* the answer, late */
	TROUBLE_SILENT, /* the connection is taken and nothing is ever said */
	TROUBLE_RESET,  /* the connection is reset */
	TROUBLE_HOLD,   /* the goal state that is served stays as it is */
};

struct trouble {
	enum trouble_kind kind;
	int status;   /* for TROUBLE_STATUS */
	int times;    /* how often still; -1 for ever */
	int delay_ms; /* for TROUBLE_DELAY */
};

/* Where it can happen. The first of each service stands for the whole service. */
enum trouble_place {
	PLACE_IMDS,
	PLACE_WIRE,
	PLACE_PLUGIN,
	PLACE_BLOB,
	PLACE_GOALSTATE,
	PLACE_VMSETTINGS,
	PLACE_ARTIFACT,
	PLACE_STATUS,
	PLACES,
	PLACE_NONE = PLACES
};

/* Both return 0, or -EINVAL and leave *ret as it was. */
int trouble_parse(const char *mode, struct trouble *ret);
int trouble_place_by_name(const char *name, enum trouble_place *ret);

/* What happens now: a copy of *t, which counts down; TROUBLE_NONE once it has run out. */
struct trouble trouble_take(struct trouble *t);
