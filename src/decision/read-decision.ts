import type { Directive } from "../fields/types.ts";
import type { JsonObject, JsonValue } from "../lib/json-value.ts";
import { editDistance } from "../lib/nearest.ts";
import { denial } from "./deny.ts";
import { Fault } from "./fault.ts";
import {
	COMPAT_BUDGET,
	readHeaderRules,
	readRemovals,
	requireBudget,
	STRICT_BUDGET,
} from "./header-rules.ts";
import { readQueryRemove, readQuerySet } from "./query-rules.ts";
import { readStatus } from "./status.ts";
import type { Allow, Decision, DecisionNotes, Deny, HeaderEntry } from "./types.ts";
import { requireCode, requireFinite, requireObject } from "./values.ts";

/** What reading a directive gives; `fields` does it, and is passed in. */
export type ReadDirective = (
	value: JsonValue,
) =>
	| { readonly ok: true; readonly directive: Directive }
	| { readonly ok: false; readonly kind: "invalid" | "unsupported" | "too_large"; readonly message: string };

export interface DecisionRules {
	/** The profile for policies written for opa-envoy-plugin. */
	readonly compat: boolean;
	/** Under `compat`: read Postern's own keys too. The strict profile always does. */
	readonly extensions: boolean;
	readonly readDirective: ReadDirective;
	/** A keyed hash can be made for this caller's transport. */
	readonly hash: boolean;
	/** Envoy sends request bodies to be judged (`fields.request`). */
	readonly request: boolean;
}

export interface ReadDecision {
	readonly decision: Decision;
	/** Keys that the compatibility profile passed over. */
	readonly ignored: readonly string[];
}

const PEER_KEYS: ReadonlySet<string> = new Set([
	"allowed",
	"headers",
	"response_headers_to_add",
	"request_headers_to_remove",
	"query_parameters_to_set",
	"query_parameters_to_remove",
	"http_status",
	"body",
	"dynamic_metadata",
]);
const OWN_KEYS: ReadonlySet<string> = new Set([
	"reason",
	"rules",
	"response",
	"request",
	"limits",
	"secrets",
	"obligations",
]);
/** In the contract, and not carried out by this build: refused, for ignoring one would widen what it narrows. */
const UNSUPPORTED: ReadonlySet<string> = new Set(["limits", "secrets"]);
/** Ours in the namespace of the hand-off. `decision_id` is overwritten, as the peer does. */
const RESERVED_METADATA = ["postern", "fields", "directive"];
const MAX_RULES = 64;

const NO_NOTES: DecisionNotes = { rules: [] };
const NO_KEYS: readonly string[] = [];
const PLAIN_ALLOW: ReadDecision = {
	decision: {
		kind: "allow",
		plain: true,
		headers: [],
		responseHeaders: [],
		removeHeaders: [],
		setQuery: [],
		removeQuery: [],
		notes: NO_NOTES,
	},
	ignored: NO_KEYS,
};
const PLAIN_DENY: ReadDecision = { decision: { ...denial("policy_denied"), plain: true }, ignored: NO_KEYS };

/**
 * Reads what a policy answered. Whatever is not a well-formed decision is a Deny with its own reason; nothing is guessed
 * and, outside the compatibility profile, nothing is passed over.
 */
export function readDecision(value: JsonValue, rules: DecisionRules): ReadDecision {
	if (value === true) return PLAIN_ALLOW;
	if (value === false) return PLAIN_DENY;
	const ignored: string[] = [];
	try {
		return { decision: read(requireObject(value, "the decision"), rules, ignored), ignored };
	} catch (thrown) {
		if (thrown instanceof Fault) return { decision: denial(thrown.reason, thrown.message), ignored };
		throw thrown;
	}
}

function read(given: JsonObject, rules: DecisionRules, ignored: string[]): Decision {
	checkKeys(given, rules, ignored);
	const { allowed } = given as { readonly allowed?: JsonValue };
	if (typeof allowed !== "boolean") throw new Fault("decision_type", "allowed is not a boolean");
	const own = !rules.compat || rules.extensions;
	const notes = own ? readNotes(given) : NO_NOTES;
	const directives = own ? readDirectives(given, rules) : {};
	const decision = allowed ? readAllow(given, rules, notes, directives) : readDeny(given, rules, notes);
	// The profiles differ in what they look at: strict reads the keys of the other verdict too, the peer never does.
	if (!rules.compat) checkOther(given, rules, allowed);
	return decision;
}

function checkKeys(given: JsonObject, rules: DecisionRules, ignored: string[]): void {
	const own = !rules.compat || rules.extensions;
	for (const key of Object.keys(given)) {
		if (PEER_KEYS.has(key)) continue;
		if (own && UNSUPPORTED.has(key)) throw new Fault("decision_unsupported", `${key} is not carried out yet`);
		if (own && OWN_KEYS.has(key)) continue;
		if (!rules.compat) throw new Fault("unknown_key", `unknown key ${JSON.stringify(key)}`);
		if (own && isNearOwn(key))
			throw new Fault("unknown_key", `${JSON.stringify(key)} is nearly a key of Postern`);
		ignored.push(key);
	}
}

function isNearOwn(key: string): boolean {
	for (const known of OWN_KEYS) if (editDistance(key.toLowerCase(), known, 2) <= 2) return true;
	return false;
}

