/* act/packages/proxy.h - package managers behind the proxy of the settings.
 *
 * What they read of it lies in a file of mode 0600 in the state directory while they run: apt-get
 * gets it as one more configuration file, dnf, yum and tdnf as a copy of their own with the proxy
 * in it, zypper as a home directory with a .curlrc. noProxy, which is no secret, goes into the
 * environment. Files of the system are not edited. Repositories that have a proxy of their own keep
 * it.
 *
 * Sources: apt.conf(5), apt-transport-http(1); dnf.conf(5), yum.conf(5); tdnf's wiki,
 * "Configuration"; libzypp, zypp/media/CurlConfig.cc. */
#pragma once

#include "act/packages/manager.h"
#include "base/buf.h"

struct proxy;
struct run_result;
struct run_spec;

#define PACKAGE_PROXY_DIR "var/lib/ib-vmext/proxy" /* below the root */

/* run(), with what the program of spec->argv needs of c->settings (may be NULL: no proxy). */
int package_proxy_run(const struct package_context *c, const struct run_spec *spec,
		      struct run_result *ret, struct error *err);

/* Remove what a killed run left. */
void package_proxy_tidy(const struct host *h);

/* For tests: the texts. `own` is the configuration that is there. Return 0 or -errno. */
int package_proxy_apt(const struct proxy *p, struct buf *ret);
int package_proxy_ini(const struct proxy *p, const char *own, struct buf *ret);
int package_proxy_curlrc(const struct proxy *p, struct buf *ret);
