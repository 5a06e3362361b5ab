/* probe/policy.h - what the owner of the machine laid down for the package manager.
 *
 * Sources: dnf.conf(5) and yum.conf(5): exclude=, excludepkgs=, enabled=, mirrorlist=, baseurl= in
 * etc/dnf/dnf.conf, etc/yum.conf and etc/yum.repos.d/; the versionlock plugins' lists; zypp's
 * etc/zypp/locks; apt_preferences(5); "hold" in dpkg's status (package.h). Proxies: apt.conf(5),
 * dnf.conf, etc/environment, and drop-ins of the agent's unit. Where a proxy is set becomes a fact,
 * its address never does: it may hold a password. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "facts/facts.h"

struct host;

/* Each adds to *ret what the text of one file says, and passes over what it does not know. */
void policy_parse_dnf(const char *text, size_t len,
		      struct package_policy_facts *ret); /* excludes, mirrors */
void policy_parse_versionlock(const char *text, size_t len, struct package_policy_facts *ret);
void policy_parse_zypp_locks(const char *text, size_t len, struct package_policy_facts *ret);
void policy_parse_preferences(const char *text, size_t len, struct package_policy_facts *ret);

/* Does a line set a proxy to something? "no_proxy", "proxy_username" and the like are none. */
bool policy_sets_proxy(const char *text, size_t len);

/* Needs packages, which have found the holds. */
void policy_read(const struct host *h, struct facts *ret);
