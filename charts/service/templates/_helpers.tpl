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
{{- default .Release.Name .Values.service -}}
{{- end -}}

{{- define "service.selector" -}}
app.kubernetes.io/name: {{ include "service.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* A version as a label can hold it: 1.4.2+build.7 is 1.4.2_build.7. The exact one stands beside, as an annotation. */}}
{{- define "service.versionLabel" -}}
{{- regexReplaceAll "^[^A-Za-z0-9]+|[^A-Za-z0-9]+$" (regexReplaceAll "[^A-Za-z0-9_.-]" .Values.version "_" | trunc 63) "" -}}
{{- end -}}

{{/* Labels of a pod: what the service itself says. A new chart must not make new pods, so nothing of it is here. */}}
{{- define "service.podLabels" -}}
{{- $own := include "service.selector" . | fromYaml -}}
{{- with include "service.versionLabel" . -}}
{{- $_ := set $own "app.kubernetes.io/version" . -}}
{{- end -}}
{{- with .Values.environment -}}
{{- $_ := set $own "sluice.dev/environment" . -}}
{{- end -}}
{{- toYaml (merge $own .Values.podLabels) -}}
{{- end -}}

{{- define "service.podAnnotations" -}}
{{- $own := dict -}}
{{- if ne (include "service.versionLabel" .) .Values.version -}}
{{- $_ := set $own "sluice.dev/version" .Values.version -}}
{{- end -}}
{{- if .Values.sidecars -}}
{{- $_ := set $own "kubectl.kubernetes.io/default-container" "service" -}}
{{- end -}}
{{- with merge $own .Values.podAnnotations -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{/* Labels of every object but the pods. */}}
{{- define "service.labels" -}}
{{- $own := include "service.selector" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- with include "service.versionLabel" . -}}
{{- $_ := set $own "app.kubernetes.io/version" . -}}
{{- end -}}
{{- with .Values.environment -}}
{{- $_ := set $own "sluice.dev/environment" . -}}
{{- end -}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end -}}

{{/* What every object is called, with labels and annotations: { root, name, labels, annotations }. */}}
{{- define "service.metadata" -}}
name: {{ .name }}
labels:
  {{- toYaml (merge (include "service.labels" .root | fromYaml) (default dict .labels)) | nindent 2 }}
{{- with merge (deepCopy (default dict .annotations)) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
Every port, as JSON: the main one, named http, and those beside it. `servicePort` 0: not on the Services. `own`: the
container of the service declares it, and no sidecar.
*/}}
{{- define "service.ports" -}}
{{- $beside := list -}}
{{- range concat .Values.sidecars .Values.initContainers -}}
{{- range default list .ports -}}{{- $beside = append $beside (default "" .name) -}}{{- end -}}
{{- end -}}
{{- $main := dict "name" "http" "containerPort" .Values.port "servicePort" .Values.servicePort "appProtocol" .Values.appProtocol -}}
{{- $all := list -}}
{{- range prepend .Values.extraPorts $main -}}
{{- $own := or (eq .name "http") (not (has .name $beside)) -}}
{{- $all = append $all (dict "name" .name "containerPort" (int .containerPort) "servicePort" (int (default 0 .servicePort)) "protocol" (default "TCP" .protocol) "appProtocol" (default "" .appProtocol) "own" $own) -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* Names of all ports of the pod, those of sidecars included, as JSON. */}}
{{- define "service.portNames" -}}
{{- $names := list -}}
{{- range include "service.ports" . | fromJsonArray -}}{{- $names = append $names .name -}}{{- end -}}
{{- range concat .Values.sidecars .Values.initContainers -}}
{{- range default list .ports -}}{{- with .name -}}{{- $names = append $names . -}}{{- end -}}{{- end -}}
{{- end -}}
{{- toJson (uniq $names) -}}
{{- end -}}

{{/* The Service that Argo Rollouts points at stable pods: what callers know where a route splits traffic. */}}
{{- define "service.stable" -}}
{{- include "service.name" . }}{{ if not (include "service.routed" .) }}-stable{{ end -}}
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

{{/* How many burn rates may tell nothing: Sluice says for how long, where it is asked; else as long as a release may be held. */}}
{{- define "service.inconclusiveLimit" -}}
{{- if .Values.sluice.server -}}
100000000
{{- else -}}
{{- $seconds := max 1 (.Values.sluice.interval | trimSuffix "s" | int) -}}
{{- max 1 (div (sub (add (int .Values.sluice.holdSeconds) $seconds) 1) $seconds) -}}
{{- end -}}
{{- end -}}

{{/* How many questions nobody need answer: whatever the interval, Argo Rollouts asks again after ten seconds. */}}
{{- define "service.errorLimit" -}}
{{- max 1 (div (add (int .Values.sluice.holdSeconds) 9) 10) -}}
{{- end -}}

{{/* Arguments that headers take which are kept in a Secret. */}}
{{- define "service.headerArgs" -}}
{{- range . }}
{{- if .secret }}
- name: header-{{ .name | lower }}
  valueFrom:
    secretKeyRef: { name: {{ .secret.name }}, key: {{ .secret.key }} }
{{- end }}
{{- end }}
{{- end -}}

{{- define "service.headers" -}}
{{- range . }}
- key: {{ .name }}
  value: {{ if .secret }}{{ printf "{{args.header-%s}}" (.name | lower) | quote }}{{ else }}{{ .value | quote }}{{ end }}
{{- end }}
{{- end -}}

{{/* Where the pods of a router usually are. */}}
{{- define "service.routerNamespace" -}}
{{- if eq .Values.traffic.via "gateway" -}}
{{- default .Release.Namespace .Values.traffic.gateway.namespace -}}
{{- else -}}
ingress-nginx
{{- end -}}
{{- end -}}
