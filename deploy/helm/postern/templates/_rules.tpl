{{- /* What no schema can say: each broken rule ends the rendering with what to do. */ -}}
{{- define "postern.rules" -}}
{{- $values := .Values -}}
{{- $deployment := eq $values.mode "deployment" -}}
{{- if and $deployment (not $values.existingConfigMap) -}}
{{- if ne (include "postern.tlsSources" . | int) 1 -}}
{{- fail "tls: give one source: tls.existingSecret, tls.existingVolume, tls.certManager.enabled or tls.istio.enabled. Postern takes calls from other hosts over mutual TLS alone." -}}
{{- end -}}
{{- if not $values.callers -}}
{{- fail "callers: name the certificates of the Envoys that may ask, such as spiffe://cluster.local/ns/shop/sa/shop or dns:edge.example. Whoever may ask is Envoy to Postern." -}}
{{- end -}}
{{- end -}}
{{- if and (eq $values.mode "daemonset") (not $values.daemonset.allowHostPath) -}}
{{- fail "daemonset.allowHostPath: mode daemonset puts its socket into a folder of the node, which is outside the restricted pod security standard. Say `true` if that is meant." -}}
{{- end -}}
{{- $policies := 0 -}}
{{- range list $values.policy.inline $values.policy.existingConfigMap $values.policy.existingVolume -}}
{{- if . }}{{ $policies = add1 $policies }}{{ end -}}
{{- end -}}
{{- if gt (int $policies) 1 -}}
{{- fail "policy: inline, existingConfigMap and existingVolume exclude each other." -}}
{{- end -}}
{{- if and $values.existingConfigMap $values.config -}}
{{- fail "existingConfigMap brings a whole postern.yaml; config would not be read." -}}
{{- end -}}
{{- $needed := add $values.preStopSeconds $values.drainSeconds 5 -}}
{{- if lt (int $values.terminationGracePeriodSeconds) (int $needed) -}}
{{- fail (printf "terminationGracePeriodSeconds: %d is less than preStopSeconds + drainSeconds + 5 = %d; the kubelet would kill Postern in the middle of its drain." (int $values.terminationGracePeriodSeconds) (int $needed)) -}}
{{- end -}}
{{- $budget := $values.podDisruptionBudget -}}
{{- if and (not (kindIs "invalid" $budget.minAvailable)) (not (kindIs "invalid" $budget.maxUnavailable)) -}}
{{- fail "podDisruptionBudget: minAvailable and maxUnavailable exclude each other." -}}
{{- end -}}
{{- if and $values.autoscaling.enabled (gt (int $values.autoscaling.minReplicas) (int $values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling: minReplicas is more than maxReplicas." -}}
{{- end -}}
{{- if and $values.networkPolicy.enabled $deployment (not $values.networkPolicy.envoys) -}}
{{- fail "networkPolicy.envoys: name who reaches the gRPC port; with nobody in it every Check fails." -}}
{{- end -}}
{{- if and $values.tls.certManager.clients (not $values.tls.certManager.issuerRef) -}}
{{- range $values.tls.certManager.clients -}}
{{- if and .namespace (ne .namespace (include "postern.namespace" $)) -}}
{{- fail "tls.certManager.clients: the chart's own authority issues in its own namespace alone; name a ClusterIssuer in tls.certManager.issuerRef." -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if or $values.istio.enabled $values.envoyGateway.enabled -}}
{{- if not $deployment -}}
{{- fail "istio and envoyGateway: their Envoys reach Postern over the network; use mode deployment." -}}
{{- end -}}
{{- end -}}
{{- if $values.istio.enabled -}}
{{- if not $values.istio.targets -}}
{{- fail "istio.targets: name what is guarded; without it istio.enabled does nothing." -}}
{{- end -}}
{{- if and (eq $values.istio.destinationRule.mode "MUTUAL") (not $values.istio.destinationRule.tls) -}}
{{- fail "istio.destinationRule.tls: mode MUTUAL needs credentialName, or clientCertificate, privateKey and caCertificates." -}}
{{- end -}}
{{- range $values.istio.targets -}}
{{- if and (eq .context "waypoint") (not .targetRefs) -}}
{{- fail (printf "istio.targets: %s is a waypoint; name it by targetRefs, not by selector." .name) -}}
{{- end -}}
{{- if eq (empty .selector) (empty .targetRefs) -}}
{{- fail (printf "istio.targets: %s needs one of selector and targetRefs." .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $values.envoyGateway.enabled -}}
{{- range $key := list "namespace" "gateway" "listeners" -}}
{{- if not (get $values.envoyGateway $key) -}}
{{- fail (printf "envoyGateway.%s is required with envoyGateway.enabled." $key) -}}
{{- end -}}
{{- end -}}
{{- if not $values.envoyGateway.backendTLSPolicy.caConfigMap -}}
{{- fail "envoyGateway.backendTLSPolicy.caConfigMap: name the ConfigMap with the authority of Postern's certificate; without it Envoy would speak to whoever answers." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "postern.tlsSources" -}}
{{- $count := 0 -}}
{{- range list .Values.tls.existingSecret .Values.tls.existingVolume .Values.tls.certManager.enabled .Values.tls.istio.enabled -}}
{{- if . }}{{ $count = add1 $count }}{{ end -}}
{{- end -}}
{{- $count -}}
{{- end -}}
