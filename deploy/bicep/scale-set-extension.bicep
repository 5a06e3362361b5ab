// The extension in the model of a scale set that is there. Instances get it when they are brought up to the model.
param vmssName string
param publisher string = 'Microsoft.HpcCompute'
param type string = 'InfiniBandDriverLinux'
param typeHandlerVersion string = '1.1'
param settings object = {}

resource vmss 'Microsoft.Compute/virtualMachineScaleSets@2022-03-01' existing = {
  name: vmssName
}

resource extension 'Microsoft.Compute/virtualMachineScaleSets/extensions@2022-03-01' = {
  parent: vmss
  name: type
  properties: {
    publisher: publisher
    type: type
    typeHandlerVersion: typeHandlerVersion
    autoUpgradeMinorVersion: true
    settings: settings
  }
}
