import type { Place, PlacedMap } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import {
	CERTIFICATE_HEADERS,
	CODECS,
	DOWNSTREAM_TLS,
	EARLY_MUTATION,
	ESCAPED_SLASHES,
	UNDERSCORES,
} from "../messages.ts";
import {
	enumAt,
	fieldAt,
	fieldOf,
	isOpen,
	itemsAt,
	mapsAt,
	numberAt,
	placeAt,
	textAt,
	truthAt,
} from "../read-node.ts";
import { extensionOf } from "../typed.ts";
import type { PosternFacts, Subject, Tell } from "../types.ts";
import type { PosternChain } from "./chain.ts";
import { checkSwitches, type Switch } from "./switches.ts";
import { trustOf } from "./trust.ts";

const SWITCHES: readonly Switch[] = [
	{ path: ["normalize_path"], safe: true, absent: false, code: "edge_path_raw" },
	{ path: ["merge_slashes"], safe: true, absent: false, code: "edge_slashes_kept" },
	{
		path: ["http_protocol_options", "allow_chunked_length"],
		safe: false,
		absent: false,
		code: "edge_chunked_length",
	},
	{
		path: ["http_protocol_options", "allow_custom_methods"],
		safe: false,
		absent: false,
		code: "edge_methods_unlimited",
	},
];

/** The connection manager of a chain in which Postern has a filter. */
export function checkManager(chain: PosternChain, facts: PosternFacts, tell: Tell<MeshCode>): void {
	const { manager } = chain;
	if (manager === undefined) return;
	const subject: Subject = {
		config: manager,
		at: chain.at,
		whole: chain.managerWhole,
		flavour: chain.flavour,
	};
	checkSwitches(subject, SWITCHES, tell);
	checkEnum(
		subject,
		["path_with_escaped_slashes_action"],
		ESCAPED_SLASHES,
		(mode) =>
			mode === "REJECT_REQUEST" || mode === "UNESCAPE_AND_REDIRECT" ? undefined : "edge_escapes_kept",
		tell,
	);
	checkEnum(
		subject,
		["common_http_protocol_options", "headers_with_underscores_action"],
		UNDERSCORES,
		(mode) => (mode === "REJECT_REQUEST" || mode === "DROP_HEADER" ? undefined : "edge_underscores"),
		tell,
	);
	checkEnum(
		subject,
		["forward_client_cert_details"],
		CERTIFICATE_HEADERS,
		(mode) =>
			mode === undefined || mode.startsWith("SANITIZE") ? undefined : "edge_certificate_header_believed",
		tell,
	);
	checkIdentityHeaders(subject, facts, tell);
	checkAddress(subject, tell);
	const readsBodies = chain.authz.some(({ config }) => fieldOf(config, "with_request_body") !== undefined);
	if (subject.whole && readsBodies && isUnlimited(manager)) {
		tell("edge_request_endless", placeAt(manager, chain.at, "request_timeout"));
	}
}

function checkEnum(
	{ config, at, whole }: Subject,
	path: readonly string[],
	names: readonly string[],
	judge: (mode: string | undefined) => MeshCode | undefined,
	tell: Tell<MeshCode>,
): void {
	const entry = fieldAt(config, ...path);
	if (isOpen(entry?.value) || (entry === undefined && !whole)) return;
	const code = judge(enumAt(config, names, ...path));
	if (code !== undefined) tell(code, entry?.place ?? placeAt(config, at, ...path));
}

function checkIdentityHeaders(
	{ config, at, whole }: Subject,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): void {
	if (!whole) return;
	const removed = new Set(
		itemsAt(config, "early_header_mutation_extensions").flatMap((extension) => {
			const typed = extensionOf(extension);
			if (typed?.type !== EARLY_MUTATION) return [];
			return mapsAt(typed.config, "mutations").flatMap((each) => textAt(each, "remove")?.toLowerCase() ?? []);
		}),
	);
	const kept = facts.identityHeaders.filter((name) => !removed.has(name));
	if (kept.length > 0) {
		tell("edge_identity_believed", placeAt(config, at, "early_header_mutation_extensions"), kept.join(", "));
	}
}

function checkAddress({ config, at, whole }: Subject, tell: Tell<MeshCode>): void {
	const remote = fieldOf(config, "use_remote_address");
	const detected = itemsAt(config, "original_ip_detection_extensions").length > 0;
	const known = truthAt(config, "use_remote_address") === true || isOpen(remote?.value) || detected;
	if (whole && !known) tell("edge_address_believed", remote?.place ?? at);
	if ((numberAt(config, "xff_num_trusted_hops") ?? 0) > 0) {
		tell("edge_trusted_hops", placeAt(config, at, "xff_num_trusted_hops"));
	}
}

