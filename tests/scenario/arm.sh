# The lab's Resource Manager over https: by curl, what is asked of it from put to delete and what it refuses; by the real az, the
# lines of the page on the extension.

cases() {
	cat <<'CASES'
extension_from_put_to_delete
what_is_refused
abuse
az_on_a_vm
az_tells_what_went_wrong
az_deploys_a_template
a_template_makes_a_vm
templates_in_templates
the_mode_complete
templates_of_deploy
an_identity_reads_blobs
az_on_a_scale_set
extensions_in_their_order
an_upgrade_in_batches
a_restart
the_page_for_authors
sdk_of_javascript
scale_set_of_50
CASES
}

# A lab of its own, on a free port: lab_up [--empty].
lab_up() {
	IB_LAB_STATE=$CASE_DIR/lab
	export IB_LAB_STATE
	trap '"$LAB" down >/dev/null 2>&1 || :' EXIT
	mkdir -p "$CASE_DIR/dist"
	cp "$WORK"/dist/ib-vmext-1.1.*.zip "$CASE_DIR/dist" # without those that fail
	"$LAB" up "$@" --dist "$CASE_DIR/dist" --arm-port any >/dev/null
}
# With the page's VM alone, for there are only so many cells on a machine.
lab_vm() {
	lab_up --empty
	create myVM
}
arm_up() {
	lab_up --empty
	eval "$("$LAB" env | grep '^export ARM_')"
	CA=$IB_LAB_STATE/arm/ca.pem
	SUB=$ARM_ENDPOINT/subscriptions/$ARM_SUBSCRIPTION_ID
	TOKEN=$(login lab-secret | jq -r .access_token)
	create "$VM"
	# As az writes it: other letters, the same group.
	AT=$SUB/resourcegroups/MYRESOURCEGROUP/providers/Microsoft.Compute/virtualMachines/$VM
}
login() {
	curl -s --cacert "$CA" "$ARM_ENDPOINT/adfs/oauth2/token" \
		-d "client_id=33333333-3333-3333-3333-333333333333&grant_type=client_credentials&client_secret=$1"
}
# ask METHOD URL [BODY]: prints the body; status and headers go to $CASE_DIR.
ask() {
	ask_url=$2?api-version=2020-06-01
	case $2 in *\?*) ask_url=$2 ;; esac
	curl -s --cacert "$CA" -X "$1" -H "Authorization: Bearer $TOKEN" -D "$CASE_DIR/headers" -o "$CASE_DIR/body" \
		-w '%{http_code}' ${3:+-d "$3"} "$ask_url" >"$CASE_DIR/status"
	cat "$CASE_DIR/body"
}
# want STATUS [ERROR-CODE]: of what was asked last.
want() {
	[ "$(cat "$CASE_DIR/status")" = "$1" ] || fail "HTTP $(cat "$CASE_DIR/status"), wanted $1: $(cat "$CASE_DIR/body")"
	[ -z "${2:-}" ] || [ "$(jq -r .error.code "$CASE_DIR/body")" = "$2" ] || fail "not $2: $(cat "$CASE_DIR/body")"
}
header() { sed -n "s/^$1: //Ip" "$CASE_DIR/headers" | tr -d '\r'; }
body() {
	printf '{"location": "southcentralus", "properties": {"publisher": "Microsoft.HpcCompute", "type": "InfiniBandDriverLinux", "typeHandlerVersion": "%s", "autoUpgradeMinorVersion": true, "settings": {}, "protectedSettings": {"sasToken": "sv=secret-of-the-test"}}}' "$1"
}
# The page's names: --resource-group myResourceGroup --vm-name myVM.
az() { "$LAB" az "$@"; }
on_vm() { az vm "$@" --resource-group myResourceGroup --vm-name myVM; }
# want_error TEXT COMMAND...: it fails and says so.
want_error() {
	want_text=$1
	shift
	if "$@" >"$CASE_DIR/out" 2>&1; then fail "it succeeded: $*"; fi
	grep -qF "$want_text" "$CASE_DIR/out" || fail "not a word of $want_text: $(cat "$CASE_DIR/out")"
}
operation_has_ended() { [ "$(ask GET "$1" | jq -r .status)" != InProgress ]; }

case_extension_from_put_to_delete() {
	arm_up
	ask GET "$AT" >/dev/null
	want 200
	[ "$(jq -r .properties.hardwareProfile.vmSize "$CASE_DIR/body")" = Standard_HB120rs_v3 ] || fail "another size"
	ask PUT "$AT/extensions/InfiniBandDriverLinux" "$(body 1.1)" >/dev/null
	want 201
	operation=$(header Azure-AsyncOperation)
	[ "$(header Retry-After)" = 1 ] || fail "no Retry-After"
	wait_until 120 operation_has_ended "$operation"
	[ "$(ask GET "$operation" | jq -r .status)" = Succeeded ] || fail "$(cat "$CASE_DIR/body")"
	[ "$(ask GET "$AT/extensions" | jq -r '.value[0].properties.provisioningState')" = Succeeded ] || fail "$(cat "$CASE_DIR/body")"
	ask GET "$AT?api-version=1&\$expand=instanceView" | jq -e '.properties.instanceView | .vmAgent.statuses[0].displayStatus == "Ready"
		and (.extensions[0].statuses[0].message | startswith("InfiniBand works"))' >/dev/null || fail "$(cat "$CASE_DIR/body")"
	# What is protected is nowhere: not in answers, not in the lab's state.
	ask GET "$AT" | grep secret-of-the-test && fail "a protected setting is shown"
	grep -rl secret-of-the-test "$IB_LAB_STATE/fabric" "$IB_LAB_STATE/arm" "$IB_LAB_STATE/lab.log" && fail "a protected setting is kept in clear"
	want_stack "$VM"
	ask DELETE "$AT/extensions/InfiniBandDriverLinux" >/dev/null
	want 202
	operation=$(header Azure-AsyncOperation)
	wait_until 60 operation_has_ended "$operation"
	[ "$(ask GET "$AT/extensions" | jq '.value | length')" = 0 ] || fail "it is still there"
	ask DELETE "$AT/extensions/InfiniBandDriverLinux" >/dev/null
	want 204
}

