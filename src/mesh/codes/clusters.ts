import type { CodeText } from "../types.ts";

/** Codes about the cluster that leads to Postern. */
export const CLUSTER_CODES = {
	cluster_missing: {
		severity: "error",
		title: "the cluster is not there",
		why: "Envoy starts all the same, every call fails, and an Envoy before 1.39 then let ext_proc fail open.",
		fix: "Add the cluster to `static_resources.clusters`, or correct the name.",
		seen: "Envoy 1.40 accepts an unknown cluster name in both filters.",
	},
	cluster_elsewhere: {
		severity: "note",
		title: "the cluster comes from elsewhere",
		why: "`cds_config` brings it while Envoy runs, so it was not checked here.",
		fix: "Name the file with the cluster too.",
		seen: "A cluster of that name in one of the files is taken for it.",
	},
	cluster_not_http2: {
		severity: "error",
		title: "the cluster does not speak HTTP/2",
		why: "Calls to Postern are gRPC, which needs it, so every one of them fails.",
		fix: "Add HttpProtocolOptions with `explicit_http_config: { http2_protocol_options: {} }` to `typed_extension_protocol_options`.",
		seen: "Envoy starts, and every request was refused.",
		proof: { file: "test/envoy/mesh-check.test.ts", test: "cluster_not_http2: every call fails" },
	},
	cluster_plaintext: {
		severity: "error",
		title: "decisions cross the network in clear text",
		why: "Who is on the way reads tokens, bodies and directives, and can answer in Postern's place.",
		fix: "Use a unix socket or a loopback address beside Envoy, or give the cluster a `transport_socket` with UpstreamTlsContext.",
		istio:
			"Leave `enableAutoMtls` on, and set no `tls.mode: DISABLE` for Postern's host in a DestinationRule.",
		gateway: "Add a BackendTLSPolicy for Postern's Service, with the name that its certificate has.",
		seen: "Looked at: the endpoints' addresses, or where they come by name or from elsewhere, whether there is TLS. Envoy Gateway speaks clear text to a Service unless a BackendTLSPolicy says otherwise.",
	},
	cluster_unverified: {
		severity: "error",
		title: "Envoy does not verify who answers as Postern",
		why: "Without an authority, or with ACCEPT_UNTRUSTED, anybody on the way can allow everything.",
		fix: "Set `validation_context` with `trusted_ca` and `match_typed_subject_alt_names`.",
		seen: "An UpstreamTlsContext without a validation context accepts every certificate.",
	},
	cluster_unnamed: {
		severity: "warning",
		title: "any certificate of the authority may answer as Postern",
		why: "In a mesh every workload has one.",
		fix: "Add `match_typed_subject_alt_names` with Postern's own name.",
		seen: "With a name that did not match the call failed, and the request was refused with 503.",
	},
	cluster_breaker_default: {
		severity: "warning",
		title: "the circuit breaker stands in the way of retries",
		why: "The default allows three retries at one time for the whole cluster, and 1,024 requests, streams of ext_proc among them.",
		fix: "Set `circuit_breakers: { thresholds: [ { max_requests: 4096, max_pending_requests: 4096, max_retries: 1024 } ] }`.",
		seen: "With the retry policy and the default breaker a restart under load failed 425 calls: `upstream_rq_retry_overflow`.",
	},
	cluster_probe_kind: {
		severity: "warning",
		title: "the health check does not ask for gRPC health",
		why: "Postern's port speaks gRPC alone: an HTTP check fails always, a TCP check hears nothing of a drain.",
		fix: "Use `grpc_health_check: {}`.",
		seen: "Postern answers `grpc.health.v1.Health`, and says NOT_SERVING before it drains.",
	},
	cluster_probe_missing: {
		severity: "note",
		title: "replicas are not asked whether they serve",
		why: "A replica that hangs or drains is found by calls that fail first.",
		fix: "Add `health_checks` with `grpc_health_check: {}`, beside the retry policy and not instead of it.",
		seen: "With health checks and retries no call failed; with health checks alone some did.",
	},
	cluster_keepalive_missing: {
		severity: "note",
		title: "a dead connection is noticed late",
		why: "When a host vanishes without a word, calls run into their time limit until the connection is given up.",
		fix: "Set `http2_protocol_options: { connection_keepalive: { interval: 10s, timeout: 2s } }`.",
		seen: "Part of the configuration that held under restarts.",
	},
	cluster_connect_slow: {
		severity: "note",
		title: "a connection attempt outlasts the call",
		why: "A host that does not answer takes the whole time of the call, and no retry is left.",
		fix: "Set `connect_timeout: 0.25s`; the default is 5s.",
		seen: "The time limit of a call covers connecting and all retries.",
	},
} as const satisfies Record<string, CodeText>;
