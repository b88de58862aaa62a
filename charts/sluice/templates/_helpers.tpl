{{- define "sluice.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "sluice.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "sluice.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "sluice.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "sluice.declaration" -}}
{{- default (printf "%s-declaration" (include "sluice.name" .)) .Values.declarationConfigMap -}}
{{- end -}}

{{/* Names by which it may be asked: those of its Service, its own address, and what is declared. */}}
{{- define "sluice.hosts" -}}
{{- $name := include "sluice.name" . -}}
{{- $own := list $name (printf "%s.%s" $name .Release.Namespace) (printf "%s.%s.svc" $name .Release.Namespace) -}}
{{- $own = append $own (printf "%s.%s.svc.cluster.local" $name .Release.Namespace) -}}
{{- with .Values.service.clusterIP }}{{- $own = append $own . -}}{{- end -}}
{{- with .Values.ingress.host }}{{- $own = append $own . -}}{{- end -}}
{{- concat $own .Values.publicHosts | toJson -}}
{{- end -}}
