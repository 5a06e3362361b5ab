/* facts/own_files.h - the files of configuration that a plan may write beside a driver, and that
 * tell the probe what is there already. Paths are below the root. */
#pragma once

#define OWN_SESSION_LIMITS "etc/security/limits.d/90-ib-vmext.conf"
#define OWN_SYSTEM_LIMITS  "etc/systemd/system.conf.d/90-ib-vmext.conf"
#define OWN_USER_LIMITS    "etc/systemd/user.conf.d/90-ib-vmext.conf"

#define OWN_OPENIBD_ORDER "etc/systemd/system/openibd.service.d/90-ib-vmext.conf"

#define OWN_NAMES_RULE "etc/udev/rules.d/90-ib-vmext-names.rules"

#define OWN_IPOIB_UNIT     "etc/systemd/system/ib-vmext-ipoib@.service"
#define OWN_IPOIB_RULE     "etc/udev/rules.d/90-ib-vmext-ipoib.rules"
#define OWN_IPOIB_MANAGER  "etc/NetworkManager/conf.d/90-ib-vmext-ipoib.conf"
#define OWN_IPOIB_NETWORKD "etc/systemd/network/05-ib-vmext-ipoib.network"
