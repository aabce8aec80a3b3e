import { spawnSync } from "node:child_process";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { COMMANDS } from "../../src/cli/commands.ts";
import { readConfig } from "../../src/config/load.ts";
import { LIBRARY_PATH } from "../../src/policy/bundle/library.ts";
import { blocksOf, type DocBlock, optionOf } from "../support/doc-blocks.ts";
import { ROOT } from "../support/source-tree.ts";

function pagesUnder(folder: string): string[] {
	if (!existsSync(join(ROOT, folder))) return [];
	return readdirSync(join(ROOT, folder), { recursive: true })
		.map(String)
		.filter((name) => name.endsWith(".md"))
		.map((name) => join(folder, name))
		.sort();
}

const PAGES = ["README.md", "SECURITY.md", "CHANGELOG.md", ...pagesUnder("docs"), ...pagesUnder("examples")];
const LANGUAGES = new Set(["sh", "text", "yaml", "json", "jsonl", "rego", "http", "ts"]);
const TOOLS = join(ROOT, ".tools", "bin");
const environment = {
	...process.env,
	NO_COLOR: "1",
	PATH: `${TOOLS}${delimiter}${process.env["PATH"] ?? ""}`,
};
const scripts = (
	JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> }
).scripts;

/** A folder that looks like the checkout and whose new files die with it. */
function makeSandbox(): string {
	const folder = mkdtempSync(join(tmpdir(), "postern-docs-"));
	for (const name of readdirSync(ROOT)) {
		if (name !== ".git" && name !== ".run") symlinkSync(join(ROOT, name), join(folder, name));
	}
	return folder;
}

function write(sandbox: string, block: DocBlock): void {
	const name = optionOf(block, "file");
	if (name === undefined) return;
	expect(name).not.toMatch(/^\/|\.\./);
	// A page's file must never land in the checkout behind a link.
	expect(existsSync(join(ROOT, name.split("/")[0] ?? ""))).toBe(false);
	mkdirSync(dirname(join(sandbox, name)), { recursive: true });
	writeFileSync(join(sandbox, name), `${block.text}\n`);
}

function escaped(text: string): string {
	return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Joins lines that end in a backslash. */
function commandsOf(text: string): readonly string[] {
	return text
		.replaceAll(/\\\n\s*/g, "")
		.split("\n")
		.filter((line) => line.trim() !== "" && !line.startsWith("#"));
}

function runBlock(sandbox: string, block: DocBlock): string {
	let output = "";
	for (const line of commandsOf(block.text)) {
		const wanted = Number(/#\s*exit (\d+)$/.exec(line)?.[1] ?? 0);
		const result = spawnSync("bash", ["--norc", "-euo", "pipefail", "-c", line], {
			cwd: sandbox,
			env: environment,
			encoding: "utf8",
			timeout: 60_000,
		});
		const heard = `${result.stdout}${result.stderr}`;
		expect({ page: block.page, line, exit: result.status, heard }).toEqual({
			page: block.page,
			line,
			exit: wanted,
			heard,
		});
		output += heard;
	}
	return output;
}

describe.each(PAGES)("%s", (page) => {
	const blocks = blocksOf(page);
	let sandbox: string;
	beforeAll(() => {
		sandbox = makeSandbox();
	});
	afterAll(() => {
		rmSync(sandbox, { recursive: true, force: true });
	});

	test("says what each of its blocks is", () => {
		expect(blocks.filter(({ language }) => !LANGUAGES.has(language))).toEqual([]);
	});

	test("links to files that are there", () => {
		const text = readFileSync(join(ROOT, page), "utf8").replaceAll(/^( *)(`{3,})[\s\S]*?^\1\2$/gm, "");
		const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
			(match) => match[1] ?? "",
		);
		expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([]);
	});

	if (blocks.length > 0) {
		test("has blocks that do what they say", () => {
			let heard = "";
			for (const block of blocks) {
				write(sandbox, block);
				const where = `${page}:${block.line}`;
				if (block.language === "sh") {
					if (block.words.includes("run")) heard = runBlock(sandbox, block);
					for (const [, name = ""] of block.text.matchAll(/^npm run ([\w:-]+)/gm)) {
						expect({ where, name, known: name in scripts }).toEqual({ where, name, known: true });
					}
					for (const [, name = ""] of block.text.matchAll(/(?:bin\/)?\bpostern ([a-z]+)\b/g)) {
						expect({ where, name, known: COMMANDS.some((command) => command.name === name) }).toMatchObject({
							known: true,
						});
					}
				} else if (block.language === "text" && block.words.includes("output")) {
					const pattern = escaped(block.text.trim()).replaceAll("…", "[\\s\\S]*?");
					expect(heard.trim()).toMatch(new RegExp(`^${pattern}$`));
				} else if (block.language === "json") {
					expect(() => JSON.parse(block.text) as unknown).not.toThrow();
				} else if (block.language === "jsonl") {
					for (const line of block.text.split("\n")) expect(() => JSON.parse(line) as unknown).not.toThrow();
				} else if (block.language === "yaml") {
					expect(parseAllDocuments(block.text).flatMap(({ errors }) => errors)).toEqual([]);
					if (block.words.includes("postern")) {
						const file = join(sandbox, `block-${block.line}.yaml`);
						writeFileSync(file, block.text);
						expect(readConfig({ file, env: {} })).toMatchObject({ ok: true });
					}
				} else if (block.language === "rego") {
					const file = join(sandbox, `block-${block.line}.rego`);
					writeFileSync(file, `${block.text}\n`);
					for (const args of [
						["check", "--strict", file, LIBRARY_PATH],
						["fmt", "--fail", "--diff", file],
					]) {
						const result = spawnSync("opa", args, { env: environment, encoding: "utf8" });
						const said = `${result.stdout}${result.stderr}`;
						expect({ where, args: args[0], said, exit: result.status }).toMatchObject({ exit: 0 });
					}
				}
			}
		}, 120_000);
	}
});

describe("the reading of pages", () => {
	test("finds blocks with their words, in lists and with longer fences too", () => {
		const text = [
			"a",
			"```sh run",
			"one",
			"```",
			"  ````yaml file=a.yaml",
			"  ```",
			"  two: 2",
			"  ````",
			"```",
			"x",
			"```",
		];
		expect(blocksOf("page.md", text.join("\n"))).toEqual([
			{ page: "page.md", line: 2, language: "sh", words: ["run"], text: "one" },
			{ page: "page.md", line: 5, language: "yaml", words: ["file=a.yaml"], text: "```\ntwo: 2" },
			{ page: "page.md", line: 9, language: "", words: [], text: "x" },
		]);
	});
});
