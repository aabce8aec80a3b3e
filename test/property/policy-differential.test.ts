import { createRequire } from "node:module";
import { afterAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { systemClock } from "../../src/lib/clock.ts";
import { unpack } from "../../src/policy/bundle/unpack.ts";
import { DEFAULT_POLICY_LIMITS } from "../../src/policy/limits.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { opaEval } from "../support/opa-eval.ts";
import { bundleOf, inputOf } from "../support/policy.ts";

interface ReferencePolicy {
	evaluate(input: ArrayBuffer): readonly { readonly result: unknown }[];
	setData(data: unknown): void;
}
const reference = createRequire(import.meta.url)("@open-policy-agent/opa-wasm") as {
	loadPolicySync(wasm: Uint8Array, memory: object): ReferencePolicy;
};

const DATA = {
	roles: { admin: ["read", "write"], guest: ["read"] },
	limits: [1, 2.5, 1e3],
};

/** Policies of the usual kinds; each decides over inputs of one shape. */
const POLICIES: Readonly<Record<string, string>> = {
	"boolean with default": `default allow := false

allow if input.method == "GET"

allow if "admin" in input.roles`,

	"undefined without default": `allow if {
	input.user.name == "ann"
	not input.user.blocked
}`,

	"role table in data": `allow := {"allowed": true, "rules": rules} if count(rules) > 0

rules contains sprintf_free(role) if {
	some role in input.roles
	"read" in data.roles[role]
}

sprintf_free(x) := concat(":", ["role", x])`,

	"sets in the result": `allow := {"release": {s | some s in input.tags}, "all": {{"v": v} | some v in input.list}}`,

	"else chain": `allow := "first" if input.method == "GET"
else := "second" if count(input.list) > 2
else := {"third": input.list}`,

	comprehensions: `allow := {
	"array": [upper(x) | some x in input.tags],
	"object": {k: v | some k, v in input.user},
	"sum": sum([n | some n in input.list; is_number(n)]),
}`,

	"the input itself": "allow := input",

	"every and some": `default allow := "no"

allow := "every" if every n in input.list { n > 0 }`,

	"with data": `allow := {"limits": data.limits, "role": object.get(data.roles, input.method, null)}`,

	"conflicts now and then": `allow := 1 if input.method == "GET"

allow := 2 if count(input.roles) == 2`,
};

const scalar = fc.oneof(
	fc.constant(null),
	fc.boolean(),
	fc.integer({ min: -1000, max: 1000 }),
	fc.integer({ min: -100, max: 100 }).map((n) => n / 4),
	fc.string({ unit: "grapheme", maxLength: 6 }),
);
const document = fc.record(
	{
		method: fc.constantFrom("GET", "POST", "admin"),
		roles: fc.array(fc.constantFrom("admin", "guest", "other"), { maxLength: 3 }),
		tags: fc.array(fc.string({ unit: "grapheme", maxLength: 6 }), { maxLength: 5 }),
		list: fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })), { maxLength: 5 }),
		user: fc.record(
			{ name: fc.constantFrom("ann", "bob"), blocked: fc.boolean(), note: scalar },
			{ requiredKeys: [] },
		),
	},
	{ requiredKeys: [] },
);

const INPUTS_PER_POLICY = 60;
let compared = 0;

/** JSON with members by name and, where `sets` lose their order, arrays sorted by their text. */
function canonical(value: unknown, unordered: boolean): string {
	if (Array.isArray(value)) {
		const items = value.map((item) => canonical(item, unordered));
		return `[${(unordered ? items.sort() : items).join(",")}]`;
	}
	if (typeof value !== "object" || value === null) return JSON.stringify(value);
	const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
	return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member, unordered)}`).join(",")}}`;
}

describe("decisions are those of the real OPA and of its WASM SDK", () => {
	test.each(Object.keys(POLICIES))("%s", async (name) => {
		const source = `package envoy.authz\n\n${POLICIES[name]}\n`;
		const sources = { "src/policy.rego": source, "src/data.json": JSON.stringify(DATA) };
		const { bytes } = await bundleOf({ "policy.rego": source, "data.json": JSON.stringify(DATA) });
		const policy = await loadPolicy(bytes, DEFAULT_POLICY_LIMITS, systemClock);
		const wasm = (await unpack(bytes, 1 << 26)).get("policy.wasm") as Buffer;
		const inputs = fc.sample(document, { numRuns: INPUTS_PER_POLICY, seed: 20 });

		const query = "[x | some one in input.inputs; x := [r | r := data.envoy.authz.allow with input as one]]";
		const failing = name.startsWith("conflicts");
		const opa = failing ? undefined : ((await opaEval(sources, query, { inputs })) as unknown[][]);

		let sdk: ReferencePolicy | undefined;
		for (const [i, input] of inputs.entries()) {
			const outcome = policy.evaluate("envoy/authz/allow", inputOf(input));
			if (sdk === undefined) {
				sdk = reference.loadPolicySync(wasm, { initial: 5 });
				sdk.setData(DATA);
			}
			const bytesIn = inputOf(input);
			const exact = new ArrayBuffer(bytesIn.length);
			new Uint8Array(exact).set(bytesIn);
			let theirs: readonly { readonly result: unknown }[] | string;
			try {
				theirs = sdk.evaluate(exact);
			} catch (thrown) {
				theirs = String(thrown);
				sdk = undefined;
			}
			if (typeof theirs === "string") {
				expect(outcome).toMatchObject({ kind: "failed", reason: "policy_error", message: theirs });
			} else {
				const ours = outcome.kind === "value" ? [{ result: outcome.value }] : [];
				expect(outcome.kind).not.toBe("failed");
				// The SDK prints sets in hash order, so that array order says nothing here; OPA itself sorts them.
				expect(canonical(ours, true)).toBe(canonical(theirs, true));
				if (opa !== undefined) {
					expect(
						canonical(
							ours.map(({ result }) => result),
							false,
						),
					).toBe(canonical(opa[i], false));
				}
			}
			compared++;
		}
	});

	afterAll(() => {
		expect(compared).toBe(Object.keys(POLICIES).length * INPUTS_PER_POLICY);
	});
});
