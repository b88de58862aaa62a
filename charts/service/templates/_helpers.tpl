{{/*
The values, with a desired-state file of Sluice among them understood: `digest` says which image, and what stands
under `values` (or `config`) is as if it stood beside. So that file itself is a values file of this chart.
*/}}
{{- define "service.values" -}}
{{- $own := dict -}}
{{- with .Values.digest -}}
{{- $own = dict "image" (dict "digest" .) -}}
{{- end -}}
{{- toYaml (mergeOverwrite (deepCopy .Values) $own (default dict .Values.config) (default dict .Values.values)) -}}
{{- end -}}

{{- define "service.name" -}}
{{- default .Release.Name .Values.service | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "service.selector" -}}
app.kubernetes.io/name: {{ include "service.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "service.labels" -}}
{{ include "service.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.version }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
{{- with .Values.environment }}
sluice.dev/environment: {{ . }}
{{- end }}
{{- end -}}

{{- define "service.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "service.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "service.image" -}}
{{- $repository := required "image.repository says what runs" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (required "image.digest or image.tag says which" .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Where traffic is split by an Ingress or a route, and not by numbers of pods. */}}
{{- define "service.routed" -}}
{{- if or (eq .Values.traffic.mode "edge") (eq .Values.traffic.mode "internal") -}}yes{{- end -}}
{{- end -}}

{{/* How many answers may be inconclusive before a person is asked. */}}
{{- define "service.limit" -}}
{{- $seconds := .Values.sluice.interval | trimSuffix "s" | int -}}
{{- max 1 (div (int .Values.sluice.deadlineSeconds) (max 1 $seconds)) -}}
{{- end -}}
