import type { Place, PlacedMap } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import { BODY_MODES, HANDOFF_NAMESPACE, HEADER_MODES, ROUTE_CACHE_ACTIONS } from "../messages.ts";
import {
	enumAt,
	fieldAt,
	fieldOf,
	isOpen,
	placeAt,
	secondsAt,
	textAt,
	textsAt,
	truthAt,
} from "../read-node.ts";
import type { PosternFacts, Subject, Tell } from "../types.ts";
import { checkGrpcService } from "./grpc-service.ts";
import { checkOverrides } from "./overrides.ts";
import { checkSwitches, type Switch } from "./switches.ts";

const DEFAULT_TIMEOUT_SECONDS = 0.2;
const LONGEST_TIMEOUT_SECONDS = 10;

const SWITCHES: readonly Switch[] = [
	{ path: ["failure_mode_allow"], safe: false, absent: false, code: "proc_fails_open" },
	{ path: ["observability_mode"], safe: false, absent: false, code: "proc_observes_only" },
	{ path: ["disable_immediate_response"], safe: false, absent: false, code: "proc_replacement_disabled" },
	{
		path: ["send_body_without_waiting_for_header_response"],
		safe: false,
		absent: false,
		code: "proc_without_waiting",
	},
	{ path: ["allow_content_length_header"], safe: false, absent: false, code: "proc_length_kept" },
];

/** The ext_proc filter's own settings, or what a route makes of them. */
export function checkProc(
	subject: Subject,
	bufferBytes: number | undefined,
	facts: PosternFacts,
	tell: Tell<MeshCode>,
): void {
	const { config, at, whole } = subject;
	checkSwitches(subject, SWITCHES, tell);
	const http = fieldOf(config, "http_service");
	if (http !== undefined) {
		tell("proc_over_http", http.place);
		return;
	}
	checkResponseModes(subject, tell);
	checkRequestModes(subject, facts, tell);
	checkMetadata(subject, tell);
	checkHeaders(subject, tell);
	if (enumAt(config, ROUTE_CACHE_ACTIONS, "route_cache_action") === "CLEAR") {
		tell("proc_route_chosen_again", placeAt(config, at, "route_cache_action"));
	}
	if (whole && fieldOf(config, "status_on_error") === undefined) tell("proc_status_unset", at);
	checkAuthority(subject, tell);
	const timeout = checkTimeout(subject, tell);
	checkGrpcService(subject, timeout, bufferBytes, tell);
}

