import { describe, expect, test } from "@jest/globals";
import type { AuditRecord, DecisionRecord } from "../../../../src/audit/types.ts";
import { readHandoff } from "../../../../src/decision/handoff.ts";
import { createCheckService } from "../../../../src/envoy/ext-authz/check-service.ts";
import type { CheckDeps } from "../../../../src/envoy/ext-authz/deps.ts";
import type { Evaluation } from "../../../../src/policy/types.ts";
import { type CheckConfig, COMPAT, checkDeps, fakePolicy, STRICT } from "../../../support/check-deps.ts";
import { httpCheck, readAnswer } from "../../../support/ext-authz-messages.ts";

const dry = (config: CheckConfig): CheckConfig => ({
	...config,
	policy: { ...config.policy, dry_run: true },
});
const value = (decision: object | boolean): Evaluation => ({ kind: "value", value: decision as never });
const NO = value({
	allowed: false,
	http_status: 409,
	headers: { "x-a": "1" },
	body: "no",
	dynamic_metadata: { k: 1 },
});

async function run(evaluation: Evaluation, config: CheckConfig, deps: Partial<CheckDeps> = {}, path = "/") {
	const records: AuditRecord[] = [];
	const policy = fakePolicy(() => evaluation);
	const { check } = createCheckService(checkDeps(policy, { ...deps, config }, records));
	const answer = readAnswer(await check(httpCheck({ path }), {}));
	const metadata = answer.metadata as Readonly<Record<string, string>>;
	return { answer, metadata, record: records.at(-1) as DecisionRecord };
}

describe("a denial in a dry run", () => {
	test("lets the call through without anything that the denial carried but its metadata, and is recorded", async () => {
		const { answer, record } = await run(NO, dry(COMPAT));
		expect(answer.status?.code).toBe(0);
		expect(answer.deniedResponse).toBeUndefined();
		expect(JSON.stringify(answer)).not.toContain("x-a");
		expect(answer.metadata).toMatchObject({ k: 1, decision_id: expect.any(String) });
		expect(record).toMatchObject({ verdict: "deny", reason: "policy_denied", status: 409, dry_run: true });
	});
	test.each([
		["an undefined decision", { kind: "undefined" } as Evaluation, "undefined_decision", "/"],
		["a wrong type", value({ allowed: "maybe" }), "decision_type", "/"],
		["an error", { kind: "failed", reason: "policy_trap", message: "x" } as Evaluation, "policy_trap", "/"],
		["a request that cannot be read", value(true), "request_malformed", "/%"],
	])("covers %s", async (_what, evaluation, reason, path) => {
		const { answer, record } = await run(evaluation, dry(COMPAT), {}, path);
		expect(answer.status?.code).toBe(0);
		expect(record).toMatchObject({ verdict: "deny", reason, dry_run: true });
	});
	test("hands on that everything is withheld: nobody granted a field", async () => {
		const { metadata, record } = await run(NO, dry(STRICT));
		expect(metadata["fields"]).toBe("some");
		expect(readHandoff(metadata["directive"] ?? "")).toMatchObject({
			verdict: "allow",
			response: { release: [] },
		});
		expect(record).toMatchObject({ verdict: "deny", dry_run: true, released: "fields" });
	});
	test("observed, the answer passes by ext_proc, never around it", async () => {
		const config = dry({ ...STRICT, fields: { ...STRICT.fields, dry_run: "observe" } });
		const { metadata } = await run(NO, config);
		expect(metadata["fields"]).toBe("some");
		expect(readHandoff(metadata["directive"] ?? "")?.response).toEqual({});
	});
	test("does not let through what cannot be recorded", async () => {
		const audit = { write: () => false, flush: async () => {}, close: async () => {} };
		const { answer } = await run(NO, dry(STRICT), { audit });
		expect(answer.status?.code).toBe(7);
	});
});

test("an allow in a dry run is what it is, and without a dry run nothing is marked", async () => {
	const allowed = await run(value(true), dry(STRICT));
	expect(allowed.metadata["fields"]).toBe("all");
	expect(allowed.record.dry_run).toBeUndefined();
	const denied = await run(NO, STRICT);
	expect(denied.answer.status?.code).toBe(7);
	expect(denied.record.dry_run).toBeUndefined();
});
