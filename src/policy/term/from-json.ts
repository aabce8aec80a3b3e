import { wellFormed } from "./byte-string.ts";
import { arrayTerm, numberTerm, objectTerm, type Term } from "./term.ts";

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
type ParseWithSource = (text: string, reviver: Reviver) => unknown;

/** Members come before their container, so those of `value` are terms already. */
const revive: Reviver = (_key, value, context) => {
	if (typeof value === "number") return numberTerm(context.source ?? value);
	if (typeof value === "string") return wellFormed(value);
	if (Array.isArray(value)) return arrayTerm(value as Term[]);
	if (typeof value !== "object" || value === null) return value;
	const entries = new Map(Object.entries(value).map(([key, member]) => [wellFormed(key), member as Term]));
	return objectTerm([...entries]);
};

/**
 * Reads JSON text, numbers with all their digits. Of repeated member names the last counts.
 * `undefined` for what is no JSON text.
 */
export function termFromJson(text: string): Term | undefined {
	try {
		return (JSON.parse as ParseWithSource)(text, revive) as Term;
	} catch {
		return undefined;
	}
}
