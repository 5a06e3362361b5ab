#!/bin/sh
# node-pool.sh GROUP CLUSTER POOL SIZE: a node pool whose nodes the DaemonSet takes, and the DaemonSet.
set -eu
az aks nodepool add --resource-group "$1" --cluster-name "$2" --name "$3" --node-vm-size "$4" --node-count 2 --labels ib-vmext=true
kubectl apply -f "$(dirname "$0")/daemonset.yaml"
kubectl rollout status --namespace kube-system daemonset/ib-vmext
