/* probe/space.h - room on the root file system, by statvfs(3) or the world's "statfs". */
#pragma once

struct facts;
struct host;

void space_read(const struct host *h, struct facts *ret);
