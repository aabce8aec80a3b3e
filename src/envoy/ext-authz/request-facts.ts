import type { RequestConfig } from "../../config/types.ts";
import { denial } from "../../decision/deny.ts";
import { HANDOFF_NAMESPACE } from "../../decision/handoff-types.ts";
import type { Deny } from "../../decision/types.ts";
import type { PathKind } from "../../lib/path-kinds.ts";
import { type HeaderFacts, readHeaders } from "../../request/headers.ts";
import { pathAmbiguity } from "../../request/path-ambiguity.ts";
import { readMembers } from "../protobuf/struct.ts";
import { openEntry, textOf } from "./check-request.ts";
import type { CheckView, HttpView, Span } from "./check-view.ts";
import { sameText } from "./entries.ts";

/** What the service itself looks at, as text. */
export interface RequestFacts {
	readonly method: string;
	readonly host: string;
	/** With its query. */
	readonly path: string;
	readonly principal: string;
	readonly headers: HeaderFacts;
}

const NO_HEADERS: HeaderFacts = { authorization: [], redirected: false, upgrade: false };

export function readFacts(view: CheckView): RequestFacts {
	const { http } = view;
	return {
		method: http === undefined ? "" : textOf(view, http.method),
		host: http === undefined ? "" : textOf(view, http.host),
		path: http === undefined ? "" : textOf(view, http.path),
		principal: view.source === undefined ? "" : textOf(view, view.source.principal),
		headers:
			http === undefined
				? NO_HEADERS
				: readHeaders({
						bytes: view.bytes,
						spans: http.headerMap ?? http.headers,
					}),
	};
}

/**
 * Refusals that need no policy: what could be read in two ways, and what has been decided once already. `handsOn`: the
 * answer carries a hand-off. `allowed`: kinds of ambiguity that the route may meet.
 */
export function refuseRequest(
	view: CheckView,
	facts: RequestFacts,
	rules: RequestConfig,
	compat: boolean,
	handsOn: boolean,
	allowed: ReadonlySet<PathKind>,
): Deny | undefined {
	const { http } = view;
	// TRACE sends the request's headers back, those that we set included (RFC 9110, section 9.3.8).
	if (facts.method.toUpperCase() === "TRACE") return denial("method_refused", "TRACE");
	if (rules.redirected === "refuse" && facts.headers.redirected) {
		return denial("redirected", "x-envoy-original-url is present");
	}
	// Ours would replace it key by key, so that an answer which the first one masks could be released whole.
	if ((handsOn || rules.redirected === "refuse") && holdsHandoff(view)) {
		return denial("handoff_conflict", "the metadata holds a hand-off already");
	}
	if (http === undefined) {
		return compat
			? undefined
			: denial("request_malformed", "no HTTP attributes: the check is for no HTTP request");
	}
	if (rules.ambiguous_paths === "refuse") {
		const why = ambiguity(view, http, facts, allowed);
		if (why !== undefined) return denial("path_ambiguous", why);
	}
	if (rules.repeated_headers === "refuse" && facts.headers.repeated !== undefined) {
		return denial("header_ambiguous", `${facts.headers.repeated} comes more than once`);
	}
	return undefined;
}

function ambiguity(
	view: CheckView,
	http: HttpView,
	facts: RequestFacts,
	allowed: ReadonlySet<PathKind>,
): string | undefined {
	const { bytes } = view;
	const { path } = http;
	// CONNECT names an authority and no path (RFC 9110, section 9.3.6).
	if (facts.method === "CONNECT" && path.start === path.end) return undefined;
	const found = pathAmbiguity(bytes, path.start, path.end);
	if (found?.hopeless !== undefined) return found.hopeless;
	const refused = found?.kinds.filter((kind) => !allowed.has(kind)) ?? [];
	if (refused.length > 0) return refused.join(", ");
	const other: Span | undefined = facts.headers.path;
	if (other !== undefined && !sameText(bytes, path.start, path.end, other.start, other.end)) {
		return "path and :path differ";
	}
	// Envoy writes `!` for bytes that are no UTF-8; with raw headers the comparison above finds them.
	return http.headerMap === undefined && facts.path.includes("!") && pathPart(facts.path).includes("!")
		? "a ! that may stand for another byte (encode_raw_headers tells)"
		: undefined;
}

function pathPart(path: string): string {
	const query = path.indexOf("?");
	return query < 0 ? path : path.slice(0, query);
}

/** Whether an earlier Check of this same request left its hand-off. */
function holdsHandoff(view: CheckView): boolean {
	const entry = view.metadataContext?.filter.get(HANDOFF_NAMESPACE);
	if (entry === undefined) return false;
	let found = false;
	readMembers(openEntry(entry), (key) => {
		const name = key.bytes.toString("latin1", key.start, key.end);
		if (name === "postern" || name === "fields" || name === "directive") found = true;
	});
	return found;
}
