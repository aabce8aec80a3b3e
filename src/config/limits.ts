/** One limit: what the schema enforces, the reference shows and error texts name. */
export interface Limit {
	readonly default: number;
	readonly min: number;
	readonly max: number;
	readonly unit: "bytes" | "seconds" | "milliseconds" | "count" | "levels" | "ratio";
	/** One sentence for the reference: what it bounds, and what happens beyond it. */
	readonly purpose: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const DAY = 86_400;

/** Every limit that can be configured, by its key in `postern.yaml`. */
export const LIMITS = {
	"serve.drain_seconds": {
		default: 30,
		min: 0,
		max: 3600,
		unit: "seconds",
		purpose:
			"How long calls and streams may take to finish after SIGTERM; then they end with an error status.",
	},
	"serve.drain_delay_seconds": {
		default: 0,
		min: 0,
		max: 600,
		unit: "seconds",
		purpose:
			"How long after SIGTERM calls are still taken, while health says NOT_SERVING: the time that endpoints take to leave the mesh.",
	},
	"serve.tls.reload_seconds": {
		default: 10,
		min: 1,
		max: 3600,
		unit: "seconds",
		purpose: "How often certificate, key and authorities are looked at, besides file-system events.",
	},
	"serve.tls.max_connections": {
		default: 1024,
		min: 1,
		max: 65_536,
		unit: "count",
		purpose: "TLS connections of one gRPC address, handshakes among them; one more is closed at once.",
	},
	"serve.admin_auth.max_failures": {
		default: 10,
		min: 1,
		max: 1000,
		unit: "count",
		purpose:
			"Wrong tokens of one address within a minute; beyond it the address gets 429, whatever token it shows.",
	},
	"serve.admin_auth.max_total_failures": {
		default: 100,
		min: 1,
		max: 100_000,
		unit: "count",
		purpose:
			"Wrong tokens of all addresses within a minute; beyond it every address gets 429 that has not shown a right one within ten minutes.",
	},
	"serve.max_message_bytes": {
		default: 4 * MIB,
		min: 64 * KIB,
		max: 64 * MIB,
		unit: "bytes",
		purpose: "Largest gRPC message that is received; a larger one fails the call, which Envoy refuses.",
	},
	"serve.max_concurrent_streams": {
		default: 1000,
		min: 1,
		max: 100_000,
		unit: "count",
		purpose: "Concurrent streams of one HTTP/2 connection; Envoy opens another connection beyond them.",
	},
	"serve.max_connection_age_seconds": {
		default: 300,
		min: 10,
		max: DAY,
		unit: "seconds",
		purpose:
			"Age at which a connection is asked to end, give or take a tenth, so that load spreads over replicas.",
	},
	"serve.max_connection_idle_seconds": {
		default: 900,
		min: 1,
		max: DAY,
		unit: "seconds",
		purpose: "Time without a call after which a connection is closed.",
	},
	"serve.max_in_flight": {
		default: 4096,
		min: 1,
		max: 1_000_000,
		unit: "count",
		purpose: "Calls and streams worked on at once; one more is denied as `overload`.",
	},
	"policy.memo_entries": {
		default: 10_000,
		min: 1,
		max: 1_000_000,
		unit: "count",
		purpose: "Answers that are remembered under `policy.memo`; the least recently used goes first.",
	},
	"policy.memo_bytes": {
		default: 16 * MIB,
		min: 64 * KIB,
		max: GIB,
		unit: "bytes",
		purpose: "Memory of those answers and of what they belong to.",
	},
	"serve.workers": {
		default: 0,
		min: 0,
		max: 256,
		unit: "count",
		purpose:
			"Processes that take calls, each on endpoints of its own, under one that watches them; 0: one process does everything. Best one per core.",
	},
	"serve.hang_milliseconds": {
		default: 1000,
		min: 100,
		max: 60_000,
		unit: "milliseconds",
		purpose:
			"How long a worker may be busy without turning to anything else; then it is ended and replaced, and what it evaluated is refused as `poison`. While it loads a bundle, twenty times as long.",
	},
	"serve.lane.max_connections": {
		default: 1024,
		min: 1,
		max: 65_536,
		unit: "count",
		purpose: "Connections of the lane at one time; one more is closed at once.",
	},
	"serve.lane.max_header_bytes": {
		default: 16 * KIB,
		min: 4 * KIB,
		max: 256 * KIB,
		unit: "bytes",
		purpose: "Headers of one call, as HTTP/2 counts them; a call with more is refused.",
	},
	"serve.lane.max_buffered_bytes": {
		default: 256 * MIB,
		min: 8 * MIB,
		max: 16 * GIB,
		unit: "bytes",
		purpose:
			"Messages that are incomplete, and answers that wait for a slow reader, over all connections; beyond it the connection that holds most of them is ended.",
	},
	"serve.lane.max_resets_per_second": {
		default: 100,
		min: 1,
		max: 100_000,
		unit: "count",
		purpose:
			"Streams of one connection that end by a reset before they were answered, on average; ten times as many in a burst. Beyond it the connection is ended.",
	},
	"serve.lane.max_control_frames_per_second": {
		default: 1000,
		min: 10,
		max: 1_000_000,
		unit: "count",
		purpose:
			"Frames of one connection that carry no call (PING, SETTINGS, WINDOW_UPDATE, empty DATA and the like), on average; ten times as many in a burst, and more where calls are answered. Beyond it the connection is ended.",
	},
	"serve.lane.stall_seconds": {
		default: 20,
		min: 1,
		max: 300,
		unit: "seconds",
		purpose:
			"How long a peer may leave a handshake, a header block, a frame, a request or the reading of an answer half done; then the call or the connection is ended.",
	},
	"policy.max_input_bytes": {
		default: 8 * MIB,
		min: KIB,
		max: 64 * MIB,
		unit: "bytes",
		purpose:
			"Largest input document; a larger one is denied as `input_too_large` before anything is evaluated.",
	},
	"policy.max_result_bytes": {
		default: MIB,
		min: KIB,
		max: 16 * MIB,
		unit: "bytes",
		purpose: "Largest decision document; a larger one is denied as `result_invalid`.",
	},
	"policy.max_memory_bytes": {
		default: 256 * MIB,
		min: 16 * MIB,
		max: 2 * GIB,
		unit: "bytes",
		purpose: "Memory of one policy instance; an evaluation that needs more is denied as `policy_trap`.",
	},
	"policy.max_bundle_bytes": {
		default: 64 * MIB,
		min: KIB,
		max: GIB,
		unit: "bytes",
		purpose: "Size of a bundle, packed and unpacked; a larger one is not activated.",
	},
	"policy.poll_seconds": {
		default: 5,
		min: 1,
		max: 3600,
		unit: "seconds",
		purpose: "How often the bundle file is looked at, besides file-system events.",
	},
	"request.max_body_depth": {
		default: 128,
		min: 1,
		max: 512,
		unit: "levels",
		purpose: "Nesting of a request body that `parsed_body` may hold.",
	},
	"request.max_parts": {
		default: 1000,
		min: 1,
		max: 100_000,
		unit: "count",
		purpose: "Parts of a multipart form; a form with more is `too_large` and not read.",
	},
	"request.max_part_header_bytes": {
		default: 16 * KIB,
		min: 256,
		max: MIB,
		unit: "bytes",
		purpose: "Headers of one part of a multipart form; a form with larger ones is `too_large` and not read.",
	},
	"request.max_decoded_bytes": {
		default: MIB,
		min: 0,
		max: 16 * MIB,
		unit: "bytes",
		purpose:
			"What a gzipped request body may unfold to; a larger one is `too_large` and not read. Under `compat: opa-envoy-plugin` none is unfolded.",
	},
	"request.max_decoded_ratio": {
		default: 100,
		min: 1,
		max: 10_000,
		unit: "ratio",
		purpose: "How many times its size a gzipped request body may unfold to.",
	},
	"identity.jwt.clock_skew_seconds": {
		default: 30,
		min: 0,
		max: 300,
		unit: "seconds",
		purpose: "Tolerance for `exp` and `nbf`.",
	},
	"identity.jwt.refresh_seconds": {
		default: 600,
		min: 5,
		max: DAY,
		unit: "seconds",
		purpose: "Age at which the key set is read again.",
	},
	"identity.jwt.cooldown_seconds": {
		default: 30,
		min: 1,
		max: 3600,
		unit: "seconds",
		purpose: "Least time between two reads of the key set that unknown key ids or failures ask for.",
	},
	"identity.jwt.fetch_timeout_seconds": {
		default: 5,
		min: 1,
		max: 60,
		unit: "seconds",
		purpose: "How long one read of the key set may take.",
	},
	"identity.jwt.max_staleness_seconds": {
		default: DAY,
		min: 60,
		max: 30 * DAY,
		unit: "seconds",
		purpose: "How long known keys keep working while the key set cannot be read; then `keys_unavailable`.",
	},
	"identity.jwt.max_key_set_bytes": {
		default: 256 * KIB,
		min: KIB,
		max: 4 * MIB,
		unit: "bytes",
		purpose: "Size of the key set document; a larger one counts as a failed read.",
	},
	"identity.jwt.max_token_bytes": {
		default: 8 * KIB,
		min: 256,
		max: 64 * KIB,
		unit: "bytes",
		purpose: "Longest token; a longer one is `token_invalid` before anything of it is read.",
	},
	"identity.jwt.cache_entries": {
		default: 10_000,
		min: 0,
		max: 1_000_000,
		unit: "count",
		purpose: "Verified tokens that are remembered, by SHA-256; the oldest go first.",
	},
	"fields.max_body_bytes": {
		default: 4 * MIB,
		min: KIB,
		max: GIB,
		unit: "bytes",
		purpose: "Largest body that is judged as a whole; a larger one under a directive is replaced.",
	},
	"fields.max_decoded_bytes": {
		default: 16 * MIB,
		min: KIB,
		max: GIB,
		unit: "bytes",
		purpose:
			"Largest body after its content coding was undone, and largest piece of one that flows; a larger one is replaced, or cut.",
	},
	"fields.max_decoded_ratio": {
		default: 100,
		min: 1,
		max: 10_000,
		unit: "ratio",
		purpose: "How many times its size an encoded body may unfold to; one that unfolds further is replaced.",
	},
	"fields.envoy_buffer_limit": {
		default: MIB,
		min: KIB,
		max: 64 * MIB,
		unit: "bytes",
		purpose:
			"What Envoy holds back of an answer (`per_connection_buffer_limit_bytes`, `initial_stream_window_size`); under a directive with `stream` a larger one flows.",
	},
	"fields.max_message_bytes": {
		default: 4 * MIB,
		min: KIB,
		max: GIB,
		unit: "bytes",
		purpose:
			"Largest gRPC message under a directive, as it comes and uncompressed; an answer with a larger one is replaced.",
	},
	"fields.max_directive_bytes": {
		default: 16 * KIB,
		min: 256,
		max: 16 * KIB,
		unit: "bytes",
		purpose: "Longest directive; a longer one is denied as `directive_too_large`.",
	},
	"fields.max_selectors": {
		default: 256,
		min: 1,
		max: 256,
		unit: "count",
		purpose: "Selectors of one directive; more are denied as `directive_too_large`.",
	},
	"fields.plan_cache_bytes": {
		default: 16 * MIB,
		min: 0,
		max: GIB,
		unit: "bytes",
		purpose: "Memory for compiled directives; the least recently used go first.",
	},
	"audit.max_queue_bytes": {
		default: 8 * MIB,
		min: 128 * KIB,
		max: GIB,
		unit: "bytes",
		purpose: "Audit lines that wait for the sink; `audit.overflow` says what happens beyond it.",
	},
	"audit.flush_milliseconds": {
		default: 25,
		min: 1,
		max: 1000,
		unit: "milliseconds",
		purpose: "Longest time for which an audit line waits for others before they are written together.",
	},
	"telemetry.traces.max_queue_spans": {
		default: 2048,
		min: 1,
		max: 1_000_000,
		unit: "count",
		purpose:
			"Spans that wait for the collector, those on their way included; one more is dropped and counted.",
	},
	"telemetry.traces.max_queue_bytes": {
		default: 4 * MIB,
		min: 16 * KIB,
		max: GIB,
		unit: "bytes",
		purpose: "Memory of those spans.",
	},
	"telemetry.traces.max_batch_spans": {
		default: 512,
		min: 1,
		max: 10_000,
		unit: "count",
		purpose: "Spans of one request to the collector.",
	},
	"telemetry.traces.flush_milliseconds": {
		default: 5000,
		min: 10,
		max: 60_000,
		unit: "milliseconds",
		purpose: "Longest time for which a span waits for others before they are sent together.",
	},
	"telemetry.traces.timeout_seconds": {
		default: 10,
		min: 1,
		max: 60,
		unit: "seconds",
		purpose: "How long one request to the collector may take.",
	},
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;

/**
 * Limits that cannot be configured, because a format or an attack fixes them. Listed in the reference with the
 * others.
 */
export const FIXED_LIMITS = {
	audit_line_bytes: {
		value: 64 * KIB,
		unit: "bytes",
		purpose: "Longest audit line. A longer record loses list entries, never counts, and says `truncated`.",
	},
	config_file_bytes: {
		value: MIB,
		unit: "bytes",
		purpose: "Largest configuration file, and largest file that a `file:` reference may name.",
	},
	envoy_file_bytes: {
		value: 8 * MIB,
		unit: "bytes",
		purpose: "Largest file that `postern check --envoy` reads, standard input too.",
	},
	envoy_file_nodes: {
		value: 400_000,
		unit: "count",
		purpose: "Values in such a file, each alias counted with all that it stands for.",
	},
	envoy_file_tokens: {
		value: 2_000_000,
		unit: "count",
		purpose: "Words and signs in such a file: what is read takes time in proportion to them.",
	},
	envoy_file_levels: { value: 200, unit: "levels", purpose: "Nesting of such a file." },
	hash_key_min_bytes: {
		value: 16,
		unit: "bytes",
		purpose: "Shortest key for `hash`, without one final line end.",
	},
	hash_key_max_bytes: { value: 4 * KIB, unit: "bytes", purpose: "Longest key for `hash`." },
	descriptor_set_bytes: {
		value: 16 * MIB,
		unit: "bytes",
		purpose: "Largest descriptor set, of `request.proto_descriptor` or for a bundle.",
	},
	refused_token_seconds: {
		value: 10,
		unit: "seconds",
		purpose: "How long the refusal of a token is remembered, while the key set stays the same.",
	},
	grpc_keepalive_seconds: {
		value: 60,
		unit: "seconds",
		purpose: "Quiet time after which a gRPC connection is asked whether it still lives.",
	},
	grpc_keepalive_timeout_seconds: {
		value: 20,
		unit: "seconds",
		purpose: "How long a gRPC connection may take to answer that.",
	},
	grpc_connection_grace_seconds: {
		value: 30,
		unit: "seconds",
		purpose: "How long the calls of a connection past its age may go on.",
	},
	lane_stream_window_bytes: {
		value: 256 * KIB,
		unit: "bytes",
		purpose: "What a peer of the lane may send on one stream before it is told to go on.",
	},
	lane_connection_window_bytes: {
		value: MIB,
		unit: "bytes",
		purpose: "What a peer of the lane may send on one connection before it is told to go on.",
	},
	lane_hpack_table_bytes: {
		value: 4 * KIB,
		unit: "bytes",
		purpose: "Headers that a peer of the lane may have remembered, as HPACK counts them.",
	},
	lane_continuations: {
		value: 32,
		unit: "count",
		purpose: "CONTINUATION frames of one header block; a connection that sends more is ended.",
	},
	decoded_free_bytes: {
		value: 64 * KIB,
		unit: "bytes",
		purpose: "What an encoded body may always unfold to: short texts compress very well.",
	},
	decoded_total_bytes: {
		value: 256 * MIB,
		unit: "bytes",
		purpose: "What all bodies being decoded at one time may unfold to; at least `fields.max_decoded_bytes`.",
	},
	shutdown_audit_seconds: {
		value: 5,
		unit: "seconds",
		purpose: "How long the audit sink may take to accept what is left at the end of the process.",
	},
	shutdown_traces_seconds: {
		value: 2,
		unit: "seconds",
		purpose: "How long the collector may take to accept what is left at the end of the process.",
	},
	traces_answer_bytes: { value: 64 * KIB, unit: "bytes", purpose: "What is read of a collector's answer." },
	traces_retries: {
		value: 3,
		unit: "count",
		purpose:
			"How often spans are sent again to a collector that cannot be reached or answers 429, 502, 503 or 504, after 1, 2 and 4 seconds.",
	},
	tls_handshake_seconds: {
		value: 10,
		unit: "seconds",
		purpose: "How long a TLS handshake may take.",
	},
	tls_file_bytes: {
		value: MIB,
		unit: "bytes",
		purpose: "Largest file of a certificate chain, a key, or certificate authorities.",
	},
	tls_certificates: {
		value: 512,
		unit: "count",
		purpose: "Certificates of one file.",
	},
	admin_token_min_bytes: {
		value: 16,
		unit: "bytes",
		purpose: "Shortest token of the admin port, without one final line end.",
	},
	admin_token_max_bytes: { value: 4 * KIB, unit: "bytes", purpose: "Longest token of the admin port." },
	admin_addresses: {
		value: 1024,
		unit: "count",
		purpose: "Addresses whose failures at the admin port are remembered; the oldest go first.",
	},
	admin_body_bytes: { value: 64, unit: "bytes", purpose: "Body of a request to the admin port." },
	admin_header_bytes: {
		value: 8 * KIB,
		unit: "bytes",
		purpose: "Request line and headers of the admin port.",
	},
	admin_request_seconds: {
		value: 5,
		unit: "seconds",
		purpose: "How long a client of the admin port may take to send a request.",
	},
	admin_connections: { value: 64, unit: "count", purpose: "Connections of the admin port." },
} as const satisfies Record<string, { value: number; unit: Limit["unit"]; purpose: string }>;

/** `between 0 and 300 seconds`, for error texts and the reference. */
export function rangeText(limit: Limit): string {
	const unit = limit.unit === "count" || limit.unit === "ratio" ? "" : ` ${limit.unit}`;
	return `between ${limit.min} and ${limit.max}${unit}`;
}
