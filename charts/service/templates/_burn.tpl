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

{{/* Selects what is scraped of this service here. */}}
{{- define "service.here" -}}
service={{ include "service.name" . | quote }},environment={{ .Values.environment | quote }}
{{- end -}}

{{/*
1: one SLO burns in every window, and did not all the time since the canary came. 0: none does, or it burned before.
0.5: the canary, or one of the SLOs, is not seen. `sluice render --format kubernetes` writes the same.
*/}}
{{- define "service.burnQuery" -}}
{{- $pair := include "service.burnPair" . -}}
{{- $within := printf "[1h:%s]" .Values.sluice.interval -}}
{{- $revision := printf "%s,%s" (include "service.here" .) .Values.sluice.revisionLabel -}}
{{- $canary := printf `up{%s="{{args.revision}}"}[2m]` $revision -}}
{{- $watched := printf `group(up{%s!=""})` $revision -}}
max(
  {{ $pair }}
  * clamp_min(
    max_over_time((time() * (
      1 - {{ $pair }}
      {{- range .Values.sluice.slos }}
      or label_replace({{ $watched }}, "slo", {{ . | quote }}, "", "")
      {{- end }}
    )){{ $within }})
    >= bool scalar(
      max_over_time((time() * ({{ $watched }} unless on () group(last_over_time({{ $canary }})))){{ $within }})
      or vector(1)
    ),
    scalar(max(0.5 * absent_over_time({{ $canary }}) or vector(0)))
  )
  or 0.5 * (count({{ $pair }}) < bool {{ len .Values.sluice.slos }})
)
{{- end -}}
