import { s32Bytes, u32Bytes } from "./bytes.ts";
import { type Native, REPR_INT, TYPE_NUMBER, TYPE_SET } from "./natives.ts";

const get = (local: number): number[] => [0x20, ...u32Bytes(local)];
const constant = (value: number): number[] => [0x41, ...s32Bytes(value)];
const call = (callee: number): number[] => [0x10, ...u32Bytes(callee)];
/** `i32.load8_u` at an offset from the address on the stack. */
const byteAt = (offset: number): number[] => [0x2d, 0, ...u32Bytes(offset)];
const EQUAL = 0x46;
const AND = 0x71;
const OR = 0x72;
const NOT = 0x45;
const END = 0x0b;

const choice = (
	condition: readonly number[],
	then: readonly number[],
	otherwise: readonly number[],
): number[] => [...condition, 0x04, 0x7f, ...then, 0x05, ...otherwise, END];

/** A function body without locals of its own. */
const body = (code: readonly number[]): Uint8Array => Uint8Array.from([0, ...code, END]);

const locals = (count: number): number[] => Array.from({ length: count }, (_, n) => get(n)).flat();

function takesOver({ takeover, arity }: Native): number[] {
	if (takeover === "always") return constant(1);
	if (takeover !== "not_integers")
		return [...get(takeover.setAt), ...byteAt(0), ...constant(TYPE_SET), EQUAL];
	const tests = Array.from({ length: arity }, (_, n) => [
		...get(n),
		...byteAt(0),
		...constant(TYPE_NUMBER),
		EQUAL,
		...get(n),
		...byteAt(1),
		...constant(REPR_INT),
		EQUAL,
		AND,
	]);
	return [...tests.flat(), ...tests.slice(1).map(() => AND), NOT];
}

/** The body of a builtin that asks the host under `id`, or the module's own function (`original`) where that is exact. */
export function takeoverBody(native: Native, id: number, dispatcher: number, original: number): Uint8Array {
	const host = [...constant(id), ...constant(0), ...locals(native.arity), ...call(dispatcher)];
	if (native.takeover === "always") return body(host);
	return body(choice(takesOver(native), host, [...locals(native.arity), ...call(original)]));
}

/** The body of an iterator that asks the host under `id` for the next key of an object (type 6) or set (7). */
export function sortedIterBody(id: number, dispatcher: number, original: number): Uint8Array {
	const unordered = [...get(0), ...byteAt(0), ...constant(1), OR, ...constant(TYPE_SET), EQUAL];
	const host = [...constant(id), ...constant(0), ...locals(2), ...call(dispatcher)];
	return body(choice(unordered, host, [...locals(2), ...call(original)]));
}
