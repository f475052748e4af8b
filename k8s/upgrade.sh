#!/usr/bin/env bash
# Replaces the nodes by those of another version, some at a time, and stops where something is wrong.
#
#   upgrade.sh --image REGISTRY/parley:2 [--canary] [options]   begins; the same again goes on after a stop
#   upgrade.sh --hold                    changes of the pods wait: apply an overlay after it, then `upgrade.sh` goes on
#   upgrade.sh [--canary] [options]      goes on with what waits
#   upgrade.sh --rollback [options]      the version before, for all that have been replaced
#   upgrade.sh --status                  which pod runs which version
#
#   --canary          one node, then end: look at it, and run the script again without --canary
#   --step N          how many nodes at once (a quarter of them; always less than half, so that the majority stays)
#   --watch SECONDS   after each step, how long everything must stay well (60; with --canary 300)
#   --timeout SECONDS for a step to become ready (600)
#   --alerts URL      a Prometheus; a firing alert of Parley with severity page stops the upgrade
#   --namespace NAME  (parley), --name NAME of the StatefulSet and its label (parley), --port N for management (8558)
#
# Before each step all pods must be ready, and each node must see all nodes as members, none unreachable. The same must be
# so after it. Exit code 0: done. 1: stopped; nothing more is replaced until it is run again. 2: wrong arguments.
#
# Needs kubectl (rights: get, patch statefulsets; get, delete pods; create pods/portforward), curl and jq.
set -euo pipefail

usage() {
  awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0" >&2
  exit 2
}

image='' step='' watch='' timeout=600 alerts='' namespace=parley name=parley port=8558 canary='' action=go
while [ $# -gt 0 ]; do
  case "$1" in
    --image | --step | --watch | --timeout | --alerts | --namespace | --name | --port)
      if [ $# -lt 2 ] || [ -z "$2" ]; then usage; fi
      declare "${1#--}=$2"
      shift 2
      ;;
    --canary) canary=yes; shift ;;
    --hold | --rollback | --status) action=${1#--}; shift ;;
    *) usage ;;
  esac
done
for number in step watch timeout port; do
  if [ -n "${!number}" ] && ! [[ "${!number}" =~ ^[0-9]{1,5}$ ]]; then
    echo "--$number: must be a whole number" >&2
    exit 2
  fi
done
if [ "$step" = 0 ]; then
  echo "--step: must be at least 1" >&2
  exit 2
fi
if [ "$action" != go ] && [ -n "$image$canary" ]; then
  echo "--$action: goes without --image and --canary" >&2
  exit 2
fi
if [ -z "$watch" ]; then
  if [ -n "$canary" ]; then watch=300; else watch=60; fi
fi
# How often it looks. Tests look more often.
interval=${UPGRADE_INTERVAL_SECONDS:-5}

say() { echo "$(date -u +%H:%M:%S) $*"; }
stop() {
  say "STOPPED: $*"
  echo "Nothing more is replaced. Repair it and run the script again, or go back: $0 --rollback" >&2
  exit 1
}
k() { kubectl -n "$namespace" "$@"; }
now() { date +%s; }

# The StatefulSet and its pods as JSON, read afresh for each decision: an autoscaler may change the number.
set_json() { k get statefulset "$name" -o json; }
pods_json() { k get pods -l "app.kubernetes.io/name=$name" -o json; }
replicas() { jq -r '.spec.replicas' <<<"$1"; }
revision() { jq -r '.status.updateRevision' <<<"$1"; }

# Names of the pods that do not run the wanted revision, the highest number first; each with "ready" or "not".
old_pods() { # SET PODS
  jq -r --arg revision "$(revision "$1")" '
      [.items[] | select(.metadata.labels["controller-revision-hash"] != $revision)]
      | sort_by(.metadata.name | sub(".*-"; "") | tonumber) | reverse | .[]
      | .metadata.name + " " + (if .metadata.deletionTimestamp == null
          and any(.status.conditions[]?; .type == "Ready" and .status == "True") then "ready" else "not" end)' <<<"$2"
}

