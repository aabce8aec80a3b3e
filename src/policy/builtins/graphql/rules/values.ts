import { type Definition, KIND, type Value } from "../ast.ts";
import { GraphqlError } from "../graphql-error.ts";
import { named, repeated } from "../named.ts";
import type { Rule } from "../rule.ts";
import { unusable } from "../unusable.ts";
import { isReadable } from "./readable-value.ts";

const BUILT_IN: ReadonlySet<string> = new Set(["Int", "Float", "String", "Boolean", "ID"]);

/** Scalars that a literal of each kind may stand for. */
const TAKES: ReadonlyMap<number, ReadonlySet<string>> = new Map([
	[KIND.int, new Set(["Int", "Float", "ID"])],
	[KIND.float, new Set(["Float"])],
	[KIND.string, new Set(["String", "ID"])],
	[KIND.block, new Set(["String", "ID"])],
	[KIND.boolean, new Set(["Boolean"])],
]);

const wrong = (type: Definition): never => {
	throw new GraphqlError(`no value of ${type.name}`);
};

function checkObject({ children }: Value, type: Definition): void {
	const names = new Set(children.map(({ name }) => name));
	for (const { name, type: inner, defaultValue } of type.fields) {
		if (inner.nonNull && defaultValue === undefined && !names.has(name)) wrong(type);
	}
	if (named(type.directives, "oneOf") !== undefined) {
		const [only] = children;
		if (only === undefined || children.length > 1 || only.value.kind === KIND.null) wrong(type);
	}
	for (const name of names) if (named(type.fields, name) === undefined) wrong(type);
}

function checkValue(value: Value, type: Definition): void {
	switch (value.kind) {
		case KIND.list:
			if (value.expectedType?.elem === undefined) wrong(type);
			return;
		case KIND.enum:
			if (type.kind !== "ENUM" || named(type.enumValues, value.raw) === undefined) wrong(type);
			return;
		case KIND.object:
			checkObject(value, type);
			return;
		case KIND.null:
		case KIND.variable:
			return;
		default: {
			const scalars = TAKES.get(value.kind);
			if (scalars === undefined) throw unusable("a value of no kind");
			if (!scalars.has(type.name)) wrong(type);
		}
	}
}

/**
 * A literal suits the type of its place. What a custom scalar takes nobody knows; an object without members suits any
 * scalar, as it does in gqlparser.
 */
export const valuesOfCorrectType: Rule = ({ work }) => ({
	value(value) {
		const { definition: type, expectedType, kind } = value;
		if (type === undefined || expectedType === undefined) return;
		if (kind === KIND.null && expectedType.nonNull) wrong(type);
		if (type.kind === "SCALAR" && !BUILT_IN.has(type.name)) return;
		if (!isReadable(value, work)) wrong(type);
		if (kind === KIND.object) work.spend(type.fields.length);
		checkValue(value, type);
	},
});

export const uniqueInputFieldNames: Rule = () => ({
	value({ kind, children }) {
		if (kind === KIND.object && repeated(children.map(({ name }) => name))) {
			throw new GraphqlError("a member is given twice");
		}
	},
});
