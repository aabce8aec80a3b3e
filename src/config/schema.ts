import { z } from "zod";
import { parseAddress } from "../lib/address.ts";
import { parseCallerPattern } from "../lib/caller-pattern.ts";
import { collectorUrl, readResourceAttributes } from "../lib/otlp-settings.ts";
import { PATH_KINDS } from "../lib/path-kinds.ts";
import { LIMITS, type LimitName, rangeText } from "./limits.ts";

/** An integer with the default and the range of `config/limits.ts`. */
function limit(name: LimitName) {
	const { default: fallback, min, max, purpose, ...rest } = LIMITS[name];
	const error = `must be a whole number ${rangeText({ default: fallback, min, max, purpose, ...rest })}`;
	return z.int({ error }).min(min, { error }).max(max, { error }).default(fallback).describe(purpose);
}

function text(description: string, max = 4096) {
	return z
		.string({ error: "must be a text" })
		.min(1, { error: "must not be empty" })
		.max(max, { error: `must not be longer than ${max} characters` })
		.regex(/^[^\0\r\n]*$/, { error: "must be one line without NUL" })
		.describe(description);
}

function choice<const T extends readonly [string, ...string[]]>(values: T, description: string) {
	return z.enum(values, { error: `must be one of ${values.join(", ")}` }).describe(description);
}

function flag(description: string) {
	return z.boolean({ error: "must be true or false" }).describe(description);
}

function address(description: string) {
	return text(description, 512).refine((value) => parseAddress(value) !== undefined, {
		error: "must be HOST:PORT, [IPv6]:PORT, unix:///absolute/path or unix:relative/path",
	});
}

