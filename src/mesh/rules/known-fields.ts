/**
 * Fields of the messages that Postern rests on, as Envoy 1.40 knows them, and the message behind a field where it is
 * looked into too. Names are proto names.
 */
type Fields = Readonly<Record<string, string>>;

const LEAF = "";

function fields(names: string, messages: Fields = {}): Fields {
	const all: Record<string, string> = {};
	for (const name of names.split(" ")) all[name] = LEAF;
	return { ...all, ...messages };
}

export const KNOWN_FIELDS: Readonly<Record<string, Fields>> = {
	ExtAuthz: fields(
		"http_service transport_api_version failure_mode_allow failure_mode_allow_header_add clear_route_cache clear_route_cache_headers status_on_error validate_mutations metadata_context_namespaces typed_metadata_context_namespaces route_metadata_context_namespaces route_typed_metadata_context_namespaces filter_enabled filter_enabled_metadata deny_at_disable include_peer_certificate stat_prefix bootstrap_metadata_labels_key allowed_headers disallowed_headers include_tls_session charge_cluster_response_stats encode_raw_headers enable_dynamic_metadata_ingestion filter_metadata emit_filter_state_stats max_denied_response_body_bytes enforce_response_header_limits shadow_mode emit_client_span",
		{
			grpc_service: "GrpcService",
			with_request_body: "BufferSettings",
			decoder_header_mutation_rules: "HeaderMutationRules",
		},
	),
	BufferSettings: fields("max_request_bytes allow_partial_message pack_as_bytes"),
	HeaderMutationRules: fields(
		"allow_all_routing allow_envoy disallow_system disallow_all allow_expression disallow_expression disallow_is_error",
	),
	GrpcService: fields("google_grpc timeout initial_metadata", {
		envoy_grpc: "EnvoyGrpc",
		retry_policy: "RetryPolicy",
	}),
	EnvoyGrpc: fields("cluster_name authority max_receive_message_length skip_envoy_headers", {
		retry_policy: "RetryPolicy",
	}),
	RetryPolicy: fields(
		"num_retries retry_on retry_priority retry_host_predicate host_selection_retry_max_attempts",
		{ retry_back_off: "BackoffStrategy" },
	),
	BackoffStrategy: fields("base_interval max_interval"),
	ExternalProcessor: fields(
		"http_service failure_mode_allow request_attributes response_attributes message_timeout stat_prefix max_message_timeout filter_metadata allow_mode_override disable_immediate_response observability_mode disable_clear_route_cache route_cache_action deferred_close_timeout send_body_without_waiting_for_header_response processing_request_modifier on_processing_response status_on_error allow_content_length_header emit_client_span",
		{
			grpc_service: "GrpcService",
			processing_mode: "ProcessingMode",
			allowed_override_modes: "ProcessingMode",
			mutation_rules: "HeaderMutationRules",
			forward_rules: "HeaderForwardingRules",
			metadata_options: "MetadataOptions",
		},
	),
	ProcessingMode: fields(
		"request_header_mode response_header_mode request_body_mode response_body_mode request_trailer_mode response_trailer_mode",
	),
	HeaderForwardingRules: fields("allowed_headers disallowed_headers"),
	MetadataOptions: fields("", {
		forwarding_namespaces: "MetadataNamespaces",
		receiving_namespaces: "MetadataNamespaces",
		cluster_metadata_forwarding_namespaces: "MetadataNamespaces",
	}),
	MetadataNamespaces: fields("untyped typed"),
	ExtensionWithMatcher: fields("matcher xds_matcher extension_config"),
	/** Resources of Kubernetes: fields that the server does not know are dropped there without a word. */
	ExtAuth: fields(
		"http headers_to_ext_auth timeout fail_open recompute_route include_route_metadata context_extensions status_on_error",
		{ grpc: "BackendCluster", body_to_ext_auth: "BodyToExtAuth" },
	),
	BodyToExtAuth: fields("max_request_bytes"),
	BackendCluster: fields("backend_ref backend_refs backend_settings"),
	ExtProc: fields(
		"backend_ref backend_refs backend_settings message_timeout fail_open shadow_mode status_on_error",
		{ processing_mode: "ExtProcProcessingMode", metadata: "ExtProcMetadata" },
	),
	ExtProcProcessingMode: fields("allow_mode_override", {
		request: "ProcessingModeOptions",
		response: "ProcessingModeOptions",
	}),
	ProcessingModeOptions: fields("body attributes"),
	ExtProcMetadata: fields("accessible_namespaces writable_namespaces"),
	EnvoyExtAuthzGrpc: fields("service port timeout fail_open clear_route_cache status_on_error", {
		include_request_body_in_check: "IncludeRequestBody",
	}),
	IncludeRequestBody: fields("max_request_bytes allow_partial_message pack_as_bytes"),
};

/** Enums of those fields, by message and field. */
export const KNOWN_VALUES: Readonly<Record<string, readonly string[]>> = {
	"ProcessingMode.request_header_mode": ["DEFAULT", "SEND", "SKIP"],
	"ProcessingMode.response_header_mode": ["DEFAULT", "SEND", "SKIP"],
	"ProcessingMode.request_trailer_mode": ["DEFAULT", "SEND", "SKIP"],
	"ProcessingMode.response_trailer_mode": ["DEFAULT", "SEND", "SKIP"],
	"ProcessingMode.request_body_mode": [
		"NONE",
		"STREAMED",
		"BUFFERED",
		"BUFFERED_PARTIAL",
		"FULL_DUPLEX_STREAMED",
		"GRPC",
	],
	"ProcessingMode.response_body_mode": [
		"NONE",
		"STREAMED",
		"BUFFERED",
		"BUFFERED_PARTIAL",
		"FULL_DUPLEX_STREAMED",
		"GRPC",
	],
	"ExternalProcessor.route_cache_action": ["DEFAULT", "CLEAR", "RETAIN"],
	"ProcessingModeOptions.body": ["Streamed", "Buffered", "BufferedPartial", "FullDuplexStreamed"],
};
