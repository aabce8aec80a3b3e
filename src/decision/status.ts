import type { JsonValue } from "../lib/json-value.ts";
import { Fault } from "./fault.ts";

/**
 * Statuses that opa-envoy-plugin takes: known both to Go and to Envoy. Left out is 100, an interim answer: as the last
 * answer it would leave the client waiting, and the next request's answer would be taken for this one's.
 */
const PEER_STATUSES: ReadonlySet<number> = new Set([
	...[200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308],
	...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417],
	...[421, 422, 423, 424, 426, 428, 429, 431],
	...[500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511],
]);

/**
 * Status of a denial. Strict: 300–599 but 304, for Envoy sends any other verbatim, a denial with 200 included. The
 * compatibility profile takes what the peer takes.
 * @throws Fault
 */
export function readStatus(value: JsonValue, compat: boolean): number {
	if (typeof value !== "number") throw new Fault("decision_type", "http_status is not a number");
	const fits = compat
		? PEER_STATUSES.has(value)
		: Number.isInteger(value) && value >= 300 && value <= 599 && value !== 304;
	if (!fits) throw new Fault("status_invalid", `http_status ${value} is none of a denial`);
	return value;
}
