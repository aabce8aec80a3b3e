import { beyond } from "./bounds.ts";
import { canonical } from "./canonical.ts";
import type { Check } from "./checking.ts";
import type { Json, JsonNumber } from "./document.ts";
import { hasFormat } from "./format.ts";
import { fail, type Outcome, type Path } from "./outcome.ts";
import { compareTo, isMultiple, isRational } from "./rational.ts";
import type { SubSchema } from "./sub-schema.ts";

/** `const`, `enum` and `format`, which any value may meet. */
export function checkValue(
	{ effort }: Check,
	{ constant, enumeration, format }: SubSchema,
	value: Json,
	path: Path | undefined,
	outcome: Outcome,
): void {
	if (constant !== undefined && canonical(value, effort) !== constant) {
		fail(outcome, "const", path, (field) => `${field} does not match: ${constant}`);
	}
	if (enumeration !== undefined && !enumeration.texts.has(canonical(value, effort))) {
		const { shown } = enumeration;
		fail(outcome, "enum", path, (field) => `${field} must be one of the following: ${shown}`);
	}
	if (format !== undefined && typeof value === "string") {
		if (format === "regex") effort.pattern(value);
		else effort.parse(value.length);
		if (!hasFormat(format, value)) fail(outcome, "format", path, `Does not match format '${format}'`);
	}
	outcome.score++;
}

function lengthOf(text: string): number {
	let length = text.length;
	// A pair of surrogates is one character; there are no lone ones.
	for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xd800) length--;
	return length;
}

export function checkString(
	{ effort }: Check,
	{ minLength, maxLength, pattern }: SubSchema,
	value: string,
	path: Path | undefined,
	outcome: Outcome,
): void {
	effort.read(value.length);
	const length = minLength === undefined && maxLength === undefined ? 0 : lengthOf(value);
	if (minLength !== undefined && length < minLength) {
		fail(outcome, "string_gte", path, `String length must be greater than or equal to ${minLength}`);
	}
	if (maxLength !== undefined && length > maxLength) {
		fail(outcome, "string_lte", path, `String length must be less than or equal to ${maxLength}`);
	}
	if (pattern !== undefined) {
		effort.parse(value.length);
		if (!pattern.matcher(value).find()) {
			fail(outcome, "pattern", path, `Does not match pattern '${pattern.pattern()}'`);
		}
	}
	outcome.score++;
}

export function checkNumber(
	schema: SubSchema,
	{ text }: JsonNumber,
	path: Path | undefined,
	outcome: Outcome,
): void {
	const { multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum } = schema;
	const bounds = multipleOf ?? maximum ?? exclusiveMaximum ?? minimum ?? exclusiveMinimum;
	// OPA crashes over it.
	if (bounds !== undefined && !isRational(text)) throw beyond("a number of no reasonable size");
	if (multipleOf !== undefined && !isMultiple(text, multipleOf.literal)) {
		fail(outcome, "multiple_of", path, () => `Must be a multiple of ${multipleOf.text()}`);
	}
	if (maximum !== undefined && compareTo(text, maximum) > 0) {
		fail(outcome, "number_lte", path, () => `Must be less than or equal to ${maximum.text()}`);
	}
	if (exclusiveMaximum !== undefined && compareTo(text, exclusiveMaximum) >= 0) {
		fail(outcome, "number_lt", path, () => `Must be less than ${exclusiveMaximum.text()}`);
	}
	if (minimum !== undefined && compareTo(text, minimum) < 0) {
		fail(outcome, "number_gte", path, () => `Must be greater than or equal to ${minimum.text()}`);
	}
	if (exclusiveMinimum !== undefined && compareTo(text, exclusiveMinimum) <= 0) {
		fail(outcome, "number_gt", path, () => `Must be greater than ${exclusiveMinimum.text()}`);
	}
	outcome.score++;
}
