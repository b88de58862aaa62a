{{- define "sluice.name" -}}
{{- .Release.Name -}}
{{- end -}}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of every object but the pods. */}}
{{- define "sluice.labels" -}}
{{- $own := include "sluice.selector" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63) -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end -}}

{{/* What every object is called, with labels and annotations: { root, name, namespace, labels, annotations }. */}}
{{- define "sluice.metadata" -}}
name: {{ .name }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- toYaml (merge (include "sluice.labels" .root | fromYaml) (default dict .labels)) | nindent 2 }}
{{- with merge (deepCopy (default dict .annotations)) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Roles in a namespace of others are called by the release and its namespace: two releases may follow one namespace. */}}
{{- define "sluice.roleName" -}}
{{- $name := include "sluice.name" .root -}}
{{- if eq .namespace .root.Release.Namespace }}{{ $name }}{{ else }}{{ printf "%s-%s" .root.Release.Namespace $name }}{{ end -}}
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

{{/* Where the Platform of the declaration keeps its ledger: postgres or file; empty: no declaration is at hand. */}}
{{- define "sluice.declaredLedger" -}}
{{- $found := ternary "" "file" (empty .Values.declaration) -}}
{{- range .Values.declaration -}}
{{- range regexSplit "(?m)^---" . -1 -}}
{{- $document := fromYaml . -}}
{{- $spec := get $document "spec" -}}
{{- if and (eq (get $document "kind" | toString) "Platform") (kindIs "map" $spec) -}}
{{- $ledger := get $spec "ledger" -}}
{{- if and (kindIs "map" $ledger) (get $ledger "postgres") -}}{{- $found = "postgres" -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{/* Where decisions are kept: postgres or file. */}}
{{- define "sluice.ledger" -}}
{{- $declared := include "sluice.declaredLedger" . -}}
{{- $said := .Values.ledger -}}
{{- if and $said $declared (ne $said $declared) -}}
{{- fail (printf "ledger: %s contradicts the declaration, which says %s. Next: remove ledger" $said $declared) -}}
{{- end -}}
{{- default $declared $said | required "ledger: required with declarationConfigMap, which the chart cannot read. Next: set ledger to postgres or file" -}}
{{- end -}}

{{- define "sluice.replicas" -}}
{{- $postgres := eq (include "sluice.ledger" .) "postgres" -}}
{{- $replicas := default (ternary 2 1 $postgres) .Values.replicas | int -}}
{{- if and (gt $replicas 1) (not $postgres) -}}
{{- fail (printf "replicas: %d servers cannot share a ledger file. Next: declare PostgreSQL (spec.ledger.postgres in the Platform), or set replicas to 1" $replicas) -}}
{{- end -}}
{{- $replicas -}}
{{- end -}}

{{/* The claim of a ledger in a file; empty: there is none. */}}
{{- define "sluice.claim" -}}
{{- if and .Values.persistence.enabled (eq (include "sluice.ledger" .) "file") -}}
{{- default (printf "%s-ledger" (include "sluice.name" .)) .Values.persistence.existingClaim -}}
{{- end -}}
{{- end -}}

{{- define "sluice.checks" -}}
{{- if not (or .Values.rightsOnly .Values.declarationConfigMap .Values.declaration) -}}
{{- fail "declaration (files by name) or declarationConfigMap says what Sluice serves" -}}
{{- end -}}
{{- if and .Values.declarationConfigMap .Values.declaration -}}
{{- fail "declaration and declarationConfigMap are both set. Next: remove one of them" -}}
{{- end -}}
{{- $name := include "sluice.name" . -}}
{{- if gt (len $name) 50 -}}
{{- fail (printf "%s has %d characters: names derived from it would be truncated. Next: choose a release name of at most 50 characters" $name (len $name)) -}}
{{- end -}}
{{- range $of := list "commonLabels" "podLabels" -}}
{{- range list "app.kubernetes.io/name" "app.kubernetes.io/instance" -}}
{{- if hasKey (get $.Values $of) . -}}
{{- fail (printf "%s: %s is set by the chart, which selects pods by it. Next: choose another label" $of .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
