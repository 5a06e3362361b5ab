# The ways onto a VM: each block of docs/azure-page.md, and each file of deploy/. What has an engine here is run: templates by the
# evaluator of the lab's Resource Manager, Azure CLI by the real az. What has none is read by a parser, and counted as parsed.

cases() {
	cat <<'CASES'
page_json
page_powershell
page_azurecli
manual_debian12
manual_sles15
CASES
}

prepare() {
	NODE_MODULES=$(cd "$top" && . tools/dev-lib.sh && setup_parsers) || return 1
	export NODE_MODULES
	mkdir "$work/page" && "$top/tools/page-blocks" "$top/docs/azure-page.md" "$work/page" >/dev/null
}

EVALUATE=$top/build/debug/tests/lint/evaluate-template
# Without --liftoff-only Node compiles the PowerShell parser for half a minute.
parse() { node --liftoff-only "$top/tests/deploy/parse.mjs" "$@"; }
# evaluate TEMPLATE [PARAMETERS]: its resources, in $CASE_DIR/resources.
evaluate() { "$EVALUATE" "$@" >"$CASE_DIR/resources" 2>"$CASE_DIR/said" || fail "$1: $(cat "$CASE_DIR/said")"; }
# resource TYPE JQ: of the only resource of that type.
resource() { jq -r --arg t "$1" "[.[] | select(.type | ascii_downcase == (\$t | ascii_downcase))] | if length == 1 then .[0] else error(\"\(length) of it\") end | $2" "$CASE_DIR/resources"; }

