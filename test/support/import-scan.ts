import { readSource } from "./source-text.ts";

export interface Import {
	readonly specifier: string;
	/** Erased when the types are stripped. */
	readonly typeOnly: boolean;
	/** Names taken from it; `*` for a namespace. Empty: for its effects, or by `import()`. */
	readonly names: readonly string[];
	/** `export … from`. */
	readonly reexport: boolean;
	readonly dynamic: boolean;
}

export interface Exports {
	readonly names: readonly string[];
	readonly hasDefault: boolean;
}

const STATIC = /(?<![.\w$])(import|export)\b(?!\s*\()([^;"'`()=]*?)\bfrom\s*(?=["'])/g;
const BARE = /(?<![.\w$])import\s*(?=["'])/g;
const DYNAMIC = /(?<![.\w$])import\s*\(\s*(?=["'])/g;

function namesOf(clause: string): { names: string[]; typeOnly: boolean } {
	const whole = /^\s*type\b(?!\s*(?:,|from))/.test(clause);
	const braces = /\{([^}]*)\}/.exec(clause)?.[1];
	const items = (braces ?? "")
		.split(",")
		.map((item) => item.trim())
		.filter((item) => item !== "");
	const outside = clause
		.replace(/\{[^}]*\}/, "")
		.replace(/^\s*type\b/, "")
		.replaceAll(",", " ")
		.trim();
	const names = items.map((item) => item.replace(/^type\s+/, "").split(/\s+as\s+/)[0] ?? item);
	if (outside.startsWith("*")) names.push("*");
	else if (outside !== "") names.push("default");
	const allTypes = items.length > 0 && outside === "" && items.every((item) => /^type\s/.test(item));
	return { names, typeOnly: whole || allTypes };
}

/** Everything a file imports, re-exports or loads by `import()` with a literal. */
export function importsOf(source: string): readonly Import[] {
	const { code, strings } = readSource(source);
	const found: Import[] = [];
	for (const match of code.matchAll(STATIC)) {
		const specifier = strings.get(match.index + match[0].length);
		if (specifier === undefined) continue;
		const { names, typeOnly } = namesOf(match[2] ?? "");
		found.push({ specifier, typeOnly, names, reexport: match[1] === "export", dynamic: false });
	}
	for (const [pattern, dynamic] of [
		[BARE, false],
		[DYNAMIC, true],
	] as const) {
		for (const match of code.matchAll(pattern)) {
			const specifier = strings.get(match.index + match[0].length);
			if (specifier !== undefined) {
				// What a dynamic import takes is seen in the names destructured from it.
				found.push({ specifier, typeOnly: false, names: [], reexport: false, dynamic });
			}
		}
	}
	return found;
}

const DECLARED =
	/(?<![.\w$])export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const|let|var|function\s*\*?|class|interface|type|enum|namespace)\s+([A-Za-z_$][\w$]*)/g;

/** What a file exports by name. */
export function exportsOf(source: string): Exports {
	const { code } = readSource(source);
	const names = [...code.matchAll(DECLARED)].map((match) => match[1] ?? "");
	for (const match of code.matchAll(/(?<![.\w$])export\s+(?:type\s+)?\{([^}]*)\}/g)) {
		for (const item of (match[1] ?? "").split(",")) {
			const name = item
				.trim()
				.replace(/^type\s+/, "")
				.split(/\s+as\s+/)
				.at(-1);
			if (name !== undefined && name !== "") names.push(name);
		}
	}
	return {
		names: names.filter((name) => name !== "default"),
		hasDefault: /(?<![.\w$])export\s+default\b/.test(code) || names.includes("default"),
	};
}