case_what_is_refused() {
	arm_up
	[ "$(login wrong | jq -r .error_codes[0])" = 7000215 ] || fail "a wrong secret"
	ask PUT "$AT/extensions/X" "$(body 9.9)" >/dev/null
	want 400 ExtensionVersionNotFound
	ask PUT "$AT/extensions/X" '{"properties": {' >/dev/null
	want 400 InvalidRequestContent
	ask PUT "$AT/extensions/X" '{"properties": {"publisher": "a"}}' >/dev/null
	want 400 InvalidParameter
	ask GET "$AT/extensions/X" >/dev/null
	want 404 ResourceNotFound
	ask GET "${AT}x" >/dev/null
	want 404 ResourceNotFound
	ask GET "$SUB/resourceGroups/other" >/dev/null
	want 404 ResourceGroupNotFound
	ask GET "$ARM_ENDPOINT/subscriptions/0/resourceGroups/myResourceGroup" >/dev/null
	want 404 SubscriptionNotFound
	ask GET "$SUB/../../etc/passwd" >/dev/null
	want 404
	ask PATCH "$AT/instanceView" '{}' >/dev/null
	want 405 MethodNotAllowed
	ask PATCH "$AT" '{"properties": {"hardwareProfile": {"vmSize": "Standard_HC44rs"}}}' >/dev/null
	want 409 OperationNotAllowed
	ask PATCH "$AT" '{"identity": {"type": "Sometimes"}}' >/dev/null
	want 400 InvalidIdentityType
	ask PATCH "$AT" '{"identity": {"type": "UserAssigned"}}' >/dev/null
	want 400 InvalidIdentityType
	ask GET "$AT?x=1" >/dev/null
	want 400 MissingApiVersionParameter
	head -c 5000000 /dev/zero | tr '\0' ' ' >"$CASE_DIR/large"
	ask PUT "$AT/extensions/X" "@$CASE_DIR/large" >/dev/null
	want 413 RequestTooLarge
	good=$TOKEN
	for TOKEN in "" a.b.c "${good%.*}.AAAA" "${good%?}" "${good%????}AAAA"; do
		ask GET "$AT" >/dev/null
		want 401 InvalidAuthenticationToken
	done
	curl -s --cacert "$CA" "$AT?api-version=1" | jq -e '.error.code == "AuthenticationFailed"' >/dev/null || fail "no token, and yet an answer"
	# None of that was lost on the VM, or on the lab.
	TOKEN=$good
	[ "$(ask GET "$AT/extensions" | jq '.value | length')" = 0 ] || fail "an extension came from nowhere"
}

case_abuse() {
	arm_up
	python3 "$top/tests/scenario/abuse.py" "$ARM_ENDPOINT" "$CA" "$TOKEN" "/subscriptions/$ARM_SUBSCRIPTION_ID/resourceGroups/myResourceGroup/providers/Microsoft.Compute/virtualMachines/$VM" "$("$LAB" env --json | jq .pid)"
	[ "$(ask GET "$AT/extensions" | jq '.value | length')" = 0 ] || fail "an extension came from nowhere"
}

# The page's lines; version 1.1 is the highest 1.1.N there is.
case_az_on_a_vm() {
	lab_vm
	on_vm extension set --name InfiniBandDriverLinux --publisher Microsoft.HpcCompute --version 1.1 --settings '{}' \
		--protected-settings '{"sasToken": "sv=secret-of-the-test"}' | tee "$CASE_DIR/set" |
		jq -e '.provisioningState == "Succeeded" and .typeHandlerVersion == "1.1" and .protectedSettings == null' >/dev/null ||
		fail "$(cat "$CASE_DIR/set")"
	want_stack myVM
	cat >"$CASE_DIR/table" <<'TABLE'
Name                   ProvisioningState    Publisher             Version    AutoUpgradeMinorVersion
---------------------  -------------------  --------------------  ---------  -------------------------
InfiniBandDriverLinux  Succeeded            Microsoft.HpcCompute  1.1        True
TABLE
	on_vm extension list -o table | diff "$CASE_DIR/table" - || fail "another table"
	on_vm extension show --name InfiniBandDriverLinux --instance-view >"$CASE_DIR/show"
	jq -e '.instanceView | .typeHandlerVersion == "1.1.1" and .statuses[0].code == "ProvisioningState/succeeded"
		and (.statuses[0].message | startswith("InfiniBand works")) and (.substatuses | length > 0)' "$CASE_DIR/show" >/dev/null ||
		fail "$(cat "$CASE_DIR/show")"
	az vm get-instance-view -g myResourceGroup -n myVM >"$CASE_DIR/view"
	jq -e '.instanceView | .vmAgent.statuses[0].displayStatus == "Ready" and .vmAgent.extensionHandlers[0].status.displayStatus == "Ready"
		and (.statuses | map(.code) | index("PowerState/running"))' "$CASE_DIR/view" >/dev/null || fail "$(cat "$CASE_DIR/view")"
	[ "$(az vm extension image list-versions -l southcentralus -p Microsoft.HpcCompute -n InfiniBandDriverLinux --query '[].name' -o tsv |
		head -2 | tr '\n' ' ')" = "1.1.0 1.1.1 " ] || fail "another catalogue"
	[ "$(az vm list --query '[].name' -o tsv)" = myVM ] || fail "other VMs"
	grep -rl secret-of-the-test "$IB_LAB_STATE" && fail "a protected setting is kept in clear"
	on_vm extension delete --name InfiniBandDriverLinux
	[ "$(on_vm extension list)" = "[]" ] || fail "it is still there"
	# Without settings there is no status of the extension: the handler's word is all.
	on_vm extension set --name InfiniBandDriverLinux --publisher Microsoft.HpcCompute --version 1.1 >/dev/null
	on_vm extension show --name InfiniBandDriverLinux --instance-view --query 'instanceView.statuses[0].[code, message]' -o tsv |
		tr '\n\t' '  ' | grep -q 'ProvisioningState/succeeded Plugin enabled' || fail "without settings"
}

