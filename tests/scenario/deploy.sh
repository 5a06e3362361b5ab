# The ways onto a VM: each block of docs/azure-page.md, and each file of deploy/. What has an engine here is run: templates by the
# evaluator of the lab's Resource Manager, Azure CLI by the real az. What has none is read by a parser, and counted as parsed.

cases() {
	cat <<'CASES'
page_json
page_powershell
page_azurecli
manual_debian12
manual_sles15
arm_templates
azure_cli_on_a_vm
parsed
install_by_custom_script
install_el9
install_refuses
first_run
vm_application
cloud_init
ansible_debian12
ansible_el9
CASES
}

prepare() {
	NODE_MODULES=$(cd "$top" && . tools/dev-lib.sh && setup_parsers) || return 1
	export NODE_MODULES
	mkdir "$work/page" "$work/packages" && "$top/tools/page-blocks" "$top/docs/azure-page.md" "$work/page" >/dev/null || return 1
	# What ./dev package leaves, of this architecture, on the lab's web server.
	for kind in deb rpm; do
		"$top/packaging/make-$kind" "$top/build/ib-vmext" "$top/build/release/src/cli/manual" 1.1.0 "$work/packages" >/dev/null || return 1
	done
	cp "$top/deploy/install.sh" "$work/packages/" && (cd "$work/packages" && sha256sum ib-vmext* install.sh >SHA256SUMS) &&
		"$LAB" mirror add "$work/packages" >/dev/null
}
URL=http://10.7.0.1:8000/files
digest() { sha256sum <"$WORK/packages/$1" | cut -d' ' -f1; }

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

