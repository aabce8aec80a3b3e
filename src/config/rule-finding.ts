import type { ErrorCode } from "../lib/errors.ts";

/** What a rule found, by key; the loader adds the place. */
export interface RuleFinding {
	readonly code: ErrorCode;
	readonly key: string;
	readonly message: string;
}