case_az_tells_what_went_wrong() {
	lab_vm
	set_it() { on_vm extension set --name InfiniBandDriverLinux --publisher Microsoft.HpcCompute "$@"; }
	want_error ExtensionVersionNotFound set_it --version 9.9
	want_error "(ResourceNotFound) The Resource 'Microsoft.Compute/virtualMachines/nope'" az vm extension list -g myResourceGroup --vm-name nope
	want_error ResourceGroupNotFound az group show -n nope
	want_error AADSTS7000215 az login --service-principal -u 33333333-3333-3333-3333-333333333333 -p wrong --tenant 11111111-1111-1111-1111-111111111111
	want_error 'must be one of auto' set_it --version 1.1 --settings '{"driver": "nonsense"}'
	grep -q '(VMExtensionProvisioningError) VM has reported a failure' "$CASE_DIR/out" || fail "$(cat "$CASE_DIR/out")"
	[ "$(on_vm extension list --query '[0].provisioningState' -o tsv)" = Failed ] || fail "it is not shown as failed"
	# The exit status is az's own.
	az vm nonsense >/dev/null 2>&1 && fail "az knows nonsense"
	[ $? -eq 2 ] || fail "another exit status"
}

deploy_page() {
	deploy_verb=$1
	shift
	az deployment group "$deploy_verb" -g myResourceGroup --template-file "$top/docs/azure-page/azuredeploy.json" --parameters vmName=myVM "$@"
}
changes() { deploy_page what-if "$@" --no-pretty-print --query 'changes[].changeType' -o tsv | tr '\n' ' '; }

case_az_deploys_a_template() {
	lab_vm
	deploy_page validate --query properties.provisioningState -o tsv | grep -qx Succeeded || fail "validate"
	[ "$(changes)" = "NoChange Create " ] || fail "what-if, before: $(changes)"
	deploy_page create >"$CASE_DIR/out"
	jq -e '.properties | .provisioningState == "Succeeded" and .outputs.extension.value == "Succeeded"
		and (.outputResources | length == 2)' "$CASE_DIR/out" >/dev/null || fail "$(cat "$CASE_DIR/out")"
	want_stack myVM
	[ "$(on_vm extension list --query '[].[name, provisioningState]' -o tsv)" = "$(printf 'myExtensionName\tSucceeded')" ] || fail "no extension"
	[ "$(changes)" = "NoChange NoChange " ] || fail "what-if, after: $(changes)"
	[ "$(changes settings='{"verify": "ports"}')" = "NoChange Modify " ] || fail "what-if of a change"
	az deployment operation group list -g myResourceGroup -n azuredeploy --query '[].properties.[targetResource.resourceName, provisioningState]' -o tsv |
		sort | tr '\n\t' '  ' | grep -qx 'myVM Succeeded myVM/myExtensionName Succeeded ' || fail "other operations"
	want_error DeploymentFailed deploy_page create settings='{"driver": "nonsense"}'
	grep -q 'VMExtensionProvisioningError.*must be one of auto' "$CASE_DIR/out" || fail "$(cat "$CASE_DIR/out")"
	az deployment group show -g myResourceGroup -n azuredeploy --query properties.provisioningState -o tsv | grep -qx Failed || fail "not failed"
	want_error OperationNotAllowed deploy_page create vmSize=Standard_HC44rs
	want_error InvalidTemplate deploy_page validate settings='[]'
	# The page's own fragment has a bare name in dependsOn.
	sed "s/parameters('vmName'))\]\"$/myVM)]\"/" "$top/docs/azure-page/azuredeploy.json" >"$CASE_DIR/page.json"
	want_error InvalidTemplate az deployment group validate -g myResourceGroup --template-file "$CASE_DIR/page.json" --parameters vmName=myVM
	grep -q myVM "$CASE_DIR/out" || fail "it does not name the place: $(cat "$CASE_DIR/out")"
	want_error DeploymentNotFound az deployment group show -g myResourceGroup -n nope
}

