import { beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "../../../src/lib/clock.ts";
import type { Builtin } from "../../../src/policy/builtins/builtin.ts";
import { readBundle } from "../../../src/policy/bundle/read.ts";
import { DEFAULT_POLICY_LIMITS } from "../../../src/policy/limits.ts";
import type { LoadedPolicy } from "../../../src/policy/load.ts";
import { compileModule } from "../../../src/policy/wasm/abi.ts";
import { createEvaluator, type Evaluator } from "../../../src/policy/wasm/evaluator.ts";
import { bundleOf, inputOf, policyOf } from "../../support/policy.ts";

const PATH = "envoy/authz/allow";

describe("what an evaluation answers", () => {
	let policy: LoadedPolicy;

	beforeAll(async () => {
		policy = await policyOf(
			`package envoy.authz

allow := {"allowed": true, "names": {"b", "a", 1, {"x"}}} if input.case == "value"

allow := input.echo if input.case == "echo"

allow := 1 if input.case == "conflict"

allow := 2 if input.case == "conflict"

allow := {x: y | some y in [1, 2]; x := "same"} if input.case == "object conflict"

allow := count(numbers.range(1, 100000000)) if input.case == "memory"

allow := concat("", [x | some _ in numbers.range(1, 3000); x := input.text]) if input.case == "long result"

allow := base64.decode("/w==") if input.case == "bytes"
`,
			{ limits: { max_result_bytes: 65536, max_input_bytes: 65536, max_memory_bytes: 16 * 1024 * 1024 } },
		);
	});

	test("sets come as sorted arrays", () => {
		expect(policy.evaluate(PATH, inputOf({ case: "value" }))).toMatchObject({
			kind: "value",
			value: { allowed: true, names: [1, "a", "b", ["x"]] },
		});
	});

	test("undefined is an answer of its own", () => {
		expect(policy.evaluate(PATH, inputOf({}))).toEqual({ kind: "undefined" });
	});

	test("an unknown entrypoint is policy_missing, also one that every object has", () => {
		for (const path of ["envoy/authz", "toString", "__proto__", ""]) {
			expect(policy.evaluate(path, inputOf({}))).toMatchObject({ kind: "failed", reason: "policy_missing" });
		}
	});

	test("slashes around an entrypoint do not matter", () => {
		expect(policy.evaluate(`/${PATH}/`, inputOf({ case: "echo", echo: 1 }))).toEqual({
			kind: "value",
			value: 1,
		});
	});

	test.each(["conflict", "object conflict"])("a %s is the policy's own error", (name) => {
		const before = policy.discarded();
		const outcome = policy.evaluate(PATH, inputOf({ case: name }));
		expect(outcome).toMatchObject({ kind: "failed", reason: "policy_error" });
		expect(outcome).toMatchObject({ message: expect.stringMatching(/policy\.rego:\d+:\d+: .*conflict/) });
		expect(policy.discarded()).toBe(before + 1);
		expect(policy.evaluate(PATH, inputOf({ case: "echo", echo: "still here" }))).toEqual({
			kind: "value",
			value: "still here",
		});
	});

	test("running out of memory is a trap: the instance goes, its memory with it, and the next one answers", () => {
		const before = policy.discarded();
		expect(policy.evaluate(PATH, inputOf({ case: "memory" }))).toMatchObject({
			kind: "failed",
			reason: "policy_trap",
		});
		expect(policy.discarded()).toBe(before + 1);
		expect(policy.memoryBytes()).toBe(0);
		expect(policy.evaluate(PATH, inputOf({ case: "echo", echo: [1] }))).toEqual({
			kind: "value",
			value: [1],
		});
		expect(policy.memoryBytes()).toBeLessThan(2 * 1024 * 1024);
	});

	test("an input deep enough to exhaust the stack is a trap", () => {
		const deep = 30_000;
		const input = Buffer.from(`{"case":"echo","echo":${"[".repeat(deep)}${"]".repeat(deep)}}`);
		expect(policy.evaluate(PATH, input)).toMatchObject({ kind: "failed" });
		expect(policy.evaluate(PATH, inputOf({ case: "echo", echo: 1 }))).toEqual({ kind: "value", value: 1 });
	});

	test("an input over the limit is refused before anything is copied", () => {
		const room = policy.memoryBytes();
		const input = inputOf({ case: "echo", echo: "x".repeat(65536) });
		expect(policy.evaluate(PATH, input)).toMatchObject({ kind: "failed", reason: "input_too_large" });
		expect(policy.memoryBytes()).toBe(room);
	});

	test("a result over the limit is refused", () => {
		const input = inputOf({ case: "long result", text: "x".repeat(100) });
		expect(policy.evaluate(PATH, input)).toMatchObject({ kind: "failed", reason: "result_invalid" });
	});

	test("a result with bytes that are no UTF-8 is no result: what the peer cannot encode is not allowed here", () => {
		expect(policy.evaluate(PATH, inputOf({ case: "bytes" }))).toMatchObject({
			kind: "failed",
			reason: "result_invalid",
		});
	});

	test.each([
		"",
		"1",
		"[]",
		"set()",
		' {"case": "echo"}',
		"\ufeff{}",
		"{",
		'{"case": "echo", "echo": {1, 2}}',
		'{"case": "echo", "echo": set()}',
		'{"case": "echo", "echo": "\0"}',
		'{"case": "echo", "echo": nul}',
	])("%j is no input document, rather than an undefined one", (text) => {
		expect(policy.evaluate(PATH, Buffer.from(text))).toMatchObject({ kind: "failed", reason: "policy_trap" });
	});

	test("text comes back as it went in", () => {
		const text = '\0\u0001"\\/\u007f\u2028é\u{1f600}';
		expect(policy.evaluate(PATH, inputOf({ case: "echo", echo: { [text]: text } }))).toEqual({
			kind: "value",
			value: Object.assign(Object.create(null), { [text]: text }),
		});
	});
});

describe("memory", () => {
	test("stays flat over 100,000 evaluations", async () => {
		const policy = await policyOf(
			'package envoy.authz\n\nallow := {"allowed": true, "id": input.id, "s": {x | some x in input.list}}\n',
		);
		const inputs = Array.from({ length: 50 }, (_, i) =>
			inputOf({ id: `id-${i}`, list: Array.from({ length: i }, (_, n) => `item ${n}`) }),
		);
		for (const input of inputs) policy.evaluate(PATH, input);
		const room = policy.memoryBytes();
		for (let i = 0; i < 100_000; i++) {
			const outcome = policy.evaluate(PATH, inputs[i % inputs.length]!);
			if (outcome.kind !== "value") throw new Error(JSON.stringify(outcome));
		}
		expect(policy.memoryBytes()).toBe(room);
		expect(policy.discarded()).toBe(0);
	}, 60_000);

	test("is enough for data larger than the first size tried, and refused beyond the maximum", async () => {
		const sources = {
			"policy.rego": 'package envoy.authz\n\nallow := data.names["n9999"]\n',
			"data.json": JSON.stringify({
				names: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`n${i}`, i])),
			}),
		};
		const policy = await policyOf(sources);
		expect(policy.evaluate(PATH, inputOf({}))).toEqual({ kind: "value", value: 9999 });
		await expect(policyOf(sources, { limits: { max_memory_bytes: 1024 * 1024 } })).rejects.toMatchObject({
			code: "policy_invalid",
		});
	});

	test("input that does not fit into it is input_too_large", async () => {
		const policy = await policyOf("package envoy.authz\n\nallow := input.x\n", {
			limits: { max_memory_bytes: 1024 * 1024 },
		});
		const input = inputOf({ x: "y".repeat(1024 * 1024) });
		expect(policy.evaluate(PATH, input)).toMatchObject({ kind: "failed", reason: "input_too_large" });
		expect(policy.discarded()).toBe(0);
	});
});

