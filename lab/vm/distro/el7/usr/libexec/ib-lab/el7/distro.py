"""Stand-in for what the agent learns from Python 2 on CentOS 7: the whole release, which os-release does not tell there."""

import re


def linux_distribution(full_distribution_name=True):
    with open("/etc/centos-release") as release:
        name, version, code = re.match(r"(.*) release (\S+) \((.*)\)", release.read()).groups()
    return (name if full_distribution_name else "centos", version, code)