# A VM that was not there, two extensions on it by a loop's order, a secret: the parameter is nowhere afterwards.
case_a_template_makes_a_vm() {
	arm_up
	cat >"$CASE_DIR/t.json" <<'TEMPLATE'
{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
  "parameters": { "secret": { "type": "secureObject" }, "image": { "type": "object" } },
  "resources": [
    { "type": "Microsoft.Compute/virtualMachines/extensions", "name": "fresh/ib", "apiVersion": "2021-03-01",
      "location": "[resourceGroup().location]", "dependsOn": ["[resourceId('Microsoft.Compute/virtualMachines', 'fresh')]"],
      "properties": { "publisher": "Microsoft.HpcCompute", "type": "InfiniBandDriverLinux", "typeHandlerVersion": "1.1",
        "autoUpgradeMinorVersion": true, "settings": {}, "protectedSettings": "[parameters('secret')]" } },
    { "type": "Microsoft.Compute/virtualMachines", "name": "fresh", "apiVersion": "2021-03-01", "location": "[resourceGroup().location]",
      "properties": { "hardwareProfile": { "vmSize": "Standard_HB120rs_v3" },
        "storageProfile": { "imageReference": "[parameters('image')]" } } } ] }
TEMPLATE
	deployment=$SUB/resourcegroups/myResourceGroup/providers/Microsoft.Resources/deployments/t
	has_ended() { ask GET "$deployment" | jq -e '.properties.provisioningState | IN("Succeeded", "Failed")'; }
	make_it() {
		ask PUT "$deployment" "$(jq -n --slurpfile template "$CASE_DIR/t.json" --argjson image "$1" '{properties: {mode: "Incremental",
			template: $template[0], parameters: {secret: {value: {sasToken: "sv=secret-of-the-test"}}, image: {value: $image}}}}')" >"$CASE_DIR/out"
	}
	make_it '{"publisher": "Nobody", "offer": "nothing", "sku": "0"}'
	wait_until 60 has_ended
	grep -q PlatformImageNotFound "$CASE_DIR/out" "$CASE_DIR/body" || fail "not a word of PlatformImageNotFound: $(cat "$CASE_DIR/body")"
	make_it '{"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2", "version": "latest"}'
	wait_until 180 has_ended
	[ "$(jq -r .properties.provisioningState "$CASE_DIR/body")" = Succeeded ] || fail "$(cat "$CASE_DIR/body")"
	want_stack fresh
	grep -rl secret-of-the-test "$IB_LAB_STATE" && fail "a secret is kept in clear"
	ask DELETE "$SUB/resourcegroups/myResourceGroup/providers/Microsoft.Compute/virtualMachines/fresh" >/dev/null
	wait_until 60 operation_has_ended "$(header Azure-AsyncOperation)"
	if "$LAB" vm list | grep fresh; then fail "it is still there"; fi
}

# networks_template: two nested templates, one of either scope, in loops of variables, properties and resources; the second gets what
# the first tells. Networks are nothing in the lab: this is fast.
networks_template() {
	cat >"$CASE_DIR/t.json" <<'TEMPLATE'
{ "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
  "parameters": { "prefix": { "type": "string", "defaultValue": "net" } },
  "variables": { "copy": [ { "name": "spaces", "count": 2, "input": "[concat('10.', copyIndex('spaces', 1), '.0.0/16')]" } ] },
  "resources": [
    { "type": "Microsoft.Resources/deployments", "name": "around", "apiVersion": "2021-04-01",
      "properties": { "mode": "Incremental", "template": {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "resources": [ { "type": "Microsoft.Network/virtualNetworks", "name": "[concat(parameters('prefix'), copyIndex())]", "apiVersion": "2021-03-01",
          "location": "[resourceGroup().location]", "copy": { "name": "networks", "count": 2 },
          "properties": { "addressSpace": { "addressPrefixes": [ "[variables('spaces')[copyIndex()]]" ] },
            "copy": [ { "name": "subnets", "count": 2, "input": { "name": "[concat('s', copyIndex('subnets'))]" } } ] } } ],
        "outputs": { "ids": { "type": "array", "copy": { "count": 2, "input": "[resourceId('Microsoft.Network/virtualNetworks', concat(parameters('prefix'), copyIndex()))]" } } } } } },
    { "type": "Microsoft.Resources/deployments", "name": "own", "apiVersion": "2021-04-01", "dependsOn": [ "around" ],
      "properties": { "mode": "Incremental", "expressionEvaluationOptions": { "scope": "inner" },
        "parameters": { "of": { "value": "[reference('around').outputs.ids.value[1]]" } }, "template": {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "parameters": { "of": { "type": "string" }, "prefix": { "type": "string", "defaultValue": "nic" } },
        "resources": [ { "type": "Microsoft.Network/networkInterfaces", "name": "[parameters('prefix')]", "apiVersion": "2021-03-01",
          "location": "[resourceGroup().location]", "properties": { "network": "[reference(parameters('of')).subnets[1].name]" } } ],
        "outputs": { "subnet": { "type": "string", "value": "[reference('nic').network]" } } } } } ],
  "outputs": { "subnet": { "type": "string", "value": "[reference('own').outputs.subnet.value]" } } }
TEMPLATE
}
on_template() {
	on_template_verb=$1
	shift
	az deployment group "$on_template_verb" -g myResourceGroup -n top --template-file "$CASE_DIR/t.json" "$@"
}
names_there() { az resource list --query '[].name' -o tsv | sort | tr '\n' ' '; }

case_templates_in_templates() {
	lab_up --empty
	networks_template
	on_template what-if --no-pretty-print --query 'changes[].changeType' -o tsv | sort | tr '\n' ' ' | grep -qx 'Create Create Unsupported ' ||
		fail "what-if, before: $(on_template what-if --no-pretty-print)"
	on_template create >"$CASE_DIR/out"
	jq -e '.properties | .provisioningState == "Succeeded" and .outputs.subnet.value == "s1"' "$CASE_DIR/out" >/dev/null || fail "$(cat "$CASE_DIR/out")"
	[ "$(names_there)" = "net0 net1 nic " ] || fail "other resources: $(names_there)"
	[ "$(az deployment group list -g myResourceGroup --query '[].name' -o tsv | sort | tr '\n' ' ')" = "around own top " ] || fail "other deployments"
	on_template what-if --no-pretty-print --query 'changes[].changeType' -o tsv | sort | tr '\n' ' ' | grep -qx 'NoChange NoChange NoChange ' ||
		fail "what-if, after: $(on_template what-if --no-pretty-print)"
	# What goes wrong inside is told outside.
	sed "s/reference(parameters('of'))/reference(concat(parameters('of'), 'x'))/" "$CASE_DIR/t.json" >"$CASE_DIR/t2.json" && mv "$CASE_DIR/t2.json" "$CASE_DIR/t.json"
	want_error DeploymentFailed on_template create
	grep -q "net1x' was not found" "$CASE_DIR/out" || fail "$(cat "$CASE_DIR/out")"
	sed -i 's/"scope": "inner"/"scope": "outer"/' "$CASE_DIR/t.json"
	want_error InvalidTemplate on_template validate
}

