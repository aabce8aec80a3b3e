import type { Place, Placed, PlacedEntry, PlacedMap } from "../../lib/placed.ts";
import { DOWNSTREAM_TLS, EARLY_MUTATION } from "../messages.ts";
import { bytesAt, fieldAt, fieldOf, itemsAt, textAt, truthAt } from "../read-node.ts";
import { listOf, mapWith, renamed, scalarOf } from "../synthetic.ts";

/** What a ClientTrafficPolicy, or none, makes of a listener. */
export interface GatewayEdge {
	readonly manager: PlacedMap;
	readonly listener: PlacedMap;
	readonly filterChain?: PlacedMap;
}

/** Envoy Gateway's own defaults. */
const BUFFER_BYTES = 32 * 1024;
const WINDOW_BYTES = 64 * 1024;

const ESCAPED: Readonly<Record<string, string>> = {
	KeepUnchanged: "KEEP_UNCHANGED",
	RejectRequest: "REJECT_REQUEST",
	UnescapeForward: "UNESCAPE_AND_FORWARD",
	UnescapeRedirect: "UNESCAPE_AND_REDIRECT",
};
const UNDERSCORES: Readonly<Record<string, string>> = {
	Allow: "ALLOW",
	RejectRequest: "REJECT_REQUEST",
	DropHeader: "DROP_HEADER",
};
const CERTIFICATES: Readonly<Record<string, string>> = {
	Sanitize: "SANITIZE",
	ForwardOnly: "FORWARD_ONLY",
	AppendForward: "APPEND_FORWARD",
	SanitizeSet: "SANITIZE_SET",
	AlwaysForwardOnly: "ALWAYS_FORWARD_ONLY",
};

export function gatewayEdge(spec: PlacedMap | undefined, at: Place): GatewayEdge {
	const buffer = fieldAt(spec, "connection", "buffer_limit");
	const window = fieldAt(spec, "http2", "initial_stream_window_size");
	const merge = fieldAt(spec, "path", "disable_merge_slashes");
	const escapes = fieldAt(spec, "path", "escaped_slashes_action");
	const underscores = fieldAt(spec, "headers", "with_underscores_action");
	const certificates = fieldAt(spec, "headers", "x_forwarded_client_cert", "mode");
	const hops = fieldAt(spec, "client_ip_detection", "x_forwarded_for", "num_trusted_hops") ?? hopsOf(spec);
	const early = fieldAt(spec, "headers", "early_request_headers");
	const timeout = fieldAt(spec, "timeout", "http", "request_received_timeout");
	const bytes = (entry: PlacedEntry | undefined, fallback: number, ...path: readonly string[]): Placed =>
		entry === undefined ? scalarOf(at, fallback) : scalarOf(entry.place, bytesAt(spec, ...path) ?? fallback);
	const manager = mapWith(at, {
		normalize_path: scalarOf(at, true),
		merge_slashes: scalarOf(merge?.place ?? at, truthAt(spec, "path", "disable_merge_slashes") !== true),
		path_with_escaped_slashes_action: translated(escapes, ESCAPED, "UNESCAPE_AND_REDIRECT", at),
		common_http_protocol_options: mapWith(at, {
			headers_with_underscores_action: translated(underscores, UNDERSCORES, "REJECT_REQUEST", at),
		}),
		forward_client_cert_details: translated(certificates, CERTIFICATES, "SANITIZE", at),
		use_remote_address: scalarOf(at, true),
		xff_num_trusted_hops: renamed(hops),
		request_timeout: renamed(timeout),
		early_header_mutation_extensions: early === undefined ? undefined : earlyMutation(early),
		http2_protocol_options: mapWith(at, {
			initial_stream_window_size: bytes(window, WINDOW_BYTES, "http2", "initial_stream_window_size"),
		}),
	});
	const listener = mapWith(at, {
		per_connection_buffer_limit_bytes: bytes(buffer, BUFFER_BYTES, "connection", "buffer_limit"),
	});
	const filterChain = callersTls(spec);
	return { manager, listener, ...(filterChain === undefined ? {} : { filterChain }) };
}

/** `clientIPDetection` does not follow the rule by which proto names become JSON names. */
function hopsOf(spec: PlacedMap | undefined): PlacedEntry | undefined {
	const detection = spec?.entries.find(({ key }) => key === "clientIPDetection");
	return fieldAt(detection?.value, "x_forwarded_for", "num_trusted_hops");
}

function translated(
	entry: PlacedEntry | undefined,
	words: Readonly<Record<string, string>>,
	fallback: string,
	at: Place,
): Placed {
	if (entry === undefined) return scalarOf(at, fallback);
	const text = entry.value.kind === "scalar" ? String(entry.value.value) : "";
	return scalarOf(entry.place, words[text] ?? fallback);
}

function earlyMutation(early: PlacedEntry): Placed {
	const mutations = itemsAt(early.value, "remove").map((name) => mapWith(name.place, { remove: name }));
	const typed = mapWith(early.place, {
		"@type": scalarOf(early.place, EARLY_MUTATION),
		mutations: listOf(early.place, mutations),
	});
	return listOf(early.place, [mapWith(early.place, { typed_config: typed })]);
}

/** `Request` and `RequireAny` let certificates pass that were not verified. */
function callersTls(spec: PlacedMap | undefined): PlacedMap | undefined {
	const validation = fieldAt(spec, "tls", "client_validation");
	if (validation === undefined) return undefined;
	const mode = fieldOf(validation.value, "mode");
	const text = textAt(validation.value, "mode") ?? "RequireAndVerify";
	const authorities = fieldOf(validation.value, "ca_certificate_refs");
	const untrusted = text === "Request" || text === "RequireAny";
	const pins = fieldOf(validation.value, "spki_hashes") ?? fieldOf(validation.value, "certificate_hashes");
	const context = mapWith(validation.place, {
		trusted_ca: renamed(authorities),
		verify_certificate_hash: renamed(pins),
		trust_chain_verification:
			untrusted && mode !== undefined ? scalarOf(mode.place, "ACCEPT_UNTRUSTED") : undefined,
	});
	const typed = mapWith(validation.place, {
		"@type": scalarOf(validation.place, DOWNSTREAM_TLS),
		require_client_certificate: scalarOf(
			mode?.place ?? validation.place,
			text === "RequireAndVerify" && truthAt(validation.value, "optional") !== true,
		),
		common_tls_context: mapWith(validation.place, { validation_context: context }),
	});
	return mapWith(validation.place, { transport_socket: mapWith(validation.place, { typed_config: typed }) });
}
