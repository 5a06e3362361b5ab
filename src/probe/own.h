/* probe/own.h - which of its files of configuration ib-vmext has written before.
 *
 * Source: the paths of facts/own_files.h; being there is all that counts, so that what a person has
 * made of one stays. */
#pragma once

struct facts;
struct host;

/* own_files. */
void own_read(const struct host *h, struct facts *ret);