# All that the template, or one inside of it, does not name goes: a VM, a network.
case_the_mode_complete() {
	lab_vm
	networks_template
	az identity create -g myResourceGroup -n reader >/dev/null
	on_template create >/dev/null
	[ "$(names_there)" = "myVM net0 net1 nic reader " ] || fail "it took something away: $(names_there)"
	on_template what-if --mode Complete --no-pretty-print --query 'changes[].[changeType, resourceId]' -o tsv | sed 's,/.*/,,' | tr '\t' ' ' | sort >"$CASE_DIR/changes"
	printf 'Delete myVM\nDelete reader\nNoChange net0\nNoChange net1\nNoChange nic\n' | diff - "$CASE_DIR/changes" || fail "what-if"
	[ "$(names_there)" = "myVM net0 net1 nic reader " ] || fail "what-if did it"
	on_template create --mode Complete >"$CASE_DIR/out"
	jq -e '.properties | .provisioningState == "Succeeded" and .mode == "Complete"' "$CASE_DIR/out" >/dev/null || fail "$(cat "$CASE_DIR/out")"
	[ "$(names_there)" = "net0 net1 nic " ] || fail "left: $(names_there)"
	[ "$("$LAB" vm list | wc -l)" -eq 0 ] || fail "the VM is still there"
	az deployment operation group list -g myResourceGroup -n top --query '[].[properties.provisioningOperation, properties.targetResource.resourceName]' -o tsv |
		tr '\t' ' ' | sort | tr '\n' ';' | grep -qx 'Create around;Create own;Delete myVM;Delete reader;' || fail "other operations"
}

on_set() { az vmss "$@" -g myResourceGroup; }
instances() { on_set list-instances -n "$1" --query "[].[instanceId, $2]" -o tsv | tr '\n\t' ' '; }

case_az_on_a_scale_set() {
	lab_up
	names_of_the_page() { [ "$("$LAB" vm list | cut -d' ' -f1 | tr '\n' ' ')" = "myVM myvmss000000 myvmss000001 " ]; }
	wait_until 60 names_of_the_page
	on_set extension set --vmss-name myVMSS --name InfiniBandDriverLinux --publisher Microsoft.HpcCompute --version 1.1 --settings '{}' \
		--protected-settings '{"sasToken": "sv=secret-of-the-test"}' >/dev/null
	# Manual: nothing happens to the instances that are there.
	[ "$(instances myVMSS latestModelApplied)" = "0 False 1 False " ] || fail "$(instances myVMSS latestModelApplied)"
	[ "$("$LAB" extension list myvmss000000 --json)" = "[]" ] || fail "an instance was changed without being asked"
	on_set update-instances -n myVMSS --instance-ids 1
	[ "$(instances myVMSS latestModelApplied)" = "0 False 1 True " ] || fail "$(instances myVMSS latestModelApplied)"
	on_set update-instances -n myVMSS --instance-ids '*'
	[ "$(instances myVMSS latestModelApplied)" = "0 True 1 True " ] || fail "$(instances myVMSS latestModelApplied)"
	want_stack myvmss000000
	want_stack myvmss000001
	# A new instance comes with the model, secrets included.
	on_set scale -n myVMSS --new-capacity 3 >/dev/null
	[ "$(instances myVMSS provisioningState)" = "0 Succeeded 1 Succeeded 2 Succeeded " ] || fail "$(instances myVMSS provisioningState)"
	want_stack myvmss000002
	in_vm myvmss000002 sh -c "cat /var/lib/waagent/$TYPE-*/config/0.settings" | grep -q '"protectedSettings": *"..' || fail "without the secret"
	grep -rl secret-of-the-test "$IB_LAB_STATE" && fail "a protected setting is kept in clear"
	on_set get-instance-view -n myVMSS >"$CASE_DIR/view"
	jq -e '.extensions[0].statusesSummary == [{"code": "ProvisioningState/succeeded", "count": 3}]' "$CASE_DIR/view" >/dev/null || fail "$(cat "$CASE_DIR/view")"
	on_set get-instance-view -n myVMSS --instance-id 2 --query 'extensions[0].statuses[0].message' -o tsv | grep -q '^InfiniBand works' ||
		fail "no word of the instance"
	[ "$(on_set extension list --vmss-name myVMSS --query '[].name' -o tsv)" = InfiniBandDriverLinux ] || fail "no extension in the model"
	metadata myvmss000002 | jq -e '.compute.vmScaleSetName == "myVMSS"' >/dev/null || fail "an instance does not know its set"
	on_set extension delete --vmss-name myVMSS --name InfiniBandDriverLinux
	on_set update-instances -n myVMSS --instance-ids '*'
	[ "$("$LAB" extension list myvmss000002 --json)" = "[]" ] || fail "it is still there"
	on_set scale -n myVMSS --new-capacity 1 >/dev/null
	[ "$("$LAB" vm list | grep -c myvmss)" -eq 1 ] || fail "$("$LAB" vm list)"
	want_error ExtensionVersionNotFound on_set extension set --vmss-name myVMSS --name InfiniBandDriverLinux --publisher Microsoft.HpcCompute --version 9.9
}

