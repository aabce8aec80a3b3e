import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { LEAVES } from "../../../src/config/leaves.ts";
import type { PosternFacts } from "../../../src/mesh/types.ts";
import { codesIn, FACTS, found } from "../../support/mesh-check.ts";
import { ROOT } from "../../support/source-tree.ts";

const good = (code: string): string =>
	readFileSync(join(ROOT, "test/corpora/envoy-checks", code, "good.yaml"), "utf8");
const AUTHZ = good("authz_fails_open");
const BODY = good("authz_partial_body");
const PROC = good("proc_fails_open");
const EDGE = good("edge_path_raw");
const UPGRADES = readFileSync(join(ROOT, "test/corpora/envoy-checks/chain_upgrades/bad.yaml"), "utf8");
const MTLS = good("edge_certificates_untrusted");
const ROUTES = good("route_rewritten");
const CLUSTER = good("cluster_breaker_default");
const REMOTE = good("cluster_plaintext");

/** A good text with something else in one place, which must be there. */
function but(text: string, from: string, to: string): string {
	if (!text.includes(from)) throw new Error(`no ${from}`);
	return text.replace(from, to);
}

/** TLS of the remote cluster, and Envoy Gateway's way of it: by the name that an endpoint carries. */
const SOCKET = /transport_socket:\n(?: .*\n)+/;
const STAND_IN =
	'{ name: dummy.transport_socket, typed_config: { "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, common_tls_context: {} } }';
const matchedBy = (text: string): string =>
	text.replace(
		SOCKET,
		(socket) =>
			`transport_socket_matches:\n- name: one\n  match: { name: one }\n${socket.replaceAll(/^/gm, "  ").trimEnd()}\n`,
	);

/** A route's word against the manager's. */
const REFUSED = "upgrade_configs: [ { upgrade_type: websocket, enabled: false } ]";

type Case = readonly [name: string, text: string, codes: readonly string[], facts?: Partial<PosternFacts>];
const held = (cases: readonly Case[]) =>
	test.each(cases)("%s", (_name, text, codes, facts = {}) => {
		expect(codesIn(text, facts)).toEqual(codes);
	});

const per = (name: string, type: string, body: string): string =>
	but(
		ROUTES,
		"    request_headers_to_add:",
		`    typed_per_filter_config:\n      ${name}:\n        "@type": type.googleapis.com/${type}\n${body}\n    request_headers_to_add:`,
	);
const AUTHZ_ROUTE = "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";
const PROC_ROUTE = "envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute";
const WRAPPED = "envoy.config.route.v3.FilterConfig";

