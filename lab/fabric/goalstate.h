/* fabric/goalstate.h - the documents of the wire server and the blob store: goal state, hosting
 * environment, shared configuration, extensions, manifests.
 *
 * Each adds XML (or JSON) to a buffer and returns 0 or -errno. `goal` is the one to render, the
 * VM's present one or the held one.
 * Source: the agent's parsers, goal_state.py and extensions_goal_state_from_*.py. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

#include "inner.h"

#define GOALSTATE_AGENT_MANIFEST "/agents/Prod/manifest.xml"

int goalstate_main(const struct fabric *f, const struct guest *vm, const json_t *goal,
		   struct buf *ret);
int goalstate_hosting(const struct guest *vm, const json_t *goal, struct buf *ret);
int goalstate_shared(const struct guest *vm, const json_t *goal, struct buf *ret);
int goalstate_certificates(const json_t *goal, const char *data, struct buf *ret);
int goalstate_extensions(const struct fabric *f, const struct guest *vm, const json_t *goal,
			 struct buf *ret);

/* The same as vmSettings of the host plugin. A new reference, NULL when out of memory. */
json_t *goalstate_vm_settings(const struct fabric *f, const struct guest *vm, const json_t *goal);

/* The PluginVersionManifest of an entry of the catalogue; with NULL one that offers nothing, which
 * is what stands for the agent's own updates. */
int goalstate_manifest(const struct fabric *f, const json_t *entry, struct buf *ret);

/* Names that the agent sends back in headers. */
int goalstate_config_name(const struct guest *vm, char *ret, size_t size);

/* A time as .NET counts it: 100 ns since the year 1. */
int64_t goalstate_ticks(int64_t time_ms);