function isUnlimited(manager: PlacedMap): boolean {
	const text = textAt(manager, "request_timeout");
	return (
		!isOpen(fieldOf(manager, "request_timeout")?.value) && (text === undefined || /^0+(?:\.0+)?s$/.test(text))
	);
}

/** How large an answer may be that is held back, and where that is said; for HTTP/1.1 and for HTTP/2 callers. */
interface Buffers {
	readonly http1?: { readonly bytes: number; readonly at: Place; readonly written: boolean };
	readonly http2?: { readonly bytes: number; readonly at: Place; readonly written: boolean };
}

const DEFAULT_BUFFER_BYTES = 1024 * 1024;
const DEFAULT_WINDOW_BYTES = 16 * 1024 * 1024;
const SMALL_BUFFER_BYTES = 64 * 1024;
/** What a message holds besides the body. */
const ENVELOPE_BYTES = 64 * 1024;

function buffersOf(chain: PosternChain): Buffers {
	const { listener, manager, at } = chain;
	const codec = enumAt(manager, CODECS, "codec_type") ?? "AUTO";
	const limit = fieldOf(listener, "per_connection_buffer_limit_bytes");
	const windowPath = ["http2_protocol_options", "initial_stream_window_size"];
	const window = fieldAt(manager, ...windowPath);
	const speaks1 = codec === "AUTO" || codec === "HTTP1";
	const speaks2 = codec === "AUTO" || codec === "HTTP2";
	return {
		...(listener === undefined || !speaks1 || isOpen(limit?.value)
			? {}
			: {
					http1: {
						bytes: numberAt(listener, "per_connection_buffer_limit_bytes") ?? DEFAULT_BUFFER_BYTES,
						at: limit?.place ?? at,
						written: limit !== undefined,
					},
				}),
		...(manager === undefined ||
		!speaks2 ||
		isOpen(window?.value) ||
		(listener === undefined && window === undefined)
			? {}
			: {
					http2: {
						bytes: numberAt(manager, ...windowPath) ?? DEFAULT_WINDOW_BYTES,
						at: window?.place ?? placeAt(manager, at, ...windowPath),
						written: window !== undefined,
					},
				}),
	};
}

/** The smaller of the two, for whatever must fit both; undefined where one is not known. */
export function leastBytes(chain: PosternChain): number | undefined {
	const { http1, http2 } = buffersOf(chain);
	const known = [http1, http2].flatMap((each) => each?.bytes ?? []);
	return chain.listener === undefined || known.length === 0 ? undefined : Math.min(...known);
}

/** The buffers of a masked chain against each other and against Postern. */
export function checkBuffers(chain: PosternChain, facts: PosternFacts, tell: Tell<MeshCode>): void {
	const buffers = buffersOf(chain);
	const { http1, http2 } = buffers;
	if (http1 !== undefined && http2 !== undefined && http1.bytes !== http2.bytes) {
		const at = http2.written || !http1.written ? http2.at : http1.at;
		tell("edge_buffers_differ", at, `${http1.bytes} and ${http2.bytes} bytes`);
	}
	for (const each of [http1, http2]) {
		if (each === undefined) continue;
		if (each.bytes < SMALL_BUFFER_BYTES) tell("edge_buffer_small", each.at, `${each.bytes} bytes`);
		if (each.written) checkAgainstPostern(each.bytes, each.at, facts, tell);
	}
}

/** Also for the limit that a route sets. */
export function checkAgainstPostern(
	bytes: number,
	at: Place,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): void {
	const most = Math.min(facts.maxBodyBytes, facts.maxMessageBytes - ENVELOPE_BYTES);
	if (bytes <= most) return;
	tell(
		"edge_buffer_over_postern",
		at,
		`${bytes} bytes, and Postern takes ${most}${facts.known ? "" : " by default"}`,
	);
}

/** Whether callers may show certificates. */
export function asksCertificates({ filterChain }: PosternChain): boolean {
	const socket = extensionOf(fieldOf(filterChain, "transport_socket")?.value);
	if (socket?.type !== DOWNSTREAM_TLS) return false;
	const trust = trustOf(socket.config);
	return trust.any || truthAt(socket.config, "require_client_certificate") === true;
}

/** The certificates of callers. */
export function checkCallers({ filterChain }: PosternChain, tell: Tell<MeshCode>): void {
	const entry = fieldOf(filterChain, "transport_socket");
	const socket = extensionOf(entry?.value);
	if (entry === undefined || socket?.type !== DOWNSTREAM_TLS) return;
	const trust = trustOf(socket.config);
	for (const at of trust.untrusted) tell("edge_certificates_untrusted", at);
	const requires = fieldOf(socket.config, "require_client_certificate");
	if (
		truthAt(socket.config, "require_client_certificate") === true &&
		!trust.verified &&
		trust.untrusted.length === 0
	) {
		tell("edge_certificates_unverified", requires?.place ?? entry.place);
	}
}
