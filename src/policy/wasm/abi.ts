import { PosternError } from "../../lib/errors.ts";
import { LIBRARY_EXPORTS, rewriteModule } from "./rewrite/rewrite.ts";

/** The exports of a module of OPA's ABI 1.2 and 1.3 that the evaluator calls; addresses are offsets in memory. */
export interface OpaExports {
	opa_eval_ctx_new(): number;
	opa_eval_ctx_set_input(context: number, value: number): void;
	opa_eval_ctx_set_data(context: number, value: number): void;
	opa_eval_ctx_set_entrypoint(context: number, id: number): void;
	opa_eval_ctx_get_result(context: number): number;
	/** Runs the context's entrypoint. */
	readonly eval: (context: number) => number;
	opa_malloc(length: number): number;
	opa_json_parse(address: number, length: number): number;
	opa_value_parse(address: number, length: number): number;
	opa_json_dump(value: number): number;
	opa_value_dump(value: number): number;
	opa_heap_ptr_get(): number;
	opa_heap_ptr_set(address: number): void;
	entrypoints(): number;
	builtins(): number;
}

const FUNCTIONS: readonly (keyof OpaExports)[] = [
	"opa_eval_ctx_new",
	"opa_eval_ctx_set_input",
	"opa_eval_ctx_set_data",
	"opa_eval_ctx_set_entrypoint",
	"opa_eval_ctx_get_result",
	"eval",
	"opa_malloc",
	"opa_json_parse",
	"opa_value_parse",
	"opa_json_dump",
	"opa_value_dump",
	"opa_heap_ptr_get",
	"opa_heap_ptr_set",
	"entrypoints",
	"builtins",
];

export const BUILTIN_IMPORTS = [
	"opa_builtin0",
	"opa_builtin1",
	"opa_builtin2",
	"opa_builtin3",
	"opa_builtin4",
] as const;

const IMPORTS: ReadonlySet<string> = new Set(["memory", "opa_abort", "opa_println", ...BUILTIN_IMPORTS]);

const invalid = (what: string): PosternError => new PosternError("policy_invalid", `policy.wasm: ${what}`);

interface CompiledModule {
	readonly module: WebAssembly.Module;
	/**
	 * Why the host could not take over the builtins that answer otherwise in a module than in OPA, and the order of
	 * iteration; absent when it did.
	 */
	readonly unchanged?: string;
}

/**
 * Compiles a module, made to ask the host where its own answer is not OPA's, and checks that it asks for nothing but
 * what OPA's ABI names.
 * @throws {PosternError} `policy_invalid`
 */
export async function compileModule(bytes: Uint8Array): Promise<CompiledModule> {
	let module: WebAssembly.Module;
	let unchanged: string | undefined;
	try {
		// The rewrite takes a module for well-formed.
		module = await WebAssembly.compile(bytes);
		const rewritten = rewriteModule(bytes);
		if ("bytes" in rewritten) module = await WebAssembly.compile(rewritten.bytes);
		else unchanged = rewritten.unchanged;
	} catch (thrown) {
		throw new PosternError("policy_invalid", "policy.wasm: not a WebAssembly module", { cause: thrown });
	}
	for (const wanted of WebAssembly.Module.imports(module)) {
		if (wanted.module !== "env" || !IMPORTS.has(wanted.name)) {
			throw invalid(`imports ${wanted.module}.${wanted.name}, which no policy needs`);
		}
	}
	return { module, ...(unchanged === undefined ? {} : { unchanged }) };
}

/** What a rewritten module exports besides; addresses and lengths in, addresses and order out. */
export interface LibraryExports {
	/** The key or member after `previous`, in the module's own order; 0 at the end. */
	postern_iter(node: number, previous: number): number;
	postern_compare(a: number, b: number): number;
	/** A string of bytes that were allocated for it. */
	postern_string(address: number, length: number): number;
	/** A number with a text that was allocated for it. */
	postern_number(address: number, length: number): number;
}

/** The additional exports; `undefined` for a module that was not rewritten. */
export function libraryExports(exports: Readonly<Record<string, unknown>>): LibraryExports | undefined {
	const there = Object.keys(LIBRARY_EXPORTS).every((name) => typeof exports[name] === "function");
	return there ? (exports as unknown as LibraryExports) : undefined;
}

const versionOf = (value: unknown): unknown => (value instanceof WebAssembly.Global ? value.value : value);

/**
 * The exports of an instance, once they are known to be there.
 * @throws {PosternError} `policy_invalid` for another ABI than 1.2 or later.
 */
export function checkExports(exports: Readonly<Record<string, unknown>>): OpaExports {
	const major = versionOf(exports["opa_wasm_abi_version"]);
	const minor = versionOf(exports["opa_wasm_abi_minor_version"]);
	if (major !== 1 || typeof minor !== "number" || minor < 2) {
		throw invalid(`ABI ${String(major)}.${String(minor)}; versions from 1.2 are understood`);
	}
	for (const name of FUNCTIONS) {
		if (typeof exports[name] !== "function") throw invalid(`does not export ${name}`);
	}
	return exports as unknown as OpaExports;
}
