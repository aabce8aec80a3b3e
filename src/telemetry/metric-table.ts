/** How a metric is declared: once, here. Label values come from closed sets or from what is loaded, never from a caller. */
export interface MetricSpec {
	readonly name: string;
	readonly kind: "counter" | "gauge" | "histogram";
	readonly help: string;
	readonly labels: readonly string[];
	/** Upper bounds of a histogram's buckets, in the base unit. */
	readonly buckets?: readonly number[];
}

const LATENCY = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];

/** Every metric of our own, by its key in `Metrics`. */
export const METRICS = {
	checks: {
		name: "postern_checks_total",
		kind: "counter",
		help: "Checks answered, by verdict and reason code",
		labels: ["verdict", "reason"],
	},
	checkSeconds: {
		name: "postern_check_duration_seconds",
		kind: "histogram",
		help: "Time from a Check's bytes to its answer's bytes",
		labels: ["verdict"],
		buckets: LATENCY,
	},
	ignoredKeys: {
		name: "postern_decision_ignored_keys_total",
		kind: "counter",
		help: "Keys of decisions that the compatibility profile passed over",
		labels: [],
	},
	projectionMismatches: {
		name: "postern_projection_mismatches_total",
		kind: "counter",
		help: "Policies that answered otherwise over the part of the input they were found to read",
		labels: [],
	},
	memoAnswers: {
		name: "postern_policy_memo_total",
		kind: "counter",
		help: "Evaluations of policies that depend on input and data alone, by result (hit, miss): hits were remembered",
		labels: ["result"],
	},
	memoEntries: {
		name: "postern_policy_memo_entries",
		kind: "gauge",
		help: "Answers of the active policy that are remembered",
		labels: [],
	},
	memoBytes: {
		name: "postern_policy_memo_bytes",
		kind: "gauge",
		help: "Memory of those answers, about",
		labels: [],
	},
	policyReloads: {
		name: "postern_policy_reloads_total",
		kind: "counter",
		help: "Attempts to activate a bundle, by result (activated, failed)",
		labels: ["result"],
	},
	policyInfo: {
		name: "postern_policy_info",
		kind: "gauge",
		help: "1 for the revision of the active policy",
		labels: ["revision"],
	},
	poisoned: {
		name: "postern_poisoned_inputs_total",
		kind: "counter",
		help: "Inputs that are refused because a policy hung or trapped over them, by cause (hang, trap)",
		labels: ["cause"],
	},
	workerRestarts: {
		name: "postern_worker_restarts_total",
		kind: "counter",
		help: "Workers that were replaced, by cause (hang, exit)",
		labels: ["cause"],
	},
	bodies: {
		name: "postern_ext_proc_bodies_total",
		kind: "counter",
		help: "Bodies that were judged, by direction (request, response), outcome (released, replaced, flowing, cut) and reason",
		labels: ["direction", "outcome", "reason"],
	},
	bodyBytes: {
		name: "postern_ext_proc_body_bytes_total",
		kind: "counter",
		help: "Bytes of bodies (request, response) that were judged, before and after (direction in, out)",
		labels: ["body", "direction"],
	},
	maskedFields: {
		name: "postern_ext_proc_fields_total",
		kind: "counter",
		help: "Fields of judged bodies, by direction (request, response) and verdict (released, masked, withheld)",
		labels: ["direction", "verdict"],
	},
	processSeconds: {
		name: "postern_ext_proc_duration_seconds",
		kind: "histogram",
		help: "Time spent judging one body, without waiting for Envoy",
		labels: ["outcome"],
		buckets: LATENCY,
	},
	unjudgedRequests: {
		name: "postern_ext_proc_unjudged_requests_total",
		kind: "counter",
		help: "Requests whose directive was not carried out because Envoy did not show their body; any is an alarm",
		labels: [],
	},
	streams: {
		name: "postern_ext_proc_streams",
		kind: "gauge",
		help: "Process streams that are open",
		labels: [],
	},
	laneConnections: {
		name: "postern_lane_connections",
		kind: "gauge",
		help: "Connections of the lane, Postern's own HTTP/2 side",
		labels: [],
	},
	laneErrors: {
		name: "postern_lane_connection_errors_total",
		kind: "counter",
		help: "Connections of the lane that were ended for what their peer did, by HTTP/2 error code",
		labels: ["code"],
	},
	tlsReloads: {
		name: "postern_tls_reloads_total",
		kind: "counter",
		help: "Changed certificates, keys and authorities, by port (grpc, admin) and result (activated, failed)",
		labels: ["port", "result"],
	},
	tlsExpiry: {
		name: "postern_tls_certificate_expiry_timestamp_seconds",
		kind: "gauge",
		help: "When the certificate chain in force ends (file certificate), and the last of the client authorities (file client_ca), by port",
		labels: ["port", "file"],
	},
	tlsRefused: {
		name: "postern_tls_connections_refused_total",
		kind: "counter",
		help: "TLS connections to the gRPC ports that were refused: handshake (none, or a certificate nobody vouches for), protocol (no HTTP/2), caller (a name that serve.callers does not list)",
		labels: ["reason"],
	},
	adminRefused: {
		name: "postern_admin_requests_refused_total",
		kind: "counter",
		help: "Requests to the admin port that were refused: unauthorized, forbidden, rate_limited",
		labels: ["reason"],
	},
	auditRecords: {
		name: "postern_audit_records_total",
		kind: "counter",
		help: "Audit records by result (written, dropped, refused, failed, cut)",
		labels: ["result"],
	},
	auditQueueBytes: {
		name: "postern_audit_queue_bytes",
		kind: "gauge",
		help: "Bytes of audit lines that wait for the sink",
		labels: [],
	},
	limitsHit: {
		name: "postern_limits_hit_total",
		kind: "counter",
		help: "Times that a configured limit refused something, by limit",
		labels: ["limit"],
	},
	spans: {
		name: "postern_trace_spans_total",
		kind: "counter",
		help: "Spans by result: sent, rejected (by the collector), failed (it did not take them), dropped (the queue was full)",
		labels: ["result"],
	},
	spanQueueBytes: {
		name: "postern_trace_queue_bytes",
		kind: "gauge",
		help: "Bytes of spans that wait for the collector",
		labels: [],
	},
	tokenCache: {
		name: "postern_token_cache_total",
		kind: "counter",
		help: "Look-ups of token verdicts by result (hit, refused, miss)",
		labels: ["result"],
	},
	keySetRefreshes: {
		name: "postern_key_set_refreshes_total",
		kind: "counter",
		help: "Reads of the key set by result (ok, failed)",
		labels: ["result"],
	},
	keySetAge: {
		name: "postern_key_set_age_seconds",
		kind: "gauge",
		help: "Age of the key set in use; grows past refresh_seconds while the key server cannot be reached",
		labels: [],
	},
	ready: {
		name: "postern_ready",
		kind: "gauge",
		help: "1 while the process takes calls",
		labels: [],
	},
	buildInfo: {
		name: "postern_build_info",
		kind: "gauge",
		help: "1 for the version that runs",
		labels: ["version", "node"],
	},
} as const satisfies Record<string, MetricSpec>;
