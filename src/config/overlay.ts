import { nearest } from "../lib/nearest.ts";
import { LEAVES, type Leaf, type LeafKind } from "./leaves.ts";
import { otelValues } from "./otel-environment.ts";

/** Where a value that is not the file's comes from, as error texts name it: `POSTERN_LOG_LEVEL`, `--log-level`. */
export type Origins = Map<string, string>;

const PREFIX = "POSTERN_";
const SECTIONS = [...new Set(LEAVES.map((leaf) => leaf.key.split(".", 1)[0] ?? ""))];

/** `serve.drain_seconds` → `POSTERN_SERVE_DRAIN_SECONDS`. */
export function variableName(key: string): string {
	return PREFIX + key.toUpperCase().replaceAll(".", "_");
}

/** Lays what the environment says over `tree`. An empty variable counts as not set. */
export function applyEnvironment(
	tree: Record<string, unknown>,
	env: Readonly<Record<string, string | undefined>>,
	origins: Origins,
): void {
	// The common ones first: ours say more exactly what is meant.
	for (const { name, key, text } of otelValues(env)) {
		const leaf = LEAVES.find((one) => one.key === key);
		if (leaf !== undefined && setLeaf(tree, leaf, text)) origins.set(key, name);
	}
	for (const leaf of LEAVES) {
		const name = variableName(leaf.key);
		const text = env[name];
		if (text === undefined || text === "") continue;
		if (setLeaf(tree, leaf, fromText(leaf.kind, text))) origins.set(leaf.key, name);
	}
}

/**
 * Variables that look like ours and name no key, with the likely name: `POSTERN_SERVE_DRIAN_SECONDS`. Only under
 * our section names: an orchestrator sets `POSTERN_SERVICE_HOST` and the like for a service of that name.
 */
export function strayVariables(
	env: Readonly<Record<string, string | undefined>>,
): { readonly name: string; readonly likely?: string }[] {
	const known = LEAVES.map((leaf) => variableName(leaf.key));
	return Object.keys(env)
		.filter((name) => SECTIONS.some((section) => name.startsWith(`${PREFIX}${section.toUpperCase()}_`)))
		.filter((name) => !known.includes(name))
		.sort()
		.map((name) => {
			const likely = nearest(name, known);
			return likely === undefined ? { name } : { name, likely };
		});
}

/** One value from the command line: the key it sets, its text, and how the person wrote the option. */
export interface FlagValue {
	readonly key: string;
	readonly option: string;
	readonly value: string | readonly string[];
}

/** Lays the options of the command line over `tree`. */
export function applyFlags(
	tree: Record<string, unknown>,
	flags: readonly FlagValue[],
	origins: Origins,
): void {
	for (const { key, option, value } of flags) {
		const leaf = LEAVES.find((one) => one.key === key);
		if (leaf === undefined) throw new Error(`no key ${key}`);
		const parsed = typeof value === "string" ? fromText(leaf.kind, value) : value;
		if (setLeaf(tree, leaf, parsed)) origins.set(key, option);
	}
}

/** What cannot be read as the kind stays text, for the schema to refuse. */
export function fromText(kind: LeafKind, text: string): unknown {
	if (kind === "integer") return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
	if (kind === "boolean") return text === "true" ? true : text === "false" ? false : text;
	if (kind === "list") return text.split(",").map((item) => item.trim());
	return text;
}

/** Answers false when something on the way is no section; the schema reports that. */
function setLeaf(tree: Record<string, unknown>, leaf: Leaf, value: unknown): boolean {
	const segments = leaf.key.split(".");
	const last = segments.pop() ?? "";
	let node = tree;
	for (const segment of segments) {
		const next = node[segment] ?? {};
		if (typeof next !== "object" || Array.isArray(next)) return false;
		node[segment] = next;
		node = next as Record<string, unknown>;
	}
	node[last] = value;
	return true;
}
