# The extension in the model of a scale set, and the instances brought up to the model.
param(
    [string] $ResourceGroupName = "myResourceGroup",
    [string] $VMScaleSetName = "myVMSS",
    [string] $Publisher = "Microsoft.HpcCompute",
    [string] $Type = "InfiniBandDriverLinux"
)

$VMSS = Get-AzVmss -ResourceGroupName $ResourceGroupName -VMScaleSetName $VMScaleSetName
Add-AzVmssExtension -VirtualMachineScaleSet $VMSS -Name $Type -Publisher $Publisher -Type $Type -TypeHandlerVersion "1.1" -AutoUpgradeMinorVersion $true -Setting @{}
Update-AzVmss -ResourceGroupName $ResourceGroupName -VMScaleSetName $VMScaleSetName -VirtualMachineScaleSet $VMSS
Update-AzVmssInstance -ResourceGroupName $ResourceGroupName -VMScaleSetName $VMScaleSetName -InstanceId "*"
Get-AzVmssVM -ResourceGroupName $ResourceGroupName -VMScaleSetName $VMScaleSetName -InstanceView
