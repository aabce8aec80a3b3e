import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { runCli } from "../../../src/cli/run.ts";
import { ioOf } from "../../support/command-io.ts";
import { bundleOf, inFolder } from "../../support/policy.ts";

const POLICY = `package envoy.authz

allow := input.decision

other := {"allowed": false}
`;

async function evaluate(input: string, more: readonly string[] = []) {
	const { bytes } = await bundleOf(POLICY, ["envoy/authz/allow", "envoy/authz/other"], "r1");
	return inFolder(async (folder) => {
		const bundle = join(folder, "b.tar.gz");
		await writeFile(bundle, bytes);
		const io = ioOf(input);
		const code = await runCli(["eval", "--bundle", bundle, "--input", "-", ...more], io.io);
		return { code, stdout: io.stdout(), stderr: io.stderr() };
	});
}

describe("postern eval", () => {
	test.each(["true", "false", '{"allowed": true}', '{"allowed": false, "http_status": 404}'])(
		"the decision %s is well-formed: exit code 0",
		async (decision) => {
			const { code, stdout } = await evaluate(`{"decision": ${decision}}`);
			expect(code).toBe(0);
			expect(stdout).not.toBe("");
		},
	);

	test.each([
		["a wrong type", "7", "decision_type"],
		["an unknown key", '{"allowed": true, "x": 1}', "unknown_key"],
		["a directive that is none", '{"allowed": true, "response": {"release": ["x"]}}', "directive_invalid"],
		["a status that is none", '{"allowed": false, "http_status": 200}', "status_invalid"],
	])("%s is malformed: exit code 1, with the reason", async (_, decision, reason) => {
		const { code, stdout } = await evaluate(`{"decision": ${decision}}`);
		expect(code).toBe(1);
		expect(stdout).toContain(`deny 503 ${reason}`);
	});

	test("the profile for opa-envoy-plugin's policies passes unknown keys over", async () => {
		const input = '{"decision": {"allowed": true, "x": 1}}';
		expect(await evaluate(input, ["--compat", "opa-envoy-plugin"])).toMatchObject({ code: 0 });
		expect((await evaluate(input, ["--compat", "other"])).code).toBe(2);
	});

	test("an undefined decision is exit code 1", async () => {
		expect(await evaluate("{}")).toMatchObject({ code: 1, stdout: expect.stringContaining("undefined") });
	});

	test("another entrypoint may be asked; one that is not there is exit code 1", async () => {
		expect(await evaluate("{}", ["--entrypoint", "/envoy/authz/other"])).toMatchObject({ code: 0 });
		expect(await evaluate("{}", ["--entrypoint", "x/y"])).toMatchObject({
			code: 1,
			stdout: expect.stringContaining("policy_missing"),
		});
	});

	test("--json prints one line with the revision", async () => {
		const { stdout } = await evaluate('{"decision": true}', ["--json"]);
		expect(stdout.trim().split("\n")).toHaveLength(1);
		expect(JSON.parse(stdout)).toEqual({ revision: "r1", well_formed: true, verdict: "allow", value: true });
	});

	test.each(["", "[]", "1", "{", '{"a": 1} x', "\ufeff{}"])("the input %j is exit code 2", async (input) => {
		expect((await evaluate(input)).code).toBe(2);
	});

	test("a lone surrogate in the input is U+FFFD to the policy, a pair stays", async () => {
		const { code, stdout } = await evaluate(
			'{"decision": {"allowed": true, "headers": {"x-a": "a\\ud800b\\\\ud800 \\ud83d\\ude00"}}}',
		);
		expect(code).toBe(0);
		expect(stdout).not.toContain("trap");
	});

	test("a bundle that is none is exit code 3", async () => {
		await inFolder(async (folder) => {
			const bundle = join(folder, "b.tar.gz");
			await writeFile(bundle, "junk");
			const io = ioOf("{}");
			expect(await runCli(["eval", "--bundle", bundle, "--input", "-"], io.io)).toBe(3);
			expect(io.stderr()).toContain("bundle_invalid");
		});
	});
});
