{{- /* Parts of Envoy's configuration that both meshes need. All of it is held against envoy/authz-and-fields.yaml by `postern check --envoy`. */ -}}

{{- define "postern.envoy.retry" -}}
retry_on: connect-failure,refused-stream,reset,unavailable
num_retries: 3
# max_interval is the time limit of each try, too.
retry_back_off: {base_interval: 0.01s, max_interval: 0.2s}
retry_host_predicate:
  - name: envoy.retry_host_predicates.previous_hosts
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate
host_selection_retry_max_attempts: 5
{{- end -}}

{{- /* One key of the decision's metadata, compared as a whole: (list key value). */ -}}
{{- define "postern.envoy.handoffKey" -}}
single_predicate:
  input:
    name: envoy.matching.inputs.dynamic_metadata
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput
      filter: envoy.filters.http.ext_authz
      path: [{key: {{ index . 0 }}}]
  custom_match:
    name: envoy.matching.matchers.metadata_matcher
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.matching.input_matchers.metadata.v3.Metadata
      value: {string_match: {exact: {{ index . 1 | quote }}}}
{{- end -}}

{{- define "postern.envoy.skip" -}}
action:
  name: skip
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.common.matcher.action.v3.SkipFilter
{{- end -}}

{{- /* ext_proc inside the matcher that leaves it out where the decision released the answer whole, and where Envoy itself
answered before the upstream was asked: (dict "cluster" … "authority" … "timeout" …). Never with on_no_match, never inverted. */ -}}
{{- define "postern.envoy.extProc" -}}
"@type": type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher
xds_matcher:
  matcher_list:
    matchers:
      - predicate:
          and_matcher:
            predicate:
              - {{- include "postern.envoy.handoffKey" (list "postern" "1") | nindent 16 }}
              - {{- include "postern.envoy.handoffKey" (list "fields" "all") | nindent 16 }}
        on_match:
          {{- include "postern.envoy.skip" . | nindent 10 }}
      - predicate:
          or_matcher:
            predicate:
              {{- range list "ext_authz_denied" "ext_authz_error" "route_not_found" "http1.unexpected_underscore" "http1.headers_too_large" "http1.codec_error" }}
              - single_predicate:
                  input:
                    name: cel
                    typed_config: {"@type": type.googleapis.com/xds.type.matcher.v3.HttpAttributesCelMatchInput}
                  custom_match:
                    name: cel
                    typed_config:
                      "@type": type.googleapis.com/xds.type.matcher.v3.CelMatcher
                      # response.code_details == {{ . }}, in the parsed form that Envoy needs here
                      expr_match:
                        cel_expr_parsed:
                          expr:
                            id: 1
                            call_expr:
                              function: _==_
                              args:
                                - {id: 2, select_expr: {operand: {id: 3, ident_expr: {name: response}}, field: code_details}}
                                - {id: 4, const_expr: {string_value: {{ . }}}}
              {{- end }}
        on_match:
          {{- include "postern.envoy.skip" . | nindent 10 }}
extension_config:
  name: envoy.filters.http.ext_proc
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor
    failure_mode_allow: false
    status_on_error: {code: BadGateway}
    message_timeout: {{ .timeout }}
    # The only modes in which every failure still gives a whole error answer and no unmasked byte.
    processing_mode:
      request_header_mode: SKIP
      request_body_mode: NONE
      request_trailer_mode: SKIP
      response_header_mode: SEND
      response_body_mode: BUFFERED
      response_trailer_mode: SEND
    allow_mode_override: true
    allowed_override_modes:
      - response_header_mode: SEND
        request_body_mode: NONE
        response_body_mode: NONE
        request_trailer_mode: SKIP
        response_trailer_mode: SKIP
    mutation_rules: {allow_envoy: true, disallow_is_error: true}
    metadata_options:
      forwarding_namespaces: {untyped: [envoy.filters.http.ext_authz]}
    response_attributes: [response.code_details, request.method]
    grpc_service:
      envoy_grpc:
        cluster_name: {{ .cluster | quote }}
        # Without it the cluster's name is the :authority, and its signs are none that HTTP/2 allows there.
        authority: {{ .authority }}
      retry_policy:
        {{- include "postern.envoy.retry" . | nindent 8 }}
{{- end -}}

{{- /* What ext_authz needs beside what the meshes' own resources say. */ -}}
{{- define "postern.envoy.extAuthz" -}}
validate_mutations: true
encode_raw_headers: true
include_peer_certificate: true
include_tls_session: true
decoder_header_mutation_rules: {disallow_system: true, disallow_is_error: true}
metadata_context_namespaces: [envoy.filters.http.ext_authz]
{{- end -}}

{{- /* What a route whose answers are masked does with headers. */ -}}
{{- define "postern.envoy.route" -}}
# What is compressed would have to be decoded, under limits.
request_headers_to_add:
  - header: {key: accept-encoding, value: identity}
    append_action: OVERWRITE_IF_EXISTS_OR_ADD
# A part of a JSON text cannot be masked, and a 304 would speak of somebody else's view.
request_headers_to_remove: [range, if-range, if-none-match, if-modified-since]
# Allowed answers are private; an upstream's orders to caches in front must not undo it.
response_headers_to_remove: [surrogate-control, surrogate-key, cdn-cache-control, cloudflare-cdn-cache-control, akamai-cache-control, edge-control, edge-cache-tag, cache-tag, x-accel-expires]
{{- end -}}