describe("ext_authz", () => {
	held([
		[
			"disabled by a fraction that is denied",
			but(
				AUTHZ,
				"  failure_mode_allow: false",
				"  filter_enabled: { default_value: { numerator: 5 } }\n  deny_at_disable: { default_value: true }",
			),
			[],
		],
		[
			"enabled for all, whatever the denominator",
			but(
				AUTHZ,
				"  failure_mode_allow: false",
				"  filter_enabled: { default_value: { numerator: 1000000, denominator: MILLION } }",
			),
			[],
		],
		[
			"enabled for too few of them",
			but(
				AUTHZ,
				"  failure_mode_allow: false",
				"  filter_enabled: { default_value: { numerator: 100, denominator: TEN_THOUSAND } }",
			),
			["authz_partly_enabled"],
		],
		[
			"a fraction that only the runtime knows",
			but(AUTHZ, "  failure_mode_allow: false", "  filter_enabled: { runtime_key: x }"),
			["authz_partly_enabled"],
		],
		[
			"a metadata matcher",
			but(
				AUTHZ,
				"  failure_mode_allow: false",
				"  filter_enabled_metadata: { filter: shop, path: [ { key: a } ] }",
			),
			["authz_partly_enabled"],
		],
		[
			"Istio's own",
			but(
				AUTHZ,
				"  failure_mode_allow: false",
				"  filter_enabled_metadata: { filter: envoy.filters.http.rbac, path: [ { key: a } ] }",
			),
			[],
		],
		[
			"no mutation rules",
			but(AUTHZ, "  decoder_header_mutation_rules: { disallow_system: true, disallow_is_error: true }\n", ""),
			["authz_mutations_unlimited"],
		],
		[
			"all of them forbidden",
			but(AUTHZ, "{ disallow_system: true, disallow_is_error: true }", "{ disallow_all: true }"),
			[],
		],
		[
			"routing allowed",
			but(AUTHZ, "{ disallow_system: true,", "{ disallow_system: true, allow_all_routing: true,"),
			["authz_mutations_unlimited"],
		],
		[
			"no time limit",
			but(AUTHZ, "    timeout: 0.5s\n", ""),
			["authz_timeout_short", "grpc_retry_backoff"].slice(0, 1),
		],
		[
			"a time limit of nothing",
			but(AUTHZ, "timeout: 0.5s", "timeout: 0s"),
			["authz_timeout_long", "grpc_retry_backoff"],
		],
		[
			"retries beside the cluster's name",
			but(
				but(
					AUTHZ,
					"    retry_policy:\n      retry_on: connect-failure,refused-stream,reset,unavailable\n      num_retries: 3\n      retry_back_off: { base_interval: 0.01s, max_interval: 0.2s }",
					"",
				),
				"envoy_grpc: { cluster_name: postern }",
				"envoy_grpc: { cluster_name: postern, retry_policy: { retry_on: 'connect-failure,refused-stream,reset,unavailable', retry_back_off: { base_interval: 0.01s, max_interval: 0.2s } } }",
			),
			[],
		],
		[
			"retries that are over too soon",
			but(AUTHZ, "max_interval: 0.2s", "max_interval: 0.02s"),
			["grpc_retry_backoff"],
		],
		[
			"retries without a back-off",
			but(AUTHZ, "      retry_back_off: { base_interval: 0.01s, max_interval: 0.2s }", ""),
			["grpc_retry_backoff"],
		],
		[
			"a header that clears the cache",
			but(AUTHZ, "  failure_mode_allow: false", "  clear_route_cache_headers: [ x-tenant ]"),
			["authz_cache_cleared"],
		],
		[
			"a body of any size, for a Postern that takes it",
			but(BODY, "1048576", "8388608"),
			[],
			{ known: true, maxMessageBytes: 16 << 20 },
		],
		[
			"a body, for a Postern that takes less",
			BODY,
			["authz_body_over_messages"],
			{ known: true, maxMessageBytes: 1 << 20 },
		],
		["yes is true", but(AUTHZ, "failure_mode_allow: false", "failure_mode_allow: yes"), ["authz_fails_open"]],
		[
			"a switch that is filled in later",
			but(AUTHZ, "failure_mode_allow: false", `failure_mode_allow: $${"{OPEN}"}`),
			["values_open"],
		],
	]);
});