# The example of docs/extension-authors.md, as packages of two types.
hello() {
	for hello_type in "$@"; do
		rm -rf "$CASE_DIR/hello"
		cp -r "$top/docs/extension-authors/hello" "$CASE_DIR/hello"
		sed -i "s/\"Hello\"/\"$hello_type\"/" "$CASE_DIR/hello/HandlerManifest.json"
		(cd "$CASE_DIR/hello" && zip -q -r "$CASE_DIR/dist/Lab.$hello_type-1.0.0.zip" .)
	done
}
# set_template CAPACITY MODE EXTENSIONS: a template of a scale set named few.
set_template() {
	cat >"$CASE_DIR/set.json" <<TEMPLATE
{ "\$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
  "resources": [ { "type": "Microsoft.Compute/virtualMachineScaleSets", "name": "few", "apiVersion": "2021-03-01",
    "location": "[resourceGroup().location]", "sku": { "name": "Standard_HB120rs_v3", "tier": "Standard", "capacity": $1 },
    "properties": { "upgradePolicy": { "mode": "$2", "rollingUpgradePolicy": { "maxBatchInstancePercent": 34, "maxUnhealthyUpgradedInstancePercent": 20 } },
      "virtualMachineProfile": { "osProfile": { "computerNamePrefix": "few" }, "extensionProfile": { "extensions": [ $3 ] } } } } ] }
TEMPLATE
}
# one NAME SETTINGS [AFTER]
one() {
	printf '{ "name": "%s", "properties": { "publisher": "Lab", "type": "%s", "typeHandlerVersion": "1.0", "autoUpgradeMinorVersion": true, "settings": %s, "provisionAfterExtensions": [%s] } }' \
		"$1" "$1" "$2" "${3:-}"
}
deploy_set() { az deployment group create -g myResourceGroup -n few --template-file "$CASE_DIR/set.json"; }
said() { sh_in "$1" 'cat /var/log/hello'; }
has_said() { said "$1" | grep -q "$2"; }

case_extensions_in_their_order() {
	lab_up --empty
	hello First Second
	set_template 1 Manual "$(one Second '{"say": "second"}' '"First"'), $(one First '{"say": "first"}' '"Second"')"
	want_error 'wait for each other' deploy_set
	set_template 1 Manual "$(one Second '{"say": "second"}' '"Nobody"')"
	want_error Nobody deploy_set
	# The second waits until the first, which goes on in the background, has succeeded.
	set_template 1 Manual "$(one Second '{"say": "second"}' '"First"'), $(one First '{"say": "first", "hold": "/run/go"}')"
	deploy_set >"$CASE_DIR/deployed" 2>&1 &
	wait_until 90 has_said few000000 'Lab.First transitioning'
	in_vm few000000 touch /run/go
	wait $! || fail "$(cat "$CASE_DIR/deployed")"
	said few000000 | grep -E 'success|Second enable' | tr '\n' ',' >"$CASE_DIR/order"
	[ "$(cat "$CASE_DIR/order")" = "Lab.First success first,Lab.Second enable,Lab.Second success second," ] || fail "$(cat "$CASE_DIR/order")"
	# It does not come about at all where the first fails.
	set_template 1 Automatic "$(one Second '{"say": "again"}' '"First"'), $(one First '{"say": "no such luck", "fail": 7}')"
	want_error 'no such luck' deploy_set
	has_said few000000 again && fail "the second came after a failure"
	az vmss delete -g myResourceGroup -n few
	[ "$("$LAB" vm list | wc -l)" -eq 0 ] || fail "instances outlive their set"
}

case_an_upgrade_in_batches() {
	lab_up --empty
	hello First
	set_template 3 Rolling "$(one First '{"say": "one"}')"
	deploy_set >/dev/null
	set_template 3 Rolling "$(one First '{"say": "two"}')"
	deploy_set >/dev/null
	for i in 0 1 2; do has_said few00000$i 'success two' || fail "instance $i: $(said few00000$i)"; done
	[ "$(grep -c 'the next batch, 1 of 3' "$IB_LAB_STATE/lab.log")" -eq 3 ] || fail "not in batches of one"
	# The first batch fails: the others stay as they are.
	set_template 3 Rolling "$(one First '{"say": "three", "fail": 9}')"
	want_error MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade deploy_set
	has_said few000000 'error three' || fail "the first was not upgraded"
	has_said few000001 three && fail "it went on after a failure"
	[ "$(instances few latestModelApplied)" = "0 True 1 False 2 False " ] || fail "$(instances few latestModelApplied)"
}

