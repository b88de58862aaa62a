{{/* The number of a port that is given by its name. */}}
{{- define "service.portNumber" -}}
{{- $port := .port -}}
{{- $number := "" -}}
{{- if kindIs "string" $port -}}
{{- range include "service.ports" .root | fromJsonArray -}}
{{- if eq .name $port -}}{{- $number = .containerPort -}}{{- end -}}
{{- end -}}
{{- if not $number -}}
{{- fail (printf "probes: no port is named %s. Next: add it to extraPorts, or use its number" $port) -}}
{{- end -}}
{{- else -}}
{{- $number = $port -}}
{{- end -}}
{{- int $number -}}
{{- end -}}

{{/* How a probe asks: one of exec, grpc, tcpSocket, httpGet or path; nothing where it does not say. */}}
{{- define "service.probeHandler" -}}
{{- $p := .probe -}}
{{- if $p.exec -}}
{{- toYaml (dict "exec" $p.exec) -}}
{{- else if $p.grpc -}}
{{- $grpc := dict "port" (include "service.portNumber" (dict "root" .root "port" $p.grpc.port) | int) -}}
{{- with $p.grpc.service -}}{{- $_ := set $grpc "service" . -}}{{- end -}}
{{- toYaml (dict "grpc" $grpc) -}}
{{- else if hasKey $p "tcpSocket" -}}
{{- toYaml (dict "tcpSocket" (merge (dict) $p.tcpSocket (dict "port" "http"))) -}}
{{- else if $p.httpGet -}}
{{- toYaml (dict "httpGet" (merge (dict) $p.httpGet (dict "path" "/" "port" "http"))) -}}
{{- else if $p.path -}}
{{- toYaml (dict "httpGet" (dict "path" $p.path "port" "http")) -}}
{{- end -}}
{{- end -}}

{{/*
All probes. Liveness and startup that do not say how they ask do so as readiness does; only by HTTP liveness takes
/healthz, for what is not ready need not be restarted.
*/}}
{{- define "service.probes" -}}
{{- $root := . -}}
{{- $asks := include "service.probeHandler" (dict "root" . "probe" .Values.probes.readiness) | fromYaml -}}
{{- range $kind := list "readiness" "liveness" "startup" -}}
{{- $p := default dict (get $root.Values.probes $kind) -}}
{{- $own := include "service.probeHandler" (dict "root" $root "probe" $p) | fromYaml -}}
{{- if and (not $own) (ne $kind "readiness") -}}
{{- if $asks.httpGet -}}
{{- $own = dict "httpGet" (merge (dict "path" "/healthz") $asks.httpGet) -}}
{{- else -}}
{{- $own = $asks -}}
{{- end -}}
{{- end -}}
{{- if and $p $own (ne (get $p "enabled" | toString) "false") }}
{{ $kind }}Probe:
  {{- $numbers := pick $p "initialDelaySeconds" "periodSeconds" "timeoutSeconds" "successThreshold" "failureThreshold" "terminationGracePeriodSeconds" }}
  {{- toYaml (merge (dict) $own $numbers) | nindent 2 }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Containers as they are given. One that says nothing of its security has what the service's own has. */}}
{{- define "service.containers" -}}
{{- $security := .security -}}
{{- $all := list -}}
{{- range .containers -}}
{{- $all = append $all (merge (deepCopy .) (ternary dict (dict "securityContext" $security) (hasKey . "securityContext"))) -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{- define "service.lifecycle" -}}
{{- $own := dict -}}
{{- with .Values.preStopSeconds -}}
{{- $own = dict "preStop" (dict "sleep" (dict "seconds" .)) -}}
{{- end -}}
{{- if .Values.lifecycle.preStop -}}{{- $own = dict -}}{{- end -}}
{{- with merge (deepCopy .Values.lifecycle) $own -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "service.mounts" -}}
{{- $mounts := .Values.volumeMounts -}}
{{- if include "service.scratch" . -}}
{{- $mounts = prepend $mounts (dict "name" "scratch" "mountPath" .Values.scratch.mountPath) -}}
{{- end -}}
{{- with $mounts -}}{{- toYaml . -}}{{- end -}}
{{- end -}}

{{- define "service.volumes" -}}
{{- $volumes := .Values.volumes -}}
{{- if include "service.scratch" . -}}
{{- $empty := dict -}}
{{- with .Values.scratch.sizeLimit -}}{{- $empty = dict "sizeLimit" . -}}{{- end -}}
{{- $volumes = prepend $volumes (dict "name" "scratch" "emptyDir" $empty) -}}
{{- end -}}
{{- with $volumes -}}{{- toYaml . -}}{{- end -}}
{{- end -}}

{{/* Whether it gets a folder of its own to write to: not where something else is mounted there. */}}
{{- define "service.scratch" -}}
{{- $at := .Values.scratch.mountPath -}}
{{- $taken := false -}}
{{- range .Values.volumeMounts -}}{{- if eq .mountPath $at -}}{{- $taken = true -}}{{- end -}}{{- end -}}
{{- if and $at (not $taken) -}}yes{{- end -}}
{{- end -}}

{{/* Pods are spread among their like where a constraint does not say among which. */}}
{{- define "service.spread" -}}
{{- $like := dict "labelSelector" (dict "matchLabels" (include "service.selector" . | fromYaml)) -}}
{{- $all := list -}}
{{- range .Values.topologySpreadConstraints -}}
{{- $all = append $all (merge (deepCopy .) (ternary dict $like (hasKey . "labelSelector"))) -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}