describe("ext_proc", () => {
	const STREAMED = but(PROC, "    response_body_mode: BUFFERED\n", "    response_body_mode: STREAMED\n");
	const whole =
		"  - { response_header_mode: SEND, request_body_mode: NONE, response_body_mode: BUFFERED, request_trailer_mode: SKIP, response_trailer_mode: SEND }\n  mutation_rules:";
	const streaming = whole
		.replace("request_body_mode: NONE", "request_body_mode: BUFFERED")
		.replace("response_body_mode: BUFFERED", "response_body_mode: STREAMED");
	const both = whole.replace("  mutation_rules:", streaming);
	held([
		[
			"no processing mode at all",
			PROC.replace(/ {2}processing_mode:\n(?: {4}.*\n)+/, ""),
			["proc_body_unseen", "proc_request_wasted", "proc_trailers_skipped"],
		],
		[
			"GRPC bodies, by number",
			but(PROC, "    response_body_mode: BUFFERED\n", "    response_body_mode: 5\n"),
			["proc_body_duplex"],
		],
		[
			"DEFAULT header mode is SEND",
			but(PROC, "    response_header_mode: SEND\n", "    response_header_mode: DEFAULT\n"),
			[],
		],
		[
			"DEFAULT trailer mode is SKIP",
			but(PROC, "    response_trailer_mode: SEND\n", "    response_trailer_mode: DEFAULT\n"),
			["proc_trailers_skipped"],
		],
		["no override at all", but(PROC, "  allow_mode_override: true\n", ""), ["proc_override_idle"]],
		[
			"an opt-out that misses a field",
			but(PROC, "    request_trailer_mode: SKIP\n", ""),
			["proc_override_idle"],
		],
		["a second, whole one", but(PROC, "  mutation_rules:", whole), []],
		[
			"streamed, with an override to whole bodies",
			but(STREAMED, "  mutation_rules:", whole),
			["proc_body_streamed"],
		],
		[
			"streamed, with overrides to whole bodies, and to streaming as before",
			but(STREAMED, "  mutation_rules:", both),
			["proc_body_streamed"],
		],
		[
			"streamed, with an override that streams and skips trailers",
			but(STREAMED, "  mutation_rules:", both.replace(/(STREAMED.*trailer_mode: )SEND/, "$1SKIP")),
			["proc_body_streamed", "proc_override_modes"],
		],
		[
			"whole, with an override that streams",
			but(PROC, "  mutation_rules:", streaming),
			["proc_override_modes"],
		],
		[
			"streamed, any override",
			STREAMED.replace(/ {2}allowed_override_modes:\n(?: {2}[- ] .*\n)+/, ""),
			["proc_body_streamed", "proc_override_open"],
		],
		[
			"streamed, none",
			but(STREAMED, "allow_mode_override: true", "allow_mode_override: false"),
			["proc_streamed_alone"],
		],
		[
			"whole bodies without their trailers",
			but(
				PROC,
				"  mutation_rules:",
				whole.replace("response_trailer_mode: SEND", "response_trailer_mode: SKIP"),
			),
			["proc_override_modes"],
		],
		[
			"no rules for mutations",
			but(PROC, "  mutation_rules: { allow_envoy: true, disallow_is_error: true }\n", ""),
			["proc_headers_stuck"],
		],
		[
			"an expression that forbids",
			but(PROC, "allow_envoy: true,", "allow_envoy: true, disallow_expression: { regex: x },"),
			["proc_rules_refuse"],
		],
		[
			"typed namespaces are others",
			but(PROC, "    untyped: [ envoy", "    typed: [ envoy"),
			["proc_handoff_withheld"].slice(0, 1),
		],
		[
			"no metadata options",
			PROC.replace(/ {2}metadata_options:\n {4}.*\n {6}.*\n/, ""),
			["proc_handoff_withheld"],
		],
		[
			"attributes of requests are others",
			but(PROC, "response_attributes", "request_attributes"),
			["proc_attributes_missing"],
		],
		[
			"an empty forward_rules forwards all",
			but(PROC, "  mutation_rules:", "  forward_rules: {}\n  mutation_rules:"),
			[],
		],
		[
			"requests for which there are directives",
			but(
				but(PROC, "request_header_mode: SKIP", "request_header_mode: SEND"),
				"request_body_mode: NONE\n    response_header",
				"request_body_mode: BUFFERED\n    response_header",
			),
			[],
			{ known: true, requestFields: true },
		],
		[
			"streamed requests",
			but(
				but(PROC, "request_header_mode: SKIP", "request_header_mode: SEND"),
				"request_body_mode: NONE\n    response_header",
				"request_body_mode: STREAMED\n    response_header",
			),
			["proc_request_body_mode"],
		],
		[
			"no time limit of its own",
			but(PROC, "  message_timeout: 1s\n", ""),
			["proc_timeout_short", "grpc_retry_backoff"].sort(),
		],
		[
			"a message that has no time at all",
			but(PROC, "message_timeout: 1s", "message_timeout: 0s"),
			["grpc_retry_backoff", "proc_timeout_short"],
		],
	]);
});

