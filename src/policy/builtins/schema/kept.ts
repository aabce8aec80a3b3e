import { LRUCache } from "lru-cache";
import { wellFormed } from "../../term/byte-string.ts";
import type { Term } from "../../term/term.ts";
import { MAX_KEPT, MAX_KEPT_SIZE } from "./bounds.ts";
import { compileSchema } from "./compile.ts";
import { readArgument } from "./document.ts";
import { keyOf } from "./key.ts";
import { SchemaError } from "./schema-error.ts";
import type { SubSchema } from "./sub-schema.ts";

/** A schema, or why it is none. */
type Compiled = { readonly schema: SubSchema; readonly size: number } | { readonly fault: string };

/** By the schema's key: nearly all policies have theirs as constants, and those of callers must not fill the memory. */
const kept = new LRUCache<string, Compiled>({
	max: MAX_KEPT,
	maxSize: MAX_KEPT_SIZE,
	sizeCalculation: (compiled, key) =>
		1 + key.length + ("fault" in compiled ? compiled.fault.length : compiled.size),
});

function compiled(term: Term): Compiled {
	try {
		return compileSchema(readArgument(term));
	} catch (thrown) {
		// A pointer may name bytes that are no text, and the module takes no such string inside an array.
		if (thrown instanceof SchemaError) return { fault: wellFormed(thrown.message) };
		throw thrown;
	}
}

/**
 * The schema of a builtin's argument, compiled once and kept across evaluations.
 * @throws {RangeError} for one that is beyond the bounds.
 */
export function schemaOf(term: Term): Compiled {
	const key = keyOf(term);
	const known = kept.get(key);
	if (known !== undefined) return known;
	const made = compiled(term);
	kept.set(key, made);
	return made;
}
