import { expect, test } from "@jest/globals";
import { COMMANDS, type CommandEntry } from "../../../src/cli/commands.ts";
import { runCli } from "../../../src/cli/run.ts";
import { PosternError } from "../../../src/lib/errors.ts";
import { ioOf } from "../../support/command-io.ts";

const TABLE: readonly CommandEntry[] = [
	{
		name: "serve",
		summary: "runs",
		load: async () => ({
			name: "serve",
			summary: "runs",
			help: "Usage: serve",
			run: async (argv) => argv.length,
		}),
	},
	{
		name: "mask",
		summary: "masks",
		load: async () => ({
			name: "mask",
			summary: "masks",
			help: "",
			run: async (argv) => {
				if (argv[0] === "known") throw new PosternError("file_unreadable", "no such file");
				throw new Error("surprise");
			},
		}),
	},
];

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
	const { io, stdout, stderr } = ioOf("");
	const code = await runCli(argv, io, TABLE);
	return { code, out: stdout(), err: stderr() };
}

test("an unknown command or option is usage, with the likely word", async () => {
	expect(await run("sreve")).toEqual({
		code: 2,
		out: "",
		err: 'postern: unknown command "sreve"; did you mean "serve"?; `postern --help` lists the commands (usage)\n',
	});
	expect((await run("--hlep")).err).toContain('did you mean "--help"?');
	expect(await run("frobnicate")).toMatchObject({
		code: 2,
		err: expect.not.stringContaining("did you mean"),
	});
	expect(await run()).toMatchObject({
		code: 2,
		out: "",
		err: expect.stringContaining("Usage: postern COMMAND"),
	});
});

test("help and version are answers, on stdout", async () => {
	for (const argv of [["--help"], ["-h"], ["help"]]) {
		const { code, out } = await run(...argv);
		expect(code).toBe(0);
		for (const { name, summary } of TABLE) expect(out).toMatch(new RegExp(`^  ${name} +${summary}$`, "m"));
	}
	expect(await run("serve", "--help")).toEqual({ code: 0, out: "Usage: serve\n", err: "" });
	expect(await run("help", "serve")).toEqual({ code: 0, out: "Usage: serve\n", err: "" });
	expect((await run("--version")).out).toMatch(/^postern \d+\.\d+\.\d+\n$/);
	expect(await run("serve", "--", "--help")).toMatchObject({ code: 2, out: "" });
});

test("what a command throws is one line with its code, and the code's exit code", async () => {
	expect(await run("mask", "known")).toEqual({
		code: 3,
		out: "",
		err: "postern: no such file (file_unreadable)\n",
	});
	expect(await run("mask")).toEqual({ code: 3, out: "", err: "postern: surprise (internal)\n" });
});

test("every command of the table loads under its own name and has help", async () => {
	for (const entry of COMMANDS) {
		const command = await entry.load();
		expect(command.name).toBe(entry.name);
		expect(command.help.length).toBeGreaterThan(100);
		expect(command.help.toLowerCase()).toContain(`usage: postern ${entry.name}`);
	}
});
