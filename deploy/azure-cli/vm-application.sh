#!/bin/sh
# vm-application.sh GROUP GALLERY LOCATION FAMILY PACKAGE-URI VM: ib-vmext as an application of a gallery, and on a VM. FAMILY is deb or
# rpm; PACKAGE-URI is the package in a storage account, with a SAS token. The agent's VM application extension runs the commands.
set -eu
group=$1 gallery=$2 location=$3 family=$4 uri=$5 vm=$6
version=${VERSION:-1.1.0}
case $family in
deb) install='dpkg -i ib-vmext.deb' remove='dpkg -r ib-vmext' ;;
rpm) install='rpm -U ib-vmext.rpm' remove='rpm -e ib-vmext' ;;
*) echo "vm-application.sh: deb or rpm" >&2; exit 1 ;;
esac

az sig gallery-application create --resource-group "$group" --gallery-name "$gallery" --location "$location" \
	--application-name "ib-vmext-$family" --os-type Linux
az sig gallery-application version create --resource-group "$group" --gallery-name "$gallery" --location "$location" \
	--application-name "ib-vmext-$family" --version-name "$version" --package-file-link "$uri" --package-file-name "ib-vmext.$family" \
	--install-command "$install && systemctl enable --now ib-vmext" --remove-command "$remove"
az vm application set --resource-group "$group" --name "$vm" --app-version-ids \
	"$(az sig gallery-application version show --resource-group "$group" --gallery-name "$gallery" \
		--application-name "ib-vmext-$family" --version-name "$version" --query id --output tsv)"