describe("the edge", () => {
	held([
		[
			"slashes that are redirected",
			but(
				EDGE,
				"path_with_escaped_slashes_action: REJECT_REQUEST",
				"path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT",
			),
			[],
		],
		[
			"by number",
			but(EDGE, "path_with_escaped_slashes_action: REJECT_REQUEST", "path_with_escaped_slashes_action: 2"),
			[],
		],
		[
			"the default",
			but(EDGE, "      path_with_escaped_slashes_action: REJECT_REQUEST\n", ""),
			["edge_escapes_kept"],
		],
		[
			"underscores that are dropped",
			but(
				EDGE,
				"headers_with_underscores_action: REJECT_REQUEST",
				"headers_with_underscores_action: DROP_HEADER",
			),
			[],
		],
		[
			"a certificate header of Envoy's own",
			but(EDGE, "forward_client_cert_details: SANITIZE", "forward_client_cert_details: SANITIZE_SET"),
			[],
		],
		[
			"an address found otherwise",
			but(EDGE, "use_remote_address: true", "original_ip_detection_extensions: [ { name: x } ]"),
			[],
		],
		["other identity headers", EDGE, ["edge_identity_believed"], { identityHeaders: ["x-caller"] }],
		[
			"no window",
			but(EDGE, "      http2_protocol_options:\n        initial_stream_window_size: 1048576\n", ""),
			["edge_buffers_differ"],
		],
		["no limit is one of 1 MiB", but(EDGE, "per_connection_buffer_limit_bytes: 1048576\n", ""), []],
		[
			"HTTP/1.1 alone has no window",
			but(
				but(EDGE, "      http2_protocol_options:\n        initial_stream_window_size: 1048576\n", ""),
				"      stat_prefix: edge\n",
				"      stat_prefix: edge\n      codec_type: HTTP1\n",
			),
			[],
		],
		["buffers that Postern takes", EDGE, ["edge_buffer_over_postern"], { known: true, maxBodyBytes: 65_536 }],
		[
			"names of callers by pins",
			but(MTLS, "trusted_ca: { filename: /etc/envoy/callers.pem }", "verify_certificate_hash: [ aa ]"),
			[],
		],
		[
			"an authority that comes later",
			MTLS.replace(
				/ {8}validation_context:\n.*\n/,
				"        validation_context_sds_secret_config: { name: callers }\n",
			),
			[],
		],
		[
			"untrusted, in a combined context",
			MTLS.replace(
				/ {8}validation_context:\n.*\n/,
				"        combined_validation_context:\n          default_validation_context: { trust_chain_verification: ACCEPT_UNTRUSTED }\n          validation_context_sds_secret_config: { name: callers }\n",
			),
			["edge_certificates_untrusted"],
		],
		[
			"untrusted, by number",
			but(
				MTLS,
				"        validation_context:\n",
				"        validation_context:\n          trust_chain_verification: 1\n",
			),
			["edge_certificates_untrusted"],
		],
		[
			"an upgrade that is off",
			but(
				EDGE,
				"      request_timeout: 30s\n",
				"      request_timeout: 30s\n      upgrade_configs: [ { upgrade_type: websocket, enabled: false } ]\n",
			),
			[],
		],
		[
			"an upgrade that its one route switches off",
			but(UPGRADES, "timeout: 15s\n", `timeout: 15s\n${" ".repeat(14)}${REFUSED}\n`),
			[],
		],
		[
			"an upgrade that its one route switches off, in other letters",
			but(
				UPGRADES,
				"timeout: 15s\n",
				`timeout: 15s\n${" ".repeat(14)}${but(REFUSED, "websocket", "WebSocket")}\n`,
			),
			[],
		],
		[
			"an upgrade when its route switches off another",
			but(
				UPGRADES,
				"timeout: 15s\n",
				`timeout: 15s\n${" ".repeat(14)}${but(REFUSED, "websocket", "spdy/3.1")}\n`,
			),
			["chain_upgrades"],
		],
		[
			"an upgrade that every route to an upstream switches off",
			but(UPGRADES, "timeout: 15s\n", `timeout: 15s\n${" ".repeat(14)}${REFUSED}\n`).replace(
				/( {10})- name: all\n(?: {12}.*\n)+/,
				(route, indent) =>
					`${indent}- match: { prefix: /open }\n${indent}  redirect: { path_redirect: / }\n${route}`,
			),
			[],
		],
		[
			"an upgrade that another route leaves on",
			but(UPGRADES, "timeout: 15s\n", `timeout: 15s\n${" ".repeat(14)}${REFUSED}\n`).replace(
				/( {10})- name: all\n(?: {12}.*\n)+/,
				(route) =>
					`${route.replace("prefix: /", "prefix: /other").replace(`${" ".repeat(14)}${REFUSED}\n`, "")}${route}`,
			),
			["chain_upgrades"],
		],
		[
			"extended CONNECT over HTTP/3",
			but(
				EDGE,
				"      request_timeout: 30s\n",
				"      request_timeout: 30s\n      http3_protocol_options: { allow_extended_connect: true }\n",
			),
			["chain_connect"],
		],
	]);
});

