import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./source-tree.ts";

/**
 * A fenced block of a page. The words after the fence say what it is:
 *
 * - `sh run`: run line by line in a sandbox of the checkout, in the order of the page; each line must exit with 0,
 *   or with N where it ends in `# exit N`;
 * - `text output`: what the `sh run` block before it prints; `…` stands for anything;
 * - `sh`: for a person to type; its npm scripts and commands must exist;
 * - `FORMAT file=NAME`: as FORMAT, and written to NAME in the sandbox for later blocks of the page;
 * - `yaml postern`: a whole configuration, which must load; `yaml` and `json`: must parse;
 * - `rego`: a module that `opa check --strict` (beside the policy library) and `opa fmt` accept.
 */
export interface DocBlock {
	readonly page: string;
	readonly line: number;
	readonly language: string;
	readonly words: readonly string[];
	readonly text: string;
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string, text = readFileSync(join(ROOT, page), "utf8")): readonly DocBlock[] {
	const blocks: DocBlock[] = [];
	const lines = text.split("\n");
	for (let index = 0; index < lines.length; index++) {
		const open = /^( *)(`{3,})(.*)$/.exec(lines[index] ?? "");
		if (open === null) continue;
		const [, indent = "", fence = "```", info = ""] = open;
		const start = index + 1;
		while (index + 1 < lines.length && (lines[index + 1] ?? "").trim() !== fence) index++;
		const body = lines.slice(start, index + 1).map((line) => line.slice(indent.length));
		const [language = "", ...words] = info.trim().split(/\s+/);
		blocks.push({ page, line: start, language, words, text: body.join("\n") });
		index++;
	}
	return blocks;
}

/** The value of `name=value` among a block's words. */
export function optionOf(block: DocBlock, name: string): string | undefined {
	return block.words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}
