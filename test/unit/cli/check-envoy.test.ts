import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { checkCommand } from "../../../src/cli/check.ts";
import { runCli } from "../../../src/cli/run.ts";
import { MESH_CODES } from "../../../src/mesh/codes.ts";
import { ioOf } from "../../support/command-io.ts";
import { ROOT } from "../../support/source-tree.ts";

const EXAMPLES = join(ROOT, "test", "corpora", "envoy-checks");
let folder = "";
let back = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-envoy-check-"));
	back = process.cwd();
	// Findings show names as they were given, and a postern.yaml is looked for where the command runs.
	process.chdir(folder);
	copyFileSync(join(EXAMPLES, "proc_fails_open", "bad.yaml"), "bad.yaml");
	copyFileSync(join(EXAMPLES, "proc_fails_open", "good.yaml"), "good.yaml");
	copyFileSync(join(EXAMPLES, "proc_timeout_long", "bad.yaml"), "slow.yaml");
	writeFileSync("empty.yaml", "");
	writeFileSync("binary.yaml", Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0xff]));
	writeFileSync("nul.yaml", "a: \0\n");
	writeFileSync(
		"template.yaml",
		"spec:\n  value: {{ .Values.x }}\n{{- if .Values.y }}\n  b: 1\n{{- end }}\n",
	);
	mkdirSync("folder");
});
afterAll(() => {
	process.chdir(back);
	rmSync(folder, { recursive: true, force: true });
});

async function check(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
	return checkWith("", ...argv);
}
async function checkWith(
	input: string,
	...argv: string[]
): Promise<{ code: number; out: string; err: string }> {
	const { io, stdout, stderr } = ioOf(input);
	const code = await runCli(["check", ...argv], io, [
		{ name: "check", summary: "", load: async () => checkCommand },
	]);
	return { code, out: stdout(), err: stderr() };
}

describe("what people read", () => {
	test("each finding by file, with its place, why and the fix, and a line that counts", async () => {
		const { code, out } = await check("--envoy", "bad.yaml");
		expect(code).toBe(1);
		expect(out.split("\n")).toEqual([
			"bad.yaml",
			"",
			`  4:3 error ${MESH_CODES.proc_fails_open.title} (proc_fails_open)`,
			`      why  ${MESH_CODES.proc_fails_open.why}`,
			`      fix  ${MESH_CODES.proc_fails_open.fix}`,
			"",
			'1 error in 1 file; Postern is "postern"',
			"more about each code: docs/reference/envoy-checks/proc_fails_open.md",
			"",
		]);
	});

	test("nothing found: exit 0 and one line", async () => {
		expect(await check("--envoy", "good.yaml")).toEqual({
			code: 0,
			out: 'nothing found in 1 file; Postern is "postern"\n',
			err: "",
		});
	});

	test("warnings are no failure, unless they are meant to be", async () => {
		expect(await check("--envoy", "slow.yaml")).toMatchObject({
			code: 0,
			out: expect.stringContaining("1 warning in 1 file"),
		});
		expect((await check("--envoy", "slow.yaml", "--strict")).code).toBe(1);
	});

	test("several files, as a shell writes them out, and standard input; each file once", async () => {
		const { code, out } = await checkWith(
			readFileSync("slow.yaml", "utf8"),
			"--envoy",
			"good.yaml",
			"bad.yaml",
			"-",
			"bad.yaml",
		);
		expect(code).toBe(1);
		expect(out).toMatch(/^bad\.yaml\n[\s\S]*^<stdin>\n[\s\S]*1 error, 1 warning in 3 files;/m);
	});

	test("colours and the terminal's width on a terminal alone", async () => {
		const { io, stdout } = ioOf("");
		Object.assign(io.stdout, { isTTY: true, hasColors: () => true, columns: 60 });
		await runCli(["check", "--envoy", "bad.yaml"], io, [
			{ name: "check", summary: "", load: async () => checkCommand },
		]);
		expect(stdout()).toContain("\u001b[31merror\u001b[0m");
		for (const line of stdout()
			.split("\n")
			.filter((each) => /^ {6}/.test(each)))
			expect(line.length).toBeLessThanOrEqual(60);
		Object.assign(io.stdout, { hasColors: () => false });
		expect((await check("--envoy", "bad.yaml")).out).not.toContain("\u001b");
	});
});

