import type { JsonValue } from "../lib/json-value.ts";

/** Where a decision lies: a rule or package, and a place inside what it gives. */
export interface DecisionPath {
	/** As the policy's module names it, single slashes between segments. */
	readonly entrypoint: string;
	/** Behind it: indices of lists, names of members. */
	readonly inside: readonly (number | string)[];
}

const INDEX = /^[+-]?\d+$/;

/**
 * Reads a decision path as opa-envoy-plugin does: slashes at the ends count for nothing, a segment of digits is a number.
 * No rule or package is named by a number, so the entrypoint ends before the first of them.
 */
export function readDecisionPath(path: string): DecisionPath {
	const segments = path.replace(/^\/+|\/+$/g, "").split("/");
	const first = segments.findIndex((segment) => INDEX.test(segment));
	if (first < 0) return { entrypoint: segments.join("/"), inside: [] };
	return {
		entrypoint: segments.slice(0, first).join("/"),
		inside: segments.slice(first).map((segment) => (INDEX.test(segment) ? Number(segment) : segment)),
	};
}

/** What lies there; undefined when nothing does. A number names no member of an object: its names are texts. */
export function descend(value: JsonValue, inside: DecisionPath["inside"]): JsonValue | undefined {
	let here: JsonValue | undefined = value;
	for (const step of inside) {
		if (typeof here !== "object" || here === null) return undefined;
		if (Array.isArray(here))
			here = typeof step === "number" ? (here as readonly JsonValue[])[step] : undefined;
		else if (typeof step === "string" && Object.hasOwn(here, step)) {
			here = (here as { readonly [name: string]: JsonValue })[step];
		} else return undefined;
	}
	return here;
}
