# tests/unit/cli/expect.sh - for tests of a verb as a shell has it. Sourced with $vmext and $tmp set; `run_verb WORLD WORDS...` is
# the caller's. $failed is 1 once something was not as it should be.
failed=0

fail()
{
	echo "FAILED: $*" >&2
	failed=1
}

# expect CODE TEXT WORLD WORDS...: the verb in the world ends so, and TEXT is in what it prints.
expect()
{
	code=$1 text=$2 world=$3
	shift 3
	rc=0
	run_verb "$world" "$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	if [ "$rc" -ne "$code" ] || ! cat "$tmp/out" "$tmp/err" | grep -q -F -e "$text"; then
		fail "$* in $world ended with $rc, not $code, or without: $text"
		head -c 2000 "$tmp/out" "$tmp/err" >&2
	fi
}
