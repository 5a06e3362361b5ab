// drive.mjs - Azure's SDK for JavaScript against the lab: what az does, by its other door. Where the lab is, and its login, are in
// the environment (`ib-lab env`); NODE_PATH says where the packages are. Prints a line a step; the first that is wrong ends it.
import { createRequire } from 'node:module';
import { strict as assert } from 'node:assert';
import path from 'node:path';

const require = createRequire(path.join(process.env.NODE_PATH, 'x.js'));
const { ComputeManagementClient } = require('@azure/arm-compute');
const { DeploymentsClient } = require('@azure/arm-resourcesdeployments');
const { ClientSecretCredential } = require('@azure/identity');

const env = process.env;
const group = 'myResourceGroup', publisher = 'Microsoft.HpcCompute', type = 'InfiniBandDriverLinux';
const credential = secret => new ClientSecretCredential(env.AZURE_TENANT_ID, env.AZURE_CLIENT_ID, secret,
	{ authorityHost: env.AZURE_AUTHORITY_HOST, disableInstanceDiscovery: true });
const options = { endpoint: env.ARM_ENDPOINT };
const compute = new ComputeManagementClient(credential(env.AZURE_CLIENT_SECRET), env.ARM_SUBSCRIPTION_ID, options);
const deployments = new DeploymentsClient(credential(env.AZURE_CLIENT_SECRET), env.ARM_SUBSCRIPTION_ID, options);
const extension = (version, settings) => ({ location: 'southcentralus', publisher, typePropertiesType: type, typeHandlerVersion: version,
	autoUpgradeMinorVersion: true, settings });
const step = text => console.log(text);
const all = async pages => { const list = []; for await (const one of pages) list.push(one); return list; };

await assert.rejects(credential('wrong').getToken('https://management.core.windows.net//.default'), /7000215/);
step('a wrong secret');

const vm = await compute.virtualMachines.get(group, 'myVM', { expand: 'instanceView' });
assert.equal(vm.hardwareProfile.vmSize, 'Standard_HB120rs_v3');
step('virtualMachines.get');

const set = await compute.virtualMachineExtensions.createOrUpdate(group, 'myVM', type, extension('1.1', {}));
assert.equal(set.provisioningState, 'Succeeded');
assert.equal(set.protectedSettings, undefined);
step('virtualMachineExtensions.createOrUpdate');
const shown = await compute.virtualMachineExtensions.get(group, 'myVM', type, { expand: 'instanceView' });
assert.match(shown.instanceView.statuses[0].message, /^InfiniBand works/);
step(`virtualMachineExtensions.get: ${shown.instanceView.statuses[0].message}`);
assert.equal((await compute.virtualMachineExtensions.list(group, 'myVM')).value.length, 1);
step('virtualMachineExtensions.list');
await assert.rejects(Promise.resolve(compute.virtualMachineExtensions.createOrUpdate(group, 'myVM', type, extension('9.9', {}))),
	e => e.code === 'ExtensionVersionNotFound' || /9\.9/.test(e.message));
step('a version that there is not');
await assert.rejects(Promise.resolve(compute.virtualMachineExtensions.createOrUpdate(group, 'myVM', type, extension('1.1', { driver: 'nonsense' }))),
	/must be one of auto/);
step('settings that there are not');
await compute.virtualMachineExtensions.delete(group, 'myVM', type);
step('virtualMachineExtensions.delete');

const versions = await compute.virtualMachineExtensionImages.listVersions('southcentralus', publisher, type);
assert.ok(versions.map(v => v.name).includes('1.1.0'));
step('virtualMachineExtensionImages.listVersions');

const template = {
	$schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#', contentVersion: '1.0.0.0',
	parameters: { vmName: { type: 'string' } },
	resources: [{ type: 'Microsoft.Compute/virtualMachines/extensions', name: "[concat(parameters('vmName'), '/', 'ib')]", apiVersion: '2021-03-01',
		location: '[resourceGroup().location]', properties: { publisher, type, typeHandlerVersion: '1.1', autoUpgradeMinorVersion: true, settings: {} } }],
};
const deployment = { properties: { mode: 'Incremental', template, parameters: { vmName: { value: 'myVM' } } } };
const foreseen = await deployments.deployments.whatIf(group, 'sdk', deployment);
assert.equal(foreseen.changes[0].changeType, 'Create');
step('deployments.whatIf');
const deployed = await deployments.deployments.createOrUpdate(group, 'sdk', deployment);
assert.equal(deployed.properties.provisioningState, 'Succeeded');
step('deployments.createOrUpdate');
assert.equal((await all(deployments.deploymentOperations.list(group, 'sdk'))).length, 1);
step('deploymentOperations.list');

const few = await compute.virtualMachineScaleSets.get(group, 'myVMSS');
few.virtualMachineProfile.extensionProfile = { extensions: [{ name: type, publisher, typePropertiesType: type, typeHandlerVersion: '1.1',
	autoUpgradeMinorVersion: true, settings: {} }] };
await compute.virtualMachineScaleSets.createOrUpdate(group, 'myVMSS', few);
step('virtualMachineScaleSets.createOrUpdate');
await compute.virtualMachineScaleSets.updateInstances(group, 'myVMSS', { instanceIds: ['*'] });
step('virtualMachineScaleSets.updateInstances');
const instances = await all(compute.virtualMachineScaleSetVMs.list(group, 'myVMSS'));
assert.deepEqual(instances.map(i => [i.name, i.latestModelApplied]), [['myVMSS_0', true], ['myVMSS_1', true]]);
step('virtualMachineScaleSetVMs.list');
const view = await compute.virtualMachineScaleSetVMs.getInstanceView(group, 'myVMSS', '0');
assert.match(view.extensions[0].statuses[0].message, /^InfiniBand works/);
step('virtualMachineScaleSetVMs.getInstanceView');
await compute.virtualMachineScaleSetExtensions.delete(group, 'myVMSS', type);
assert.equal((await all(compute.virtualMachineScaleSetExtensions.list(group, 'myVMSS'))).length, 0);
step('virtualMachineScaleSetExtensions.delete');
