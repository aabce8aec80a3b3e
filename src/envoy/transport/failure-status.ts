import type { FailureCode } from "../ext-proc/process-stream.ts";

/** gRPC statuses by number, as the protocol has them; those that Postern itself gives. */
export const STATUS = {
	OK: 0,
	INVALID_ARGUMENT: 3,
	NOT_FOUND: 5,
	PERMISSION_DENIED: 7,
	RESOURCE_EXHAUSTED: 8,
	FAILED_PRECONDITION: 9,
	UNIMPLEMENTED: 12,
	INTERNAL: 13,
	UNAVAILABLE: 14,
} as const;

/** What a failing stream ends with; never OK. */
export const FAILURE_STATUS: Readonly<Record<FailureCode, number>> = {
	invalid: STATUS.INVALID_ARGUMENT,
	unsupported: STATUS.FAILED_PRECONDITION,
	overload: STATUS.RESOURCE_EXHAUSTED,
	unavailable: STATUS.UNAVAILABLE,
	internal: STATUS.INTERNAL,
};

/** `UNAVAILABLE` for 14. */
export function statusName(status: number): string {
	return Object.entries(STATUS).find(([, number]) => number === status)?.[0] ?? String(status);
}