# From the top of the page to its bottom.
case_page_azurecli() {
	lab_up
	for block in "$WORK"/page/*.azurecli "$WORK"/page/*.bash; do
		case $block in
		*.bash) sh_in myVM "$(cat "$block")" >"$CASE_DIR/said" || fail "$block"; continue ;;
		esac
		sh -n "$block" || fail "$block does not parse"
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
		in_vm "$VM" sh -ec "$(cat "$block")" </dev/null || fail "$(cat "$block")"
	done <"$CASE_DIR/list"
	# All but the address of ib0, which the page says it does not give.
	in_vm "$VM" /root/ib-vmext verify --json >"$CASE_DIR/verify" || :
	jq -e '[.checks[] | select(.ok | not) | .id | select(startswith("ipoib-address") | not)] == [] and (.checks | length > 10)' "$CASE_DIR/verify" >/dev/null ||
		fail "verify: $(cat "$CASE_DIR/verify")"
}
case_manual_debian12() {
	by_hand debian12 "Debian 12"
	in_vm "$VM" ibstat | grep -q 'State: Active' || fail "ibstat: $(in_vm "$VM" ibstat)"
}
case_manual_sles15() { by_hand sles15 "SUSE Linux 15 SP6"; }

# ---- deploy/ ----

# The same extension comes out of each template, whose publisher and type are parameters.
case_arm_templates() {
	for template in "$top"/deploy/arm/extension.json "$top"/deploy/arm/vm.json "$top"/deploy/arm/scale-set.json; do
		evaluate "$template" "${template%.json}.parameters.json"
		jq '[.. | objects | select(.typeHandlerVersion?)] | if length == 1 then .[0] else error("\(length) extensions") end' "$CASE_DIR/resources" >"$CASE_DIR/one"
		jq -e '. == {publisher: "Microsoft.HpcCompute", type: "InfiniBandDriverLinux", typeHandlerVersion: "1.1", autoUpgradeMinorVersion: true,
			settings: {}, protectedSettings: {}}' "$CASE_DIR/one" >/dev/null || fail "$template: $(cat "$CASE_DIR/one")"
		jq '.parameters += {publisher: {value: "Contoso.Hpc"}, settings: {value: {driver: "inbox"}}}' "${template%.json}.parameters.json" >"$CASE_DIR/own.json"
		evaluate "$template" "$CASE_DIR/own.json"
		jq -e '[.. | objects | select(.typeHandlerVersion?)][0] | .publisher == "Contoso.Hpc" and .settings.driver == "inbox"' "$CASE_DIR/resources" >/dev/null ||
			fail "$template: publisher and settings are not taken"
	done
	evaluate "$top/deploy/arm/vm.json" "$top/deploy/arm/vm.parameters.json"
	[ "$(jq -r '[.[].type | split("/") | last] | join(" ")' "$CASE_DIR/resources")" = "networkInterfaces virtualMachines extensions" ] || fail "another order"
}

case_azure_cli_on_a_vm() {
	lab_up
	run_az "$top/deploy/azure-cli/vm.sh" myResourceGroup myVM '{"driver": "inbox"}' >"$CASE_DIR/said" || fail "$(cat "$CASE_DIR/said")"
	grep -q '^InfiniBand works' "$CASE_DIR/said" || fail "$(cat "$CASE_DIR/said")"
	want_stack myVM
	# Custom Script is Microsoft's, and not in the lab: it is the first to be missed, so what is sent before that is well-formed.
	if run_az "$top/deploy/azure-cli/custom-script.sh" myResourceGroup myVM https://example.invalid 00 1.1.0 '{"driver": "inbox"}' >"$CASE_DIR/said" 2>&1; then
		fail "the lab has Custom Script"
	fi
	grep -q 'Microsoft.Azure.Extensions' "$CASE_DIR/said" || fail "$(cat "$CASE_DIR/said")"
}

# Read by a parser, not run: PowerShell, Bicep, Terraform, Packer, the DaemonSet, and shell of what the lab has no engine for.
case_parsed() {
	cmdlets "$top"/deploy/powershell/*.ps1
	parse bicep "$top"/deploy/bicep/*.bicep >"$CASE_DIR/bicep"
	jq -e 'all(.[]; .errors == [] and (.resources | length) == 2)' "$CASE_DIR/bicep" >/dev/null || fail "$(cat "$CASE_DIR/bicep")"
	sed 's/^  parent: vm$/  parent vm/' "$top/deploy/bicep/extension.bicep" >"$CASE_DIR/wrong.bicep"
	parse bicep "$CASE_DIR/wrong.bicep" | jq -e '.[0].errors | length > 0' >/dev/null || fail "a wrong Bicep file is taken"
	parse hcl "$top/deploy/terraform/main.tf" "$top/deploy/packer/image.pkr.hcl" >"$CASE_DIR/hcl"
	jq -e 'all(.[]; .errors == [])' "$CASE_DIR/hcl" >/dev/null || fail "$(cat "$CASE_DIR/hcl")"
	jq -e '.[0].value | (.resource | keys) == ["azurerm_virtual_machine_extension", "azurerm_virtual_machine_scale_set_extension"]
		and ([.resource[][][0] | .publisher, .type] | unique) == ["${var.publisher}", "${var.type}"]' "$CASE_DIR/hcl" >/dev/null || fail "Terraform: $(cat "$CASE_DIR/hcl")"
	jq -e '.[1].value.build[0].provisioner.shell[0].inline | length > 5' "$CASE_DIR/hcl" >/dev/null || fail "Packer: $(cat "$CASE_DIR/hcl")"
	sed '/^  features {}/s/}//' "$top/deploy/terraform/main.tf" >"$CASE_DIR/wrong.tf"
	parse hcl "$CASE_DIR/wrong.tf" | jq -e '.[0].errors | length > 0' >/dev/null || fail "a wrong Terraform file is taken"
	python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' "$top/deploy/aks/daemonset.yaml" >"$CASE_DIR/aks"
	jq -e '.kind == "DaemonSet" and .spec.selector.matchLabels == .spec.template.metadata.labels
		and ([.spec.template.spec | .volumes[].name] == [.spec.template.spec.initContainers[].volumeMounts[].name])' "$CASE_DIR/aks" >/dev/null || fail "the DaemonSet"
	jq -r '.spec.template.spec.initContainers[0].command[2]' "$CASE_DIR/aks" | sh -n || fail "the DaemonSet's script"
	for script in "$top"/deploy/*.sh "$top"/deploy/*/*.sh; do sh -n "$script" || fail "$script"; done
}

applied() { [ "$(sh_in "$1" 'ib-vmext status --json' | jq -r .state)" = installed ]; }
# want_active VM: from outside of our program, too.
want_active() {
	wait_until 120 applied "$1"
	want_port "$1"
	in_vm "$1" ib-vmext verify >/dev/null || fail "verify"
}

