import { beforeAll, describe, expect, test } from "@jest/globals";
import { systemClock } from "../../../src/lib/clock.ts";
import { DEFAULT_POLICY_LIMITS } from "../../../src/policy/limits.ts";
import { type HandedPolicySource, handedPolicySource } from "../../../src/policy/source/handed.ts";
import { bundleOf } from "../../support/policy.ts";

let good: Buffer;
beforeAll(async () => {
	good = (await bundleOf("package envoy.authz\n\nallow := true\n", undefined, "one")).bytes;
});

const source = (): HandedPolicySource =>
	handedPolicySource({ limits: { ...DEFAULT_POLICY_LIMITS, memo: "off" }, clock: systemClock });

/** What has come of the start when everything that waits has had its turn. */
async function stateOf(start: Promise<void>): Promise<"open" | "waiting"> {
	const turn = new Promise<"waiting">((resolve) => setTimeout(() => resolve("waiting"), 20));
	return Promise.race([start.then(() => "open" as const), turn]);
}

describe("a worker opens its ports behind the start of its source", () => {
	test("which waits for the first bundle, and has it active then", async () => {
		const handed = source();
		const start = handed.start();
		expect(await stateOf(start)).toBe("waiting");
		await handed.offer(good, 1);
		expect(await stateOf(start)).toBe("open");
		expect(handed.current()?.revision).toBe("one");
		await handed.stop();
	});

	test("and goes on where the first bundle is refused, with none", async () => {
		const handed = source();
		const start = handed.start();
		await expect(handed.offer(Buffer.from("no bundle"), 1)).rejects.toMatchObject({ code: "bundle_invalid" });
		expect(await stateOf(start)).toBe("open");
		expect(handed.current()).toBeUndefined();
		await handed.stop();
	});

	test.each([
		["there is none", (handed: HandedPolicySource) => handed.nothing()],
		["the process is to end", (handed: HandedPolicySource) => void handed.stop()],
	])("and where %s", async (_name, tell) => {
		const handed = source();
		const start = handed.start();
		tell(handed);
		expect(await stateOf(start)).toBe("open");
		expect(handed.current()).toBeUndefined();
	});
});
