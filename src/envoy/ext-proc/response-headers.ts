import { GRPC_STATUS } from "../../fields/scan/grpc.ts";
import type { Directive } from "../../fields/types.ts";
import type { HeaderChanges, HeaderField } from "./header-field.ts";

export interface HeaderRules {
	/** Headers that pass besides the built-in list, lower case. */
	readonly allowed: readonly string[];
	/** `report`: headers outside the list pass and are listed. */
	readonly mode: "enforce" | "report";
	/** Value of `cache-control`; empty: the upstream's own stays. */
	readonly cacheControl: string;
}

export interface JudgedHeaders extends HeaderChanges {
	/** Headers outside the list that passed because of `report`, each once. */
	readonly reported: readonly string[];
}

/** Headers of an answer carry data too: under a directive only these pass. */
const ALLOWED: ReadonlySet<string> = new Set([
	// Representation
	"content-type",
	"content-language",
	"vary",
	"grpc-accept-encoding",
	// Caching
	"cache-control",
	"expires",
	"age",
	"pragma",
	"date",
	// Cross-origin
	"access-control-allow-origin",
	"access-control-allow-credentials",
	"access-control-allow-headers",
	"access-control-allow-methods",
	"access-control-expose-headers",
	"access-control-max-age",
	"cross-origin-resource-policy",
	"timing-allow-origin",
	// Rate limit
	"ratelimit",
	"ratelimit-policy",
	"ratelimit-limit",
	"ratelimit-remaining",
	"ratelimit-reset",
	"x-ratelimit-limit",
	"x-ratelimit-remaining",
	"x-ratelimit-reset",
	"retry-after",
	// Trace
	"x-request-id",
	"x-correlation-id",
	"traceparent",
	"tracestate",
	"traceresponse",
	// Pagination
	"link",
	"x-total-count",
	"x-total-pages",
	"x-page",
	"x-per-page",
	"x-next-page",
	"x-prev-page",
	// Envoy writes or removes these itself after all filters
	"server",
	"connection",
	"keep-alive",
	"transfer-encoding",
]);

/**
 * What would betray or break a masked answer goes in every mode: the coding, which is undone before a body is
 * judged; lengths and validators of the upstream's own bytes (RFC 9110, 8.6, 8.8; RFC 9530; RFC 9421); what
 * invites ranges; and orders to caches and servers in front that would store or fetch the unmasked answer.
 */
const REMOVED: ReadonlySet<string> = new Set([
	"content-encoding",
	"grpc-encoding",
	"content-length",
	"etag",
	"last-modified",
	"content-md5",
	"digest",
	"repr-digest",
	"content-digest",
	"signature",
	"signature-input",
	"accept-ranges",
	"content-range",
	"trailer",
	"surrogate-control",
	"surrogate-key",
	"cdn-cache-control",
	"cloudflare-cdn-cache-control",
	"akamai-cache-control",
	"vercel-cdn-cache-control",
	"netlify-cdn-cache-control",
	"edge-control",
	"edge-cache-tag",
	"cache-tag",
	"xkey",
	"x-accel-expires",
	"x-accel-redirect",
	"x-sendfile",
]);

/** Judged by themselves, in every mode. `grpc-status-details-bin` holds whatever a service puts into an error. */
const GRPC_END: ReadonlySet<string> = new Set(["grpc-status", "grpc-message", "grpc-status-details-bin"]);

/** Envoy's own response headers; an upstream may forge them, so they pass as plain numbers and words only. */
const ENVOY_OWN: ReadonlySet<string> = new Set([
	"x-envoy-upstream-service-time",
	"x-envoy-attempt-count",
	"x-envoy-ratelimited",
	"x-envoy-overloaded",
	"x-envoy-degraded",
]);
const ENVOY_VALUE = /^(?:\d{1,10}|true|false)$/;

type GrpcRules = Pick<Directive, "grpcMessage">;
const NO_MESSAGE: GrpcRules = { grpcMessage: "withhold" };

/** What gRPC says at the end of a call, in trailers or, where there is nothing else, in headers. */
function isGrpcEnd({ name, value }: HeaderField, { grpcMessage }: GrpcRules): boolean {
	// A status is a small number; anything else in its place could be data.
	if (name === "grpc-status") return GRPC_STATUS.test(value);
	return name === "grpc-message" && grpcMessage === "release";
}

/** Judges the headers of an upstream's answer that a directive covers. */
export function judgeHeaders(
	headers: readonly HeaderField[],
	rules: HeaderRules,
	directive: GrpcRules = NO_MESSAGE,
): JudgedHeaders {
	const extra = new Set(rules.allowed);
	const remove = new Set<string>();
	const reported = new Set<string>();
	for (const field of headers) {
		const { name, value } = field;
		if (name.startsWith(":")) continue;
		if (GRPC_END.has(name)) {
			if (!isGrpcEnd(field, directive)) remove.add(name);
		} else if (REMOVED.has(name)) remove.add(name);
		else if (name === "expires" && rules.cacheControl !== "") remove.add(name);
		else if (ALLOWED.has(name) || extra.has(name)) continue;
		else if (ENVOY_OWN.has(name) && ENVOY_VALUE.test(value)) continue;
		else if (rules.mode === "report") reported.add(name);
		else remove.add(name);
	}
	const set: HeaderField[] = [{ name: "x-content-type-options", value: "nosniff" }];
	if (rules.cacheControl !== "") set.push({ name: "cache-control", value: rules.cacheControl });
	return { remove: [...remove], set, reported: [...reported] };
}

/**
 * Of the trailers of a judged answer only `grpc-status` stays, and `grpc-message` where the directive releases it: all
 * else may carry data of the body.
 */
export function judgeTrailers(
	trailers: readonly HeaderField[],
	directive: GrpcRules = NO_MESSAGE,
): HeaderChanges {
	const remove = new Set(trailers.filter((field) => !isGrpcEnd(field, directive)).map(({ name }) => name));
	return { remove: [...remove], set: [] };
}
