/** The part of the WebAssembly JavaScript interface (W3C) that the evaluator uses; `@types/node` has none of it. */
declare namespace WebAssembly {
	class Module {
		private constructor();
		static imports(module: Module): { module: string; name: string; kind: string }[];
		static exports(module: Module): { name: string; kind: string }[];
	}
	class Instance {
		constructor(module: Module, imports: Record<string, Record<string, unknown>>);
		readonly exports: Readonly<Record<string, unknown>>;
	}
	class Memory {
		constructor(descriptor: { initial: number; maximum: number });
		readonly buffer: ArrayBuffer;
		grow(pages: number): number;
	}
	class Global {
		private constructor();
		readonly value: unknown;
	}
	class RuntimeError extends Error {}
	class LinkError extends Error {}
	class CompileError extends Error {}
	function compile(bytes: Uint8Array): Promise<Module>;
}
