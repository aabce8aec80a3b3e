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

/** Folder → names that its files take from each file of the tree. */
function namesTaken(files: SourceTree): ReadonlyMap<string, ReadonlySet<string>> {
	const used = new Map<string, Set<string>>();
	for (const [file, source] of files) {
		for (const { specifier, names, dynamic } of importsOf(source)) {
			if (!specifier.startsWith(".")) continue;
			// A file beside src says `../src/a.ts` for what the tree calls `a.ts`.
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
	return used;
}

/** What a file's own code says more than once: declared and used. */
function usesItself(source: string): (name: string) => boolean {
	const { code } = readSource(source);
	return (name) => (code.match(new RegExp(`(?<![\\w$.])${name}(?![\\w$])`, "g")) ?? []).length > 1;
}

/**
 * `file: name` of every export that nobody needs. Another file of the tree or a script takes it; or its own file
 * works with it, and it is a type (which names a part of a signature) or a test takes it. What tests alone use is dead.
 *
 * @param scripts files that count as the program, by path from the tree's root (`../scripts/a.ts`)
 * @param tests files that look at the program, likewise
 */
export function unusedExports(
	tree: SourceTree,
	scripts: SourceTree = new Map(),
	tests: SourceTree = new Map(),
): readonly string[] {
	const used = namesTaken(new Map([...tree, ...scripts]));
	const tested = namesTaken(tests);
	return [...tree].flatMap(([file, source]) => {
		if (file.endsWith(".d.ts")) return [];
		const types = new Set([...readSource(source).code.matchAll(TYPE)].map((match) => match[1] ?? ""));
		const inside = usesItself(source);
		return exportsOf(source)
			.names.filter((name) => used.get(file)?.has(name) !== true)
			.filter((name) => !(inside(name) && (types.has(name) || tested.get(file)?.has(name) === true)))
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
