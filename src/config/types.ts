import type { PathKind } from "../lib/path-kinds.ts";

/**
 * The configuration after defaults, as `config/load.ts` gives it: frozen, every limit within its range.
 * Keys are those of `postern.yaml`. Sizes are bytes, times seconds unless a name says otherwise.
 */
export interface Config {
	readonly serve: ServeConfig;
	readonly policy: PolicyConfig;
	readonly request: RequestConfig;
	readonly identity: IdentityConfig;
	readonly fields: FieldsConfig;
	readonly audit: AuditConfig;
	readonly log: { readonly level: "debug" | "info" | "warn" | "error" };
	readonly telemetry: { readonly traces: TracesConfig };
}

export interface TracesConfig {
	/** Of a collector that takes OTLP over HTTP; absent: no spans are made. */
	readonly endpoint?: string;
	readonly service_name: string;
	/** As `config/resource-attributes.ts` reads them. */
	readonly resource_attributes: string;
	/** Spans that wait, those on their way included. */
	readonly max_queue_spans: number;
	readonly max_queue_bytes: number;
	readonly max_batch_spans: number;
	readonly flush_milliseconds: number;
	readonly timeout_seconds: number;
}

export interface ServeConfig {
	/** Addresses of the gRPC services: `127.0.0.1:9191` or `unix:///run/postern.sock`. */
	readonly grpc: readonly string[];
	readonly transport: "auto" | "grpc-js" | "lane";
	/** Mutual TLS of the addresses that are neither unix sockets nor loopback ports. */
	readonly tls: TlsFiles & { readonly reload_seconds: number; readonly max_connections: number };
	/** The Envoys that may ask over TLS, as `lib/caller-pattern.ts` reads them. */
	readonly callers: readonly string[];
	/** Address of the admin port (metrics, health), or `off`. */
	readonly admin: string;
	readonly admin_auth: {
		readonly read_token_file?: string;
		readonly write_token_file?: string;
		readonly max_failures: number;
		readonly max_total_failures: number;
	};
	readonly admin_tls: TlsFiles & { readonly readers: readonly string[] };
	/** Whoever reaches a TCP port is Envoy to us: counts a loopback TCP port as a trusted caller. */
	readonly trust_loopback: boolean;
	/** Octal mode of unix sockets, `0660`. */
	readonly socket_mode: string;
	/** How long calls are still taken after SIGTERM. */
	readonly drain_delay_seconds: number;
	readonly drain_seconds: number;
	readonly max_message_bytes: number;
	readonly max_concurrent_streams: number;
	readonly max_connection_age_seconds: number;
	readonly max_connection_idle_seconds: number;
	readonly max_in_flight: number;
	/** Processes that take calls; 0: one process does everything. */
	readonly workers: number;
	/** How long the event loop of a worker may stand still before it is replaced. */
	readonly hang_milliseconds: number;
	/** What peers of the lane may cost. */
	readonly lane: {
		readonly max_connections: number;
		readonly max_header_bytes: number;
		readonly max_buffered_bytes: number;
		readonly max_resets_per_second: number;
		readonly max_control_frames_per_second: number;
		readonly stall_seconds: number;
	};
}

/** PEM files. */
export interface TlsFiles {
	readonly certificate?: string;
	readonly key?: string;
	readonly client_ca?: string;
}

export interface PolicyConfig {
	/** Bundle file; reloaded when it changes. */
	readonly bundle: string;
	/** Decision path, slashes between segments. */
	readonly path: string;
	/** Further decision paths that a route may ask for by `context_extensions["postern.path"]`. */
	readonly paths: readonly string[];
	/** Denials are recorded and not enforced. */
	readonly dry_run: boolean;
	readonly compat: "strict" | "opa-envoy-plugin";
	/** Under `compat: opa-envoy-plugin`: read Postern's own decision keys too. Always true under `strict`. */
	readonly extensions: boolean;
	/** Whether a policy meets only what it reads of the input; `shadow`: both, compared, and the whole input counts. */
	readonly projection: "on" | "off" | "shadow";
	/** Answers of policies that depend on their input and data alone are remembered. */
	readonly memo: "on" | "off";
	readonly memo_entries: number;
	readonly memo_bytes: number;
	readonly max_input_bytes: number;
	readonly max_result_bytes: number;
	readonly max_memory_bytes: number;
	readonly max_bundle_bytes: number;
	/** How often the bundle file is looked at, besides file-system events. */
	readonly poll_seconds: number;
}

