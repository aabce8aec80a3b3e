{{- /* Where a patch applies: (list CONTEXT filter), the filter empty for the connection manager itself. */ -}}
{{- define "postern.istio.match" -}}
{{- $filter := dict "name" "envoy.filters.network.http_connection_manager" -}}
{{- with index . 1 }}{{ $_ := set $filter "subFilter" (dict "name" .) }}{{ end -}}
context: {{ index . 0 }}
{{- if eq (index . 0) "WAYPOINT" }}
waypoint:
  filter:
    {{- toYaml $filter | nindent 4 }}
{{- else }}
listener:
  filterChain:
    filter:
      {{- toYaml $filter | nindent 6 }}
{{- end }}
{{- end -}}

{{- /* The part of the mesh configuration that belongs to the provider. */ -}}
{{- define "postern.istio.meshConfig" -}}
meshConfig:
  pathNormalization: {normalization: MERGE_SLASHES}
  extensionProviders:
    - name: {{ .Values.istio.provider }}
      envoyExtAuthzGrpc:
        service: {{ include "postern.host" . }}
        port: {{ .Values.grpc.port }}
        # Without it Istio waits for 600 s.
        timeout: {{ .Values.istio.timeout }}
        failOpen: false
        statusOnError: "503"
        {{- with .Values.istio.maxRequestBytes | int }}
        includeRequestBodyInCheck: {maxRequestBytes: {{ . }}, allowPartialMessage: false, packAsBytes: true}
        {{- end }}
{{- end -}}