# Down in order, then by a kill: what was asked for is there again, and the agents, in new cells, come to it again.
case_a_restart() {
	lab_up --empty
	hello First
	create "$VM"
	asked() { az vm extension "$@" -g myResourceGroup --vm-name "$VM" --name First; }
	asked set --publisher Lab --version 1.0 --settings '{"say": "kept"}' --protected-settings '{"sasToken": "sv=secret-of-the-test"}' >/dev/null
	set_template 1 Manual "$(one First '{"say": "set"}')"
	deploy_set >/dev/null
	for how in down kill; do
		if [ $how = down ]; then "$LAB" down --keep; else kill -9 "$("$LAB" env --json | jq .pid)"; fi
		wait_until 20 flock -n "$IB_LAB_STATE/lock" true
		grep -rl secret-of-the-test "$IB_LAB_STATE" && fail "a protected setting is kept in clear"
		"$LAB" up --resume --dist "$CASE_DIR/dist" --arm-port any >/dev/null
		"$LAB" extension wait "$VM" --name First --timeout 90 || fail "after $how"
		asked show --instance-view --query 'instanceView.statuses[0].message' -o tsv | grep -qx kept || fail "another word after $how"
		[ "$(instances few latestModelApplied)" = "0 True " ] || fail "the set after $how"
		wait_until 90 has_said few000000 'success set'
		az deployment group show -g myResourceGroup -n few --query properties.provisioningState -o tsv | grep -qx Succeeded || fail "the deployment after $how"
	done
	"$LAB" down
	[ "$(find "$IB_LAB_STATE" -type f | grep -cv 'lab.log$\|/lock$')" -eq 0 ] || fail "left: $(find "$IB_LAB_STATE" -type f)"
}

# Those of deploy/arm as they are, their networks included, which are nothing in the lab.
case_templates_of_deploy() {
	lab_up --empty
	for which in vm scale-set; do
		jq '.parameters += {settings: {value: {driver: "inbox"}}} | if .parameters.vmssName then .parameters.instances = {value: 1} else . end' \
			"$top/deploy/arm/$which.parameters.json" >"$CASE_DIR/parameters.json"
		az deployment group create -g myResourceGroup -n "$which" --template-file "$top/deploy/arm/$which.json" \
			--parameters "@$CASE_DIR/parameters.json" >"$CASE_DIR/out"
		jq -e '.properties.provisioningState == "Succeeded"' "$CASE_DIR/out" >/dev/null || fail "$(cat "$CASE_DIR/out")"
	done
	"$LAB" vm list | cut -d' ' -f1 >"$CASE_DIR/vms"
	[ "$(wc -l <"$CASE_DIR/vms")" -eq 2 ] || fail "$(cat "$CASE_DIR/vms")"
	while read -r which; do want_stack "$which"; done <"$CASE_DIR/vms"
	az resource list --query '[].type' -o tsv | sort | tr '\n' ' ' >"$CASE_DIR/types"
	[ "$(cat "$CASE_DIR/types")" = "Microsoft.Compute/virtualMachineScaleSets Microsoft.Compute/virtualMachines Microsoft.Network/networkInterfaces " ] ||
		fail "$(cat "$CASE_DIR/types")"
}

# token VM RESOURCE [QUERY]: what instance metadata answers.
token() { sh_in "$1" "curl -s -H Metadata:true 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=$2&${3:-}'"; }
# blob VM [CURL-OPTIONS]: the status of a file of the store.
blob() { sh_in "$1" "curl -s -o /dev/null -w '%{http_code}' -H 'x-ms-version: 2020-04-08' ${2:-} $BLOBS/catalogue.json"; }

