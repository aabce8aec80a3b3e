import { statSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { runCli } from "../../../src/cli/run.ts";
import { ioOf } from "../../support/command-io.ts";

async function run(argv: readonly string[]) {
	const io = ioOf("");
	const code = await runCli(argv, io.io);
	return { code, stdout: io.stdout(), stderr: io.stderr() };
}

describe("postern where", () => {
	test.each(["library", "input-schema", "plugin-input-schema", "capabilities", "config-schema"])(
		"prints where the %s is, one path and nothing else",
		async (name) => {
			const { code, stdout, stderr } = await run(["where", name]);
			expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
			expect(stdout).toMatch(/^\/[^\n]+\n$/);
			expect(statSync(stdout.trim()).isDirectory()).toBe(name === "library");
		},
	);

	test.each([[[]], [["libary"]], [["library", "capabilities"]], [["__proto__"]]])(
		"%j is no name",
		async (names) => {
			const { code, stdout, stderr } = await run(["where", ...names]);
			expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
			expect(stderr).toContain("postern where --help");
			if (names[0] === "libary") expect(stderr).toContain('did you mean "library"?');
		},
	);
});