# Nothing if all is well, else why not.
trouble() {
  local set pods count ready pod answer members
  set=$(set_json) && pods=$(pods_json) || { echo "kubectl does not answer"; return; }
  count=$(replicas "$set")
  ready=$(jq '[.items[] | select(.metadata.deletionTimestamp == null)
      | select(any(.status.conditions[]?; .type == "Ready" and .status == "True"))] | length' <<<"$pods")
  if [ "$ready" -ne "$count" ]; then
    echo "$ready of $count pods are ready"
    return
  fi
  for pod in $(jq -r '.items[].metadata.name' <<<"$pods"); do
    answer=$(members "$pod") || { echo "$pod does not say who is a member"; return; }
    members=$(jq '[.members[] | select(.status == "Up")] | length' <<<"$answer")
    if [ "$members" -ne "$count" ] || [ "$(jq '.unreachable | length' <<<"$answer")" -ne 0 ]; then
      echo "$pod sees $members of $count nodes as members, unreachable: $(jq -c '[.unreachable[].node]' <<<"$answer")"
      return
    fi
  done
  firing
}

# What a node says about the cluster, through a port that is forwarded for this one question.
members() { # POD
  local answer='' status=0 local_port forward
  exec 3< <(exec kubectl -n "$namespace" port-forward "pod/$1" ":$port" 2>/dev/null)
  forward=$!
  if read -r -t 20 -u 3 answer && [[ "$answer" =~ 127\.0\.0\.1:([0-9]+) ]]; then
    local_port=${BASH_REMATCH[1]}
    curl -sSf -m 10 "http://127.0.0.1:$local_port/cluster/members" || status=1
  else
    status=1
  fi
  exec 3<&-
  kill "$forward" 2>/dev/null || true
  return "$status"
}

firing() {
  if [ -z "$alerts" ]; then return; fi
  local answer
  answer=$(curl -sSf -m 10 -G "$alerts/api/v1/query" --data-urlencode \
    'query=ALERTS{alertname=~"Parley.+",alertstate="firing",severity="page",namespace="'"$namespace"'"}') ||
    { echo "Prometheus does not answer at $alerts"; return; }
  jq -r 'if .status != "success" then "Prometheus: \(.error)"
      else [.data.result[].metric.alertname] | unique | select(length > 0) | "firing: \(join(", "))" end' <<<"$answer"
}

# Waits until all is well.
await_well() { # SECONDS WHAT
  local end why=''
  end=$(($(now) + $1))
  while true; do
    why=$(trouble)
    if [ -z "$why" ]; then return; fi
    # An alert will not go away by waiting for pods; a new one is a reason to stop at once.
    if [[ "$why" == firing:* ]]; then stop "$2: $why"; fi
    if [ "$(now)" -ge "$end" ]; then stop "$2: $why after $1 s"; fi
    sleep "$interval"
  done
}

stays_well() { # SECONDS WHAT
  local end why
  end=$(($(now) + $1))
  while true; do
    why=$(trouble)
    if [ -n "$why" ]; then stop "$2: $why"; fi
    if [ "$(now)" -ge "$end" ]; then return; fi
    sleep "$interval"
  done
}

partition() { # N
  k patch statefulset "$name" --type merge -p \
    '{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":'"$1"'}}}}' >/dev/null
}

status() {
  local set pods
  set=$(set_json)
  pods=$(pods_json)
  echo "partition $(jq -r '.spec.updateStrategy.rollingUpdate.partition // 0' <<<"$set"), wanted $(revision "$set")"
  jq -r '.items[] | [.metadata.name, .metadata.labels["controller-revision-hash"], .spec.containers[0].image,
      (if any(.status.conditions[]?; .type == "Ready" and .status == "True") then "ready" else "not ready" end)]
      | join("  ")' <<<"$pods"
}

