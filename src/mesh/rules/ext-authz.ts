import type { PlacedMap } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import { HANDOFF_NAMESPACE } from "../messages.ts";
import {
	fieldAt,
	fieldOf,
	isOpen,
	itemsAt,
	mapAt,
	numberAt,
	placeAt,
	secondsAt,
	textAt,
	textsAt,
	truthAt,
} from "../read-node.ts";
import type { PosternFacts, Subject, Tell } from "../types.ts";
import { checkGrpcService } from "./grpc-service.ts";
import { checkSwitches, type Switch } from "./switches.ts";

const DEFAULT_TIMEOUT_SECONDS = 0.2;
const LONGEST_TIMEOUT_SECONDS = 5;
/** What a Check holds besides the body. */
const ENVELOPE_BYTES = 64 * 1024;

const SWITCHES: readonly Switch[] = [
	{ path: ["failure_mode_allow"], safe: false, absent: false, code: "authz_fails_open" },
	{ path: ["shadow_mode"], safe: false, absent: false, code: "authz_shadow_mode" },
	{ path: ["validate_mutations"], safe: true, absent: false, code: "authz_mutations_unvalidated" },
	{ path: ["encode_raw_headers"], safe: true, absent: false, code: "authz_headers_joined" },
	{ path: ["clear_route_cache"], safe: false, absent: false, code: "authz_cache_cleared" },
];

/** What surrounds an ext_authz filter. */
export interface AuthzSurroundings {
	/** Whether ext_proc stands in the chain; undefined where the chain is not known. */
	readonly masked?: boolean;
	/** The smallest limit of answers that are held back. */
	readonly bufferBytes?: number;
	/** Callers may show certificates. */
	readonly asksCertificates: boolean;
}

export function checkAuthz(
	subject: Subject,
	around: AuthzSurroundings,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): void {
	const { config, at, whole } = subject;
	checkSwitches(subject, SWITCHES, tell);
	checkEnabled(subject, tell);
	if (around.masked !== false && truthAt(config, "enable_dynamic_metadata_ingestion") === false) {
		tell("authz_ingestion_off", placeAt(config, at, "enable_dynamic_metadata_ingestion"));
	}
	if (itemsAt(config, "clear_route_cache_headers").length > 0) {
		tell("authz_cache_cleared", placeAt(config, at, "clear_route_cache_headers"));
	}
	checkMutationRules(subject, tell);
	for (const name of ["allowed_headers", "disallowed_headers"]) {
		const entry = fieldOf(config, name);
		if (entry !== undefined) tell("authz_headers_hidden", entry.place);
	}
	const seen = textsAt(config, "metadata_context_namespaces");
	if (whole && !seen.includes(HANDOFF_NAMESPACE)) {
		tell("authz_handoff_unseen", placeAt(config, at, "metadata_context_namespaces"));
	}
	if (around.asksCertificates && whole && truthAt(config, "include_peer_certificate") !== true) {
		tell("authz_certificate_withheld", placeAt(config, at, "include_peer_certificate"));
	}
	if ((numberAt(config, "max_denied_response_body_bytes") ?? 0) > 0) {
		tell("authz_denials_cut", placeAt(config, at, "max_denied_response_body_bytes"));
	}
	if (whole && fieldOf(config, "status_on_error") === undefined) tell("authz_status_unset", at);
	checkRequestBody(subject, around, facts, tell);
	if (facts.readsBodies && whole && fieldOf(config, "with_request_body") === undefined) {
		tell("authz_body_unsent", at);
	}
	checkTimeout(subject, tell);
	checkGrpcService(subject, secondsAt(config, "grpc_service", "timeout"), undefined, tell);
}

function checkEnabled({ config }: Subject, tell: Tell<MeshCode>): void {
	if (truthAt(config, "deny_at_disable", "default_value") === true) return;
	const fraction = fieldOf(config, "filter_enabled");
	if (fraction !== undefined && !isWhole(mapAt(fraction.value, "default_value"))) {
		tell("authz_partly_enabled", fraction.place);
	}
	// Istio switches the filter by what its own rules found; those are checked where they are written.
	const matcher = fieldOf(config, "filter_enabled_metadata");
	if (matcher !== undefined && textAt(matcher.value, "filter") !== "envoy.filters.http.rbac") {
		tell("authz_partly_enabled", matcher.place);
	}
}

