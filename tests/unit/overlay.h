/* tests/unit/overlay.h - worlds that are another world with a few things changed, as
 * tests/worlds/overlays has them: one JSON file a theme, an object of overlays by name:
 *
 *   {"name": {"source": "synthetic|real capture: …",
 *             "base": "a folder of tests/worlds, or another overlay",
 *             "files": {"path below root": "text" | null, "…": {"link": "target"} | {"kvp": {"key":
 * "value"}}}, "world": {"members of world.json": …, null takes one away}, "verify": {"verdict":
 * "…", "red": ["every red check"], "green": ["some green ones"], "absent": ["checks that are not
 * made"], "measured": {"id": "text"}, "traffic": "loopback|peer|listen", tested before it is
 * verified, as the commands of the world answer; the peer is 10.0.0.5}}} */
#pragma once

#include "base/json.h"

/* All overlays of the folder, by name; fails the test where one cannot be read or has a member that
 * is not one of the above. */
json_t *overlays_load(const char *worlds);

/* Make the world of that name in `dir`, which must not be there yet. */
void overlay_make(const char *worlds, const json_t *overlays, const char *name, const char *dir);
