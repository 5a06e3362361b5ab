# The extension on VMs and scale sets that are there, by the provider azurerm.
terraform {
  required_providers {
    azurerm = {
      source = "hashicorp/azurerm"
    }
  }
}

provider "azurerm" {
  features {}
}

variable "publisher" {
  type    = string
  default = "Microsoft.HpcCompute"
}

variable "type" {
  type    = string
  default = "InfiniBandDriverLinux"
}

variable "virtual_machine_ids" {
  type    = set(string)
  default = []
}

variable "scale_set_ids" {
  type    = set(string)
  default = []
}

variable "settings" {
  description = "ib-vmext-settings(5)"
  type        = any
  default     = {}
}

resource "azurerm_virtual_machine_extension" "infiniband" {
  for_each                   = var.virtual_machine_ids
  name                       = var.type
  virtual_machine_id         = each.value
  publisher                  = var.publisher
  type                       = var.type
  type_handler_version       = "1.1"
  auto_upgrade_minor_version = true
  settings                   = jsonencode(var.settings)
}

resource "azurerm_virtual_machine_scale_set_extension" "infiniband" {
  for_each                     = var.scale_set_ids
  name                         = var.type
  virtual_machine_scale_set_id = each.value
  publisher                    = var.publisher
  type                         = var.type
  type_handler_version         = "1.1"
  auto_upgrade_minor_version   = true
  settings                     = jsonencode(var.settings)
}
