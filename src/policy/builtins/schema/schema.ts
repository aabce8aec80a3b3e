import { arrayTerm, objectTerm, type Term } from "../../term/term.ts";
import type { Builtin } from "../builtin.ts";
import { checkDocument } from "./check.ts";
import { type Json, readArgument } from "./document.ts";
import { schemaOf } from "./kept.ts";
import { told } from "./outcome.ts";
import { SchemaError } from "./schema-error.ts";

function documentOf(term: Term): { readonly document: Json } | undefined {
	try {
		return { document: readArgument(term) };
	} catch (thrown) {
		if (thrown instanceof SchemaError) return undefined;
		throw thrown;
	}
}

const match: Builtin = ([document, schema]) => {
	if (document === undefined || schema === undefined) return undefined;
	const read = documentOf(document);
	const compiled = read === undefined ? undefined : schemaOf(schema);
	if (read === undefined || compiled === undefined || "fault" in compiled) return undefined;
	const failures = told(checkDocument(compiled.schema, read.document), "json.match_schema");
	const terms = failures.map(({ type, field, text }) =>
		objectTerm([
			["desc", text],
			["error", `${field}: ${text}`],
			["field", field],
			["type", type],
		]),
	);
	return arrayTerm([terms.length === 0, arrayTerm(terms)]);
};

const verify: Builtin = ([schema]) => {
	if (schema === undefined) return undefined;
	const compiled = schemaOf(schema);
	return arrayTerm("fault" in compiled ? [false, `jsonschema: ${compiled.fault}`] : [true, null]);
};

export const schemaBuiltins: Readonly<Record<string, Builtin>> = {
	"json.match_schema": match,
	"json.verify_schema": verify,
};