function readAllow(
	given: JsonObject,
	rules: DecisionRules,
	notes: DecisionNotes,
	directives: Pick<Allow, "response" | "request">,
): Allow {
	const { compat } = rules;
	const headers = headersOf(given, "headers", "request", compat);
	const responseHeaders = headersOf(given, "response_headers_to_add", "response", compat);
	const removals = given["request_headers_to_remove"];
	const removeHeaders =
		removals === undefined ? [] : readRemovals(removals, "request_headers_to_remove", compat);
	if (!compat) {
		const both = headers.find(({ name }) => removeHeaders.includes(name));
		if (both !== undefined) throw new Fault("header_invalid", `${both.name} is both set and removed`);
	}
	requireBudget([headers, responseHeaders], removeHeaders, compat ? COMPAT_BUDGET : STRICT_BUDGET);
	const set = given["query_parameters_to_set"];
	const remove = given["query_parameters_to_remove"];
	return {
		kind: "allow",
		headers,
		responseHeaders,
		removeHeaders,
		setQuery: set === undefined ? [] : readQuerySet(set, "query_parameters_to_set", compat),
		removeQuery: remove === undefined ? [] : readQueryRemove(remove, "query_parameters_to_remove"),
		...metadataOf(given),
		...directives,
		notes,
	};
}

function readDeny(given: JsonObject, rules: DecisionRules, notes: DecisionNotes): Deny {
	const { compat } = rules;
	const headers = headersOf(given, "headers", "response", compat);
	requireBudget([headers], [], compat ? COMPAT_BUDGET : STRICT_BUDGET);
	const { body = "" } = given as { readonly body?: JsonValue };
	if (typeof body !== "string") throw new Fault("decision_type", "body is not a string");
	const status = given["http_status"];
	return {
		kind: "deny",
		reason: "policy_denied",
		status: status === undefined ? 403 : readStatus(status, compat),
		headers,
		body,
		...metadataOf(given),
		notes,
	};
}

/** Keys that only an allow, or only a denial, has a use for. `headers` belongs to both. */
const ALLOW_KEYS = [
	"response_headers_to_add",
	"request_headers_to_remove",
	"query_parameters_to_set",
	"query_parameters_to_remove",
] as const;
const DENY_KEYS = ["http_status", "body"] as const;

function checkOther(given: JsonObject, rules: DecisionRules, allowed: boolean): void {
	const keys = allowed ? DENY_KEYS : ALLOW_KEYS;
	if (!keys.some((key) => given[key] !== undefined)) return;
	if (allowed) readDeny({ ...given, headers: {} }, rules, NO_NOTES);
	else readAllow({ ...given, headers: {} }, rules, NO_NOTES, {});
}

function headersOf(
	given: JsonObject,
	key: string,
	place: "request" | "response",
	compat: boolean,
): readonly HeaderEntry[] {
	const value = given[key];
	return value === undefined ? [] : readHeaderRules(value, key, place, compat);
}

function metadataOf(given: JsonObject): { readonly metadata?: JsonObject } {
	const value = given["dynamic_metadata"];
	if (value === undefined) return {};
	const metadata = requireObject(value, "dynamic_metadata");
	for (const key of RESERVED_METADATA) {
		if (Object.hasOwn(metadata, key)) throw new Fault("metadata_reserved", `dynamic_metadata sets ${key}`);
	}
	requireFinite(metadata, "dynamic_metadata");
	return { metadata };
}

function readNotes(given: JsonObject): DecisionNotes {
	const reason = given["reason"];
	const rules = given["rules"];
	const obligations = given["obligations"];
	if (rules !== undefined && !Array.isArray(rules)) throw new Fault("decision_type", "rules is not an array");
	if (Array.isArray(rules) && rules.length > MAX_RULES) {
		throw new Fault("decision_value", `rules names ${rules.length} rules, at most ${MAX_RULES}`);
	}
	return {
		...(reason === undefined ? {} : { reason: requireCode(reason, "reason") }),
		rules: ((rules ?? []) as readonly JsonValue[]).map((rule) => requireCode(rule, "rules")),
		...(obligations === undefined ? {} : { obligations: requireObject(obligations, "obligations") }),
	};
}

function readDirectives(given: JsonObject, rules: DecisionRules): Pick<Allow, "response" | "request"> {
	const { response, request } = given as { readonly response?: JsonValue; readonly request?: JsonValue };
	return {
		...(response === undefined ? {} : { response: readOne("response", response, rules) }),
		...(request === undefined ? {} : { request: readRequest(request, rules) }),
	};
}

/** Of a request only what is named goes on: a member that the service learns to read next month is not named. */
function readRequest(value: JsonValue, rules: DecisionRules): Directive {
	if (!rules.request) throw new Fault("decision_unsupported", "request needs fields.request: true");
	const directive = readOne("request", value, rules);
	if (directive.release === undefined) throw new Fault("directive_invalid", "request: release is required");
	if (directive.stream)
		throw new Fault("directive_invalid", "request: a request's body is judged as a whole, never as a stream");
	if (directive.shape === "graphql")
		throw new Fault("directive_invalid", "request: shape says what an answer is, not a request");
	return directive;
}

function readOne(key: "response" | "request", value: JsonValue, rules: DecisionRules): Directive {
	const result = rules.readDirective(value);
	if (!result.ok) {
		const reason = {
			invalid: "directive_invalid",
			too_large: "directive_too_large",
			unsupported: "decision_unsupported",
		};
		throw new Fault(
			reason[result.kind] as "directive_invalid" | "directive_too_large" | "decision_unsupported",
			`${key}: ${result.message}`,
		);
	}
	const { directive } = result;
	if (!rules.hash && directive.mask.some((rule) => rule.strategy.as === "hash")) {
		throw new Fault("hash_unavailable", `${key} masks by hash, and there is no key for it here`);
	}
	return directive;
}
