import type { PlacedMap } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import { CERTIFICATE_HEADERS, EARLY_MUTATION, ESCAPED_SLASHES, UNDERSCORES } from "../messages.ts";
import type { PosternChain } from "../postern-chain.ts";
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
import { checkSwitches, type Switch } from "./switches.ts";

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
