#!/bin/sh
# custom-script.sh GROUP VM URL DIGEST VERSION [SETTINGS]: ib-vmext by the Custom Script extension. URL, DIGEST and VERSION as for
# install.sh, which lies below URL, too.
set -eu
group=$1 vm=$2 url=$3 digest=$4 version=$5 settings=${6:-'{}'}

az vm extension set --resource-group "$group" --vm-name "$vm" --publisher Microsoft.Azure.Extensions --name CustomScript --version 2.1 \
	--settings "{\"fileUris\": [\"$url/install.sh\"]}" \
	--protected-settings "{\"commandToExecute\": \"sh install.sh $url $digest $version '$(printf %s "$settings" | sed 's/"/\\"/g')'\"}"
