import type { CodeText } from "../types.ts";

/** How what Istio's mesh configuration does not have is set all the same. */
function byMerge(setting: string): string {
	return `Set ${setting} by an EnvoyFilter with \`applyTo: NETWORK_FILTER\` and \`operation: MERGE\`: Istio has no such setting.`;
}

/** Codes about the connection manager, its listener and the callers' TLS. */
export const EDGE_CODES = {
	edge_path_raw: {
		severity: "warning",
		title: "paths are not normalised",
		why: "`/a/../b` and `/%61` reach policy and upstream as they are, which may read them differently; Postern refuses what it finds ambiguous.",
		fix: "Set `normalize_path: true`.",
		istio: "Set `meshConfig.pathNormalization.normalization: MERGE_SLASHES`.",
		seen: "Unset, dot segments and escaped letters passed raw; set, they were resolved before the Check.",
		proof: {
			file: "test/envoy/access.test.ts",
			test: "dot segments are resolved before policy and upstream see them",
		},
	},
	edge_slashes_kept: {
		severity: "warning",
		title: "repeated slashes are kept",
		why: "`//admin` is another path to some policies and the same to many upstreams.",
		fix: "Set `merge_slashes: true`.",
		istio: "Set `meshConfig.pathNormalization.normalization: MERGE_SLASHES`; the default does not merge.",
		gateway: "Remove `path.disableMergeSlashes`.",
		seen: "`normalize_path` alone leaves `//a//b` as it is.",
	},
	edge_escapes_kept: {
		severity: "warning",
		title: "escaped slashes pass",
		why: "Policy and upstream may disagree on whether `%2F` and `%5C` part two segments.",
		fix: "Set `path_with_escaped_slashes_action: REJECT_REQUEST`.",
		istio: byMerge("`path_with_escaped_slashes_action: REJECT_REQUEST`"),
		gateway: "Set `path.escapedSlashesAction: RejectRequest`, or leave the default, UnescapeRedirect.",
		seen: "Kept, `%2f` reached the Check raw; with UNESCAPE_AND_FORWARD it became a slash.",
	},
	edge_underscores: {
		severity: "warning",
		title: "header names with underscores pass",
		why: "`X_User` reaches many upstreams as `X-User`, beside or instead of what Postern set.",
		fix: "Set `common_http_protocol_options.headers_with_underscores_action: REJECT_REQUEST`.",
		istio: byMerge("`common_http_protocol_options.headers_with_underscores_action: REJECT_REQUEST`"),
		gateway: "Remove `headers.withUnderscoresAction: Allow`; the default rejects.",
		seen: "By default they pass; REJECT_REQUEST answers 400, DROP_HEADER removes.",
		proof: {
			file: "test/envoy/access.test.ts",
			test: "an underscore is refused, not taken for a dash",
		},
	},
	edge_identity_believed: {
		severity: "warning",
		title: "callers can name themselves",
		why: "Postern overwrites its identity headers where it is asked; on a route without ext_authz the caller's own copies reach the upstream.",
		fix: "Remove `x-postern-id` and `x-postern-issuer` by `early_header_mutation_extensions`.",
		istio: byMerge("`early_header_mutation_extensions`"),
		gateway:
			"Set `headers.earlyRequestHeaders.remove: [ x-postern-id, x-postern-issuer ]` in a ClientTrafficPolicy.",
		seen: "An early mutation runs before routes and filters, so it holds where ext_authz is off.",
	},
	edge_certificate_header_believed: {
		severity: "warning",
		title: "a forged `x-forwarded-client-cert` is passed on",
		why: "Whoever believes that header believes the caller.",
		fix: "Set `forward_client_cert_details: SANITIZE`, or SANITIZE_SET where upstreams need it.",
		istio: "Set `gatewayTopology.forwardClientCertDetails: SANITIZE_SET`.",
		gateway: "Set `headers.xForwardedClientCert.mode: Sanitize` or `SanitizeSet`.",
		seen: "APPEND_FORWARD kept the forged element, first in the list. Postern takes the caller's certificate from Envoy itself.",
	},
	edge_address_believed: {
		severity: "warning",
		title: "what callers say about their address is believed",
		why: "Without `use_remote_address` a caller's `x-forwarded-for` and `x-envoy-*` headers count as a trusted proxy's.",
		fix: "Set `use_remote_address: true`, and `xff_num_trusted_hops` to the number of proxies in front.",
		seen: "The default is false, made for an Envoy behind another one.",
	},
	edge_trusted_hops: {
		severity: "note",
		title: "the address comes from a header",
		why: "It is the caller's own word unless exactly that many trusted proxies stand in front.",
		fix: "Count the proxies again, and keep the port closed to everybody else.",
		gateway: "Count the proxies again, or name them by `trustedCIDRs`.",
		seen: "`source.address` of a Check is the direct peer, whatever this says; `x-forwarded-for` is what it changes.",
	},
	edge_request_endless: {
		severity: "warning",
		title: "a request body may take for ever",
		why: "The Check waits for the whole body, so one that never ends holds a connection and is never judged.",
		fix: "Set `request_timeout: 30s`.",
		gateway: "Set `timeout.http.requestReceivedTimeout: 30s` in a ClientTrafficPolicy.",
		seen: "With `with_request_body` an endless body made no Check, and the caller waited until the request's time was over.",
	},
	edge_chunked_length: {
		severity: "warning",
		title: "`content-length` beside `transfer-encoding` is accepted",
		why: "Two readers of one connection may disagree on where a request ends.",
		fix: "Remove `allow_chunked_length` from `http_protocol_options`.",
		seen: "By default Envoy answers 400 to a request with both.",
	},
	edge_methods_unlimited: {
		severity: "note",
		title: "unknown methods are accepted",
		why: "A policy that lists what is forbidden meets methods that it does not list.",
		fix: "Remove `allow_custom_methods`, and let policies list what is allowed.",
		seen: "By default HTTP/1.1 requests with an unknown method are 400.",
	},
	edge_buffers_differ: {
		severity: "warning",
		title: "HTTP/1.1 and HTTP/2 callers meet different limits",
		why: "An answer that is masked for one is a 500 for the other: the limit is the listener's for HTTP/1.1 and the stream's window for HTTP/2.",
		fix: "Set `per_connection_buffer_limit_bytes` and `http2_protocol_options.initial_stream_window_size` to one number, 1048576.",
		gateway:
			"Set `connection.bufferLimit` and `http2.initialStreamWindowSize` of a ClientTrafficPolicy to one size, 1Mi.",
		seen: "The defaults are 1 MiB and 16 MiB: with those, 2 MB was 500 over HTTP/1.1 and 200 over HTTP/2.",
	},
	edge_buffer_over_postern: {
		severity: "warning",
		title: "Envoy buffers larger answers than Postern takes",
		why: "An answer between the two limits is held back, copied and then refused.",
		fix: "Keep the buffer at most as large as `fields.max_body_bytes`, and 64 KiB below `serve.max_message_bytes`.",
		seen: "Above Envoy's own limit the caller gets Envoy's 500 at once.",
	},
	edge_buffer_small: {
		severity: "warning",
		title: "the buffer is small for answers",
		why: "Every answer that must be masked and is larger becomes Envoy's own 500.",
		fix: "Set `per_connection_buffer_limit_bytes: 1048576`.",
		gateway: "Set `connection.bufferLimit: 1Mi` in a ClientTrafficPolicy; Envoy Gateway's default is 32Ki.",
		seen: "Over the limit a BUFFERED answer was 500, whatever `failure_mode_allow` says; no byte leaked.",
		proof: { file: "test/envoy/bodies.test.ts", test: "over the buffer limit: Envoy's own 500" },
	},
	edge_certificates_untrusted: {
		severity: "error",
		title: "callers' certificates need not be trusted",
		why: "With ACCEPT_UNTRUSTED anybody who makes a certificate for it has the identity of anybody else, and nothing in a Check tells.",
		fix: "Remove `trust_chain_verification`.",
		gateway: "Set `tls.clientValidation.mode: RequireAndVerify` or `VerifyIfGiven`.",
		seen: "A certificate of a foreign authority with the same SPIFFE id gave the same `source.principal`, and 200.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "edge_certificates_untrusted: a foreign authority's certificate names its bearer",
		},
	},
	edge_certificates_unverified: {
		severity: "error",
		title: "callers' certificates are required in name only",
		why: "Without an authority Envoy does not ask for a certificate: callers without one pass, and those with one stay nameless.",
		fix: "Set `validation_context.trusted_ca`.",
		gateway: "Set `tls.clientValidation.caCertificateRefs` in the ClientTrafficPolicy.",
		seen: "With `require_client_certificate: true` and no validation context a call without a certificate was 200, and one with a certificate had no `source.principal`.",
		proof: {
			file: "test/envoy/mesh-check.test.ts",
			test: "edge_certificates_unverified: a caller without a certificate passes",
		},
	},
} as const satisfies Record<string, CodeText>;