describe("routes", () => {
	const host = '  domains: [ "*" ]\n';
	held([
		[
			"headers seen to by the virtual host",
			but(
				but(
					ROUTES,
					"    request_headers_to_remove: [ range, if-range, if-none-match, if-modified-since ]\n",
					"",
				),
				host,
				`${host}  request_headers_to_remove: [ Range, If-Range, if-none-match, if-modified-since ]\n`,
			),
			[],
		],
		[
			"encodings removed instead",
			but(
				but(
					ROUTES,
					"    request_headers_to_add:\n    - header: { key: accept-encoding, value: identity }\n      append_action: OVERWRITE_IF_EXISTS_OR_ADD\n",
					"",
				),
				"[ range,",
				"[ accept-encoding, range,",
			),
			[],
		],
		[
			"an encoding that is added beside the caller's",
			but(ROUTES, "      append_action: OVERWRITE_IF_EXISTS_OR_ADD\n", ""),
			["route_encodings_forwarded"],
		],
		[
			"the old way to overwrite",
			but(ROUTES, "      append_action: OVERWRITE_IF_EXISTS_OR_ADD\n", "      append: false\n"),
			[],
		],
		[
			"a catch-all by expression",
			but(ROUTES, "match: { prefix: / }", "match: { safe_regex: { regex: /.* } }"),
			[],
		],
		[
			"a catch-all with a condition",
			but(ROUTES, "match: { prefix: / }", "match: { prefix: /, headers: [ { name: x } ] }"),
			["route_catch_all_missing"],
		],
		[
			"no host for everybody",
			but(ROUTES, 'domains: [ "*" ]', "domains: [ shop.example ]"),
			["route_catch_all_missing"],
		],
		[
			"hosts that come later",
			but(
				but(ROUTES, 'domains: [ "*" ]', "domains: [ shop.example ]"),
				"name: routes\n",
				"name: routes\nvhds: {}\n",
			),
			[],
		],
		[
			"a virtual host alone",
			`name: part\ndomains: [ shop.example ]\nroutes:\n- match: { path: /x }\n  direct_response: { status: 404 }\n`,
			[],
		],
		[
			"a check that is off for a redirect",
			but(
				ROUTES,
				"  routes:\n",
				`  routes:\n  - match: { path: /old }\n    redirect: { path_redirect: /new }\n    typed_per_filter_config:\n      envoy.filters.http.ext_authz: { "@type": type.googleapis.com/${AUTHZ_ROUTE}, disabled: true }\n`,
			),
			[],
		],
		[
			"a check that is off, wrapped",
			per("envoy.filters.http.ext_authz", WRAPPED, "        disabled: true"),
			["route_check_disabled"],
		],
		[
			"a mask that is off, wrapped twice",
			per("mask", WRAPPED, `        config: { "@type": type.googleapis.com/${PROC_ROUTE}, disabled: true }`),
			["route_masking_disabled"],
		],
		[
			"a mask that is off by number of the host",
			but(
				ROUTES,
				host,
				`${host}  typed_per_filter_config:\n    mask: { "@type": type.googleapis.com/${PROC_ROUTE}, disabled: true }\n`,
			),
			["route_masking_disabled"],
		],
		[
			"a mask that is off for a weighted cluster",
			but(
				ROUTES,
				"      cluster: upstream\n",
				`      weighted_clusters:\n        clusters:\n        - name: upstream\n          weight: 1\n          typed_per_filter_config:\n            mask: { "@type": type.googleapis.com/${PROC_ROUTE}, disabled: true }\n`,
			),
			["route_masking_disabled"],
		],
		[
			"modes of a route",
			per(
				"mask",
				PROC_ROUTE,
				"        overrides: { processing_mode: { response_body_mode: BUFFERED_PARTIAL, response_trailer_mode: SEND } }",
			),
			["proc_body_partial"],
		],
		[
			"failing open on a route",
			per("mask", PROC_ROUTE, "        overrides: { failure_mode_allow: true }"),
			["proc_fails_open"],
		],
		[
			"namespaces of a route",
			per(
				"mask",
				PROC_ROUTE,
				"        overrides: { metadata_options: { forwarding_namespaces: { untyped: [ shop ] } } }",
			),
			["proc_handoff_withheld"],
		],
		[
			"bodies of a route",
			per(
				"check",
				AUTHZ_ROUTE,
				"        check_settings: { with_request_body: { max_request_bytes: 10, allow_partial_message: true, pack_as_bytes: true } }",
			),
			["authz_partial_body"],
		],
		[
			"another filter's settings",
			per(
				"envoy.filters.http.lua",
				"envoy.extensions.filters.http.lua.v3.LuaPerRoute",
				"        disabled: true",
			),
			[],
		],
		[
			"the old internal redirect",
			but(
				ROUTES,
				"      timeout: 15s\n",
				"      timeout: 15s\n      internal_redirect_action: HANDLE_INTERNAL_REDIRECT\n",
			),
			["route_internal_redirect"],
		],
		[
			"a mirror for all",
			but(ROUTES, "name: routes\n", "name: routes\nrequest_mirror_policies: [ { cluster: shadow } ]\n"),
			["route_mirrored"],
		],
		[
			"an upgrade of a route",
			but(
				ROUTES,
				"      timeout: 15s\n",
				"      timeout: 15s\n      upgrade_configs: [ { upgrade_type: websocket } ]\n",
			),
			["chain_upgrades"],
		],
		[
			"a tunnel",
			but(
				ROUTES,
				"  routes:\n",
				"  routes:\n  - match: { connect_matcher: {} }\n    direct_response: { status: 200 }\n",
			),
			["chain_connect"],
		],
		[
			"a host rewrite that is off",
			but(ROUTES, "      timeout: 15s\n", "      timeout: 15s\n      auto_host_rewrite: false\n"),
			[],
		],
		[
			"a limit of a route that Postern does not take",
			but(ROUTES, "    route:\n", "    request_body_buffer_limit: 8388608\n    route:\n"),
			["edge_buffer_over_postern"],
		],
		[
			"identity that the router sets",
			but(
				ROUTES,
				"    request_headers_to_add:\n",
				"    request_headers_to_add:\n    - header: { key: X-Postern-Id, value: x }\n",
			),
			["route_identity_dropped"],
		],
	]);
});

