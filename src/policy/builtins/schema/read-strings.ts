import { goRegexp } from "../go/regexp.ts";
import { countMember, type Keyword, stringMember } from "./reading.ts";
import { SchemaError } from "./schema-error.ts";

const length: Keyword = (reading) => {
	const { schema } = reading;
	const least = countMember(reading, "minLength");
	if (least !== undefined) schema.minLength = least;
	const most = countMember(reading, "maxLength");
	if (most !== undefined) schema.maxLength = most;
	if (least !== undefined && most !== undefined && least > most) {
		throw new SchemaError("minLength cannot be greater than maxLength");
	}
};

const pattern: Keyword = (reading) => {
	const text = stringMember(reading, "pattern");
	if (text === undefined) return;
	reading.effort.pattern(text);
	const compiled = goRegexp(text);
	if (compiled === undefined) throw new SchemaError("pattern must be a valid regex");
	reading.schema.pattern = compiled;
};

const format: Keyword = (reading) => {
	const name = stringMember(reading, "format");
	if (name !== undefined) reading.schema.format = name;
};

export const STRING_KEYWORDS: readonly Keyword[] = [length, pattern, format];
