/** Longest text behind the colon of a line that may pass. */
export const MAX_PLAIN_LINE = 66;

/** `retry` is milliseconds. */
const RETRY = /^ ?[0-9]{1,10}$/;
const EVENT = /^ ?(?:[A-Za-z_][A-Za-z0-9_.-]{0,63})?$/;
const ID = /^ ?[A-Za-z0-9_.-]{0,64}$/;

/**
 * Whether a line beside the data of an event may pass a directive: they carry what a server likes. Names of events and
 * ids pass as plain tokens (no spaces, no addresses, nothing long), `retry` as digits; comments, whose name is empty, never.
 */
export function isPlainLine(name: string, value: string): boolean {
	switch (name) {
		case "event":
			return EVENT.test(value);
		case "id":
			return ID.test(value);
		case "retry":
			return RETRY.test(value);
		default:
			return false;
	}
}
