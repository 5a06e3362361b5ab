#!/bin/sh
# tests/lint/test_lints.sh TOOLS - do check-layers and check-pure refuse what they are there to refuse?
#
# Each case makes a small source tree or archive with one fault, and the tool must name it.
set -eu

tools=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

# expect NAME CODE TEXT COMMAND...: it must end with CODE and say TEXT.
expect()
{
	name=$1 code=$2 text=$3
	shift 3
	got=0
	"$@" >"$tmp/out" 2>&1 || got=$?
	if [ "$got" -ne "$code" ] || ! grep -q -F "$text" "$tmp/out"; then
		echo "FAILED: $name: exit $got" >&2
		cat "$tmp/out" >&2
		failed=1
	fi
}

# tree ROOM INCLUDE: src/ROOM/a.c with that one line.
tree()
{
	rm -rf "$tmp/src"
	mkdir -p "$tmp/src/$1"
	printf '/* a */\n#include %s\n' "$2" >"$tmp/src/$1/a.c"
}

tree plan '"facts/facts.h"'
expect "what the design allows" 0 "1 includes" "$tools/check-layers" "$tmp/src"
tree plan '"host/host.h"'
expect "plan must not read a machine" 1 "plan/a.c:2:" "$tools/check-layers" "$tmp/src"
tree facts '"catalogue/catalogue.h"'
expect "a lower room must not use a higher one" 1 "facts may not use catalogue" "$tools/check-layers" "$tmp/src"
tree handler '"verify/verify.h"'
expect "not named, not allowed" 1 "handler may not use verify" "$tools/check-layers" "$tmp/src"
tree cli '"handler/handler.h"'
expect "cli may use all" 0 "1 includes" "$tools/check-layers" "$tmp/src"
tree plan '"../host/host.h"'
expect "no way around by dots" 1 "a path starts with a room" "$tools/check-layers" "$tmp/src"
tree plan '"catalogue-sizes.h"'
expect "generated tables have an owner too" 1 "neither a room" "$tools/check-layers" "$tmp/src"
tree cellar '<stdio.h>'
expect "a room that nobody agreed on" 1 "not in a room" "$tools/check-layers" "$tmp/src"
expect "no directory" 2 "usage" "$tools/check-layers" "$tmp/none"

# archive NAME CODE: NAME.a of this one function.
archive()
{
	printf '%s\n' "$2" >"$tmp/$1.c"
	cc -std=gnu17 -w -O0 -c -o "$tmp/$1.o" "$tmp/$1.c"
	rm -f "$tmp/$1.a"
	ar rc "$tmp/$1.a" "$tmp/$1.o"
}

printf '# allowed\nstrlen\n' >"$tmp/allow"
archive base 'int text_eq(void) { return 0; } int fs_read(void) { return 0; }'
archive clean 'int text_eq(void); unsigned long strlen(const char *); int f(const char *a) { return text_eq() + strlen(a); }'
expect "base and the list" 0 "all allowed" "$tools/check-pure" nm "$tmp/allow" "$tmp/base.a" "$tmp/clean.a"
archive opens 'int open(const char *, int); int f(void) { return open("x", 0); }'
expect "a system call" 1 "opens.o: calls open" "$tools/check-pure" nm "$tmp/allow" "$tmp/base.a" "$tmp/opens.a"
archive files 'int fs_read(void); int f(void) { return fs_read(); }'
expect "base's own files" 1 "calls fs_read" "$tools/check-pure" nm "$tmp/allow" "$tmp/base.a" "$tmp/files.a"
archive fortified 'int __open_chk(void); int f(void) { return __open_chk(); }'
expect "a fortified name is the same call" 1 "calls open" "$tools/check-pure" nm "$tmp/allow" "$tmp/base.a" "$tmp/fortified.a"
archive hosts 'int host_read(void); int f(void) { return host_read(); }'
expect "another room" 1 "calls host_read" "$tools/check-pure" nm "$tmp/allow" "$tmp/base.a" "$tmp/hosts.a"
expect "archives that are none" 2 "wrong archives" "$tools/check-pure" true "$tmp/allow" "$tmp/base.a" "$tmp/clean.a"

[ "$failed" -eq 0 ] && echo "all cases as they should be"
exit "$failed"
