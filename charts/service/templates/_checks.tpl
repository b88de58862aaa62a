{{/* Refuses values that contradict each other: what the schema cannot express. */}}
{{- define "service.checks" -}}
{{- $name := include "service.name" . -}}
{{- if gt (len $name) 50 -}}
{{- fail (printf "%s has %d characters: names derived from it would be truncated. Next: set service, or the release name, to at most 50 characters" $name (len $name)) -}}
{{- end -}}
{{- if not (regexMatch "^[a-z]" $name) -}}
{{- fail (printf "%s does not begin with a letter, as the name of a Service must. Next: set service" $name) -}}
{{- end -}}
{{- include "service.checkLabels" . -}}
{{- include "service.checkPorts" . -}}
{{- include "service.checkScaling" . -}}
{{- if gt (int .Values.preStopSeconds) (int .Values.terminationGracePeriodSeconds) -}}
{{- fail (printf "preStopSeconds: %d is longer than terminationGracePeriodSeconds: %d, after which the pod is killed. Next: raise terminationGracePeriodSeconds" (int .Values.preStopSeconds) (int .Values.terminationGracePeriodSeconds)) -}}
{{- end -}}
{{- range concat .Values.sidecars .Values.initContainers -}}
{{- if eq .name "service" -}}
{{- fail "sidecars, initContainers: the name service belongs to the service's own container. Next: choose another name" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "service.checkLabels" -}}
{{- $values := .Values -}}
{{- range $of := list "commonLabels" "podLabels" -}}
{{- range list "app.kubernetes.io/name" "app.kubernetes.io/instance" "sluice.dev/environment" -}}
{{- if hasKey (get $values $of) . -}}
{{- fail (printf "%s: %s is set by the chart. Next: set service, environment or the release name instead" $of .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "service.checkPorts" -}}
{{- $names := list -}}
{{- $served := list -}}
{{- range include "service.ports" . | fromJsonArray -}}
{{- if has .name $names -}}
{{- fail (printf "extraPorts: two ports are named %s (the main port is http). Next: choose another name" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- if .servicePort -}}{{- $served = append $served .name -}}{{- end -}}
{{- end -}}
{{- if and .Values.metrics.enabled (not (has .Values.metrics.port (include "service.portNames" . | fromJsonArray))) -}}
{{- fail (printf "metrics.port: no port is named %s. Next: use one of %s, or add it to extraPorts" .Values.metrics.port (include "service.portNames" . | fromJsonArray | join ", ")) -}}
{{- end -}}
{{- if not (has .Values.traffic.port $served) -}}
{{- fail (printf "traffic.port: no Service port is named %s. Next: use one of %s, or give it a servicePort in extraPorts" .Values.traffic.port (join ", " $served)) -}}
{{- end -}}
{{- end -}}

{{- define "service.checkScaling" -}}
{{- if and .Values.dynamicStableScale (not (include "service.routed" .)) -}}
{{- fail "dynamicStableScale requires a route that splits traffic. Next: set traffic.mode to edge or internal" -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if .enabled -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail (printf "autoscaling: minReplicas: %d is greater than maxReplicas: %d. Next: raise maxReplicas" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- if not (or .cpu .memory .metrics) -}}
{{- fail "autoscaling: no metric to scale by. Next: set cpu, memory or metrics" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
