#!/bin/sh
# A deploy: sh deploy.sh overlays/production
#
# Asks the new image whether this Redis would lose jobs, and changes nothing that runs before it has said no. Ends with
# 0 when all that is new is ready; with 1 when the check has failed (the old release goes on, with its own settings) or
# when a rollout gets stuck (old pods go on beside it: `kubectl rollout undo deployment/NAME`).
set -eu
overlay=${1:?"usage: sh deploy.sh overlays/NAME"}
namespace=${2:-rqclock}

kubectl delete job rqclock-release --namespace "$namespace" --ignore-not-found
kubectl apply --kustomize "$overlay" --selector rqclock/stage=before

# `kubectl wait` knows one condition: told to wait for `complete`, it sits out its time whenever the check fails. The Job
# ends by itself after 5 minutes (activeDeadlineSeconds), whatever holds it up.
ended=
tries=200
while [ "$tries" -gt 0 ]; do
    ended=$(kubectl get job rqclock-release --namespace "$namespace" \
        --output 'jsonpath={.status.conditions[?(@.status=="True")].type}')
    case $ended in *Complete* | *Failed*) break ;; esac
    tries=$((tries - 1))
    sleep 2
done
kubectl logs job/rqclock-release --namespace "$namespace" --tail 50 || true
case $ended in
    *Complete*) ;;
    *)
        echo "deploy: the check before the deploy has not passed; nothing that runs was changed" >&2
        kubectl describe job rqclock-release --namespace "$namespace" >&2
        exit 1
        ;;
esac

kubectl apply --kustomize "$overlay"
for name in clock worker web; do
    kubectl rollout status "deployment/$name" --namespace "$namespace" --timeout 10m
done
