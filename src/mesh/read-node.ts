import type { Place, Placed, PlacedEntry, PlacedMap } from "../lib/placed.ts";

/** `failure_mode_allow` → `failureModeAllow`: protobuf's JSON takes either. */
export function camelCase(name: string): string {
	return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The entry of a field, by its proto name or by its JSON name. Of both, the later: so Envoy takes it. */
export function fieldOf(node: Placed | undefined, name: string): PlacedEntry | undefined {
	if (node?.kind !== "map") return undefined;
	const json = camelCase(name);
	return node.entries.findLast(({ key }) => key === name || key === json);
}

/** As {@link fieldOf}, down a path of fields. */
export function fieldAt(node: Placed | undefined, ...path: readonly string[]): PlacedEntry | undefined {
	let found: PlacedEntry | undefined;
	for (const name of path) {
		found = fieldOf(found === undefined ? node : found.value, name);
		if (found === undefined) return undefined;
	}
	return found;
}

export function mapAt(node: Placed | undefined, ...path: readonly string[]): PlacedMap | undefined {
	const value = path.length === 0 ? node : fieldAt(node, ...path)?.value;
	return value?.kind === "map" ? value : undefined;
}

/** The items of a repeated field; empty when it is absent or no list. */
export function itemsAt(node: Placed | undefined, ...path: readonly string[]): readonly Placed[] {
	const value = path.length === 0 ? node : fieldAt(node, ...path)?.value;
	return value?.kind === "list" ? value.items : [];
}

/** As {@link itemsAt}, the maps alone. */
export function mapsAt(node: Placed | undefined, ...path: readonly string[]): readonly PlacedMap[] {
	return itemsAt(node, ...path).filter((item) => item.kind === "map");
}

/** Where the deepest field of `path` that is there stands; `otherwise` when none is. */
export function placeAt(node: Placed | undefined, otherwise: Place, ...path: readonly string[]): Place {
	let place = otherwise;
	let value = node;
	for (const name of path) {
		const entry = fieldOf(value, name);
		if (entry === undefined) return place;
		place = entry.place;
		value = entry.value;
	}
	return place;
}

/** Whether nobody knows the value yet: it is filled in later. */
export function isOpen(node: Placed | undefined): boolean {
	return node?.kind === "scalar" && node.open === true;
}

export function textOf(node: Placed | undefined): string | undefined {
	if (node?.kind !== "scalar" || node.open === true || node.value === null) return undefined;
	return String(node.value);
}

export function textAt(node: Placed | undefined, ...path: readonly string[]): string | undefined {
	return textOf(fieldAt(node, ...path)?.value);
}

/** Of a list of texts, those that are known. */
export function textsAt(node: Placed | undefined, ...path: readonly string[]): readonly string[] {
	return itemsAt(node, ...path).flatMap((item) => textOf(item) ?? []);
}

const TRUE = /^(?:y|yes|true|on)$/i;
const FALSE = /^(?:n|no|false|off)$/i;

/**
 * A boolean as Envoy and Kubernetes read one: YAML 1.1's words count, quoted ones too (both tried on Envoy).
 * Undefined: absent, filled in later, or no boolean.
 */
export function truthOf(node: Placed | undefined): boolean | undefined {
	const text = textOf(node);
	if (text === undefined) return undefined;
	if (TRUE.test(text)) return true;
	return FALSE.test(text) ? false : undefined;
}

export function truthAt(node: Placed | undefined, ...path: readonly string[]): boolean | undefined {
	return truthOf(fieldAt(node, ...path)?.value);
}

export function numberAt(node: Placed | undefined, ...path: readonly string[]): number | undefined {
	const text = textAt(node, ...path);
	if (text === undefined || !/^-?\d+(?:\.\d+)?(?:e\d+)?$/i.test(text)) return undefined;
	return Number(text);
}

const UNITS: Readonly<Record<string, number>> = {
	h: 3600,
	m: 60,
	s: 1,
	ms: 1e-3,
	us: 1e-6,
	µs: 1e-6,
	ns: 1e-9,
};

/** A duration as protobuf's JSON (`0.5s`) and Go (`1m30s`, `500ms`) write it, in seconds. */
export function secondsAt(node: Placed | undefined, ...path: readonly string[]): number | undefined {
	const text = textAt(node, ...path);
	if (text === undefined || !/^(?:\d+(?:\.\d+)?(?:h|m|s|ms|us|µs|ns))+$/.test(text)) return undefined;
	let seconds = 0;
	for (const [, amount = "", unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)) {
		seconds += Number(amount) * (UNITS[unit] ?? 0);
	}
	return seconds;
}

/** An enum's value by name, in capitals: Envoy takes numbers and any case (tried). `names` are in order of number. */
export function enumAt(
	node: Placed | undefined,
	names: readonly string[],
	...path: readonly string[]
): string | undefined {
	const text = textAt(node, ...path);
	if (text === undefined) return undefined;
	return /^\d+$/.test(text) ? (names[Number(text)] ?? text) : text.toUpperCase();
}

const KILO: Readonly<Record<string, number>> = {
	"": 1,
	k: 1e3,
	M: 1e6,
	G: 1e9,
	Ki: 1024,
	Mi: 1024 ** 2,
	Gi: 1024 ** 3,
};

/** An amount of bytes: a number, or a quantity of Kubernetes (`32Ki`). */
export function bytesAt(node: Placed | undefined, ...path: readonly string[]): number | undefined {
	const parts = /^(\d+(?:\.\d+)?)(|k|M|G|Ki|Mi|Gi)$/.exec(textAt(node, ...path) ?? "");
	return parts === null ? undefined : Number(parts[1]) * (KILO[parts[2] ?? ""] ?? 1);
}
