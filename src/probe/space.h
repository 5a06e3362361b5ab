/* probe/space.h - room on the file systems that the work needs, by statvfs(3) or the world's
 * "statfs", and how they are mounted (mounts.h). */
#pragma once

struct facts;
struct host;

void space_read(const struct host *h, struct facts *ret);
