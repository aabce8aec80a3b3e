/** JSON as a person reads it: order of members and the text of numbers kept. */
export type JsonTree =
	| { readonly kind: "scalar"; readonly text: string }
	| { readonly kind: "array"; readonly items: readonly JsonTree[] }
	| { readonly kind: "object"; readonly members: ReadonlyMap<string, JsonTree> };

/** Stands for a number while the text is read: its digits, which a double may not hold. */
class NumberText {
	readonly text: string;
	constructor(text: string) {
		this.text = text;
	}
}

function toTree(value: unknown): JsonTree {
	if (value instanceof NumberText) return { kind: "scalar", text: value.text };
	if (Array.isArray(value)) return { kind: "array", items: value.map(toTree) };
	if (typeof value === "object" && value !== null) {
		return {
			kind: "object",
			members: new Map(Object.entries(value).map(([name, member]) => [name, toTree(member)])),
		};
	}
	return { kind: "scalar", text: JSON.stringify(value) };
}

/** Undefined where the text is no JSON. */
export function readTree(text: string): JsonTree | undefined {
	const keepNumbers = (_key: string, value: unknown, context?: { readonly source?: string }) =>
		typeof value === "number" ? new NumberText(context?.source ?? String(value)) : value;
	try {
		return toTree(JSON.parse(text, keepNumbers));
	} catch {
		return undefined;
	}
}

/** On one line. */
export function inline(tree: JsonTree): string {
	if (tree.kind === "scalar") return tree.text;
	if (tree.kind === "array") return `[${tree.items.map(inline).join(", ")}]`;
	const members = [...tree.members].map(([name, member]) => `${JSON.stringify(name)}: ${inline(member)}`);
	return `{${members.join(", ")}}`;
}