# The command that the template gives Custom Script, as it stands there.
case_install_by_custom_script() {
	jq --arg u $URL --arg d "$(digest SHA256SUMS)" '.parameters += {packagesUrl: {value: $u}, packagesDigest: {value: $d}, settings: {value: {driver: "inbox"}}}' \
		"$top/deploy/custom-script/extension.parameters.json" >"$CASE_DIR/parameters.json"
	evaluate "$top/deploy/custom-script/extension.json" "$CASE_DIR/parameters.json"
	[ "$(resource Microsoft.Compute/virtualMachines/extensions .properties.settings.fileUris[0])" = $URL/install.sh ] || fail "another file"
	create "$VM"
	in_vm "$VM" curl -fsS -o /root/install.sh $URL/install.sh
	sh_in "$VM" "cd /root && $(resource Microsoft.Compute/virtualMachines/extensions .properties.protectedSettings.commandToExecute)" || fail "the command"
	[ "$(in_vm "$VM" jq -r .driver /etc/ib-vmext/settings.json 2>/dev/null || sh_in "$VM" 'cat /etc/ib-vmext/settings.json')" = '{"driver":"inbox"}' ] ||
		fail "settings: $(sh_in "$VM" 'cat /etc/ib-vmext/settings.json')"
	want_active "$VM"
	[ -z "$(sh_in "$VM" 'ls -d /tmp/tmp.* 2>/dev/null || :')" ] || fail "something is left behind"
}
case_install_el9() {
	create "$VM" --image el9
	put "$VM" "$top/deploy/install.sh" /root/install.sh
	in_vm "$VM" /root/install.sh $URL "$(digest SHA256SUMS)" 1.1.0 '{"driver": "inbox"}' || fail "install.sh"
	want_active "$VM"
}
# The kit for a real VM: without --yes nothing is changed; with it both worlds can be looked at elsewhere, and tell of nobody.
kit_of() { sh_in "$VM" 'cat /root/*.tar.gz && rm /root/*.tar.gz' >"$CASE_DIR/kit.tar.gz" && rm -rf "$CASE_DIR/kit" && mkdir "$CASE_DIR/kit" && tar -xzf "$CASE_DIR/kit.tar.gz" -C "$CASE_DIR/kit" --strip-components 1; }
verdict_of() { "$top/build/ib-vmext" --world "$CASE_DIR/kit/$1" verify --json | jq -r .verdict; }
case_first_run() {
	create "$VM"
	put "$VM" "$top/build/ib-vmext" /root/ib-vmext
	put "$VM" "$top/deploy/first-run/first-run.sh" /root/first-run.sh
	sh_in "$VM" 'cd /root && ./first-run.sh' | tail -1 | grep -q 'nothing was changed' || fail "it does not tell that nothing was changed"
	kit_of
	[ "$(verdict_of before)" = driver-broken ] && [ ! -e "$CASE_DIR/kit/after" ] || fail "before: $(verdict_of before)"
	in_vm "$VM" test ! -e /etc/modules-load.d/ib-vmext.conf || fail "something was changed"
	if sh_in "$VM" 'cd /root && ./first-run.sh --settings nosuch' >"$CASE_DIR/said" 2>&1; then fail "settings that are not there"; fi
	sh_in "$VM" 'echo "{\"driver\": \"inbox\", \"limits\": false}" >/root/settings && cd /root && ./first-run.sh --yes --settings settings' || fail "with --yes: exit code $?"
	kit_of
	# The limits alone are left as they were, as the settings want it.
	[ "$(verdict_of before)" = driver-broken ] || fail "before: $(verdict_of before)"
	red=$("$top/build/ib-vmext" --world "$CASE_DIR/kit/after" verify --json | jq -r '[.checks[] | select(.ok | not) | .id] | sort | join(" ")')
	[ "$red" = "memlock-services memlock-sessions" ] || fail "after: $red"
	grep -q '^[^ ]* apply: 0$' "$CASE_DIR/kit/first-run.txt" && tar -tf "$CASE_DIR/kit/support.tar" >/dev/null || fail "$(cat "$CASE_DIR/kit/first-run.txt")"
	identity "$VM" | grep -E '......' | grep -vE '^(null|[0:-]+)$' | sort -u >"$CASE_DIR/identity"
	[ -z "$(grep -rliF -f "$CASE_DIR/identity" "$CASE_DIR/kit")" ] || fail "it tells whose it is: $(grep -rliF -f "$CASE_DIR/identity" "$CASE_DIR/kit")"
	want_port "$VM"
}
case_install_refuses() {
	create "$VM" --no-agent
	put "$VM" "$top/deploy/install.sh" /root/install.sh
	while read -r code text words; do
		set +e
		# shellcheck disable=SC2086
		in_vm "$VM" /root/install.sh $words >"$CASE_DIR/said" 2>&1 </dev/null
		got=$?
		set -e
		[ $got = "$code" ] && grep -q "$text" "$CASE_DIR/said" || fail "$words: $got, $(cat "$CASE_DIR/said")"
	done <<REFUSALS
14 agreed $URL 0000000000000000000000000000000000000000000000000000000000000000 1.1.0
14 fetched $URL/nowhere $(digest SHA256SUMS) 1.1.0
12 ib-vmext_9.9.9 $URL $(digest SHA256SUMS) 9.9.9
1 install.sh $URL
REFUSALS
	if in_vm "$VM" dpkg-query -W ib-vmext >/dev/null 2>&1; then fail "it was installed"; fi
}

