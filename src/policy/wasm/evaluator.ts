import type { Clock } from "../../lib/clock.ts";
import { PosternError } from "../../lib/errors.ts";
import type { Builtin } from "../builtins/builtin.ts";
import { explainAbsent } from "../builtins/unsupplied.ts";
import { MAX_RESULT_DEPTH, type PolicyLimits } from "../limits.ts";
import { TermSyntaxError } from "../term/reader.ts";
import type { Term } from "../term/term.ts";
import type { Evaluation, PolicyFailure } from "../types.ts";
import { classifyThrow } from "./abort.ts";
import { createInstance, type PolicyInstance } from "./instance.ts";
import { createResultReader } from "./results.ts";
import { withoutEscapedPairs } from "./surrogate-pairs.ts";

const OPEN_BRACE = 0x7b;

interface EvaluatorOptions {
	readonly module: WebAssembly.Module;
	readonly data: Uint8Array;
	readonly limits: PolicyLimits;
	readonly builtins: ReadonlyMap<string, Builtin>;
	readonly natives: ReadonlyMap<string, Builtin>;
	readonly clock: Clock;
}

/** Runs one compiled policy, one evaluation at a time, on this thread. */
export interface Evaluator {
	/** Entrypoints as the module names them. */
	readonly entrypoints: readonly string[];
	/**
	 * One evaluation. Never throws. `input` must be one complete JSON object in UTF-8 without lone surrogate escapes.
	 * What OPA's reader cannot read is a failure here, but that reader is lenient (trailing commas, text after the
	 * value): whoever makes the document sees to its validity. `nowMs` is what the clock shows, else the present.
	 */
	evaluate(entrypoint: string, input: Uint8Array, nowMs?: number): Evaluation;
	/** Bytes of the present instance's memory; 0 while there is none. */
	memoryBytes(): number;
	/** How many instances were discarded. */
	discarded(): number;
}

const nanoseconds = (ms: number): bigint => BigInt(Math.floor(ms)) * 1_000_000n;

const failed = (reason: PolicyFailure, message: string): Evaluation => ({ kind: "failed", reason, message });

/**
 * Makes the first instance, so that what is wrong with a module shows here.
 * @throws {PosternError} `policy_invalid`; `builtin_missing` when the module calls a builtin that is not supplied.
 */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
	const { limits, clock } = options;
	let now: bigint | undefined;
	const nowNs = (): bigint => {
		now ??= nanoseconds(clock.now());
		return now;
	};
	const remembered = new Map<string, Term>();
	const remember = (key: string, make: () => Term): Term => {
		const known = remembered.get(key);
		if (known !== undefined) return known;
		const made = make();
		remembered.set(key, made);
		return made;
	};
	const start = (): PolicyInstance =>
		createInstance({
			module: options.module,
			data: options.data,
			maxMemoryBytes: limits.max_memory_bytes,
			builtins: options.builtins,
			natives: options.natives,
			context: { nowNs, remember },
		});

	let instance: PolicyInstance | undefined = start();
	const entrypoints = instance.entrypoints;
	const missing = instance.builtinNames.filter((name) => !options.builtins.has(name));
	if (missing.length > 0) {
		throw new PosternError(
			"builtin_missing",
			`the policy calls builtins not supplied: ${missing.map(explainAbsent).join(", ")}`,
		);
	}
	const readResult = createResultReader(MAX_RESULT_DEPTH);
	let discarded = 0;
	let busy = false;

	const run = (current: PolicyInstance, id: number, input: Uint8Array): Evaluation => {
		const { memory, exports, data, heap } = current;
		const { eval: runEntrypoint } = exports;
		current.reset();
		memory.write(heap, input);
		exports.opa_heap_ptr_set(heap + input.length);
		// Not `opa_eval`: it reads Rego text, sets and all, and runs on without input when it cannot read it.
		const document = exports.opa_json_parse(heap, input.length);
		if (document === 0) return failed("policy_trap", "the input is no JSON document");
		const context = exports.opa_eval_ctx_new();
		exports.opa_eval_ctx_set_input(context, document);
		exports.opa_eval_ctx_set_data(context, data);
		exports.opa_eval_ctx_set_entrypoint(context, id);
		runEntrypoint(context);
		const address = exports.opa_value_dump(exports.opa_eval_ctx_get_result(context));
		const text = memory.text(address, limits.max_result_bytes);
		if (text === undefined) return failed("result_invalid", "the result is too large, or no text");
		try {
			return readResult(text);
		} catch (thrown) {
			if (thrown instanceof TermSyntaxError) return failed("result_invalid", thrown.message);
			throw thrown;
		}
	};

	return {
		entrypoints: [...entrypoints.keys()],
		evaluate(entrypoint, input, nowMs) {
			const id = entrypoints.get(entrypoint);
			if (id === undefined) return failed("policy_missing", `no entrypoint ${entrypoint}`);
			if (input.length > limits.max_input_bytes) {
				return failed("input_too_large", `input of ${input.length} bytes`);
			}
			if (input[0] !== OPEN_BRACE) return failed("policy_trap", "the input is no JSON object");
			const document = withoutEscapedPairs(input);
			// The module keeps one stack and one heap: a second evaluation inside the first would overwrite both.
			if (busy) return failed("policy_trap", "evaluation inside an evaluation");
			busy = true;
			now = nowMs === undefined ? undefined : nanoseconds(nowMs);
			// Clearing makes a new table, also of one that is empty.
			if (remembered.size > 0) remembered.clear();
			try {
				instance ??= start();
				if (!instance.memory.reserve(instance.heap + document.length)) {
					return failed("input_too_large", `input of ${input.length} bytes does not fit the policy's memory`);
				}
				return run(instance, id, document);
			} catch (thrown) {
				// Whatever is thrown leaves the module's stack pointer where it was, so the next evaluation would start
				// with less stack: the instance is given up, after a conflict too.
				instance = undefined;
				discarded++;
				const { reason, message } = classifyThrow(thrown);
				return failed(reason, message);
			} finally {
				busy = false;
			}
		},
		memoryBytes: () => instance?.memory.memory.buffer.byteLength ?? 0,
		discarded: () => discarded,
	};
}
