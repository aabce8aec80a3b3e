import { nearest } from "../../lib/nearest.ts";
import type { Placed } from "../../lib/placed.ts";
import type { MeshCode } from "../codes.ts";
import { camelCase, isOpen, textOf } from "../read-node.ts";
import type { Tell } from "../types.ts";
import { KNOWN_FIELDS, KNOWN_VALUES } from "./known-fields.ts";

/** Names that a message does not know, and names that it is given under twice, in it and in the messages below it. */
export function checkFields(node: Placed | undefined, message: string, tell: Tell<MeshCode>): void {
	const known = KNOWN_FIELDS[message];
	if (known === undefined || node?.kind !== "map") return;
	const names = Object.keys(known).filter((name) => name !== "");
	const seen = new Set<string>();
	for (const { key, place, value } of node.entries) {
		if (key === "@type") continue;
		const name = names.find((each) => each === key || camelCase(each) === key);
		if (name === undefined) {
			const likely = nearest(key, [...names, ...names.map(camelCase)]);
			if (likely === undefined) tell("field_unchecked", place, `\`${shortened(key)}\``);
			else tell("field_unknown", place, `\`${shortened(key)}\`; did you mean \`${likely}\`?`);
			continue;
		}
		if (seen.has(name)) tell("field_twice", place, `\`${name}\``);
		seen.add(name);
		checkValue(`${message}.${name}`, value, tell);
		const inner = known[name] ?? "";
		for (const each of value.kind === "list" ? value.items : [value]) checkFields(each, inner, tell);
	}
}

function checkValue(field: string, value: Placed, tell: Tell<MeshCode>): void {
	const known = KNOWN_VALUES[field];
	const text = textOf(value);
	if (known === undefined || text === undefined || isOpen(value)) return;
	if (
		/^\d+$/.test(text)
			? Number(text) < known.length
			: known.some((each) => each.toUpperCase() === text.toUpperCase())
	)
		return;
	const likely = nearest(text, known);
	tell(
		"value_unknown",
		value.place,
		`\`${shortened(text)}\`${likely === undefined ? "" : `; did you mean \`${likely}\`?`}`,
	);
}

/** A name from a file may be of any length. */
function shortened(text: string): string {
	return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
