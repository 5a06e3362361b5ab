// The extension on a VM that is there.
param vmName string
param location string = resourceGroup().location
param publisher string = 'Microsoft.HpcCompute'
param type string = 'InfiniBandDriverLinux'
param typeHandlerVersion string = '1.1'
param settings object = {}
@secure()
param protectedSettings object = {}

resource vm 'Microsoft.Compute/virtualMachines@2022-03-01' existing = {
  name: vmName
}

resource extension 'Microsoft.Compute/virtualMachines/extensions@2022-03-01' = {
  parent: vm
  name: type
  location: location
  properties: {
    publisher: publisher
    type: type
    typeHandlerVersion: typeHandlerVersion
    autoUpgradeMinorVersion: true
    settings: settings
    protectedSettings: protectedSettings
  }
}

output extensionId string = extension.id