describe("the chain that routes belong to", () => {
	/** The one route of the listener, with settings for a filter. */
	const withSettings = (name: string, type: string, settings: string): string =>
		EDGE.replace(
			/^( *)- name: all\n/m,
			(line, indent: string) =>
				`${line}${indent}  typed_per_filter_config:\n${indent}    ${name}: { "@type": type.googleapis.com/${type}, ${settings} }\n`,
		);

	test("says which settings are Postern's", () => {
		expect(codesIn(withSettings("envoy.filters.http.router", AUTHZ_ROUTE, "disabled: true"))).toEqual([]);
		expect(codesIn(withSettings("envoy.filters.http.ext_authz", AUTHZ_ROUTE, "disabled: true"))).toEqual([
			"route_check_disabled",
		]);
	});

	test("lends its settings to those that a route overrides", () => {
		const settings = "overrides: { processing_mode: { request_header_mode: SKIP } }";
		expect(codesIn(withSettings("envoy.filters.http.ext_proc", PROC_ROUTE, settings))).toEqual([
			"proc_body_unseen",
			"proc_trailers_skipped",
		]);
	});
});

describe("the cluster", () => {
	const socket = "address: { socket_address: { address: 127.0.0.1, port_value: 9191 } }";
	held([
		[
			"on a unix socket nothing is slow or dead",
			but(
				but(CLUSTER, socket, "address: { pipe: { path: /run/postern.sock } }"),
				"connect_timeout: 0.25s\n",
				"",
			),
			[],
		],
		["on ::1", but(CLUSTER, "address: 127.0.0.1", 'address: "::1"'), []],
		[
			"by the name of this machine",
			but(but(CLUSTER, "type: STATIC", "type: LOGICAL_DNS"), "address: 127.0.0.1", "address: localhost"),
			[],
		],
		[
			"found by discovery, in clear text",
			CLUSTER.replace("type: STATIC", "type: EDS").replace(/load_assignment:\n(?: .*\n)+/, ""),
			["cluster_plaintext", "cluster_probe_missing"],
		],
		[
			"somewhere, with plain bytes said so",
			but(CLUSTER, "address: 127.0.0.1", "address: 10.0.0.1").concat(
				'transport_socket: { name: raw, typed_config: { "@type": type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer } }\n',
			),
			["cluster_plaintext"],
		],
		["an address that is filled in later", but(CLUSTER, socket, `address: $${"{ADDRESS}"}`), ["values_open"]],
		[
			"untrusted",
			but(
				REMOTE,
				"        trusted_ca:",
				"        trust_chain_verification: ACCEPT_UNTRUSTED\n        trusted_ca:",
			),
			["cluster_unverified"],
		],
		[
			"named by its host",
			REMOTE.replace(/ {8}match_typed.*\n.*\n/, "").replace(
				"    common_tls_context:",
				"    auto_sni_san_validation: true\n    common_tls_context:",
			),
			[],
		],
		[
			"trusted by discovery",
			REMOTE.replace(
				/ {6}validation_context:\n(?: {8}.*\n)+/,
				"      validation_context_sds_secret_config: { name: authority }\n",
			),
			[],
		],
		[
			"trusted by discovery, unnamed",
			REMOTE.replace(
				/ {6}validation_context:\n(?: {8}.*\n)+/,
				"      combined_validation_context: { default_validation_context: {}, validation_context_sds_secret_config: { name: authority } }\n",
			),
			["cluster_unnamed"],
		],
		[
			"with Envoy Gateway's stand-in beside the sockets that its endpoints name",
			`${matchedBy(REMOTE)}transport_socket: ${STAND_IN}\n`,
			[],
		],
		[
			"with the stand-in alone",
			REMOTE.replace(SOCKET, `transport_socket: ${STAND_IN}\n`),
			["cluster_unverified"],
		],
		[
			"with something else beside the sockets that endpoints name",
			`${matchedBy(REMOTE)}transport_socket: ${STAND_IN.replace("dummy", "other")}\n`,
			["cluster_unverified"],
		],
		[
			"with a socket for some endpoints that is untrusted",
			matchedBy(REMOTE).replace(/trusted_ca: .*\n/, "only_verify_leaf_cert_crl: true\n"),
			["cluster_unverified"],
		],
		[
			"the old field for HTTP/2",
			CLUSTER.replace(
				/typed_extension_protocol_options:\n(?: .*\n)+/,
				"http2_protocol_options: { connection_keepalive: { interval: 1s } }\n",
			),
			[],
		],
		["a budget of retries", but(CLUSTER, "max_retries: 1024", "retry_budget: {}"), []],
		[
			"a breaker for another priority",
			but(CLUSTER, "- { max_requests", "- { priority: HIGH, max_requests"),
			["cluster_breaker_default"],
		],
		["a probe by TCP", `${CLUSTER}health_checks: [ { tcp_health_check: {} } ]\n`, ["cluster_probe_kind"]],
	]);
});

describe("what is looked at", () => {
	test("identity headers are those of the configuration's defaults", () => {
		const defaults = ["identity.headers.id", "identity.headers.issuer"].map(
			(key) => LEAVES.find((leaf) => leaf.key === key)?.default,
		);
		expect(defaults).toEqual(FACTS.identityHeaders);
	});

	test("known fields are Envoy's: a typo is told with the likely name, others are noted", () => {
		expect(found(but(PROC, "message_timeout", "mesage_timeout"))).toEqual(
			expect.arrayContaining(["6 field_unknown"]),
		);
		expect(codesIn(but(PROC, "  message_timeout: 1s", "  message_timeout: 1s\n  quite_new: 1"))).toEqual([
			"field_unchecked",
		]);
		expect(codesIn(but(PROC, "request_header_mode: SKIP", "request_header_mod: SKIP"))).toContain(
			"field_unknown",
		);
	});
});
