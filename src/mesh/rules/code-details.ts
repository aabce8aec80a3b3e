import type { Place, Placed, PlacedMap } from "../../lib/placed.ts";
import { fieldOf, itemsAt, mapAt, textAt } from "../read-node.ts";

/**
 * Values of `response.code_details` that were proved to carry no byte of an upstream. Postern's ext_proc passes the
 * same ones; a test holds the two lists together.
 */
const OWN_REPLIES: ReadonlySet<string> = new Set([
	"ext_authz_denied",
	"ext_authz_error",
	"route_not_found",
	"direct_response",
	"cluster_not_found",
	"no_healthy_upstream",
	"response_timeout",
	"request_overall_timeout",
	"request_payload_too_large",
	"path_normalization_failed",
	"missing_host_header",
	"upgrade_failed",
	"low_version",
	"http1.codec_error",
	"http1.headers_too_large",
	"http1.invalid_characters",
	"http1.unexpected_underscore",
]);

export function isOwnReply(codeDetails: string): boolean {
	return OWN_REPLIES.has(codeDetails);
}

/** What an expression compares `response.code_details` with. */
export interface CodeDetails {
	/** Undefined: the expression is none of `response.code_details == "…"`, alone or joined by `||`. */
	readonly value?: string;
	readonly at: Place;
}

/**
 * Reads the parsed form of a CEL expression, the only one that Envoy takes here. Empty when it does not speak of
 * `response.code_details`.
 */
export function codeDetailsOf(matcher: PlacedMap): readonly CodeDetails[] {
	const expression = mapAt(matcher, "expr_match", "cel_expr_parsed", "expr");
	if (expression !== undefined) return mentions(expression, 0) ? read(expression, 0) : [];
	const whole = fieldOf(matcher, "expr_match");
	return whole === undefined ? [] : [{ at: whole.place }];
}

const MAX_DEPTH = 50;

function read(expression: PlacedMap, depth: number): readonly CodeDetails[] {
	const call = fieldOf(expression, "call_expr");
	if (call === undefined || depth > MAX_DEPTH) return [{ at: expression.place }];
	const args = itemsAt(call.value, "args");
	const name = textAt(call.value, "function");
	if (name === "_||_") {
		return args.flatMap((arg) => (arg.kind === "map" ? read(arg, depth + 1) : [{ at: call.place }]));
	}
	const text = args
		.map((arg) => textAt(arg, "const_expr", "string_value"))
		.find((value) => value !== undefined);
	const compared = name === "_==_" && args.length === 2 && args.some(isCodeDetails);
	return compared && text !== undefined ? [{ value: text, at: call.place }] : [{ at: call.place }];
}

function isCodeDetails(node: Placed): boolean {
	return (
		textAt(node, "select_expr", "field") === "code_details" &&
		textAt(node, "select_expr", "operand", "ident_expr", "name") === "response"
	);
}

function mentions(node: Placed, depth: number): boolean {
	if (depth > MAX_DEPTH || node.kind === "scalar") return false;
	if (node.kind === "list") return node.items.some((item) => mentions(item, depth + 1));
	return isCodeDetails(node) || node.entries.some(({ value }) => mentions(value, depth + 1));
}
