# The lab's Resource Manager over https, by curl: what az and the SDKs ask of it, from put to delete, and what it refuses. The real
# az is not among the tests yet.

cases() {
	cat <<'CASES'
extension_from_put_to_delete
what_is_refused
CASES
}

# A lab of its own, on a free port.
arm_up() {
	IB_LAB_STATE=$CASE_DIR/lab
	export IB_LAB_STATE
	trap '"$LAB" down >/dev/null 2>&1' EXIT
	"$LAB" up --dist "$WORK/dist" --arm-port any >/dev/null
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
	ask PATCH "$AT" '{}' >/dev/null
	want 405 MethodNotAllowed
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
