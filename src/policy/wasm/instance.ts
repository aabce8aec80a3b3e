import { errorMessage } from "../../lib/error-message.ts";
import { PosternError } from "../../lib/errors.ts";
import type { Builtin, BuiltinContext } from "../builtins/builtin.ts";
import { bytesOf } from "../term/byte-string.ts";
import { parseTerm } from "../term/parse.ts";
import { printTerm } from "../term/print.ts";
import { isNumber, type Term } from "../term/term.ts";
import {
	BUILTIN_IMPORTS,
	checkExports,
	type LibraryExports,
	libraryExports,
	type OpaExports,
} from "./abi.ts";
import { PolicyAbort } from "./abort.ts";
import { type LinearMemory, linearMemory, PAGE_BYTES } from "./memory.ts";
import { NATIVES } from "./rewrite/natives.ts";
import { FIRST_NATIVE_ID, SORTED_ITER_ID } from "./rewrite/rewrite.ts";
import { type SortedIteration, sortedIteration } from "./sorted-iteration.ts";
import { withoutEscapedPairs } from "./surrogate-pairs.ts";

/** Longest text of an abort that is kept. */
const MAX_MESSAGE_BYTES = 1024;
/** Where the search for an initial size starts: 1 MiB, which most policies fit into. */
const FIRST_PAGES = 16;
/** Nested containers of a builtin's argument. */
const MAX_ARGUMENT_DEPTH = 512;

interface InstanceOptions {
	readonly module: WebAssembly.Module;
	/** A JSON object in UTF-8: the documents under `data`. */
	readonly data: Uint8Array;
	readonly maxMemoryBytes: number;
	readonly builtins: ReadonlyMap<string, Builtin>;
	/** What the host answers in place of the module, by the builtin's name. */
	readonly natives: ReadonlyMap<string, Builtin>;
	readonly context: BuiltinContext;
}

/** One instance, its data in place. Good until something throws through it. */
export interface PolicyInstance {
	readonly exports: OpaExports;
	readonly memory: LinearMemory;
	/** Address of the data document. */
	readonly data: number;
	/** Where an evaluation's input goes, and everything it allocates after that. */
	readonly heap: number;
	readonly entrypoints: ReadonlyMap<string, number>;
	/** Builtins that the module calls on the host, by name. */
	readonly builtinNames: readonly string[];
	/** Before each evaluation. */
	reset(): void;
}

function readIndex(memory: LinearMemory, exports: OpaExports, value: number): Map<string, number> {
	const text = memory.text(exports.opa_json_dump(value), memory.memory.buffer.byteLength);
	const index = new Map<string, number>();
	if (text === undefined) throw new PosternError("policy_invalid", "policy.wasm: an index is not readable");
	for (const [name, id] of Object.entries(JSON.parse(text) as object)) index.set(name, id as number);
	return index;
}

interface Started {
	readonly memory: LinearMemory;
	readonly exports: OpaExports;
	/** The module's own numbers of the host's builtins; those of a rewrite are fixed. */
	readonly names: Map<number, string>;
	readonly iteration: SortedIteration | undefined;
}

/** Puts a builtin's result into the module's memory: the address of its value. */
function place(
	opa: OpaExports,
	library: LibraryExports | undefined,
	memory: LinearMemory,
	result: Term,
): number {
	const copied = (bytes: Buffer): [address: number, length: number] => {
		const address = opa.opa_malloc(bytes.length);
		memory.write(address, bytes);
		return [address, bytes.length];
	};
	// As they are: the module's reader takes neither bytes that are no UTF-8 nor numbers that are no JSON.
	if (library !== undefined && typeof result === "string") {
		return library.postern_string(...copied(bytesOf(result)));
	}
	if (library !== undefined && isNumber(result)) {
		return library.postern_number(...copied(Buffer.from(result.text)));
	}
	const value = opa.opa_value_parse(...copied(bytesOf(printTerm(result))));
	if (value === 0) throw new PolicyAbort("a builtin's result was refused");
	return value;
}