export interface RequestConfig {
	/** `refuse`: a path that two readers could see differently is denied before the policy runs. */
	readonly ambiguous_paths: "refuse" | "allow";
	/** Kinds of ambiguity that routes may ask to be allowed. */
	readonly path_allowances: readonly PathKind[];
	/** `refuse`: single-valued headers that come repeated are denied before the policy runs. */
	readonly repeated_headers: "refuse" | "allow";
	/** `refuse`: a policy meets no body that was not read (`body_state` other than absent and parsed). */
	readonly unread_bodies: "refuse" | "allow";
	/** Calls that Envoy marks as internally redirected. */
	readonly redirected: "refuse" | "allow";
	/** Leaves `parsed_body` and `truncated_body` out of the input. */
	readonly skip_body_parse: boolean;
	readonly max_body_depth: number;
	readonly max_parts: number;
	readonly max_part_header_bytes: number;
	readonly max_decoded_bytes: number;
	readonly max_decoded_ratio: number;
	/** File with a FileDescriptorSet by which gRPC bodies are read. */
	readonly proto_descriptor?: string;
}

export interface IdentityConfig {
	readonly jwt?: JwtConfig;
	readonly mtls: {
		readonly enabled: boolean;
		/** `spiffe`: only principals that start with `spiffe://`; `any`: every principal. */
		readonly principals: "spiffe" | "any";
	};
	/** Headers set on every allow from the caller's identity and removed from every client's request; `off` is none. */
	readonly headers: { readonly id: string; readonly issuer: string };
}

export interface JwtConfig {
	readonly issuer: string;
	readonly audiences: readonly string[];
	readonly algorithms: readonly string[];
	/** Key set: a file, or an http(s) URL. */
	readonly jwks: string;
	readonly clock_skew_seconds: number;
	readonly refresh_seconds: number;
	/** Least time between two reads of the key set that unknown key ids or failures ask for. */
	readonly cooldown_seconds: number;
	readonly fetch_timeout_seconds: number;
	/** For how long known keys keep working while the key set cannot be had. */
	readonly max_staleness_seconds: number;
	readonly max_key_set_bytes: number;
	readonly max_token_bytes: number;
	readonly cache_entries: number;
	/** Claims that hold roles and groups; dots descend. */
	readonly roles_claim: string;
	readonly groups_claim: string;
}

export interface FieldsConfig {
	/** `false`: a drop-in without ext_proc; none of the hand-off keys is sent, `Process` is refused. */
	readonly enabled: boolean;
	/** Envoy sends request bodies to be judged, so decisions may hold `request`. */
	readonly request: boolean;
	/** An upstream's answer for which nobody decided. */
	readonly without_decision: "block" | "pass";
	/** The answer to a call that `policy.dry_run` let through: `observe` passes it and records what went out. */
	readonly dry_run: "withhold" | "observe";
	/** Error statuses (≥ 400) of the upstream under a directive: `apply` masks where the directive has `release`. */
	readonly errors: "apply" | "replace";
	readonly hash_key_file?: string;
	readonly max_body_bytes: number;
	readonly max_decoded_bytes: number;
	readonly max_decoded_ratio: number;
	/** What Envoy holds back of an answer. */
	readonly envoy_buffer_limit: number;
	readonly max_message_bytes: number;
	readonly max_directive_bytes: number;
	readonly max_selectors: number;
	readonly plan_cache_bytes: number;
	/** Response headers that pass under a directive besides the built-in allow-list, lower case. */
	readonly response_headers: readonly string[];
	/** `enforce`: headers outside the allow-list are removed; `report`: they pass and are counted. */
	readonly response_headers_mode: "enforce" | "report";
	/** `cache-control` of every allowed answer that may be masked; empty: left alone. */
	readonly cache_control: string;
}

export interface AuditConfig {
	/** `stdout`, `off`, or a file that is appended to. */
	readonly sink: string;
	/** What happens when the queue is full. */
	readonly overflow: "drop" | "deny";
	readonly max_queue_bytes: number;
	readonly flush_milliseconds: number;
}
