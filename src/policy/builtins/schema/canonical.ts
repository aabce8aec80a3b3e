import { goJsonString } from "../go/json.ts";
import type { Effort } from "./bounds.ts";
import type { Json, JsonObject } from "./document.ts";

/** A number that no double is near to; the message is that of Go's JSON. */
export class NoDouble extends RangeError {
	override readonly name = "NoDouble";
}

function numberText(literal: string): string {
	const value = Number(literal);
	if (!Number.isFinite(value)) {
		throw new NoDouble(`json: cannot unmarshal number ${literal} into Go value of type float64`);
	}
	return Object.is(value, -0) ? "-0" : String(value);
}

function stringText(text: string, effort: Effort): string {
	effort.read(text.length);
	return goJsonString(text);
}

function objectText({ members }: JsonObject, effort: Effort): string {
	const texts: string[] = [];
	for (const [name, member] of members) {
		texts.push(`${stringText(name, effort)}:${canonical(member, effort)}`);
	}
	return `{${texts.join(",")}}`;
}

/**
 * A value as JSON text in one form: what has the same is equal to `const`, `enum` and `uniqueItems`. Numbers are doubles
 * there, as they are in OPA, and −0 is not 0.
 * @throws {NoDouble} At it OPA refuses a schema, and crashes over a document.
 */
export function canonical(value: Json, effort: Effort): string {
	effort.step();
	if (value === null || typeof value === "boolean") return String(value);
	if (typeof value === "string") return stringText(value, effort);
	switch (value.kind) {
		case "number":
			effort.read(value.text.length);
			return numberText(value.text);
		case "array":
			return `[${value.items.map((item) => canonical(item, effort)).join(",")}]`;
		case "object":
			return objectText(value, effort);
	}
}
