import { ModuleFormatError, u32Bytes } from "./bytes.ts";
import { sortedIterBody, takeoverBody } from "./code.ts";
import { callSites } from "./instructions.ts";
import { NATIVES } from "./natives.ts";
import { type ModuleParts, moduleParts } from "./sections.ts";

/** Number under which the module asks the host for the next key in order; those of `NATIVES` follow. */
export const SORTED_ITER_ID = 0x4000_0000;
export const FIRST_NATIVE_ID = SORTED_ITER_ID + 1;

/** Functions of OPA's library that a rewritten module exports besides, by the name they get. */
export const LIBRARY_EXPORTS = {
	postern_iter: "opa_value_iter",
	postern_compare: "opa_value_compare",
	postern_string: "opa_string_allocated",
	postern_number: "opa_number_ref_allocated",
} as const;

type Rewritten = { readonly bytes: Uint8Array } | { readonly unchanged: string };

/** Functions that OPA compiles from rules, and those of its library whose result shows the order they iterate in. */
const POLICY_FUNCTION = /^(?:g\d+\.|eval$)/;
const ORDERED_FUNCTION = /^(?:__)?opa_value_transitive_closure$/;

/** A body whose calls at some places go elsewhere. Branches name blocks, not offsets, so sizes may change. */
function redirect(body: Uint8Array, at: readonly { start: number; end: number }[], to: number): Uint8Array {
	const parts: Uint8Array[] = [];
	let from = 0;
	for (const { start, end } of at) {
		parts.push(body.subarray(from, start), Buffer.from([0x10, ...u32Bytes(to)]));
		from = end;
	}
	return Buffer.concat([...parts, body.subarray(from)]);
}

/**
 * Iterations of a rule whose order shows: a loop around something appended to an array. OPA goes through sets and
 * objects in order, the module by hash, and an array comprehension keeps what it met first in front.
 */
function orderedIterations(body: Uint8Array, iter: number, append: number | undefined, all: boolean) {
	const sites = callSites(body);
	const appending = new Set(sites.filter(({ callee }) => callee === append).flatMap(({ loops }) => loops));
	return sites.filter(({ callee, loops }) => {
		const innermost = loops.at(-1);
		return callee === iter && (all || (innermost !== undefined && appending.has(innermost)));
	});
}

function rewriteParts(parts: ModuleParts): Uint8Array {
	const { names, firstBody } = parts;
	const named = (name: string): number => {
		const index = names.get(name);
		if (index === undefined) throw new ModuleFormatError(`no function ${name}`);
		return index;
	};
	const dispatcher = (arity: number): number => {
		const index = parts.imports.get(`opa_builtin${arity}`);
		if (index === undefined) throw new ModuleFormatError(`no import opa_builtin${arity}`);
		return index;
	};
	const bodies = [...parts.bodies];
	const types = [...parts.types];
	const copy = (index: number): number => {
		types.push(types[index - firstBody] as number);
		bodies.push(bodies[index - firstBody] as Uint8Array);
		return firstBody + bodies.length - 1;
	};

	const iter = named("opa_value_iter");
	const sortedIter = copy(iter);
	bodies[sortedIter - firstBody] = sortedIterBody(SORTED_ITER_ID, dispatcher(2), iter);
	const append = names.get("opa_array_append");
	for (const [name, index] of names) {
		const library = ORDERED_FUNCTION.test(name);
		if (index < firstBody || (!library && !POLICY_FUNCTION.test(name))) continue;
		const body = bodies[index - firstBody] as Uint8Array;
		bodies[index - firstBody] = redirect(body, orderedIterations(body, iter, append, library), sortedIter);
	}
	for (const [place, native] of NATIVES.entries()) {
		const index = names.get(native.symbol);
		// The compiler leaves out what no rule calls.
		if (index === undefined) continue;
		const original = native.takeover === "always" ? index : copy(index);
		bodies[index - firstBody] = takeoverBody(
			native,
			FIRST_NATIVE_ID + place,
			dispatcher(native.arity),
			original,
		);
	}
	const exports = new Map(Object.entries(LIBRARY_EXPORTS).map(([name, symbol]) => [name, named(symbol)]));
	return parts.with({ types, bodies, exports });
}

/**
 * Makes a module of OPA's compiler ask the host wherever its own answer is not OPA's: builtins of `NATIVES`, and the
 * order of iteration where it shows. The functions are found by the names that OPA writes into the module; one
 * without names stays as it is, with the reason.
 * @param bytes - a module that is valid
 */
export function rewriteModule(bytes: Uint8Array): Rewritten {
	try {
		return { bytes: rewriteParts(moduleParts(bytes)) };
	} catch (thrown) {
		if (thrown instanceof ModuleFormatError) return { unchanged: thrown.message };
		throw thrown;
	}
}
