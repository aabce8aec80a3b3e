import type { CodeText } from "../types.ts";

/** How what Istio's provider does not have is set all the same. */
function byMerge(setting: string): string {
	return `Set ${setting} by an EnvoyFilter with \`operation: MERGE\` on \`envoy.filters.http.ext_authz\`: Istio's provider has no such field.`;
}

/** How what Envoy Gateway's policy does not have is set all the same. */
function byPatch(setting: string): string {
	return `Set ${setting} by an EnvoyPatchPolicy: Envoy Gateway's SecurityPolicy has no such field.`;
}

/** Codes about the ext_authz filter. */
export const AUTHZ_CODES = {
	authz_fails_open: {
		severity: "error",
		title: "ext_authz lets requests pass when Postern fails",
		why: "Every gRPC error, every timeout and every restart of Postern is then an allow.",
		fix: "Set `failure_mode_allow: false`, which is the default.",
		istio: "Set `failOpen: false` in the provider, which is the default.",
		gateway: "Set `extAuth.failOpen: false`, which is the default.",
		seen: "With `failure_mode_allow: true` a gRPC error, a timeout, a server that is down and an `error_response` each gave 200 from the upstream.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "authz_fails_open: an error in Postern is an allow",
		},
	},
	authz_partly_enabled: {
		severity: "error",
		title: "ext_authz is off for some requests",
		why: "A request for which the filter is off reaches the upstream without a decision.",
		fix: "Remove `filter_enabled` and `filter_enabled_metadata`, or set `deny_at_disable: { default_value: true }`.",
		seen: "With `filter_enabled` at 0 per cent no Check is made and no hand-off is written; where ext_proc stands in the chain Postern then blocks the answer.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "authz_partly_enabled: what is left out passes without a decision",
		},
	},
	authz_shadow_mode: {
		severity: "error",
		title: "ext_authz decides nothing",
		why: "Under `shadow_mode` a denial ends nothing: the request goes on to the upstream.",
		fix: "Set `shadow_mode: false`; for a trial without effect use Postern's `policy.dry_run`, which the records show.",
		seen: "A denied request reached the upstream; only the block of Postern's ext_proc kept its answer from the caller.",
		proof: {
			file: "test/envoy/handoff.test.ts",
			test: "under shadow mode a denial passes ext_authz, and the answer is blocked behind it",
		},
	},
	authz_ingestion_off: {
		severity: "error",
		title: "the hand-off to ext_proc is thrown away",
		why: "Postern's decision about fields travels as dynamic metadata, and without it every answer is blocked.",
		fix: "Remove `enable_dynamic_metadata_ingestion: false`.",
		seen: "Envoy counts `ignored_dynamic_metadata`, and every answer was Postern's 502.",
		proof: { file: "test/envoy/handoff.test.ts", test: "ext_authz or the hand-off is off: %s" },
	},
	authz_mutations_unvalidated: {
		severity: "warning",
		title: "headers of a decision are not validated",
		why: "A line break in a response header would split the answer in two; Postern refuses such headers, and Envoy should too.",
		fix: "Set `validate_mutations: true`.",
		istio: byMerge("`validate_mutations: true`"),
		gateway: byPatch("`validate_mutations: true`"),
		seen: "Without it a line break in `denied_response.headers` or `response_headers_to_add` put a foreign Set-Cookie, and even a foreign body, on the HTTP/1.1 wire; with it the answer was 500.",
	},
	authz_mutations_unlimited: {
		severity: "warning",
		title: "a decision may rewrite `:path`, `:authority` and `x-envoy-*`",
		why: "What the policy judged would not be what the upstream gets.",
		fix: "Set `decoder_header_mutation_rules: { disallow_system: true, disallow_is_error: true }`, and none of its `allow_` fields.",
		istio: byMerge("`decoder_header_mutation_rules: { disallow_system: true, disallow_is_error: true }`"),
		gateway: byPatch("`decoder_header_mutation_rules: { disallow_system: true, disallow_is_error: true }`"),
		seen: "Without rules, and even with empty ones, `:path` was rewritten; without rules GET became DELETE as well.",
	},
	authz_headers_joined: {
		severity: "warning",
		title: "repeated headers reach Postern joined",
		why: "Joined by a comma, two headers look like one, so Postern cannot refuse a repeated `authorization` or `host`; bytes that are no UTF-8 become `!`.",
		fix: "Set `encode_raw_headers: true`.",
		istio: byMerge("`encode_raw_headers: true`"),
		gateway: byPatch("`encode_raw_headers: true`"),
		seen: "A duplicate Authorization arrived as one joined value, 0xFF as `!`; raw they came apart and exact.",
	},
	authz_headers_hidden: {
		severity: "warning",
		title: "Postern sees only some of the request's headers",
		why: "Policies and the checks for ambiguous requests see less than the upstream gets.",
		fix: "Remove `allowed_headers` and `disallowed_headers`: unset, all headers are sent.",
		gateway: "Remove `headersToExtAuth`: unset, a gRPC service gets all headers.",
		seen: "Both lists apply to the Check alone; the upstream gets every header.",
	},
	authz_partial_body: {
		severity: "error",
		title: "Postern judges the beginning of a body, the upstream gets all of it",
		why: "A caller writes what the policy must not see behind the first `max_request_bytes`.",
		fix: "Set `allow_partial_message: false`: a larger body is then answered 413 before the Check.",
		istio: "Set `includeRequestBodyInCheck.allowPartialMessage: false`, which is the default.",
		seen: "The first 16 bytes came with `x-envoy-auth-partial-body: true`, and all bytes went on. Postern's strict profile denies such a request as `body_unread`; under `compat: opa-envoy-plugin` the policy alone decides.",
	},
	authz_body_as_text: {
		severity: "warning",
		title: "request bodies reach Postern as text",
		why: "Every byte that is no UTF-8 becomes `!`, so signatures, compressed bodies and gRPC messages cannot be judged.",
		fix: "Set `pack_as_bytes: true`.",
		istio: "Set `includeRequestBodyInCheck.packAsBytes: true`.",
		gateway:
			"SecurityPolicy has no such field: set `with_request_body.pack_as_bytes` by an EnvoyPatchPolicy.",
		seen: "A byte 0xFF arrived as `!` in `body`; in `raw_body` it was exact.",
	},
	authz_body_limits_answers: {
		severity: "warning",
		title: "`max_request_bytes` is smaller than the buffer for answers",
		why: "For a request with a body it becomes the limit of the whole exchange, so its masked answer must be as small.",
		fix: "Set `max_request_bytes` to the listener's `per_connection_buffer_limit_bytes`.",
		istio: "Set `includeRequestBodyInCheck.maxRequestBytes` to the listener's buffer limit, which is 1 MiB.",
		gateway:
			"Set `bodyToExtAuth.maxRequestBytes` to the `connection.bufferLimit` of the ClientTrafficPolicy.",
		seen: "With a small limit here, a masked answer that a GET got was 500 for a POST with a body.",
		proof: {
			file: "test/envoy/access.test.ts",
			test: "a limit for request bodies is the limit for masked answers to them, too",
		},
	},
	authz_body_over_messages: {
		severity: "warning",
		title: "a body may be larger than the messages that Postern takes",
		why: "A Check with a larger body fails as a whole, and the request is refused as an outage.",
		fix: "Keep `max_request_bytes` at least 64 KiB below `serve.max_message_bytes`, or raise the latter.",
		istio:
			"Keep `includeRequestBodyInCheck.maxRequestBytes` at least 64 KiB below `serve.max_message_bytes`.",
		gateway: "Keep `bodyToExtAuth.maxRequestBytes` at least 64 KiB below `serve.max_message_bytes`.",
		seen: "A gRPC server refuses a larger message with RESOURCE_EXHAUSTED before anything of it is read.",
	},
	authz_body_unsent: {
		severity: "warning",
		title: "request bodies are not sent, and Postern's configuration counts on them",
		why: "Under `request.proto_descriptor` policies read gRPC bodies; without a body the strict profile denies as `body_unread`.",
		fix: "Set `with_request_body: { max_request_bytes: 1048576, allow_partial_message: false, pack_as_bytes: true }`.",
		istio:
			"Set `includeRequestBodyInCheck: { maxRequestBytes: 1048576, packAsBytes: true }` in the provider.",
		gateway: "Set `bodyToExtAuth: { maxRequestBytes: 1048576 }`.",
		seen: "Without the setting a Check is made at the headers, and `body_state` says that the body was not sent.",
	},
	authz_cache_cleared: {
		severity: "warning",
		title: "the route is chosen again after the decision",
		why: "A header that a decision changes may lead to another route, for which nobody was asked.",
		fix: "Remove `clear_route_cache` and `clear_route_cache_headers`.",
		istio: "Remove `clearRouteCache` from the provider.",
		gateway: "Remove `extAuth.recomputeRoute`.",
		seen: "With it a mutated header sent the request to another cluster; per-route settings are not read again.",
	},
	authz_timeout_short: {
		severity: "warning",
		title: "ext_authz gives Postern little time",
		why: "Under load, or while a policy is warming up, answers come too late and are refused as an outage.",
		fix: "Set `grpc_service.timeout: 0.5s`; the default is 0.2s.",
		istio: "Set `timeout: 0.5s` in the provider.",
		gateway: "Set `extAuth.timeout: 500ms`.",
		seen: "The deadline reaches Postern as `grpc-timeout`, and an answer behind it counts as an error.",
	},
	authz_timeout_long: {
		severity: "warning",
		title: "ext_authz waits too long",
		why: "While Postern hangs every request hangs with it, and Envoy's connections and memory fill up.",
		fix: "Set `grpc_service.timeout: 0.5s`, retries included.",
		istio: "Set `timeout: 0.5s` in the provider: Istio's default is 600s.",
		gateway: "Set `extAuth.timeout: 500ms`: Envoy Gateway's default is 10s.",
		seen: "The time limit covers all retries of one Check. 0 means none.",
	},
	authz_status_unset: {
		severity: "note",
		title: "an outage looks like a denial",
		why: "Without a status of its own a failed Check is a 403, for callers and for alarms.",
		fix: "Set `status_on_error: { code: ServiceUnavailable }`.",
		istio: 'Set `statusOnError: "503"` in the provider.',
		gateway: "Set `extAuth.statusOnError: 503`.",
		seen: "The default is 403; it is honoured for gRPC failures since Envoy 1.37.",
	},
	authz_handoff_unseen: {
		severity: "warning",
		title: "Postern does not see that a request comes round again",
		why: "After an internal redirect, or behind another writer, the metadata holds a hand-off already, and only seen can it be refused.",
		fix: "Add `envoy.filters.http.ext_authz` to `metadata_context_namespaces`.",
		istio: byMerge("`metadata_context_namespaces: [ envoy.filters.http.ext_authz ]`"),
		gateway: byPatch("`metadata_context_namespaces: [ envoy.filters.http.ext_authz ]`"),
		seen: "With the namespace sent, a hand-off put there by `header_to_metadata` before the Check was denied as `handoff_conflict`.",
		proof: {
			file: "test/envoy/handoff.test.ts",
			test: "a hand-off that a foreign writer put there before the Check is refused",
		},
	},
	authz_certificate_withheld: {
		severity: "note",
		title: "callers show certificates, and policies see only a name of theirs",
		why: "`source.principal` is the first URI name of the certificate; what else is in it is not sent.",
		fix: "Set `include_peer_certificate: true`, and `include_tls_session: true` for the server name.",
		seen: "A second URI name was only in the certificate.",
	},
	authz_denials_cut: {
		severity: "note",
		title: "bodies of denials are cut",
		why: "A denial's JSON body that is longer arrives as no JSON.",
		fix: "Remove `max_denied_response_body_bytes`; Postern's own bodies are small.",
		seen: "Documented by Envoy: the body is cut at that many bytes.",
	},
	grpc_google_client: {
		severity: "warning",
		title: "Envoy calls Postern by `google_grpc`",
		why: "Retries, circuit breakers, health checks and the cluster's TLS settings do not apply to this client.",
		fix: "Use `envoy_grpc` with a cluster of its own.",
		seen: "Envoy 1.40 accepts a `retry_policy` beside `google_grpc` and does not use it.",
	},
	grpc_retry_missing: {
		severity: "warning",
		title: "a call to Postern is not tried again",
		why: "Each restart of a replica fails the calls that were under way or met a closing connection.",
		fix: "Give `grpc_service` the `retry_policy` of `envoy/authz-and-fields.yaml`.",
		istio: byMerge("`grpc_service.retry_policy`"),
		gateway: "Set `backendSettings.retry` beside the `backendRefs`.",
		seen: "Two replicas restarted under load: without retries 338 calls to ext_authz and 458 to ext_proc failed, with them none.",
	},
	grpc_retry_backoff: {
		severity: "warning",
		title: "retries come too late or end too early",
		why: "The default waits a second and more, longer than the call may take; and `max_interval` is the time limit of each try, too.",
		fix: "Set `retry_back_off: { base_interval: 0.01s, max_interval: 0.2s }`, with `max_interval` below the timeout of the call.",
		gateway: "Set `backendSettings.retry.perRetry.backOff: { baseInterval: 10ms, maxInterval: 200ms }`.",
		seen: "With `max_interval: 0.02s` four tries were over after 105 ms; with 0.2s three took 500 ms. With the default back-off restarts failed 425 calls and more.",
	},
	grpc_retry_conditions: {
		severity: "warning",
		title: "some failures of a call to Postern are not tried again",
		why: "A restart shows as a refused connection, a refused stream, a reset or UNAVAILABLE; each needs its word.",
		fix: "Set `retry_on: connect-failure,refused-stream,reset,unavailable` and `num_retries: 3`.",
		gateway:
			"Set `backendSettings.retry.retryOn.triggers: [connect-failure, refused-stream, reset, unavailable]` and `numRetries: 3`.",
		seen: "With these four and three retries no call failed while two replicas restarted.",
	},
	grpc_receive_limit: {
		severity: "warning",
		title: "Envoy refuses large answers of Postern",
		why: "A masked body that is larger fails, and the caller gets an error.",
		fix: "Remove `max_receive_message_length`, or keep it above the buffer limit and 64 KiB more.",
		seen: "Unset there is no limit.",
	},
} as const satisfies Record<string, CodeText>;
