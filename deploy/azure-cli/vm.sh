#!/bin/sh
# vm.sh GROUP VM [SETTINGS]: the extension on one VM, and what came of it.
set -eu
group=$1 vm=$2 settings=${3:-'{}'}
publisher=${PUBLISHER:-Microsoft.HpcCompute} type=${TYPE:-InfiniBandDriverLinux} version=${VERSION:-1.1}

az vm extension set --resource-group "$group" --vm-name "$vm" --publisher "$publisher" --name "$type" --version "$version" \
	--settings "$settings" --output none
az vm extension show --resource-group "$group" --vm-name "$vm" --name "$type" --instance-view \
	--query 'instanceView.statuses[0].message' --output tsv