/** `failure`: the memory is smaller than the module declares, or than its data segments reach. */
function tryInstantiate(
	options: InstanceOptions,
	pages: number,
	maximum: number,
): Started | { readonly failure: unknown } {
	const memory = linearMemory(new WebAssembly.Memory({ initial: pages, maximum }));
	const names = new Map<number, string>();
	let exports: OpaExports | undefined;
	let library: LibraryExports | undefined;
	let iteration: SortedIteration | undefined;

	const call = (id: number, _context: number, ...args: number[]): number => {
		const opa = exports as OpaExports;
		const native = NATIVES[id - FIRST_NATIVE_ID];
		const builtin =
			native === undefined ? options.builtins.get(names.get(id) ?? "") : options.natives.get(native.builtin);
		if (builtin === undefined) throw new PolicyAbort(`builtin ${names.get(id) ?? id} is missing`);
		const terms = args.map((address): Term => {
			const text = memory.text(opa.opa_value_dump(address), memory.memory.buffer.byteLength);
			if (text === undefined) throw new PolicyAbort("a builtin's argument is not readable");
			return parseTerm(text, MAX_ARGUMENT_DEPTH);
		});
		const result = builtin(terms, options.context);
		if (result === undefined) return 0;
		return place(opa, library, memory, result);
	};

	const env: Record<string, unknown> = {
		memory: memory.memory,
		opa_abort(address: number): never {
			throw new PolicyAbort(memory.message(address, MAX_MESSAGE_BYTES));
		},
		opa_println() {},
	};
	for (const name of BUILTIN_IMPORTS) env[name] = call;
	env["opa_builtin2"] = (id: number, context: number, first: number, second: number): number =>
		id === SORTED_ITER_ID && iteration !== undefined
			? iteration.next(first, second)
			: call(id, context, first, second);

	try {
		const all = new WebAssembly.Instance(options.module, { env }).exports;
		exports = checkExports(all);
		library = libraryExports(all);
		if (library !== undefined) iteration = sortedIteration(library);
	} catch (thrown) {
		if (thrown instanceof PosternError) throw thrown;
		return { failure: thrown };
	}
	return { memory, exports, names, iteration };
}

/**
 * Instantiates a module and loads its data. The memory starts as small as the module allows — its declared minimum
 * can be too low, so sizes are tried — and never grows over `maxMemoryBytes`.
 * @throws {PosternError} `policy_invalid`, also when the data does not fit into the memory.
 */
export function createInstance(options: InstanceOptions): PolicyInstance {
	const maximum = Math.floor(options.maxMemoryBytes / PAGE_BYTES);
	let pages = Math.min(FIRST_PAGES, maximum);
	let made = tryInstantiate(options, pages, maximum);
	while ("failure" in made && pages < maximum) {
		pages = Math.min(pages * 2, maximum);
		made = tryInstantiate(options, pages, maximum);
	}
	if ("failure" in made) {
		const { failure } = made;
		throw new PosternError("policy_invalid", `policy.wasm does not start: ${errorMessage(failure)}`, {
			cause: failure,
		});
	}
	const { memory, exports, names, iteration } = made;
	try {
		const builtins = readIndex(memory, exports, exports.builtins());
		for (const [name, id] of builtins) names.set(id, name);
		const entrypoints = readIndex(memory, exports, exports.entrypoints());
		const documents = withoutEscapedPairs(options.data);
		const raw = exports.opa_malloc(documents.length);
		memory.write(raw, documents);
		const data = exports.opa_json_parse(raw, documents.length);
		if (data === 0) throw new PosternError("policy_invalid", "data.json is refused by the policy module");
		const heap = exports.opa_heap_ptr_get();
		return {
			exports,
			memory,
			data,
			heap,
			entrypoints,
			builtinNames: [...builtins.keys()],
			reset: () => iteration?.reset(),
		};
	} catch (thrown) {
		if (thrown instanceof PosternError) throw thrown;
		throw new PosternError("policy_invalid", `the policy's data cannot be loaded: ${errorMessage(thrown)}`, {
			cause: thrown,
		});
	}
}
