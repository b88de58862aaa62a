#!/bin/sh
# May SERVICE be released to ENVIRONMENT now? For CI systems without a check of Sluice: asks a running server.
# usage: SLUICE_SERVER=https://sluice.example SLUICE_TOKEN=… sh gate.sh SERVICE ENVIRONMENT
# Exit 0: yes. 1: no, with the reasons. 2: wrong usage. 3: the server gives no answer, which is not a yes.
set -u
[ $# -eq 2 ] || { echo "usage: sh gate.sh SERVICE ENVIRONMENT" >&2; exit 2; }
command -v jq >/dev/null || { echo "jq is missing. Next: install jq" >&2; exit 3; }

freezes=$(sluice freeze list --json) || exit 3
budgets=$(sluice budget list --json) || exit 3

frozen=$(printf '%s' "$freezes" | jq -r --arg s "$1" --arg e "$2" '
  .freezes[] | select(.state == "stands")
  | select(.scope.service == "*" or .scope.service == $s)
  | select(.scope.environment == "*" or .scope.environment == $e)
  | "FROZEN \(.scopeText): \(.reason)"')
spent=$(printf '%s' "$budgets" | jq -r --arg s "$1" --arg e "$2" '
  [.budgets[] | select(.service == $s and .environment == $e)]
  | if length == 0 then "BUDGET_UNKNOWN no SLO of \($s) in \($e) is declared"
    else .[] | if .left == null then "BUDGET_UNKNOWN \(.slo): no data"
               elif .left <= 0 then "BUDGET_EXHAUSTED \(.slo): overspent by \(-.left * 1000 | round / 10)%"
               else empty end
    end')

[ -z "$frozen$spent" ] && { echo "$1 may be released to $2"; exit 0; }
printf '%s\n' "$frozen" "$spent" | sed '/^$/d'
exit 1
