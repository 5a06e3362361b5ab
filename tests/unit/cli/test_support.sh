#!/bin/sh
# tests/unit/cli/test_support.sh IB-VMEXT COMPOSE WORLDS - a support bundle holds what is known and what was done, no secret, nobody's name or
# address, and no more than 5 MiB; what cannot be read is left out, and what cannot be written is said.
set -u
program=$1 compose=$2 worlds=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
wrong() { echo "FAILED: $*" >&2; bad=1; }

world=$tmp/world
"$compose" "$worlds" ipoib-none-red "$world" >/dev/null 2>&1 || wrong "the world cannot be made"
root=$world/root
handler=$root/var/lib/waagent/Microsoft.HpcCompute.InfiniBandDriverLinux-1.1.0
mkdir -p "$root/var/lib/ib-vmext/journal" "$root/var/log/azure" "$handler/status" "$handler/config" "$root/etc"
echo secretnode17 >"$root/etc/hostname"
echo '{"v":2,"run":"20261122T110000Z-1","n":1,"t":"2026-11-22T11:00:00Z","boot":"b","step":"download","kind":"download","phase":"intent","data":{"url":"https://user:hunter2pw@mirror.corp.example/x?sv=1&sig=SASsecret9","host":"secretnode17"}}' \
	>"$root/var/lib/ib-vmext/journal/20261122T110000Z-1.jsonl"
printf '{"torn": "line without an end, https://user:hunter2pw@x/' >>"$root/var/lib/ib-vmext/journal/20261122T110000Z-1.jsonl"
for n in 2 3 4; do echo "{\"run\":\"$n\"}" >"$root/var/lib/ib-vmext/journal/20261122T11000${n}Z-1.jsonl"; done
cp "$root/var/lib/ib-vmext/journal/20261122T110000Z-1.jsonl" "$root/var/lib/ib-vmext/journal/20261122T119999Z-1.jsonl"
echo '2026-11-22T11:00:00Z info x: https://a.blob.core.windows.net/c/f?sig=SASsecret9 from 10.11.12.13 at 00:0d:3a:12:34:56 on secretnode17' \
	>"$root/var/log/azure/ib-vmext-status"
printf 'other line of corp\n2026 INFO ib0 at 10.11.12.13 proxy=http://user:hunter2pw@proxy:3128\n' >"$root/var/log/waagent.log"
echo '[{"status":{"formattedMessage":{"message":"from 10.11.12.13"}}}]' >"$handler/status/0.status"
echo '{"runtimeSettings":[{"handlerSettings":{"protectedSettings":"CIPHERTEXT17"}}]}' >"$handler/config/0.settings"
echo '{"message":"installed on secretnode17"}' >"$root/var/lib/ib-vmext/receipt.json"
# A log that is longer than a bundle may be.
yes '2026-11-22T11:00:00Z info a line of a log that nobody ever cut, mlx5_core 0101:00:00.0 and so on' | head -n 100000 >>"$root/var/log/azure/ib-vmext-status"

"$program" --world "$world" support "$tmp/b.tar" >"$tmp/out" || wrong "it fails: $(cat "$tmp/out")"
mkdir "$tmp/x" && tar -C "$tmp/x" -xf "$tmp/b.tar" || wrong "tar does not unpack it"
for f in manifest.json facts.json verify.json plan.json receipt.json log/ib-vmext-status log/waagent.log proc/modules \
	journal/20261122T119999Z-1.jsonl handler/Microsoft.HpcCompute.InfiniBandDriverLinux-1.1.0/0.status.json; do
	[ -s "$tmp/x/$f" ] || wrong "there is no $f"
done
for word in hunter2pw SASsecret9 secretnode17 10.11.12.13 12:34:56 CIPHERTEXT17 33ff56 33FF56 33:ff:56 'other line'; do
	! grep -r -i -q -e "$word" "$tmp/x" || wrong "$word is in $(grep -r -i -l -e "$word" "$tmp/x")"
done
[ "$(find "$tmp/x/journal" -type f | wc -l)" -eq 3 ] || wrong "not the three last journals"
[ "$(stat -c %s "$tmp/b.tar")" -le 5242880 ] || wrong "it is too long"
[ "$(stat -c %a "$tmp/b.tar")" = 600 ] || wrong "others may read it"
grep -q '"verdict": "degraded"' "$tmp/x/verify.json" || wrong "verify.json has no verdict"
grep -q '172.16.' "$tmp/x/facts.json" || wrong "the prefix of the RDMA network is gone"
tail -n 1 "$tmp/x/log/ib-vmext-status" | grep -q 'so on$' || wrong "the log does not end as it did"

"$program" --world "$world" support "$tmp/b.tar" >"$tmp/out" 2>&1 && wrong "an older bundle is overwritten"
"$program" --world "$world" support "$tmp/no/such/b.tar" >"$tmp/out" 2>&1 && wrong "there is no such folder"
"$program" --world "$worlds/d2-debian12" support "$tmp/c.tar" >"$tmp/out" 2>&1 || wrong "a machine without InfiniBand has none: $(cat "$tmp/out")"
exit $bad
