import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const CHART = join(root, "deploy", "helm", "postern");

/** One key of `values.yaml`, in the order of the file. */
export interface ValueEntry {
	/** Dotted. */
	readonly key: string;
	/** What stands behind `# --` above it; empty where nothing does. */
	readonly description: string;
	readonly value: unknown;
	/** Whether it is a map with keys of its own, which are entries too. */
	readonly isSection: boolean;
}

/** Reads `values.yaml` with its descriptions. */
export function readValues(): readonly ValueEntry[] {
	const text = readFileSync(join(CHART, "values.yaml"), "utf8");
	const tree = parse(text) as unknown;
	const entries: ValueEntry[] = [];
	const path: { readonly indent: number; readonly name: string }[] = [];
	let comment: string[] = [];
	for (const line of text.split("\n")) {
		const remark = /^\s*# ?(.*)$/.exec(line)?.[1];
		if (remark !== undefined) {
			if (remark.startsWith("-- ")) comment = [remark.slice(3)];
			else if (comment.length > 0) comment.push(remark.trim());
			continue;
		}
		const [, indent = "", name] = /^( *)([A-Za-z]\w*):/.exec(line) ?? [];
		if (name !== undefined) {
			while ((path.at(-1)?.indent ?? -1) >= indent.length) path.pop();
			path.push({ indent: indent.length, name });
			const key = path.map((each) => each.name).join(".");
			const value = valueAt(tree, key);
			entries.push({ key, description: comment.join(" "), value, isSection: isSection(value, line) });
		}
		comment = [];
	}
	return entries;
}

function valueAt(tree: unknown, key: string): unknown {
	return key
		.split(".")
		.reduce<unknown>((node, name) => (node as Readonly<Record<string, unknown>>)[name], tree);
}

/** A map that is written in one line is a value, whatever it holds. */
function isSection(value: unknown, line: string): boolean {
	return typeof value === "object" && value !== null && !Array.isArray(value) && /:\s*$/.test(line);
}