/** RFC 9110 section 5.1, lower case as HTTP/2 has it. */
function headerName(description: string) {
	return text(description, 64)
		.regex(/^[a-z0-9!#$%&'*+.^_`|~-]+$/, { error: "must be a header name in lower case" })
		.refine((name) => !RESERVED_HEADERS.has(name), { error: "is a header that HTTP itself needs" });
}

const RESERVED_HEADERS: ReadonlySet<string> = new Set([
	"authorization",
	"connection",
	"content-length",
	"cookie",
	"host",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
]);

/**
 * Signature algorithms that need a public key only. HMAC is left out: with it every reader of the key set could
 * issue tokens, and key confusion (RFC 8725, 2.1) becomes possible. `none` is no algorithm.
 */
const JWT_ALGORITHMS = [
	"RS256",
	"RS384",
	"RS512",
	"PS256",
	"PS384",
	"PS512",
	"ES256",
	"ES384",
	"ES512",
	"EdDSA",
] as const;

function identities(description: string) {
	return z
		.array(
			text("One identity", 2048).refine((value) => parseCallerPattern(value) !== undefined, {
				error: "must be spiffe://TRUST-DOMAIN/PATH, the same with a final /*, or dns:NAME in full",
			}),
			{ error: "must be a list of identities" },
		)
		.max(256, { error: "must not hold more than 256 identities" })
		.default([])
		.describe(description);
}

const serve = z.strictObject({
	grpc: z
		.array(address("One address"), { error: "must be a list of addresses" })
		.min(1, { error: "needs at least one address" })
		.max(16, { error: "must not hold more than 16 addresses" })
		.default(["127.0.0.1:9191"])
		.describe(
			"Addresses of the gRPC services: `127.0.0.1:9191` or `unix:///run/postern.sock`. Unix sockets and loopback ports are plain; any other TCP address carries mutual TLS and needs `serve.tls` and `serve.callers`.",
		),
	transport: choice(
		["auto", "grpc-js", "lane"],
		"What speaks gRPC: `lane`, Postern's own HTTP/2, or `grpc-js`. `auto` takes the lane for unix sockets and loopback ports, and grpc-js behind TLS.",
	).default("auto"),
	tls: z
		.strictObject({
			certificate: text(
				"File with Postern's own certificate and the chain behind it, PEM, the certificate itself first.",
			).exactOptional(),
			key: text("File with the certificate's private key, PEM, without a passphrase.").exactOptional(),
			client_ca: text(
				"File with the authorities that sign the certificates of the Envoys, PEM.",
			).exactOptional(),
			reload_seconds: limit("serve.tls.reload_seconds"),
			max_connections: limit("serve.tls.max_connections"),
		})
		.prefault({})
		.describe("Mutual TLS of every gRPC address that is neither a unix socket nor a loopback port."),
	callers: identities(
		"The Envoys that may ask over TLS: `spiffe://trust.domain/path`, a final `/*` for everything below, or `dns:NAME`.",
	),
	admin: z
		.union([z.literal("off"), address("Address of the admin port")], {
			error: "must be `off` or an address (HOST:PORT or unix:///path)",
		})
		.default("127.0.0.1:8181")
		.describe(
			"Address of the admin port (`/livez`, `/readyz`, `/metrics`, `/status`), or `off`. One that is neither a unix socket nor a loopback port needs `serve.admin_auth` or client certificates.",
		),
	admin_auth: z
		.strictObject({
			read_token_file: text(
				"File with the bearer token that `/metrics` and `/status` ask for, 16 bytes or more; one final line end is not part of it.",
			).exactOptional(),
			write_token_file: text(
				"File with the bearer token that changes ask for (`PUT /log-level`); it reads, too. Absent: nothing can be changed.",
			).exactOptional(),
			max_failures: limit("serve.admin_auth.max_failures"),
			max_total_failures: limit("serve.admin_auth.max_total_failures"),
		})
		.prefault({})
		.describe("Who may ask the admin port. `/livez` and `/readyz` are for everybody."),
	admin_tls: z
		.strictObject({
			certificate: text("File with the admin port's certificate and its chain, PEM.").exactOptional(),
			key: text("File with that certificate's private key, PEM.").exactOptional(),
			client_ca: text("File with the authorities of client certificates, PEM.").exactOptional(),
			readers: identities(
				"Holders of client certificates that may read as if they had the read token; as in `serve.callers`.",
			),
		})
		.prefault({})
		.describe("TLS of the admin port; off unless there is a certificate."),
	trust_loopback: flag(
		"Whoever reaches the gRPC ports is Envoy to Postern. `true` counts a loopback TCP port as reached by Envoy alone; needed for `hash` and `mtls` unless all addresses are unix sockets.",
	).default(false),
	socket_mode: z
		.string({ error: 'must be an octal mode in quotes, such as "0660"' })
		.regex(/^0?[0-7]{3}$/, { error: 'must be an octal mode in quotes, such as "0660"' })
		.refine((mode) => !/[2367]$/.test(mode), {
			error: "must not let everybody write: who may connect is Envoy to Postern",
		})
		.default("0660")
		.describe("Octal mode of unix sockets. Whoever may write to the socket is Envoy to Postern."),
	drain_delay_seconds: limit("serve.drain_delay_seconds"),
	drain_seconds: limit("serve.drain_seconds"),
	max_message_bytes: limit("serve.max_message_bytes"),
	max_concurrent_streams: limit("serve.max_concurrent_streams"),
	max_connection_age_seconds: limit("serve.max_connection_age_seconds"),
	max_connection_idle_seconds: limit("serve.max_connection_idle_seconds"),
	max_in_flight: limit("serve.max_in_flight"),
	workers: limit("serve.workers"),
	hang_milliseconds: limit("serve.hang_milliseconds"),
	lane: z
		.strictObject({
			max_connections: limit("serve.lane.max_connections"),
			max_header_bytes: limit("serve.lane.max_header_bytes"),
			max_buffered_bytes: limit("serve.lane.max_buffered_bytes"),
			max_resets_per_second: limit("serve.lane.max_resets_per_second"),
			max_control_frames_per_second: limit("serve.lane.max_control_frames_per_second"),
			stall_seconds: limit("serve.lane.stall_seconds"),
		})
		.prefault({})
		.describe("What peers of the lane may cost."),
});

function decisionPath(description: string) {
	return text(description, 256).regex(/^[^/]+(?:\/[^/]+)*$/, {
		error: "must be segments with single slashes between them, such as envoy/authz/allow",
	});
}

const policy = z.strictObject({
	bundle: text("Bundle file, as `postern build` makes it; reloaded when it changes."),
	path: decisionPath(
		"Decision path, slashes between segments; segments of digits at its end are places in a list.",
	).default("envoy/authz/allow"),
	paths: z
		.array(decisionPath("One decision path"), { error: "must be a list of decision paths" })
		.max(1000, { error: "must not hold more than 1000 paths" })
		.default([])
		.describe('Further decision paths, for which routes ask by `context_extensions["postern.path"]`.'),
	dry_run: flag(
		"Denials, of whatever reason, are recorded with `dry_run` and not enforced. Those of an overload or a full audit queue still are.",
	).default(false),
	compat: choice(
		["strict", "opa-envoy-plugin"],
		"`strict`: an unknown key in a decision is a denial. `opa-envoy-plugin`: the profile for policies written for that plugin; it also changes the defaults of the keys that say so.",
	).default("strict"),
	extensions: flag(
		"Under `compat: opa-envoy-plugin`: read Postern's own decision keys too. Always true under `strict`.",
	).default(false),
	projection: choice(
		["on", "off", "shadow"],
		"Whether a policy meets only the parts of the input that it can read. `shadow`: every call is evaluated both ways, differences are counted and logged, and the answer over the whole input counts.",
	).default("on"),
	memo: choice(
		["on", "off"],
		"Whether answers are remembered, by what the policy reads of the input, for policies that depend on that and on data alone.",
	).default("on"),
	memo_entries: limit("policy.memo_entries"),
	memo_bytes: limit("policy.memo_bytes"),
	max_input_bytes: limit("policy.max_input_bytes"),
	max_result_bytes: limit("policy.max_result_bytes"),
	max_memory_bytes: limit("policy.max_memory_bytes"),
	max_bundle_bytes: limit("policy.max_bundle_bytes"),
	poll_seconds: limit("policy.poll_seconds"),
});

function refusal(description: string) {
	return choice(["refuse", "allow"], description).default("refuse");
}

const request = z.strictObject({
	ambiguous_paths: refusal("A path that two readers could see differently is denied before the policy runs."),
	path_allowances: z
		.array(choice(PATH_KINDS, "One kind of ambiguity"), { error: "must be a list of kinds" })
		.max(PATH_KINDS.length, { error: `must not hold more than ${PATH_KINDS.length} kinds` })
		.default([])
		.describe(
			'Kinds of ambiguity that routes may be allowed by `context_extensions["postern.allow_paths"]`; a kind that is not listed here is refused there too.',
		),
	repeated_headers: refusal("Single-valued headers that come repeated are denied before the policy runs."),
	unread_bodies: refusal(
		"A policy that reads `parsed_body` meets no body that was not read (`body_state` other than `absent` and `parsed`). `allow` under `policy.compat: opa-envoy-plugin`, unless set.",
	),
	redirected: refusal("Calls that Envoy marks as internally redirected."),
	skip_body_parse: flag("Leaves `parsed_body` and `truncated_body` out of the input.").default(false),
	max_body_depth: limit("request.max_body_depth"),
	max_parts: limit("request.max_parts"),
	max_part_header_bytes: limit("request.max_part_header_bytes"),
	max_decoded_bytes: limit("request.max_decoded_bytes"),
	max_decoded_ratio: limit("request.max_decoded_ratio"),
	proto_descriptor: text(
		"File with a FileDescriptorSet (`protoc --include_imports --descriptor_set_out`) by which gRPC messages are read while the bundle carries none; read once, at the start.",
	).exactOptional(),
});

const jwt = z.strictObject({
	issuer: text("The `iss` that a token must carry, to the letter."),
	audiences: z
		.array(text("One audience"), { error: "must be a list of texts" })
		.min(1, { error: "needs at least one audience" })
		.max(64, { error: "must not hold more than 64 audiences" })
		.describe("A token must name at least one of these in `aud`."),
	algorithms: z
		.array(choice(JWT_ALGORITHMS, "One algorithm"), { error: "must be a list of algorithms" })
		.min(1, { error: "needs at least one algorithm" })
		.default(["RS256", "PS256", "ES256", "EdDSA"])
		.describe("Signature algorithms that are accepted, whatever a token's header says."),
	jwks: text("Key set: a file, or an `https` URL (`http` only to a loopback address)."),
	clock_skew_seconds: limit("identity.jwt.clock_skew_seconds"),
	refresh_seconds: limit("identity.jwt.refresh_seconds"),
	cooldown_seconds: limit("identity.jwt.cooldown_seconds"),
	fetch_timeout_seconds: limit("identity.jwt.fetch_timeout_seconds"),
	max_staleness_seconds: limit("identity.jwt.max_staleness_seconds"),
	max_key_set_bytes: limit("identity.jwt.max_key_set_bytes"),
	max_token_bytes: limit("identity.jwt.max_token_bytes"),
	cache_entries: limit("identity.jwt.cache_entries"),
	roles_claim: text("Claim that holds the roles; dots descend.", 256).default("roles"),
	groups_claim: text("Claim that holds the groups; dots descend.", 256).default("groups"),
});

const identity = z.strictObject({
	jwt: jwt.exactOptional().describe("Bearer tokens. Absent: `authorization` is not looked at."),
	mtls: z
		.strictObject({
			enabled: flag(
				"Takes the caller's identity from the client certificate that Envoy verified (`source.principal`).",
			).default(false),
			principals: choice(
				["spiffe", "any"],
				"`spiffe`: only principals that start with `spiffe://`; `any`: every principal.",
			).default("spiffe"),
		})
		.prefault({}),
	headers: z
		.strictObject({
			id: headerName(
				"Header for the caller's id, or `off`; `off` under `policy.compat: opa-envoy-plugin` without `policy.extensions` and a way to identify callers, unless set.",
			).default("x-postern-id"),
			issuer: headerName("Header for the token's issuer, or `off`; by the same rule.").default(
				"x-postern-issuer",
			),
		})
		.prefault({})
		.describe(
			"Headers set on every allow from the caller's identity and removed from every client's request.",
		),
});

const fields = z.strictObject({
	enabled: flag(
		"`false`: a drop-in without ext_proc; none of the hand-off keys is sent, `Process` is refused. `false` under `policy.compat: opa-envoy-plugin` without `policy.extensions`, unless set.",
	).default(true),
	request: flag(
		"`true`: Envoy's ext_proc filter sends request headers and buffered request bodies (`envoy/authz-and-fields-requests.yaml`), so decisions may hold `request`. `false`: such a decision is denied.",
	).default(false),
	without_decision: choice(
		["block", "pass"],
		"A request or an upstream's answer for which nobody decided. `pass` lets it through unmasked.",
	).default("block"),
	dry_run: choice(
		["withhold", "observe"],
		"The answer to a call that `policy.dry_run` let through: `withhold` gives no field of it, `observe` passes it and records what went out.",
	).default("withhold"),
	errors: choice(
		["apply", "replace"],
		"Error statuses (≥ 400) of the upstream under a directive: `apply` masks where the directive has `release`.",
	).default("apply"),
	hash_key_file: text(
		"File with the key for `hash`, 16 bytes or more; one final line end is not part of it.",
	).exactOptional(),
	max_body_bytes: limit("fields.max_body_bytes"),
	max_decoded_bytes: limit("fields.max_decoded_bytes"),
	max_decoded_ratio: limit("fields.max_decoded_ratio"),
	envoy_buffer_limit: limit("fields.envoy_buffer_limit"),
	max_message_bytes: limit("fields.max_message_bytes"),
	max_directive_bytes: limit("fields.max_directive_bytes"),
	max_selectors: limit("fields.max_selectors"),
	plan_cache_bytes: limit("fields.plan_cache_bytes"),
	response_headers: z
		.array(headerName("One header name"), { error: "must be a list of header names" })
		.max(256, { error: "must not hold more than 256 names" })
		.default([])
		.describe("Response headers that pass under a directive besides the built-in list, lower case."),
	response_headers_mode: choice(
		["enforce", "report"],
		"`enforce`: headers outside the list are removed; `report`: they pass and are counted.",
	).default("enforce"),
	cache_control: z
		.string({ error: "must be a text" })
		.max(256, { error: "must not be longer than 256 characters" })
		.regex(/^[\t\x20-\x7e]*$/, { error: "must be printable ASCII" })
		.default("private, no-store")
		.describe("`cache-control` of every allowed answer that may be masked; empty: left alone."),
});

const audit = z.strictObject({
	sink: text("`stdout`, `off`, or a file that is appended to (created with mode 0640).").default("stdout"),
	overflow: choice(
		["drop", "deny"],
		"When the queue is full: `drop` loses records and counts them; `deny` refuses what cannot be recorded.",
	).default("deny"),
	max_queue_bytes: limit("audit.max_queue_bytes"),
	flush_milliseconds: limit("audit.flush_milliseconds"),
});

const log = z.strictObject({
	level: choice(["debug", "info", "warn", "error"], "Least level of the operational log on stderr.").default(
		"info",
	),
});

const telemetry = z.strictObject({
	traces: z
		.strictObject({
			endpoint: text(
				"Collector for traces, OTLP over HTTP (`http://collector:4318`; without a path of its own `/v1/traces` is meant). Absent: no spans are made. Also `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`.",
				2048,
			)
				.refine((value) => collectorUrl(value) !== undefined, {
					error: "must be an http or https URL without credentials, query or fragment",
				})
				.exactOptional(),
			service_name: text("`service.name` of the spans. Also `OTEL_SERVICE_NAME`.", 256).default("postern"),
			resource_attributes: z
				.string({ error: "must be a text" })
				.max(8192, { error: "must not be longer than 8192 characters" })
				.refine((value) => readResourceAttributes(value) !== undefined, {
					error: "must be name=value, several with commas between them, other characters percent-encoded",
				})
				.default("")
				.describe(
					"Further attributes of the process on every span, `name=value,name=value`. Also `OTEL_RESOURCE_ATTRIBUTES`.",
				),
			max_queue_spans: limit("telemetry.traces.max_queue_spans"),
			max_queue_bytes: limit("telemetry.traces.max_queue_bytes"),
			max_batch_spans: limit("telemetry.traces.max_batch_spans"),
			flush_milliseconds: limit("telemetry.traces.flush_milliseconds"),
			timeout_seconds: limit("telemetry.traces.timeout_seconds"),
		})
		.prefault({})
		.describe("Spans of the calls whose callers record their traces."),
});

/** The strict schema of `postern.yaml`; its output is `Config` (a type test holds the two together). */
export const CONFIG_SCHEMA = z.strictObject({
	serve: serve.prefault({}).describe("Ports, and what they bear."),
	policy: policy.describe("The policy bundle, and what an evaluation may cost."),
	request: request.prefault({}).describe("What of a request is refused before the policy sees it."),
	identity: identity.prefault({}).describe("Who calls."),
	fields: fields.prefault({}).describe("Masking of bodies by ext_proc."),
	audit: audit.prefault({}).describe("The record of decisions and releases."),
	log: log.prefault({}).describe("The operational log."),
	telemetry: telemetry.prefault({}).describe("What other systems are told."),
});