describe("a host builtin", () => {
	/** A policy whose only builtin is replaced by `run`. */
	async function withBuiltin(run: (evaluator: () => Evaluator) => Builtin): Promise<Evaluator> {
		const { bytes } = await bundleOf("package envoy.authz\n\nallow := [x | x := hex.encode(input.x)]\n");
		const { wasm, data } = await readBundle(bytes, DEFAULT_POLICY_LIMITS.max_bundle_bytes);
		const made: Evaluator = createEvaluator({
			module: (await compileModule(wasm)).module,
			data,
			limits: DEFAULT_POLICY_LIMITS,
			natives: new Map(),
			builtins: new Map([["hex.encode", run(() => made)]]),
			clock: systemClock,
		});
		return made;
	}

	test("that answers undefined makes its call undefined", async () => {
		const evaluator = await withBuiltin(() => () => undefined);
		expect(evaluator.evaluate(PATH, inputOf({ x: "a" }))).toEqual({ kind: "value", value: [] });
		expect(evaluator.discarded()).toBe(0);
	});

	test("that throws is a trap, and the next evaluation runs in a new instance", async () => {
		let calls = 0;
		const evaluator = await withBuiltin(() => ([x]) => {
			if (calls++ === 0) throw new TypeError("a bug");
			return x;
		});
		expect(evaluator.evaluate(PATH, inputOf({ x: "a" }))).toEqual({
			kind: "failed",
			reason: "policy_trap",
			message: "a bug",
		});
		expect(evaluator.discarded()).toBe(1);
		expect(evaluator.evaluate(PATH, inputOf({ x: "a" }))).toEqual({ kind: "value", value: ["a"] });
	});

	test("cannot evaluate inside the evaluation that called it", async () => {
		let inner: unknown;
		const evaluator = await withBuiltin((self) => ([x]) => {
			inner = self().evaluate(PATH, inputOf({ x: "inner" }));
			return x;
		});
		expect(evaluator.evaluate(PATH, inputOf({ x: "outer" }))).toEqual({ kind: "value", value: ["outer"] });
		expect(inner).toMatchObject({ kind: "failed", reason: "policy_trap" });
	});

	test("sees sets as sets and numbers with all their digits", async () => {
		const seen: unknown[] = [];
		const evaluator = await withBuiltin(() => ([x]) => {
			seen.push(x);
			return x;
		});
		evaluator.evaluate(PATH, Buffer.from('{"x": [12345678901234567890.5, 1e400, {"__proto__": "\\u0000"}]}'));
		expect(seen).toEqual([
			{
				kind: "array",
				items: [
					{ kind: "number", text: "12345678901234567890.5" },
					{ kind: "number", text: "1e400" },
					{ kind: "object", entries: [["__proto__", "\0"]] },
				],
			},
		]);
	});
});

describe("time", () => {
	test("stands still within one evaluation and moves between two", async () => {
		let now = 1_700_000_000_000;
		const clock = { now: () => now++, monotonic: () => 0 };
		const policy = await policyOf(
			"package envoy.authz\n\nallow := [time.now_ns(), later]\n\nlater := max([time.now_ns() | some _ in [1, 2]])\n",
			{ clock },
		);
		const ask = () => policy.evaluate(PATH, inputOf({})) as unknown as { value: [number, number] };
		const [first, second] = [ask().value, ask().value];
		expect(first[0]).toBe(first[1]);
		expect(second[0]).toBe(second[1]);
		expect(second[0]).toBeGreaterThan(first[0]);
	});
});
