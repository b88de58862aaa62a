{{/* Both burn-rate windows at or above their thresholds: 1 or 0, SLO by SLO, some of which may be another service's. */}}
{{- define "service.burnPair" -}}
{{- $slos := printf "environment=%s,slo=~%s" (.Values.environment | quote) (join "|" .Values.sluice.slos | quote) -}}
{{- $fast := printf "(max by (slo) (%s{%s}) >= bool %v)" .Values.sluice.burn.fast.series $slos .Values.sluice.burn.fast.threshold -}}
{{- with .Values.sluice.burn.slow -}}
{{- printf "(%s * (max by (slo) (%s{%s}) >= bool %v))" $fast .series $slos .threshold -}}
{{- else -}}
{{- $fast -}}
{{- end -}}
{{- end -}}

{{/* Selectors of what is seen of this service here: its targets, and the series that its SLOs count. With a matcher more. */}}
{{- define "service.seen" -}}
{{- $up := printf "up{service=%s,environment=%s}" (include "service.name" .root | quote) (.root.Values.environment | quote) -}}
{{- $form := .form -}}
{{- $more := .more -}}
{{- $parts := list -}}
{{- range prepend .root.Values.sluice.series $up -}}
{{- $parts = append $parts (printf $form (printf "%s%s}" (trimSuffix "}" .) $more)) -}}
{{- end -}}
{{- join " or " $parts -}}
{{- end -}}

{{/*
1: one SLO burns in every window, and did not all the time since the canary came. 0: none does, or it burned before.
0.5: the canary, or one of the SLOs, is not seen. `sluice render --format kubernetes` writes the same.
*/}}
{{- define "service.burnQuery" -}}
{{- $pair := include "service.burnPair" . -}}
{{- $within := printf "[1h:%s]" .Values.sluice.interval -}}
{{- $label := .Values.sluice.revisionLabel -}}
{{- $seen := include "service.seen" (dict "root" . "form" "%s" "more" "") -}}
{{- $apart := include "service.seen" (dict "root" . "form" "%s" "more" (printf `,%s!=""` $label)) -}}
{{- $canary := include "service.seen" (dict "root" . "form" "last_over_time(%s[2m])" "more" (printf `,%s="{{args.revision}}"` $label)) -}}
max(
  {{ $pair }}
  * clamp_min(
    max_over_time((time() * (
      1 - {{ $pair }}
      or (
        {{- range $i, $slo := .Values.sluice.slos }}
        {{ if $i }}or {{ end }}label_replace(vector(1), "slo", {{ $slo | quote }}, "", "")
        {{- end }}
      ) * on () group_left () group({{ $seen }})
    )){{ $within }})
    >= bool scalar(
      max_over_time((time() * (group({{ $apart }}) unless on () group({{ $canary }}))){{ $within }})
      or vector(1)
    ),
    scalar(max(0.5 * absent(group({{ $canary }})) or vector(0)))
  )
  or 0.5 * (count({{ $pair }}) < bool {{ len .Values.sluice.slos }})
)
{{- end -}}
