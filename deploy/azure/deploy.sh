#!/bin/sh
# A deploy: IMAGE=images.example.org/rqclock-sample:2 sh deploy.sh GROUP NAME, with the secrets that main.bicepparam reads
# in the environment. NAME is that of main.bicepparam.
#
# The job NAME-release asks the new image whether this Redis would lose jobs. Starting it returns at once, so this waits
# for its end, and deploys only when it has succeeded. In the very first deploy there is no Redis yet: it comes after.
set -eu
group=${1:?"usage: IMAGE=… sh deploy.sh GROUP NAME"}
job=${2:?"usage: IMAGE=… sh deploy.sh GROUP NAME"}-release
image=${IMAGE:?"IMAGE says what is deployed: images.example.org/rqclock-sample:2"}
cd "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)"

passes() {
    run=$(az containerapp job start --resource-group "$group" --name "$job" --query name --output tsv) || return 1
    status=unknown
    tries=150
    while [ "$tries" -gt 0 ]; do
        status=$(az containerapp job execution show --resource-group "$group" --name "$job" \
            --job-execution-name "$run" --query properties.status --output tsv) || return 1
        case $status in
            Succeeded) return 0 ;;
            Failed | Stopped | Degraded) break ;;
        esac
        tries=$((tries - 1))
        sleep 5
    done
    echo "deploy: the check $run is $status; what it says is in the logs of $job" >&2
    return 1
}

# A list that is empty is an answer; a `show` that fails may be a bad line, and the check would be left out for it.
there=$(az containerapp job list --resource-group "$group" --query "[?name=='$job'].name" --output tsv)
if [ -n "$there" ]; then
    az containerapp job update --resource-group "$group" --name "$job" --image "$image" --output none
    if ! passes; then
        echo "deploy: nothing that runs was changed" >&2
        exit 1
    fi
fi

az deployment group create --resource-group "$group" --template-file main.bicep --parameters main.bicepparam \
    --query properties.outputs.url.value --output tsv
[ -n "$there" ] || passes
