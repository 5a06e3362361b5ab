# The extension on one VM, and what came of it.
param(
    [string] $ResourceGroupName = "myResourceGroup",
    [string] $VMName = "myVM",
    [string] $Location = "southcentralus",
    [string] $Publisher = "Microsoft.HpcCompute",
    [string] $Type = "InfiniBandDriverLinux",
    [string] $SettingString = '{}'
)

Set-AzVMExtension -ResourceGroupName $ResourceGroupName -VMName $VMName -Location $Location `
    -Publisher $Publisher -Name $Type -ExtensionType $Type -TypeHandlerVersion "1.1" -SettingString $SettingString
Get-AzVMExtension -ResourceGroupName $ResourceGroupName -VMName $VMName -Name $Type -Status