set=$(set_json) || exit 1
case "$action" in
  status) status; exit ;;
  hold)
    # Above all numbers: nothing is replaced, also of what an autoscaler adds.
    partition 100000
    say "changes of the pods wait; upgrade.sh goes on"
    exit
    ;;
  rollback)
    # They are why somebody goes back.
    alerts=''
    partition 100000
    k rollout undo "statefulset/$name" >/dev/null
    say "going back"
    ;;
  go)
    # Not into a cluster that has trouble already: its first cause would be hidden by the second.
    pods=$(pods_json) || exit 1
    if [ -z "$(old_pods "$set" "$pods")" ]; then await_well 0 "before the upgrade"; fi
    if [ -n "$image" ] && [ "$(jq -r --arg name parley '.spec.template.spec.containers[]
        | select(.name == $name) | .image' <<<"$set")" != "$image" ]; then
      # In one change, or pods would be replaced between the two.
      k patch statefulset "$name" --type strategic -p \
        '{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":100000}},
          "template":{"spec":{"containers":[{"name":"parley","image":"'"$image"'"}]}}}}' >/dev/null
      say "the image is $image"
    fi
    ;;
esac

# Until the controller has seen the change, the wanted revision is the one before.
end=$(($(now) + timeout))
until set=$(set_json) && [ "$(jq '.status.observedGeneration == .metadata.generation' <<<"$set")" = true ]; do
  if [ "$(now)" -ge "$end" ]; then stop "the controller does not take the change"; fi
  sleep "$interval"
done

while true; do
  # Without an answer nothing is known; that no pod is old would be the wrong conclusion.
  if ! { set=$(set_json) && pods=$(pods_json); }; then stop "kubectl does not answer"; fi
  mapfile -t old < <(old_pods "$set" "$pods")
  if [ ${#old[@]} -eq 0 ]; then break; fi
  count=$(replicas "$set")
  # Fewer than half at once: the others are the majority, which decides if one of them is lost meanwhile.
  most=$(((count - 1) / 2))
  size=${step:-$((count / 4))}
  if [ "$size" -gt "$most" ]; then size=$most; fi
  if [ "$size" -lt 1 ] || [ -n "$canary" ]; then size=1; fi
  # First those that do not serve anyway, such as a step of a version that does not start: nothing else can become well
  # before. They are the highest numbers, or the controller would replace those above them too.
  batch=()
  for one in "${old[@]}"; do
    if [ "${one#* }" = ready ]; then break; fi
    batch+=("${one% *}")
  done
  if [ ${#batch[@]} -eq 0 ]; then
    await_well 0 "before the next step"
    for one in "${old[@]:0:$size}"; do batch+=("${one% *}"); done
  fi
  lowest=${batch[-1]##*-}
  say "replacing ${batch[*]} (${#old[@]} of $count to go)"
  partition "$lowest"
  # The controller replaces one after the other, and none while another is not ready; these go together.
  k delete pod "${batch[@]}" --wait=false --ignore-not-found >/dev/null
  end=$(($(now) + timeout))
  while true; do
    if pods=$(pods_json); then
      waiting=$(old_pods "$set" "$pods" | cut -d ' ' -f 1 | grep -cxF "$(printf '%s\n' "${batch[@]}")" || true)
      if [ "$waiting" -eq 0 ]; then break; fi
    fi
    if [ "$(now)" -ge "$end" ]; then stop "${batch[*]} were not replaced after $timeout s"; fi
    sleep "$interval"
  done
  await_well "$timeout" "${batch[*]}"
  stays_well "$watch" "${batch[*]}"
  say "${batch[*]} well for $watch s"
  if [ -n "$canary" ]; then
    if [ ${#old[@]} -gt 1 ]; then
      say "the canary is ${batch[*]}. Compare it with the others on the dashboard 'Parley: one node', then run the" \
        "script again without --canary, or with --rollback"
      exit 0
    fi
  fi
done
partition 0
say "all $(replicas "$set") nodes run $(revision "$set")"
