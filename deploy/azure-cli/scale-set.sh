#!/bin/sh
# scale-set.sh GROUP SCALE-SET [SETTINGS]: the extension in the model of a scale set, the instances brought up to the model, and what
# came of it on each.
set -eu
group=$1 vmss=$2 settings=${3:-'{}'}
publisher=${PUBLISHER:-Microsoft.HpcCompute} type=${TYPE:-InfiniBandDriverLinux} version=${VERSION:-1.1}

az vmss extension set --resource-group "$group" --vmss-name "$vmss" --publisher "$publisher" --name "$type" --version "$version" \
	--settings "$settings" --output none
az vmss update-instances --resource-group "$group" --name "$vmss" --instance-ids '*'
for instance in $(az vmss list-instances --resource-group "$group" --name "$vmss" --query '[].instanceId' --output tsv); do
	az vmss get-instance-view --resource-group "$group" --name "$vmss" --instance-id "$instance" \
		--query 'extensions[].statuses[].message' --output tsv | sed "s/^/$instance: /"
done