# The commands of the gallery's application, in a folder with the package under the name that it has there.
case_vm_application() {
	evaluate "$top/deploy/vm-application/application.json" "$top/deploy/vm-application/application.parameters.json"
	profile() { resource Microsoft.Compute/galleries/applications/versions ".properties.publishingProfile.$1"; }
	create "$VM"
	put "$VM" "$(ls "$WORK"/packages/*.deb)" "/root/$(profile settings.packageFileName)" 644
	sh_in "$VM" "cd /root && $(profile manageActions.install)" || fail "install"
	want_active "$VM"
	sh_in "$VM" "cd /root && $(profile manageActions.remove)" || fail "remove"
	want_port "$VM"
}

# cloud-init's schema, then cloud-init itself in a cell, from the user data as Azure hands it over.
case_cloud_init() {
	tree=$(cd "$top" && . tools/dev-lib.sh && setup_cloud_init)
	PYTHONPATH=$tree/usr/lib/python3/dist-packages python3 -m cloudinit.cmd.main schema --config-file "$top/deploy/cloud-init/user-data.yaml" >"$CASE_DIR/said" 2>&1 ||
		fail "$(cat "$CASE_DIR/said")"
	sed 's/^  - path:/  - pth:/' "$top/deploy/cloud-init/user-data.yaml" >"$CASE_DIR/wrong.yaml"
	if PYTHONPATH=$tree/usr/lib/python3/dist-packages python3 -m cloudinit.cmd.main schema --config-file "$CASE_DIR/wrong.yaml" >/dev/null 2>&1; then fail "a wrong key is taken"; fi
	sed "s|^      URL=.*|      URL=$URL|; s|^      DIGEST=.*|      DIGEST=$(digest SHA256SUMS)|; s|^      INSTALLER=.*|      INSTALLER=$(digest install.sh)|" \
		"$top/deploy/cloud-init/user-data.yaml" >"$CASE_DIR/user-data"
	create "$VM"
	tar -C "$tree" -c . | in_vm "$VM" tar -x --keep-directory-symlink -C /
	sh_in "$VM" 'rm -rf /etc/cloud && mkdir -p /etc/cloud /var/lib/cloud/seed/nocloud && cat >/etc/cloud/cloud.cfg && echo "instance-id: i-1" >/var/lib/cloud/seed/nocloud/meta-data' <<'CFG'
datasource_list: [NoCloud]
network: {config: disabled}
cloud_init_modules: [write-files]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-user]
system_info: {distro: debian, paths: {cloud_dir: /var/lib/cloud, templates_dir: /etc/cloud/templates}}
CFG
	put "$VM" "$CASE_DIR/user-data" /var/lib/cloud/seed/nocloud/user-data 644
	sh_in "$VM" 'cloud-init init --local && cloud-init init && cloud-init modules --mode config && cloud-init modules --mode final' >"$CASE_DIR/said" 2>&1 ||
		fail "$(tail -30 "$CASE_DIR/said")"
	want_active "$VM"
}

# ansible_on IMAGE: the role, twice: the second time nothing changes.
ansible_on() {
	create "$VM" --image "$1"
	printf '[infiniband]\n%s ansible_connection=lab ansible_become=false ansible_python_interpreter=/usr/bin/python3\n' "$VM" >"$CASE_DIR/hosts"
	for run in 1 2; do
		HOME=$CASE_DIR IB_LAB=$LAB ANSIBLE_CONNECTION_PLUGINS=$top/tests/deploy/connection_plugins ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=0 \
			ansible-playbook -i "$CASE_DIR/hosts" -e "ib_vmext_packages=$WORK/packages" -e '{"ib_vmext_settings": {"driver": "inbox"}}' \
			"$top/deploy/ansible/playbook.yml" >"$CASE_DIR/run$run" 2>&1 || fail "$(tail -40 "$CASE_DIR/run$run")"
	done
	grep -q 'InfiniBand works' "$CASE_DIR/run1" || fail "$(cat "$CASE_DIR/run1")"
	grep -q 'changed=0 ' "$CASE_DIR/run2" || fail "the second run: $(cat "$CASE_DIR/run2")"
	want_active "$VM"
	in_vm "$VM" systemctl -q is-enabled ib-vmext || fail "the unit is not enabled"
}
case_ansible_debian12() { ansible_on debian12; }
case_ansible_el9() { ansible_on el9; }
