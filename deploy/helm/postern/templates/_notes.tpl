{{- define "postern.notes" -}}
{{- $values := .Values -}}
{{- $name := include "postern.fullname" . -}}
{{- $namespace := include "postern.namespace" . -}}
{{- range include "postern.warnings" . | fromYamlArray }}
WARNING: {{ . }}
{{- end }}

Postern {{ .Chart.AppVersion }} is installed as {{ $values.mode }} {{ $namespace }}/{{ $name }}.

Next:

  kubectl -n {{ $namespace }} rollout status {{ $values.mode }}/{{ $name }}
  helm -n {{ .Release.Namespace }} test {{ .Release.Name }} --logs
  kubectl -n {{ $namespace }} logs {{ $values.mode }}/{{ $name }}
{{ if not (or $values.policy.inline $values.policy.existingConfigMap $values.policy.existingVolume) }}
Give it a policy:

  postern build DIR -o bundle.tar.gz
  helm upgrade {{ .Release.Name }} CHART --reuse-values --set-file policy.inline=<(base64 -w0 bundle.tar.gz)
{{ end }}
{{- if eq $values.mode "daemonset" }}
The Envoys of each node mount {{ $values.daemonset.hostPath }} and call unix://{{ $values.daemonset.hostPath }}/grpc.sock. Their user must be in group 65532.
{{ else }}
Envoys reach it at {{ include "postern.host" . }}:{{ $values.grpc.port }}, over mutual TLS, with a certificate of:
{{ range $values.callers }}
  {{ . }}
{{- end }}
{{ end }}
{{- if $values.istio.enabled }}
Istio: put this into the mesh configuration (IstioOperator, or the values of the chart istiod); a chart cannot own it.
Until it is there Istio denies every request of the targets.

{{ include "postern.istio.meshConfig" . | indent 2 }}
{{ end }}
{{- if $values.envoyGateway.enabled }}
Envoy Gateway: it needs `extensionApis: {enableEnvoyPatchPolicy: true}` in its own configuration, and the Gateway names the EnvoyProxy:

  spec:
    infrastructure:
      parametersRef: {group: gateway.envoyproxy.io, kind: EnvoyProxy, name: {{ $name }}}
{{ end }}
{{- if not (or $values.istio.enabled $values.envoyGateway.enabled) }}
An Envoy with a configuration of its own: start from envoy/authz-and-fields.yaml of the project, with this cluster:
{{ if eq $values.mode "daemonset" }}
  load_assignment: { cluster_name: postern, endpoints: [ { lb_endpoints: [ { endpoint: { address: { pipe: { path: {{ $values.daemonset.hostPath }}/grpc.sock } } } } ] } ] }
{{ else }}
  type: STRICT_DNS
  load_assignment: { cluster_name: postern, endpoints: [ { lb_endpoints: [ { endpoint: { address: { socket_address: { address: {{ include "postern.host" . }}, port_value: {{ $values.grpc.port }} } } } } ] } ] }
  transport_socket: an UpstreamTlsContext with a client certificate of a caller, the authority of Postern's certificate,
    and match_typed_subject_alt_names for {{ include "postern.host" . }}
{{ end }}
{{- end }}
Before it counts, let all of it be checked:

  (helm -n {{ .Release.Namespace }} get manifest {{ .Release.Name }}; cat mesh-config.yaml) | postern check --envoy -
{{- end -}}

{{- /* What must not be overlooked, one line each. */ -}}
{{- define "postern.warnings" -}}
{{- $values := .Values -}}
{{- $config := $values.config -}}
{{- if not (or $values.policy.inline $values.policy.existingConfigMap $values.policy.existingVolume) }}
- no policy is given. Every call is refused and no pod gets ready (policy.inline, policy.existingConfigMap, policy.existingVolume).
{{- end }}
{{- if dig "policy" "dry_run" false $config }}
- 'config.policy.dry_run: denials are recorded and NOT enforced.'
{{- end }}
{{- if eq (dig "fields" "without_decision" "block" $config) "pass" }}
- 'config.fields.without_decision: answers for which nobody decided pass UNMASKED.'
{{- end }}
{{- if not (dig "fields" "enabled" true $config) }}
- 'config.fields.enabled: false: answers are not masked.'
{{- end }}
{{- if eq (dig "audit" "sink" "stdout" $config) "off" }}
- 'config.audit.sink: off: nothing is recorded.'
{{- end }}
{{- if eq (dig "audit" "overflow" "deny" $config) "drop" }}
- 'config.audit.overflow: drop: calls go on while their records are lost.'
{{- end }}
{{- if eq $values.mode "daemonset" }}
- 'mode daemonset uses a folder of the node ({{ $values.daemonset.hostPath }}): whoever can write there is Envoy to Postern.'
{{- else if and (not $values.autoscaling.enabled) (lt (int $values.replicaCount) 2) }}
- 'replicaCount: {{ $values.replicaCount }}: calls fail while it restarts.'
{{- end }}
{{- if $values.existingConfigMap }}
- 'existingConfigMap: the chart cannot see whether addresses, TLS and callers in it are right.'
{{- end }}
{{- if and $values.istio.enabled (not $values.istio.destinationRule.enabled) }}
- 'istio.destinationRule.enabled: false: without circuit breakers and TLS of yours, retries stop at three and Postern refuses the connection.'
{{- end }}
{{- if and $values.istio.enabled (not $values.istio.fields) }}
- 'istio.fields: false: answers are not masked; set config.fields.enabled to false too, or directives are lost.'
{{- end }}
{{- if $values.envoyGateway.enabled }}
{{- if not $values.envoyGateway.patchPolicy.enabled }}
- 'envoyGateway.patchPolicy.enabled: false: headers of decisions are not validated, trailers pass UNMASKED.'
{{- end }}
{{- if not $values.envoyGateway.fields }}
- 'envoyGateway.fields: false: answers are not masked; set config.fields.enabled to false too, or directives are lost.'
{{- end }}
{{- if not $values.envoyGateway.clientTrafficPolicy.enabled }}
- 'envoyGateway.clientTrafficPolicy.enabled: false: unless yours raises it, answers above 32 KiB become 500.'
{{- end }}
{{- if not $values.envoyGateway.backendTrafficPolicy.enabled }}
- 'envoyGateway.backendTrafficPolicy.enabled: false: unless yours switches it off, WebSocket passes UNMASKED.'
{{- end }}
{{- end }}
{{- end -}}
