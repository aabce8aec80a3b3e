import { inline, type JsonTree } from "./json-tree.ts";

/** What became of a line: released, masked, withheld, or only a bracket. */
export type Sign = "=" | "~" | "-" | " ";

export interface Row {
	readonly sign: Sign;
	/** The upstream's line. */
	readonly left: string;
	/** The caller's line; empty where there is none. */
	readonly right: string;
}

/** Longest container that is written on one line where all of it was released. */
const INLINE_LENGTH = 40;

/**
 * The upstream's body and the body that the caller saw, line beside line. Elements of an array are taken to
 * correspond by place; where some were withheld, by their text or their `id`.
 */
export function compare(upstream: JsonTree, seen: JsonTree | undefined): readonly Row[] {
	const rows: Row[] = [];
	walk(rows, upstream, seen, 0, "", ["", ""]);
	return rows;
}

function same(a: JsonTree, b: JsonTree): boolean {
	return inline(a) === inline(b);
}

function walk(
	rows: Row[],
	upstream: JsonTree,
	seen: JsonTree | undefined,
	depth: number,
	name: string,
	[leftComma, rightComma]: readonly [string, string],
): void {
	const pad = "  ".repeat(depth);
	const leftLine = (text: string) => `${pad}${name}${text}${leftComma}`;
	const rightLine = (text: string) => `${pad}${name}${text}${rightComma}`;
	const whole = inline(upstream);
	if (seen === undefined) {
		rows.push({ sign: "-", left: leftLine(whole), right: "" });
		return;
	}
	const short = depth > 0 && whole.length <= INLINE_LENGTH && same(upstream, seen);
	if (upstream.kind === "scalar" || short) {
		rows.push({
			sign: same(upstream, seen) ? "=" : "~",
			left: leftLine(whole),
			right: rightLine(inline(seen)),
		});
		return;
	}
	if (seen.kind !== upstream.kind) {
		rows.push({ sign: "~", left: leftLine(whole), right: rightLine(inline(seen)) });
		return;
	}
	const [open, close] = upstream.kind === "array" ? ["[", "]"] : ["{", "}"];
	rows.push({ sign: " ", left: `${pad}${name}${open}`, right: `${pad}${name}${open}` });
	const children = pairs(upstream, seen);
	children.forEach(({ label, before, after }, index) => {
		const comma = index < children.length - 1 ? "," : "";
		const rightComma = children.slice(index + 1).some((later) => later.after !== undefined) ? "," : "";
		walk(rows, before, after, depth + 1, label, [comma, rightComma]);
	});
	rows.push({ sign: " ", left: `${pad}${close}${leftComma}`, right: `${pad}${close}${rightComma}` });
}

interface Pair {
	readonly label: string;
	readonly before: JsonTree;
	readonly after: JsonTree | undefined;
}

function pairs(upstream: JsonTree, seen: JsonTree): readonly Pair[] {
	if (upstream.kind === "object") {
		const members = seen.kind === "object" ? seen.members : new Map<string, JsonTree>();
		return [...upstream.members].map(([name, before]) => ({
			label: `${JSON.stringify(name)}: `,
			before,
			after: members.get(name),
		}));
	}
	if (upstream.kind !== "array") return [];
	const items = seen.kind === "array" ? [...seen.items] : [];
	if (items.length === upstream.items.length) {
		return upstream.items.map((before, index) => ({ label: "", before, after: items[index] }));
	}
	return upstream.items.map((before) => {
		const [next] = items;
		const matches = next !== undefined && (same(before, next) || (idOf(before) ?? "") === idOf(next));
		return { label: "", before, after: matches ? items.shift() : undefined };
	});
}

function idOf(tree: JsonTree): string | undefined {
	const id = tree.kind === "object" ? tree.members.get("id") : undefined;
	return id === undefined ? undefined : inline(id);
}
