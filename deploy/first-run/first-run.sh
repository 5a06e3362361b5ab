#!/bin/sh
# first-run.sh [--yes] [--settings FILE] - the first run of ib-vmext on a real VM, kept so that it can be sent back: the VM as a world
# before and after, what was done, and whether InfiniBand works. Without --yes nothing is changed: the plan is shown, the world is kept.
#
# Beside it the program, or on the PATH. As root. Ends with the exit code of `apply`, or of `plan`. The archive, in this directory, holds
# what `capture` and `support` give, in which they hide names, addresses, GUIDs and secrets, and the exit codes. Look at it before you send it.
set -u
umask 077
yes='' settings=''
while [ $# -gt 0 ]; do
	case $1 in
	--yes) yes=1 ;;
	--settings) [ $# -gt 1 ] || { echo "first-run: --settings wants a file" >&2; exit 1; }; settings=$2; shift ;;
	*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; [ "$1" = --help ]; exit ;;
	esac
	shift
done
program=$(dirname "$0")/ib-vmext
[ -x "$program" ] || program=$(command -v ib-vmext) || { echo "first-run: ib-vmext is neither beside this script nor on the PATH" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || { echo "first-run: run it as root" >&2; exit 1; }
[ -z "$settings" ] || [ -r "$settings" ] || { echo "first-run: $settings cannot be read" >&2; exit 1; }

kit=ib-vmext-first-run-$(date -u +%Y%m%dT%H%M%SZ)
mkdir "$kit" || exit 1
say() { printf '%s\n' "== $*"; }
# verb ARGUMENTS...: with the settings.
verb() { "$program" ${settings:+--settings "$settings"} "$@"; }
note() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >>"$kit/first-run.txt"; }

note "$("$program" --version)"
say "this VM, before"
verb capture "$kit/before"
note "capture: $?"
say "what would be done, and why"
verb plan
code=$?
note "plan: $code"
if [ -n "$yes" ]; then
	say "apply"
	verb apply --yes
	code=$?
	note "apply: $code"
	say "does InfiniBand work"
	verb verify
	note "verify: $?"
	say "this VM, after"
	verb capture "$kit/after"
	note "capture: $?"
	verb support "$kit/support.tar"
	note "support: $?"
fi
tar -czf "$kit.tar.gz" "$kit" || { echo "first-run: no archive; all is in $PWD/$kit" >&2; exit 1; }
rm -r "$kit"
say "to send back: $PWD/$kit.tar.gz"
[ -n "$yes" ] || say "nothing was changed; with --yes the plan is carried out"
exit $code
