/** Elements that one call may give back. */
export const MAX_ITEMS = 1 << 18;

/** UTF-16 units of text that one call may give back. */
export const MAX_TEXT = 1 << 24;

/** A result of no reasonable size: the evaluation is given up, for a policy may take "undefined" for a yes. */
export function tooLarge(builtin: string): RangeError {
	return new RangeError(`${builtin}: the result is too large`);
}