const DENOMINATORS: Readonly<Record<string, number>> = {
	"": 100,
	"0": 100,
	HUNDRED: 100,
	"1": 10_000,
	TEN_THOUSAND: 10_000,
	"2": 1_000_000,
	MILLION: 1_000_000,
};

/** Whether a FractionalPercent means every request. */
function isWhole(fraction: PlacedMap | undefined): boolean {
	if (isOpen(fieldOf(fraction, "numerator")?.value)) return true;
	const denominator =
		DENOMINATORS[textAt(fraction, "denominator")?.toUpperCase() ?? ""] ?? Number.POSITIVE_INFINITY;
	return (numberAt(fraction, "numerator") ?? 0) >= denominator;
}

function checkMutationRules({ config, at, whole }: Subject, tell: Tell<MeshCode>): void {
	const entry = fieldOf(config, "decoder_header_mutation_rules");
	if ((entry === undefined && !whole) || isOpen(entry?.value)) return;
	const rules = entry?.value;
	const limited = truthAt(rules, "disallow_system") === true || truthAt(rules, "disallow_all") === true;
	const widened =
		truthAt(rules, "allow_all_routing") === true ||
		truthAt(rules, "allow_envoy") === true ||
		fieldOf(rules, "allow_expression") !== undefined;
	if (!limited || widened) tell("authz_mutations_unlimited", entry?.place ?? at);
}

/** Also for `check_settings` of a route, which replace the filter's. */
export function checkRequestBody(
	{ config, whole }: Subject,
	around: AuthzSurroundings,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): void {
	const settings = fieldOf(config, "with_request_body");
	if (settings?.value.kind !== "map") return;
	const place = (name: string) => placeAt(settings.value, settings.place, name);
	if (truthAt(settings.value, "allow_partial_message") === true) {
		tell("authz_partial_body", place("allow_partial_message"));
	}
	const bytes = fieldOf(settings.value, "pack_as_bytes");
	if (
		!isOpen(bytes?.value) &&
		(bytes !== undefined || whole) &&
		truthAt(settings.value, "pack_as_bytes") !== true
	) {
		tell("authz_body_as_text", place("pack_as_bytes"));
	}
	const limit = numberAt(settings.value, "max_request_bytes");
	if (limit === undefined) return;
	if (around.masked === true && around.bufferBytes !== undefined && limit < around.bufferBytes) {
		tell(
			"authz_body_limits_answers",
			place("max_request_bytes"),
			`${limit} bytes, and answers may have ${around.bufferBytes}`,
		);
	}
	if (limit > facts.maxMessageBytes - ENVELOPE_BYTES) {
		const known = facts.known ? "" : " by default";
		tell(
			"authz_body_over_messages",
			place("max_request_bytes"),
			`${limit} bytes, and messages have ${facts.maxMessageBytes}${known}`,
		);
	}
}

function checkTimeout({ config, at, whole }: Subject, tell: Tell<MeshCode>): void {
	if (fieldOf(config, "grpc_service") === undefined) return;
	const entry = fieldAt(config, "grpc_service", "timeout");
	if (isOpen(entry?.value) || (entry === undefined && !whole)) return;
	const seconds =
		entry === undefined ? DEFAULT_TIMEOUT_SECONDS : secondsAt(config, "grpc_service", "timeout");
	if (seconds === undefined) return;
	const place = entry?.place ?? placeAt(config, at, "grpc_service");
	if (seconds === 0) tell("authz_timeout_long", place, "no limit");
	else if (seconds > LONGEST_TIMEOUT_SECONDS) tell("authz_timeout_long", place, `${seconds} s`);
	else if (seconds <= DEFAULT_TIMEOUT_SECONDS) tell("authz_timeout_short", place, `${seconds} s`);
}
