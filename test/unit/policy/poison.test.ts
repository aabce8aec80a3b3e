import { beforeAll, describe, expect, test } from "@jest/globals";
import { createGuard } from "../../../src/policy/guard.ts";
import { DEFAULT_POLICY_LIMITS } from "../../../src/policy/limits.ts";
import { loadPolicy } from "../../../src/policy/load.ts";
import { createPoison, POISON_MS, type Poisoned, poisonDigest } from "../../../src/policy/poison.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { bundleOf, inputOf } from "../../support/policy.ts";

const PATH = "envoy/authz/allow";
const poisoned = (input: Uint8Array, ms = POISON_MS, entrypoint = PATH): Poisoned => ({
	digest: poisonDigest(entrypoint, input),
	length: input.length,
	ms,
});

describe("what is refused", () => {
	test("is that input at that entrypoint, for ten minutes, and nothing else", () => {
		const clock = createManualClock();
		const poison = createPoison(clock);
		const bad = inputOf({ path: "/hang" });
		expect(poison.refuses(PATH, bad)).toBe(false);
		poison.add(poisoned(bad));
		expect(poison.refuses(PATH, bad)).toBe(true);
		expect(poison.refuses("other/allow", bad)).toBe(false);
		expect(poison.refuses(PATH, inputOf({ path: "/hanh" }))).toBe(false);
		expect(poison.refuses(PATH, inputOf({ path: "/longer" }))).toBe(false);
		clock.advance(POISON_MS - 1);
		expect(poison.refuses(PATH, bad)).toBe(true);
		clock.advance(1);
		expect(poison.refuses(PATH, bad)).toBe(false);
		expect(poison.list()).toEqual([]);
	});

	test("differs in its last byte alone, past any prefix", () => {
		const poison = createPoison(createManualClock());
		const bad = Buffer.alloc(3 << 20, "a");
		poison.add(poisoned(bad));
		const other = Buffer.from(bad);
		other[other.length - 1] = 0x62;
		expect([poison.refuses(PATH, bad), poison.refuses(PATH, other)]).toEqual([true, false]);
	});

	test("an entrypoint's end and an input's beginning are not taken for each other", () => {
		expect(poisonDigest("ab", Buffer.from("c"))).not.toBe(poisonDigest("a", Buffer.from("bc")));
		expect(poisonDigest(Buffer.from("ab"), Buffer.from("c"))).toBe(poisonDigest("ab", Buffer.from("c")));
	});

	test("a suspicion does not cut a certainty short, and a certainty prolongs a suspicion", () => {
		const clock = createManualClock();
		const poison = createPoison(clock);
		const [one, two] = [inputOf({ a: 1 }), inputOf({ b: 2 })];
		poison.add(poisoned(one));
		poison.add(poisoned(one, 1000));
		poison.add(poisoned(two, 1000));
		poison.add(poisoned(two));
		clock.advance(2000);
		expect([poison.refuses(PATH, one), poison.refuses(PATH, two)]).toEqual([true, true]);
		clock.advance(POISON_MS);
		expect([poison.refuses(PATH, one), poison.refuses(PATH, two)]).toEqual([false, false]);
	});

	test("is forgiven when it was only slow", () => {
		const poison = createPoison(createManualClock());
		const [one, two] = [inputOf({ a: 1 }), inputOf({ b: 2 })];
		poison.add(poisoned(one));
		poison.add(poisoned(two));
		poison.forgive(poisoned(one).digest);
		poison.forgive("unknown");
		expect([poison.refuses(PATH, one), poison.refuses(PATH, two)]).toEqual([false, true]);
	});

	test("is bounded: the oldest of many goes first, and lengths that nobody has any more cost no digest", () => {
		const poison = createPoison(createManualClock());
		const inputs = Array.from({ length: 1025 }, (_, n) => Buffer.from("x".repeat(n)));
		for (const input of inputs) poison.add(poisoned(input));
		expect(poison.list().length).toBe(1024);
		expect(poison.refuses(PATH, inputs[0] as Buffer)).toBe(false);
		expect(poison.refuses(PATH, inputs[1] as Buffer)).toBe(true);
		expect(poison.refuses(PATH, inputs[1024] as Buffer)).toBe(true);
	});

	test("can be handed to another process, with the time that is left", () => {
		const clock = createManualClock();
		const poison = createPoison(clock);
		const bad = inputOf({ path: "/hang" });
		poison.add(poisoned(bad));
		clock.advance(1000);
		const listed = poison.list();
		expect(listed).toEqual([{ ...poisoned(bad), ms: POISON_MS - 1000 }]);
		const other = createPoison(clock);
		for (const each of listed) other.add(each);
		expect(other.refuses(PATH, bad)).toBe(true);
	});
});

describe("a policy under guard", () => {
	let bytes: Buffer;
	beforeAll(async () => {
		({ bytes } = await bundleOf(`package envoy.authz

default allow := false

allow := true if input.path == "/ok"

allow := true if {
	input.path == "/memory"
	count([i | some i in numbers.range(1, 1000000)]) > 0
}

allow := 1 if input.path == "/conflict"

allow := 2 if input.path == "/conflict"
`));
	});
	async function guarded() {
		const clock = createManualClock();
		const noted: string[] = [];
		const trapped: Poisoned[] = [];
		const guard = createGuard({
			poison: createPoison(clock),
			notes: {
				begin: (entrypoint, input) => noted.push(`${entrypoint} ${Buffer.from(input).toString()}`),
				end: () => noted.push("end"),
			},
			onTrapped: (each) => trapped.push(each),
		});
		const limits = { ...DEFAULT_POLICY_LIMITS, max_memory_bytes: 16 << 20 };
		const policy = await loadPolicy(bytes, limits, clock, 1, { guard });
		return { policy, noted, trapped, clock };
	}

	test("notes each evaluation, the check at the load too", async () => {
		const { policy, noted } = await guarded();
		expect(noted).toEqual([`${PATH} {}`, "end"]);
		policy.evaluate(PATH, inputOf({ path: "/ok" }));
		expect(noted.slice(2)).toEqual([expect.stringMatching(/"path":"\/ok"/), "end"]);
	});

	test("what trapped once is refused the second time, without an evaluation, until ten minutes are over", async () => {
		const { policy, noted, trapped, clock } = await guarded();
		const bad = inputOf({ path: "/memory" });
		expect(policy.evaluate(PATH, bad)).toMatchObject({ kind: "failed", reason: "policy_trap" });
		expect(trapped.map(({ length, ms }) => [length, ms])).toEqual([[bad.length, POISON_MS]]);
		const before = noted.length;
		expect(policy.evaluate(PATH, bad)).toMatchObject({ kind: "failed", reason: "poison" });
		expect(policy.evaluate(`/${PATH}/`, bad)).toMatchObject({ kind: "failed", reason: "poison" });
		expect(noted.length).toBe(before);
		expect(policy.evaluate(PATH, inputOf({ path: "/ok" }))).toEqual({ kind: "value", value: true });
		clock.advance(POISON_MS);
		expect(policy.evaluate(PATH, bad)).toMatchObject({ kind: "failed", reason: "policy_trap" });
	});

	test("a conflict is the policy's own error, and poisons nothing", async () => {
		const { policy, trapped } = await guarded();
		for (let times = 0; times < 2; times++) {
			expect(policy.evaluate(PATH, inputOf({ path: "/conflict" }))).toMatchObject({ reason: "policy_error" });
		}
		expect(trapped).toEqual([]);
	});
});
