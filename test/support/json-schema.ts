import { isDeepStrictEqual } from "node:util";

export interface Schema {
	readonly $ref?: string;
	readonly type?: string;
	readonly enum?: readonly unknown[];
	readonly const?: unknown;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly required?: readonly string[];
	readonly additionalProperties?: boolean | Schema;
	readonly items?: Schema;
	readonly minItems?: number;
	readonly maxItems?: number;
	readonly definitions?: Readonly<Record<string, Schema>>;
}

const WORDS = new Set([
	...["$ref", "type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems"],
	...["maxItems", "definitions", "description", "title", "$schema"],
]);

/**
 * What of a JSON value breaks a schema, as `place: what`; `met` gets the place in the schema of everything that was
 * looked at. Knows the words that our own schemas use, and refuses any other.
 */
export function violations(root: Schema, value: unknown, met: Set<string> = new Set()): readonly string[] {
	const found: string[] = [];

	function check(schema: Schema, each: unknown, at: string, where: string): void {
		for (const word of Object.keys(schema)) if (!WORDS.has(word)) throw new Error(`unknown word ${word}`);
		if (schema.$ref !== undefined) {
			const name = schema.$ref.replace("#/definitions/", "");
			const target = root.definitions?.[name];
			if (target === undefined) throw new Error(`no definition ${schema.$ref}`);
			check(target, each, at, `#${name}`);
			return;
		}
		met.add(where);
		if (schema.type !== undefined && !isOf(schema.type, each)) found.push(`${at}: no ${schema.type}`);
		if (schema.enum?.includes(each) === false) found.push(`${at}: ${JSON.stringify(each)} is not listed`);
		if (schema.const !== undefined && !isDeepStrictEqual(schema.const, each)) found.push(`${at}: differs`);
		if (Array.isArray(each)) {
			if (each.length < (schema.minItems ?? 0)) found.push(`${at}: too few`);
			if (each.length > (schema.maxItems ?? Number.POSITIVE_INFINITY)) found.push(`${at}: too many`);
			if (schema.items === undefined) return;
			for (const [index, item] of each.entries()) check(schema.items, item, `${at}[${index}]`, `${where}[]`);
		} else if (isObject(each)) checkMembers(schema, each, at, where);
	}

	function checkMembers(
		schema: Schema,
		each: Readonly<Record<string, unknown>>,
		at: string,
		where: string,
	): void {
		for (const name of schema.required ?? []) {
			if (!Object.hasOwn(each, name)) found.push(`${at}.${name}: missing`);
		}
		for (const [name, member] of Object.entries(each)) {
			const own = schema.properties !== undefined && Object.hasOwn(schema.properties, name);
			const rest = schema.additionalProperties ?? true;
			const inside = own ? schema.properties?.[name] : rest;
			if (inside === false) found.push(`${at}.${name}: unknown`);
			else if (typeof inside === "object")
				check(inside, member, `${at}.${name}`, `${where}.${own ? name : "*"}`);
		}
	}

	check(root, value, "input", "");
	return found;
}

/** Every place of a schema that `violations` can meet. */
export function placesOf(root: Schema): readonly string[] {
	const places = new Set<string>();
	function visit(schema: Schema, where: string): void {
		if (schema.$ref !== undefined) {
			const name = schema.$ref.replace("#/definitions/", "");
			if (!places.has(`#${name}`)) visit(root.definitions?.[name] ?? {}, `#${name}`);
			return;
		}
		places.add(where);
		for (const [name, inside] of Object.entries(schema.properties ?? {})) visit(inside, `${where}.${name}`);
		if (typeof schema.additionalProperties === "object") visit(schema.additionalProperties, `${where}.*`);
		if (schema.items !== undefined) visit(schema.items, `${where}[]`);
	}
	visit(root, "");
	return [...places];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOf(type: string, value: unknown): boolean {
	if (type === "integer") return Number.isInteger(value);
	if (type === "array") return Array.isArray(value);
	if (type === "object") return isObject(value);
	return typeof value === type;
}
