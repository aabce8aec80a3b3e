{{- /* postern.yaml: the user's keys, and over them what the chart decides. */ -}}
{{- define "postern.config" -}}
{{- $files := .Values.tls.files -}}
{{- $admin := dict "read_token_file" "/etc/postern/admin/read-token" -}}
{{- with .Values.admin.writeTokenKey }}{{ $_ := set $admin "write_token_file" "/etc/postern/admin/write-token" }}{{ end -}}
{{- $serve := dict
  "admin" (printf "%s:%d" .Values.grpc.address (int .Values.admin.port))
  "admin_auth" $admin
  "drain_seconds" .Values.drainSeconds
  "workers" .Values.workers -}}
{{- if eq .Values.mode "deployment" -}}
{{- $_ := set $serve "grpc" (list (printf "%s:%d" .Values.grpc.address (int .Values.grpc.port))) -}}
{{- $names := ternary (dict "certificate" "cert-chain.pem" "key" "key.pem" "clientCa" "root-cert.pem") $files .Values.tls.istio.enabled -}}
{{- $_ := set $serve "tls" (dict
  "certificate" (printf "/etc/postern/tls/%s" $names.certificate)
  "key" (printf "/etc/postern/tls/%s" $names.key)
  "client_ca" (printf "/etc/postern/tls/%s" $names.clientCa)) -}}
{{- $_ := set $serve "callers" .Values.callers -}}
{{- else -}}
{{- $_ := set $serve "grpc" (list "unix:///run/postern/grpc.sock") -}}
{{- $_ := set $serve "socket_mode" .Values.daemonset.socketMode -}}
{{- end -}}
{{- $own := dict "serve" $serve "policy" (dict "bundle" (printf "/etc/postern/policy/%s" .Values.policy.file)) -}}
{{- if .Values.hashKey.existingSecret -}}
{{- $_ := set $own "fields" (dict "hash_key_file" "/etc/postern/hash-key/hash-key") -}}
{{- end -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $own) -}}
{{- end -}}

{{- define "postern.configMapName" -}}
{{- .Values.existingConfigMap | default (include "postern.fullname" .) -}}
{{- end -}}

{{- define "postern.adminSecretName" -}}
{{- .Values.admin.existingSecret | default (printf "%s-admin" (include "postern.fullname" .)) -}}
{{- end -}}

{{- define "postern.tlsSecretName" -}}
{{- .Values.tls.existingSecret | default (printf "%s-tls" (include "postern.fullname" .)) -}}
{{- end -}}

{{- /* Whether answers are masked, as far as the configuration says. */ -}}
{{- define "postern.identityHeaders" -}}
{{- $headers := dig "identity" "headers" dict .Values.config -}}
{{- range list (dig "id" "x-postern-id" $headers) (dig "issuer" "x-postern-issuer" $headers) -}}
{{- if ne . "off" }}
- {{ . }}
{{- end -}}
{{- end -}}
{{- end -}}
