#!/usr/bin/env bash
# Restores the tables of a deployment, and the bucket of its old entries, to one instant.
#
#   restore.sh --at 2026-01-31T10:15:00Z --from parley- --to parley-r1- [--bucket BUCKET] [--apply]
#
# The tables of the prefix --from stay as they are; new tables with the prefix --to get their state at that instant.
# Without --apply it only checks and says what it would do. It may be run again after an interruption: tables that are
# there are left, and each step on the bucket is done once.
#
# Before: stop all nodes (scale the StatefulSet to 0). After: set PARLEY_DYNAMODB_TABLE_PREFIX to the prefix --to, run
# `verify`, and start the nodes. They find no epoch, make a new one, and so tell clients that history went back.
#
# Needs aws (version 2) and jq, and the rights dynamodb:RestoreTableToPointInTime and the others that restore.sh names
# when one is missing, s3:ListBucketVersions, s3:DeleteObject and s3:DeleteObjectVersion.
set -euo pipefail

usage() {
  sed -n '2,16s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

at='' from='' to='' bucket='' apply=''
while [ $# -gt 0 ]; do
  case "$1" in
    --at | --from | --to | --bucket)
      [ $# -ge 2 ] || usage
      declare "${1#--}=$2"
      shift 2
      ;;
    --apply) apply=yes; shift ;;
    *) usage ;;
  esac
done
[ -n "$at" ] && [ -n "$from" ] && [ -n "$to" ] || usage
if ! [[ "$at" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$ ]]; then
  echo "--at: must be a time in UTC like 2026-01-31T10:15:00Z" >&2
  exit 2
fi
if [ "$from" = "$to" ]; then
  echo "--to: must differ from --from; the tables of --from stay as they are" >&2
  exit 2
fi

tables=(journal snapshots secrets nodes)
change() { # says a command, and runs it with --apply
  echo "+ $*"
  if [ -n "$apply" ]; then "$@" </dev/null >/dev/null; fi
}

# Every table must reach back to that instant, or none is restored.
for table in "${tables[@]}"; do
  state=$(aws dynamodb describe-continuous-backups --table-name "$from$table" --output json)
  earliest=$(jq -r '.ContinuousBackupsDescription.PointInTimeRecoveryDescription.EarliestRestorableDateTime // empty
      | if type == "number" then todate else sub("\\+00:00$"; "Z") | sub("\\.[0-9]+"; "") end' <<<"$state")
  latest=$(jq -r '.ContinuousBackupsDescription.PointInTimeRecoveryDescription.LatestRestorableDateTime // empty
      | if type == "number" then todate else sub("\\+00:00$"; "Z") | sub("\\.[0-9]+"; "") end' <<<"$state")
  if [ -z "$earliest" ]; then
    echo "$from$table: has no point-in-time recovery" >&2
    exit 1
  fi
  if [[ "$at" < "$earliest" || "$at" > "$latest" ]]; then
    echo "--at: $from$table can be restored from $earliest to $latest" >&2
    exit 1
  fi
done

existing=$(aws dynamodb list-tables --output json | jq -r '.TableNames[]')
for table in "${tables[@]}"; do
  if grep -qxF "$to$table" <<<"$existing"; then
    echo "$to$table is there"
  else
    change aws dynamodb restore-table-to-point-in-time --source-table-name "$from$table" \
      --target-table-name "$to$table" --restore-date-time "$at"
  fi
done
for table in "${tables[@]}"; do
  # A restored table has neither the recovery nor the protection of its source.
  change aws dynamodb wait table-exists --table-name "$to$table"
  change aws dynamodb update-continuous-backups --table-name "$to$table" \
    --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true
  change aws dynamodb update-table --table-name "$to$table" --deletion-protection-enabled
done
# The first node makes a new epoch. Clients that find another one start afresh.
change aws dynamodb delete-item --table-name "${to}secrets" --key '{"name": {"S": "epoch"}}'

if [ -n "$bucket" ]; then
  # Segments and manifests that were removed or replaced since then come back; those that were written since then go.
  # Both leave a version behind, so another run with another instant is possible while the bucket keeps versions.
  versions=$(aws s3api list-object-versions --bucket "$bucket" --prefix conversations/ --output json)
  jq -r --arg at "$at" '
      def time: sub("\\.[0-9]+"; "") | sub("\\+00:00$"; "Z");
      [(.Versions // [])[] + {kind: "version"}, (.DeleteMarkers // [])[] + {kind: "marker"}]
      | group_by(.Key)[]
      | sort_by(.LastModified | time)
      | . as $all
      | ([$all[] | select((.LastModified | time) <= $at)] | last) as $past
      | ([$all[] | select(.IsLatest)] | last) as $present
      | if $past != null and $past.kind == "version" and $present.VersionId != $past.VersionId
        then "back\t\($past.Key)\t\($past.VersionId)"
        elif ($past == null or $past.kind == "marker") and $present.kind == "version"
        then "away\t\($present.Key)\t\($present.VersionId)"
        else empty end' <<<"$versions" |
    while IFS=$'\t' read -r what key version; do
      if [ "$what" = back ]; then
        change aws s3api copy-object --bucket "$bucket" --key "$key" --copy-source "$bucket/$key?versionId=$version"
      else
        change aws s3api delete-object --bucket "$bucket" --key "$key"
      fi
    done
fi

if [ -n "$apply" ]; then
  echo "restored to $at: set PARLEY_DYNAMODB_TABLE_PREFIX to $to, run verify, and start the nodes"
else
  echo "nothing was changed: run it again with --apply"
fi
