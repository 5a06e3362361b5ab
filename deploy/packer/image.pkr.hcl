# An image with the driver in it, made on a VM that has no adapter. At the first boot of a VM of it the unit ib-vmext sees that the
# driver fits and does nothing, or says what does not fit and repairs it (docs/bake.md).
packer {
  required_plugins {
    azure = {
      source  = "github.com/hashicorp/azure"
      version = ">= 2.0.0"
    }
  }
}

variable "resource_group" {
  type = string
}

variable "image_name" {
  type    = string
  default = "debian12-infiniband"
}

variable "packages_url" {
  type        = string
  description = "Folder with what ./dev package leaves in dist/."
}

variable "packages_digest" {
  type        = string
  description = "SHA-256 of its SHA256SUMS."
}

variable "package" {
  type    = string
  default = "ib-vmext_1.1.0_amd64.deb"
}

variable "sizes" {
  type        = string
  default     = "Standard_HB120rs_v3"
  description = "The VM sizes or generations of adapters that the image is for, comma separated."
}

source "azure-arm" "debian" {
  use_azure_cli_auth                = true
  managed_image_resource_group_name = var.resource_group
  managed_image_name                = var.image_name
  os_type                           = "Linux"
  image_publisher                   = "Debian"
  image_offer                       = "debian-12"
  image_sku                         = "12-gen2"
  vm_size                           = "Standard_D2s_v5"
}

build {
  sources = ["source.azure-arm.debian"]

  provisioner "shell" {
    execute_command = "chmod +x {{ .Path }}; {{ .Vars }} sudo -E sh '{{ .Path }}'"
    inline = [
      "set -eu",
      "cd /var/tmp",
      "curl -fsSLO ${var.packages_url}/SHA256SUMS",
      "echo '${var.packages_digest}  SHA256SUMS' | sha256sum -c",
      "curl -fsSLO ${var.packages_url}/${var.package}",
      "grep ' ${var.package}$' SHA256SUMS | sha256sum -c",
      "apt-get -q -y install ./${var.package}",
      "ib-vmext bake --for ${var.sizes}",
      "systemctl enable ib-vmext",
      "rm -f SHA256SUMS ${var.package}",
      "waagent -force -deprovision+user && sync",
    ]
  }
}
