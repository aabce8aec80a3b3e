import { type JsonOut, raw } from "../lib/json-out.ts";

/**
 * A piece of a line that hardly changes from one line to the next: what an object became is kept when it comes again, and
 * copied as long as it is the same object. The object must not change.
 */
export function remembered<T extends object>(
	write: (out: JsonOut, value: T) => void,
): (out: JsonOut, value: T) => void {
	let last: T | undefined;
	let octets: Buffer | undefined;
	return (out, value) => {
		if (value !== last) {
			last = value;
			octets = undefined;
			write(out, value);
		} else if (octets !== undefined) raw(out, octets);
		else {
			const start = out.pos;
			write(out, value);
			octets = Buffer.from(out.buffer.subarray(start, out.pos));
		}
	};
}
