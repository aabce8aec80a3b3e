import { isDeepStrictEqual } from "node:util";
import { systemClock } from "../../src/lib/clock.ts";
import { PosternError } from "../../src/lib/errors.ts";
import type { JsonValue } from "../../src/lib/json-value.ts";
import type { Opa } from "../../src/policy/bundle/opa.ts";
import { DEFAULT_POLICY_LIMITS } from "../../src/policy/limits.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import type { ConformanceCase } from "./cases.ts";
import { compileCase, ENTRYPOINT } from "./compile.ts";

export type Verdict =
	| { readonly kind: "passed" }
	| { readonly kind: "failed"; readonly why: string }
	/** It does not compile for WASM with our capabilities; the compiler says why. */
	| { readonly kind: "not_compilable"; readonly why: string };

const shown = (value: unknown): string => (JSON.stringify(value) ?? "undefined").slice(0, 300);

/** Plain objects, so that prototypes do not tell values apart, and lists in one order where their order is none. */
function plain(value: unknown, sorted: boolean): unknown {
	if (Array.isArray(value)) {
		const items = value.map((item) => plain(item, sorted));
		return sorted ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
	}
	if (typeof value === "bigint") return Number(value);
	if (typeof value !== "object" || value === null) return value === 0 ? 0 : value;
	const entries = Object.entries(value).map(([key, member]) => [key, plain(member, sorted)] as const);
	return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Answers of a query are a set: neither order nor repeats count. */
function answersOf(answers: readonly unknown[], sorted: boolean): readonly unknown[] {
	const texts = answers.map((answer) => JSON.stringify(plain(answer, sorted)));
	return [...new Set(texts)].sort();
}

const failed = (want: string, got: unknown): Verdict => ({
	kind: "failed",
	why: `want ${want}, got ${shown(got)}`,
});

const PASSED: Verdict = { kind: "passed" };

function compare(one: ConformanceCase, answers: readonly JsonValue[]): Verdict {
	const { want_result, want_defined } = one;
	const error = one.want_error_code ?? one.want_error;
	if (error !== undefined) {
		// An error of a builtin makes its call undefined, outside strict mode.
		if (one.strict_error !== true) return failed(error, answers);
		return answers.length === 0 ? PASSED : failed("undefined", answers);
	}
	if (want_result === undefined) {
		const defined = answers.length > 0;
		return defined === want_defined ? PASSED : failed(want_defined ? "defined" : "undefined", answers);
	}
	const sorted = one.sort_bindings === true;
	const want = answersOf(want_result, sorted);
	const got = answersOf(answers, sorted);
	return isDeepStrictEqual(want, got) ? PASSED : failed(shown(want), got);
}

async function evaluate(one: ConformanceCase, bundle: Buffer): Promise<Verdict> {
	const policy = await loadPolicy(bundle, DEFAULT_POLICY_LIMITS, systemClock);
	const outcome = policy.evaluate(ENTRYPOINT, inputOf(one));
	if (outcome.kind === "failed") return failure(one, outcome.message);
	const answers = outcome.kind === "value" && Array.isArray(outcome.value) ? outcome.value : [];
	return compare(one, answers as readonly JsonValue[]);
}

/** The input as a request's would come; another one is part of the query. */
export const inputOf = ({ input }: ConformanceCase): Buffer =>
	Buffer.from(JSON.stringify(plainObject(input) ? input : {}));

const plainObject = (value: unknown): boolean =>
	typeof value === "object" && value !== null && !Array.isArray(value);

/** An error of the evaluation is what some cases want; outside strict mode a builtin's is none. */
function failure(one: ConformanceCase, message: string): Verdict {
	const wanted = one.want_error_code ?? one.want_error;
	if (wanted !== undefined && one.strict_error !== true) return { kind: "passed" };
	return { kind: "failed", why: `failed: ${message}` };
}

/** Compiles and runs one case. */
export async function judge(opa: Opa, one: ConformanceCase): Promise<Verdict> {
	const compiled = await compileCase(opa, one);
	if ("refused" in compiled) {
		// A case about an error of the compiler is answered by that error.
		const wanted = one.want_error_code ?? "";
		if (/^rego_(?:type|unsafe_var|compile|parse|recursion)_error$/.test(wanted)) return { kind: "passed" };
		return { kind: "not_compilable", why: compiled.refused };
	}
	try {
		return await evaluate(one, compiled.bundle);
	} catch (thrown) {
		if (thrown instanceof PosternError) return failure(one, thrown.message);
		throw thrown;
	}
}
