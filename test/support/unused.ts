import { dirname, join, normalize } from "node:path";
import type { SourceTree } from "./architecture.ts";
import { exportsOf, importsOf } from "./import-scan.ts";
import { readSource } from "./source-text.ts";

/** File → the files it imports, loads by `import()`, or names by `new URL("./x.ts", import.meta.url)`. */
function targetsOf(tree: SourceTree, file: string): readonly string[] {
	const source = tree.get(file) ?? "";
	const { strings } = readSource(source);
	const named = [...strings.values()].filter((text) => /^\.{1,2}\/.*\.ts$/.test(text));
	const imported = importsOf(source).map(({ specifier }) => specifier);
	return [...new Set([...imported, ...named])]
		.filter((specifier) => specifier.startsWith("."))
		.map((specifier) => normalize(join(dirname(file), specifier)));
}

/** Files that nothing leads to from the entry. Declarations of types for the whole program need no importer. */
export function unreachable(tree: SourceTree, entry: string): readonly string[] {
	const seen = new Set<string>();
	const queue = [entry];
	for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
		if (seen.has(file) || !tree.has(file)) continue;
		seen.add(file);
		queue.push(...targetsOf(tree, file));
	}
	return [...tree.keys()].filter((file) => !seen.has(file) && !file.endsWith(".d.ts"));
}

const TYPE = /(?<![.\w$])export\s+(?:declare\s+)?(?:interface|type)\s+([A-Za-z_$][\w$]*)/g;

/** Types that their own file uses besides declaring them: they name the parts of what the file exports. */
function typesOfSignatures(source: string): ReadonlySet<string> {
	const { code } = readSource(source);
	const names = [...code.matchAll(TYPE)].map((match) => match[1] ?? "");
	return new Set(
		names.filter((name) => (code.match(new RegExp(`(?<![\\w$.])${name}(?![\\w$])`, "g")) ?? []).length > 1),
	);
}

/**
 * `file: name` of every export that no other file takes. Types may be exported for the sake of a signature; values
 * may not be exported for the sake of a test.
 *
 * @param others files outside the tree that take from it, by path from the tree's root (`../scripts/a.ts`)
 */
export function unusedExports(tree: SourceTree, others: SourceTree = new Map()): readonly string[] {
	const used = new Map<string, Set<string>>();
	for (const [file, source] of [...tree, ...others]) {
		for (const { specifier, names, dynamic } of importsOf(source)) {
			if (!specifier.startsWith(".")) continue;
			// A script beside src says `../src/a.ts` for what the tree calls `a.ts`.
			const target = normalize(join(dirname(file), specifier)).replace(/^\.\.\/src\//, "");
			const taken = used.get(target) ?? new Set<string>();
			used.set(target, taken);
			for (const name of names) taken.add(name);
			// What is taken from a module as a whole shows only as words of the importer's code.
			if (dynamic || names.includes("*")) {
				const words = readSource(source).code.match(/[A-Za-z_$][\w$]*/g) ?? [];
				for (const word of words) taken.add(word);
			}
		}
	}
	return [...tree].flatMap(([file, source]) => {
		if (file.endsWith(".d.ts")) return [];
		const excused = typesOfSignatures(source);
		return exportsOf(source)
			.names.filter((name) => used.get(file)?.has(name) !== true && !excused.has(name))
			.map((name) => `${file}: ${name}`);
	});
}

const STATEMENT =
	/^\s*(?:(?:import|export|const|let|var|return|throw|await|function|class|interface)\b.*[;{]|(?:if|for|while|switch)\s*\(.*\)\s*\{?|\}[\s;)]*|[\w.]+\(.*\);)\s*$/;

/** `file:line` of comments that hold code instead of words. Documentation may show examples. */
export function commentedCode(tree: SourceTree): readonly string[] {
	const found: string[] = [];
	for (const [file, source] of tree) {
		for (const { text, offset } of readSource(source).comments) {
			if (text.startsWith("*")) continue;
			if (text.split("\n").some((line) => STATEMENT.test(line))) {
				found.push(`${file}:${source.slice(0, offset).split("\n").length}`);
			}
		}
	}
	return found;
}