# cmdlets FILE...: they parse, and each cmdlet and parameter is in the table.
cmdlets() {
	parse powershell "$@" >"$CASE_DIR/commands"
	said=$(jq -r '.[] | .file as $f | .errors[] | $f + ": " + .' "$CASE_DIR/commands")
	[ -z "$said" ] || fail "$said"
	said=$(jq -r --slurpfile t "$top/tests/deploy/cmdlets.json" '.[] | .commands[] | .name as $name | $t[0].cmdlets[$name] as $known |
		if $known == null then "no such cmdlet: " + $name else (.parameters - $known - $t[0].common)[] | $name + " has no " + . end' "$CASE_DIR/commands")
	[ -z "$said" ] || fail "$said"
	jq -e 'all(.[]; .commands | length > 0)' "$CASE_DIR/commands" >/dev/null || fail "a file without a command"
	note "$(jq '[.[].commands | length] | add' "$CASE_DIR/commands") commands parsed, none run"
}

# Each fragment inside of a VM's `resources`, as the page says.
case_page_json() {
	for block in "$WORK"/page/*.json; do
		jq -n --slurpfile fragment "$block" '{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
			contentVersion: "1.0.0.0", parameters: {vmName: {type: "string", defaultValue: "myVM"}},
			resources: [{type: "Microsoft.Compute/virtualMachines", apiVersion: "2015-06-15", location: "[resourceGroup().location]", properties: {},
				name: (if ($fragment[0].dependsOn[0] | contains("<myVM>")) then "<myVM>" else "[parameters('"'vmName'"')]" end), resources: $fragment}]}' >"$CASE_DIR/template.json"
		evaluate "$CASE_DIR/template.json"
		[ "$(resource Microsoft.Compute/virtualMachines/extensions '.properties | [.publisher, .type, .typeHandlerVersion, (.settings | tostring)] | join(" ")')" = \
			"Microsoft.HpcCompute InfiniBandDriverLinux 1.1 {}" ] || fail "$(cat "$CASE_DIR/resources")"
		[ "$(jq -r '.[0].type' "$CASE_DIR/resources")" = Microsoft.Compute/virtualMachines ] || fail "the extension comes before its VM"
	done
	[ "$(find "$WORK/page" -name '*.json' | wc -l)" -eq 2 ] || fail "not two fragments"
	# As Azure's page has it, it is refused.
	sed "s/parameters('vmName'))]\"/myVM)]\"/" "$CASE_DIR/template.json" >"$CASE_DIR/bare.json"
	if "$EVALUATE" "$CASE_DIR/bare.json" >/dev/null 2>"$CASE_DIR/said"; then fail "a bare name is taken"; fi
	grep -q myVM "$CASE_DIR/said" || fail "it does not say where: $(cat "$CASE_DIR/said")"
}

case_page_powershell() {
	cmdlets "$WORK"/page/*.powershell
	jq -e '[.[].commands[] | select(.name | endswith("VMExtension"))] | length == 2' "$CASE_DIR/commands" >/dev/null || fail "not the cmdlets of the page"
	# As Azure's page has it, it is refused; so is a parameter that there is none of.
	sed '1s/ `$//' "$WORK/page/03.powershell" >"$CASE_DIR/seed.ps1"
	parse powershell "$CASE_DIR/seed.ps1" | jq -e '.[0].errors | length > 0' >/dev/null || fail "a line that does not go on is taken"
	sed 's/-VMName/-VmNames/' "$WORK/page/03.powershell" >"$CASE_DIR/wrong.ps1"
	if (cmdlets "$CASE_DIR/wrong.ps1") >"$CASE_DIR/said"; then fail "a wrong parameter is taken"; fi
	grep -q 'Set-AzVMExtension has no -VmNames' "$CASE_DIR/said" || fail "$(cat "$CASE_DIR/said")"
}

# lab_up: a lab of its own, with what the page names. 
lab_up() {
	IB_LAB_STATE=$CASE_DIR/lab
	export IB_LAB_STATE
	trap '"$LAB" down >/dev/null 2>&1' EXIT
	mkdir -p "$CASE_DIR/dist"
	cp "$WORK"/dist/ib-vmext-1.1.*.zip "$CASE_DIR/dist"
	"$LAB" up --dist "$CASE_DIR/dist" --arm-port any >/dev/null
}
# run_az FILE [ARGUMENT...]: a script in which az is the lab's.
run_az() {
	printf 'az() { "%s" az "$@"; }\n' "$LAB" | cat - "$1" >"$CASE_DIR/az.sh"
	shift
	sh -e "$CASE_DIR/az.sh" "$@"
}

# From the top of the page to its bottom. Scale sets are not served by the lab yet: their lines are only read.
case_page_azurecli() {
	lab_up
	for block in "$WORK"/page/*.azurecli "$WORK"/page/*.bash; do
		case $block in
		*.bash) sh_in myVM "$(cat "$block")" >"$CASE_DIR/said" || fail "$block"; continue ;;
		esac
		sh -n "$block" || fail "$block does not parse"
		if grep -q 'az vmss' "$block"; then
			note "$(basename "$block") is only parsed: scale sets"
			continue
		fi
		run_az "$block" >"$CASE_DIR/said" 2>&1 || fail "$(cat "$block" "$CASE_DIR/said")"
		note "$(basename "$block") was run"
		cp "$CASE_DIR/said" "$CASE_DIR/$(basename "$block")"
	done
	grep -q '^InfiniBandDriverLinux *Succeeded *Microsoft.HpcCompute *1.1 *True' "$CASE_DIR/09.azurecli" || fail "$(cat "$CASE_DIR/09.azurecli")"
	grep -q 'InfiniBand works' "$CASE_DIR/said" || fail "the log: $(cat "$CASE_DIR/said")"
	want_stack myVM
}

# by_hand IMAGE HEADING: the commands of that section of docs/manual-installation.md, block by block, in a cell.
by_hand() {
	create "$VM" --image "$1"
	awk -v h="## $2:" 'index($0, h) == 1 { on = 1; next } /^## / { on = 0 } on' "$top/docs/manual-installation.md" >"$CASE_DIR/section.md"
	"$top/tools/page-blocks" "$CASE_DIR/section.md" "$CASE_DIR/blocks" >"$CASE_DIR/list"
	[ "$(wc -l <"$CASE_DIR/list")" -ge 3 ] || fail "few blocks: $(cat "$CASE_DIR/list")"
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	if in_vm "$VM" /root/ib-vmext verify >/dev/null; then fail "InfiniBand works before"; fi
	while read -r block; do
		in_vm "$VM" sh -ec "$(cat "$block")" || fail "$(cat "$block")"
	done <"$CASE_DIR/list"
	in_vm "$VM" /root/ib-vmext verify || fail "verify"
}
case_manual_debian12() {
	by_hand debian12 "Debian 12"
	in_vm "$VM" ibstat | grep -q 'State: Active' || fail "ibstat: $(in_vm "$VM" ibstat)"
}
case_manual_sles15() { by_hand sles15 "SUSE Linux 15 SP6"; }