# A catalogue in a store that opens to a user's identity alone: the extension gets it, and the token is nowhere.
case_an_identity_reads_blobs() {
	lab_vm
	hosts() { sh_in myVM 'echo "10.7.0.1 packs.blob.core.windows.net" >>/etc/hosts'; }
	BLOBS=https://packs.blob.core.windows.net:8443/private
	"$LAB" mirror vendors >"$CASE_DIR/vendors"
	hosts
	[ "$(token myVM https://storage.azure.com/ | jq -r .error_description)" = "Identity not found" ] || fail "a token for nobody"
	want_error 'was not found' az vm identity assign -g myResourceGroup -n myVM --identities reader
	az identity create -g myResourceGroup -n reader >"$CASE_DIR/reader"
	az vm identity assign -g myResourceGroup -n myVM --identities '[system]' reader >"$CASE_DIR/assigned"
	id=$(jq -r .clientId "$CASE_DIR/reader")
	az vm show -g myResourceGroup -n myVM --query identity | jq -e --arg id "$id" '.type == "SystemAssigned, UserAssigned" and .principalId
		and (.userAssignedIdentities | to_entries | length == 1 and .[0].value.clientId == $id)' >/dev/null || fail "another identity"
	# Who has no header, or comes by a proxy, gets nothing.
	sh_in myVM "curl -s 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://storage.azure.com/'" |
		jq -e '.error_description == "Required metadata header not specified"' >/dev/null || fail "a token without the header"
	token myVM https://storage.azure.com/ "client_id=$id" | jq -e --arg id "$id" '.client_id == $id and .token_type == "Bearer"' >/dev/null || fail "no token"
	[ "$(token myVM https://storage.azure.com/ client_id=nobody | jq -r .error_description)" = "Identity not found" ] || fail "a token for nobody"
	# The Resource Manager takes a token that is for it, and no other; the store likewise.
	eval "$("$LAB" env | grep '^export ARM_')"
	for audience in https://management.azure.com/ https://storage.azure.com/; do
		token myVM $audience | jq -r .access_token >"$CASE_DIR/token"
		curl -s --cacert "$IB_LAB_STATE/arm/ca.pem" -H "Authorization: Bearer $(cat "$CASE_DIR/token")" -o "$CASE_DIR/body" -w '%{http_code}\n' \
			"$ARM_ENDPOINT/subscriptions/$ARM_SUBSCRIPTION_ID?api-version=2020-01-01"
		blob myVM "-H 'Authorization: Bearer $(cat "$CASE_DIR/token")'"
		echo
	done >"$CASE_DIR/taken"
	[ "$(tr '\n' ' ' <"$CASE_DIR/taken")" = "200 401 401 200 " ] || fail "taken: $(cat "$CASE_DIR/taken")"
	[ "$(blob myVM)" = 401 ] || fail "the store opens to anybody"
	# Now the extension, without the identity and with it.
	settings=$(jq -c --arg at "$BLOBS" '{driver: "inbox", trustedKeys, catalogueUri: ($at + "/catalogue.json")}' "$CASE_DIR/vendors")
	set_it() { on_vm extension set --name InfiniBandDriverLinux --publisher Microsoft.HpcCompute --version 1.1 --settings "$1"; }
	set_it "$settings" >/dev/null
	sh_in myVM "grep -q 'packs.blob.*HTTP 401' $STATUS_LOG && ! ls /var/lib/ib-vmext/catalogue" >/dev/null 2>&1 || fail "no word of the refusal: $(in_vm myVM cat $STATUS_LOG)"
	set_it "$(printf %s "$settings" | jq -c --arg id "$id" '. + {identity: $id}')" >/dev/null
	want_stack myVM
	sh_in myVM "grep -q 'the catalogue of catalogueUri was fetched' $STATUS_LOG && ls /var/lib/ib-vmext/catalogue/*.minisig" >/dev/null ||
		fail "no catalogue was fetched: $(in_vm myVM cat $STATUS_LOG)"
	# All tokens for storage begin alike.
	marker=$(cut -d. -f2 "$CASE_DIR/token" | cut -c1-40)
	sh_in myVM "grep -rasl $marker /var/lib /var/log /etc /tmp /run /root /usr/libexec || :" >"$CASE_DIR/found"
	[ ! -s "$CASE_DIR/found" ] || fail "the token is in $(cat "$CASE_DIR/found")"
	az vm identity remove -g myResourceGroup -n myVM >/dev/null
	[ "$(token myVM https://storage.azure.com/ | jq -r .resource)" = https://storage.azure.com/ ] || fail "the user's went, too"
	az identity delete -g myResourceGroup -n reader
}

# docs/extension-authors.md
case_the_page_for_authors() {
	lab_vm
	hello Hello
	tell() { on_vm extension set --publisher Lab --name Hello --version 1.0 --settings "$1"; }
	word() { on_vm extension show -n Hello --instance-view --query 'instanceView.statuses[0].message' -o tsv; }
	tell '{"say": "hello"}' >/dev/null
	[ "$(word)" = hello ] || fail "another word: $(word)"
	want_error VMExtensionProvisioningError tell '{"say": "no", "fail": 7}'
	[ "$(word)" = no ] || fail "another word: $(word)"
	in_vm myVM grep -q 'Lab.Hello error no' /var/log/hello || fail "$(said myVM)"
	vm set myVM fault.status=500:3 >/dev/null
	tell '{"say": "after all"}' >/dev/null
	# A newer version beside it, whose enable ends with an exit code and no status.
	sed -i 's/^enable) enable ;;/enable) echo "there is no floor" >\&2; exit 5 ;;/' "$CASE_DIR/hello/handler"
	(cd "$CASE_DIR/hello" && zip -q -r "$CASE_DIR/dist/Lab.Hello-1.0.1.zip" .)
	want_error 'Non-zero exit code: 5' tell '{"say": "one more"}'
	grep -q 'there is no floor' "$CASE_DIR/out" || fail "$(cat "$CASE_DIR/out")"
	on_vm extension delete -n Hello
	said myVM | tail -1 | grep -q uninstall || fail "$(said myVM)"
}

case_sdk_of_javascript() {
	lab_up
	eval "$("$LAB" env)"
	NODE_PATH=$(cd "$top" && . tools/dev-lib.sh && setup_npm tests/sdk) || fail "npm"
	export NODE_PATH
	node "$top/tests/sdk/drive.mjs"
}

# instance_names: those of the set `few`; applied N: so many of them have the newest model.
instance_names() { "$LAB" vm list --json | jq -r '.[].name' | grep '^few0'; }
applied() { [ "$(on_set list-instances -n few --query 'length([?latestModelApplied])' -o tsv)" = "$1" ]; }

# By az alone; each instance installs for real. The times are from update-instances on, by each VM's own log.
case_scale_set_of_50() {
	lab_up --empty
	set_template 50 Manual ''
	began=$(date +%s)
	deploy_set >/dev/null
	note "50 instances: $(($(date +%s) - began)) s until all agents have reported"
	[ "$(instance_names | wc -l)" -eq 50 ] || fail "$(instance_names | wc -l) instances"
	on_set extension set --vmss-name few --name InfiniBandDriverLinux --publisher Microsoft.HpcCompute --version 1.1 --settings '{}' >/dev/null
	began=$(date +%s)
	on_set update-instances -n few --instance-ids '*'
	wait_until 1800 applied 50
	note "update-instances: $(($(date +%s) - began)) s until the Resource Manager says so of all"
	for each in $(instance_names); do
		[ "$(status_of "$each" .status)" = success ] || fail "$each: $(status_of "$each" .formattedMessage.message)"
		ended=$(sh_in "$each" "sed -n 's/Z .* worker.end: .*/Z/p' $STATUS_LOG | tail -1")
		echo $(($(date -d "$ended" +%s) - began))
	done | sort -n >"$CASE_DIR/times"
	[ "$(wc -l <"$CASE_DIR/times")" -eq 50 ] || fail "$(cat "$CASE_DIR/times")"
	note "an instance was ready after, s: $(awk '{t[NR] = $1} END {printf "first %d, median %d, p90 %d, last %d", t[1], t[25], t[45], t[50]}' "$CASE_DIR/times")"
	note "memory that is left: $(awk '/MemAvailable/ {print int($2 / 1024)}' /proc/meminfo) MiB"
	az vmss delete -g myResourceGroup -n few
	[ -z "$(instance_names)" ] || fail "instances outlive their set"
}