describe("what machines read", () => {
	test("one JSON object", async () => {
		const { code, out } = await check("--envoy", "bad.yaml", "--json");
		expect(code).toBe(1);
		expect(out.trimEnd()).not.toContain("\n");
		expect(JSON.parse(out)).toEqual({
			ok: false,
			counts: { error: 1, warning: 0, note: 0 },
			postern: { clusters: ["postern"] },
			files: ["bad.yaml"],
			findings: [
				{
					code: "proc_fails_open",
					severity: "error",
					file: "bad.yaml",
					line: 4,
					column: 3,
					message: MESH_CODES.proc_fails_open.title,
					why: MESH_CODES.proc_fails_open.why,
					fix: MESH_CODES.proc_fails_open.fix,
					page: "docs/reference/envoy-checks/proc_fails_open.md",
				},
			],
			ignored: 0,
		});
		expect(JSON.parse((await check("--envoy", "good.yaml", "--json")).out)).toMatchObject({
			ok: true,
			findings: [],
		});
	});

	test("SARIF 2.1.0", async () => {
		copyFileSync("bad.yaml", "a b#c.yaml");
		const { code, out } = await check(
			"--envoy",
			"bad.yaml",
			"slow.yaml",
			"a b#c.yaml",
			join(folder, "bad.yaml"),
			"--sarif",
		);
		expect(code).toBe(1);
		const log = JSON.parse(out);
		expect(log.version).toBe("2.1.0");
		expect(log.$schema).toMatch(/^https:\/\/.*sarif.*2\.1\.0/);
		expect(log.runs).toHaveLength(1);
		const [{ tool, results, invocations, columnKind }] = log.runs;
		expect(tool.driver).toMatchObject({
			name: expect.any(String),
			semanticVersion: expect.stringMatching(/^\d+\.\d+\.\d+/),
		});
		expect([columnKind, invocations]).toEqual([
			"utf16CodeUnits",
			[{ executionSuccessful: true, exitCode: 1 }],
		]);
		const ids = tool.driver.rules.map((rule: { id: string }) => rule.id);
		expect(ids).toEqual(["proc_fails_open", "proc_timeout_long"]);
		for (const rule of tool.driver.rules) {
			expect(rule).toEqual({
				id: expect.any(String),
				shortDescription: { text: expect.stringMatching(/\.$/) },
				fullDescription: { text: expect.any(String) },
				help: { text: expect.any(String), markdown: expect.any(String) },
				defaultConfiguration: { level: expect.stringMatching(/^(?:error|warning|note)$/) },
				properties: { page: expect.stringMatching(/^docs\/.*\.md$/) },
			});
		}
		expect(results).toHaveLength(4);
		for (const result of results) {
			expect(result).toEqual({
				ruleId: ids[result.ruleIndex],
				ruleIndex: expect.any(Number),
				level: expect.stringMatching(/^(?:error|warning|note)$/),
				message: { text: expect.stringMatching(/^[A-Z`e].*\.$/) },
				locations: [
					{
						physicalLocation: {
							artifactLocation: { uri: expect.any(String) },
							region: { startLine: expect.any(Number), startColumn: expect.any(Number) },
						},
					},
				],
			});
		}
		const uris = results.map(
			(result: { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }) =>
				result.locations[0]?.physicalLocation.artifactLocation.uri,
		);
		expect(uris).toEqual([
			"bad.yaml",
			"slow.yaml",
			"a%20b%23c.yaml",
			expect.stringMatching(/^file:\/\/\/.*\/bad\.yaml$/),
		]);
		expect(JSON.parse((await check("--envoy", "good.yaml", "--sarif")).out).runs[0]).toMatchObject({
			results: [],
			tool: { driver: { rules: [] } },
		});
	});
});

describe("Postern's own configuration", () => {
	const write = (text: string) =>
		writeFileSync("postern.yaml", `serve: { grpc: ["unix:p.sock"] }\npolicy: { bundle: b.tar.gz }\n${text}`);
	const edge = (): string => {
		copyFileSync(join(EXAMPLES, "edge_path_raw", "good.yaml"), "edge.yaml");
		return "edge.yaml";
	};

	test("lends its limits, where it is named and where it is found; nothing of it is tried", async () => {
		const file = edge();
		expect((await check("--envoy", file)).code).toBe(0);
		write("fields: { max_body_bytes: 65536 }\n");
		try {
			expect((await check("--envoy", file)).out).toContain(
				"(1048576 bytes, and Postern takes 65536) (edge_buffer_over_postern)",
			);
		} finally {
			copyFileSync("postern.yaml", "other.yaml");
			rmSync("postern.yaml");
		}
		expect((await check("--envoy", file, "--config", "other.yaml")).out).toContain(
			"edge_buffer_over_postern",
		);
		expect((await check("--envoy", file)).code).toBe(0);
	});

	test("says whether fields are meant to be masked, and under which headers callers are known", async () => {
		copyFileSync(join(EXAMPLES, "chain_access_only", "bad.yaml"), "access.yaml");
		expect((await check("--envoy", "access.yaml")).out).toContain("chain_access_only");
		write("fields: { enabled: true }\n");
		expect((await check("--envoy", "access.yaml")).out).toContain("chain_fields_ignored");
		write("fields: { enabled: false }\n");
		expect(await check("--envoy", "access.yaml")).toMatchObject({
			code: 0,
			out: expect.stringContaining("nothing found"),
		});
		write("identity: { headers: { id: x-caller, issuer: x-caller-issuer } }\n");
		expect((await check("--envoy", edge())).out).toContain(
			"callers can name themselves (x-caller, x-caller-issuer)",
		);
		write("request: { proto_descriptor: shop.pb }\n");
		expect((await check("--envoy", "access.yaml")).out).toContain("authz_body_unsent");
		rmSync("postern.yaml");
	});

	test("is told when it does not load, and that is a failure", async () => {
		writeFileSync("wrong.yaml", "polcy: {}\n");
		const { code, out } = await check("--envoy", "good.yaml", "--config", "wrong.yaml");
		expect(code).toBe(1);
		expect(out).toContain('wrong.yaml:1:1: polcy: unknown key; did you mean "policy"?');
		expect(out).toContain("2 errors in 1 file");
		const json = JSON.parse((await check("--envoy", "good.yaml", "--config", "wrong.yaml", "--json")).out);
		expect(json).toMatchObject({
			ok: false,
			counts: { error: 2 },
			config: [{ code: "config_invalid" }, { code: "config_invalid" }],
		});
		const sarif = JSON.parse((await check("--envoy", "good.yaml", "--config", "wrong.yaml", "--sarif")).out);
		expect(sarif.runs[0].results).toMatchObject([
			{ ruleId: "config_invalid", level: "error" },
			{ ruleId: "config_invalid" },
		]);
	});
});

describe("what goes wrong is said so that it can be put right", () => {
	test.each<[string, string[], number, string]>([
		[
			"a file that is not there",
			["--envoy", "none.yaml"],
			3,
			"postern: none.yaml does not exist (file_unreadable)",
		],
		[
			"a folder",
			["--envoy", "folder/"],
			3,
			"folder/ is a folder; name the files in it, for example folder/*.yaml",
		],
		["bytes that are no text", ["--envoy", "binary.yaml"], 3, "binary.yaml is not UTF-8"],
		["a NUL", ["--envoy", "nul.yaml"], 3, "nul.yaml is no text"],
		[
			"an option with a typing mistake",
			["--envoy", "good.yaml", "--strct"],
			2,
			'unknown option --strct; did you mean "--strict"?',
		],
		[
			"a code that is none",
			["--envoy", "good.yaml", "--ignore", "proc_fail_open"],
			2,
			'--ignore knows no code "proc_fail_open"; did you mean "proc_fails_open"?',
		],
		[
			"both formats",
			["--envoy", "good.yaml", "--json", "--sarif"],
			2,
			"--json and --sarif exclude each other",
		],
		["a forgotten file", ["--envoy"], 2, "option --envoy needs a value"],
		["a forgotten --envoy", ["--sarif"], 2, "--sarif needs --envoy"],
		["a file without --envoy", ["good.yaml"], 2, 'unexpected argument "good.yaml"'],
	])("%s", async (_name, argv, code, words) => {
		const result = await check(...argv);
		expect([result.code, result.out]).toEqual([code, ""]);
		expect(result.err).toContain(words);
	});

	test("an empty file holds nothing that calls Postern", async () => {
		const { code, out } = await check("--envoy", "empty.yaml");
		expect(code).toBe(1);
		expect(out).toContain("  1:1 error nothing here calls Postern (postern_absent)");
		expect(await checkWith("", "--envoy", "-")).toMatchObject({
			code: 1,
			out: expect.stringContaining("<stdin>"),
		});
	});

	test("a template that was not rendered: the fix says how", async () => {
		const { code, out } = await check("--envoy", "template.yaml");
		expect(code).toBe(1);
		expect(out).toContain("(yaml_invalid)");
		expect(out.replaceAll(/\s+/g, " ")).toContain(
			"render templates first, as in `helm template CHART | postern check --envoy -`",
		);
	});

	test("a pipe that a shell made is read like standard input", async () => {
		execFileSync("mkfifo", ["pipe"]);
		const written = promisify(execFile)("sh", ["-c", "cat bad.yaml > pipe"]);
		const result = await check("--envoy", "pipe");
		await written;
		expect(result).toMatchObject({ code: 1, out: expect.stringContaining("proc_fails_open") });
	});

	test("findings that are left out are counted", async () => {
		const { code, out } = await check("--envoy", "bad.yaml", "--ignore", "proc_fails_open");
		expect([code, out]).toEqual([0, 'nothing found in 1 file; Postern is "postern"; 1 finding ignored\n']);
	});

	test("a cluster that nobody calls", async () => {
		const { code, out } = await check("--envoy", "good.yaml", "--cluster", "other");
		expect(code).toBe(1);
		expect(out).toContain("nothing here calls Postern (filters call postern)");
	});

	test("more than the limit on standard input", async () => {
		const result = await checkWith("x".repeat(8 * 1024 * 1024 + 1), "--envoy", "-");
		expect(result).toMatchObject({
			code: 3,
			err: expect.stringContaining("standard input is larger than 8388608 bytes"),
		});
	});
});