/** What may stand in an authority (RFC 3986, 3.2). */
const AUTHORITY = /^[\w.~!$&'()*+,;=:@%[\]-]*$/;

/** Istio says it for ext_authz by itself; who writes a filter by hand has to. */
function checkAuthority({ config, at }: Subject, tell: Tell<MeshCode>): void {
	const path = ["grpc_service", "envoy_grpc", "cluster_name"];
	const cluster = textAt(config, ...path);
	const given = fieldAt(config, "grpc_service", "envoy_grpc", "authority");
	if (cluster === undefined || given !== undefined || AUTHORITY.test(cluster)) return;
	tell("proc_authority_missing", placeAt(config, at, ...path), cluster);
}

/** A mode of `processing_mode`; undefined where it is filled in later, or where a patch does not say it. */
function modeOf(
	{ config, whole }: Subject,
	field: string,
	names: readonly string[],
	absent: string,
): string | undefined {
	const path = ["processing_mode", field];
	if (isOpen(fieldAt(config, ...path)?.value)) return undefined;
	const mode = enumAt(config, names, ...path) ?? (whole ? absent : undefined);
	return mode === "DEFAULT" ? absent : mode;
}

function checkResponseModes(subject: Subject, tell: Tell<MeshCode>): void {
	const { config, at } = subject;
	const place = (field: string): Place => placeAt(config, at, "processing_mode", field);
	if (modeOf(subject, "response_header_mode", HEADER_MODES, "SEND") === "SKIP") {
		tell("proc_headers_skipped", place("response_header_mode"));
	}
	if (modeOf(subject, "response_trailer_mode", HEADER_MODES, "SKIP") === "SKIP") {
		tell("proc_trailers_skipped", place("response_trailer_mode"));
	}
	const body = modeOf(subject, "response_body_mode", BODY_MODES, "NONE");
	if (body === "NONE") tell("proc_body_unseen", place("response_body_mode"));
	if (body === "BUFFERED_PARTIAL") tell("proc_body_partial", place("response_body_mode"));
	if (body === "FULL_DUPLEX_STREAMED" || body === "GRPC")
		tell("proc_body_duplex", place("response_body_mode"));
	if (body === "BUFFERED" || body === "STREAMED")
		checkOverrides(subject, body, place("response_body_mode"), tell);
}

function checkRequestModes(subject: Subject, facts: PosternFacts, tell: Tell<MeshCode>): void {
	const { config, at } = subject;
	const place = (field: string): Place => placeAt(config, at, "processing_mode", field);
	const headers = modeOf(subject, "request_header_mode", HEADER_MODES, "SEND");
	const body = modeOf(subject, "request_body_mode", BODY_MODES, "NONE");
	if (headers === undefined || body === undefined) return;
	if (body !== "NONE" && headers === "SKIP") tell("proc_request_headers_skipped", place("request_body_mode"));
	if (body !== "NONE" && body !== "BUFFERED")
		tell("proc_request_body_mode", place("request_body_mode"), body);
	if (facts.requestFields) {
		if (body === "NONE") tell("proc_request_unseen", place("request_body_mode"));
	} else if (headers === "SEND" && (body === "NONE" || body === "BUFFERED")) {
		tell("proc_request_wasted", place("request_header_mode"));
	}
}

function checkMetadata({ config, at, whole }: Subject, tell: Tell<MeshCode>): void {
	const path = ["metadata_options", "forwarding_namespaces", "untyped"];
	const options = fieldOf(config, "metadata_options");
	if ((whole || options !== undefined) && !textsAt(config, ...path).includes(HANDOFF_NAMESPACE)) {
		tell("proc_handoff_withheld", placeAt(config, at, ...path));
	}
	for (const kind of ["untyped", "typed"]) {
		if (textsAt(config, "metadata_options", "receiving_namespaces", kind).includes(HANDOFF_NAMESPACE)) {
			tell("proc_writes_handoff", placeAt(config, at, "metadata_options", "receiving_namespaces", kind));
		}
	}
	const attributes = fieldOf(config, "response_attributes");
	if (
		(whole || attributes !== undefined) &&
		!textsAt(config, "response_attributes").includes("response.code_details")
	) {
		tell("proc_attributes_missing", attributes?.place ?? at);
	}
}

function checkHeaders({ config, at, whole }: Subject, tell: Tell<MeshCode>): void {
	const forwarded = fieldOf(config, "forward_rules");
	if (forwarded !== undefined && forwarded.value.kind === "map" && forwarded.value.entries.length > 0) {
		tell("proc_headers_hidden", forwarded.place);
	}
	const rules = fieldOf(config, "mutation_rules");
	if ((rules === undefined && !whole) || isOpen(rules?.value)) return;
	if (!stopsRemovals(rules?.value.kind === "map" ? rules.value : undefined)) return;
	const refuses = truthAt(rules?.value, "disallow_is_error") === true;
	tell(refuses ? "proc_rules_refuse" : "proc_headers_stuck", rules?.place ?? at);
}

function stopsRemovals(rules: PlacedMap | undefined): boolean {
	return (
		truthAt(rules, "allow_envoy") !== true ||
		truthAt(rules, "disallow_all") === true ||
		fieldOf(rules, "disallow_expression") !== undefined
	);
}

/** How long one message may take, where it is known. */
function checkTimeout({ config, at, whole }: Subject, tell: Tell<MeshCode>): number | undefined {
	const entry = fieldOf(config, "message_timeout");
	if (isOpen(entry?.value) || (entry === undefined && !whole)) return undefined;
	const seconds = entry === undefined ? DEFAULT_TIMEOUT_SECONDS : secondsAt(config, "message_timeout");
	if (seconds === undefined) return undefined;
	if (seconds <= DEFAULT_TIMEOUT_SECONDS) tell("proc_timeout_short", entry?.place ?? at, `${seconds} s`);
	if (seconds > LONGEST_TIMEOUT_SECONDS) tell("proc_timeout_long", entry?.place ?? at, `${seconds} s`);
	return seconds;
}
