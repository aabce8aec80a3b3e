import { z } from "zod";
import { CONFIG_SCHEMA } from "./schema.ts";

export type LeafKind = "text" | "integer" | "boolean" | "list";

/** A key of the configuration that holds a value, not further keys. */
export interface Leaf {
	/** Dotted, `identity.jwt.issuer`. */
	readonly key: string;
	readonly kind: LeafKind;
	readonly description: string;
	readonly required: boolean;
	readonly default?: unknown;
	readonly choices?: readonly string[];
	readonly min?: number;
	readonly max?: number;
}

interface SchemaNode {
	readonly type?: string;
	readonly description?: string;
	readonly properties?: Readonly<Record<string, SchemaNode>>;
	readonly required?: readonly string[];
	readonly items?: SchemaNode;
	readonly enum?: readonly string[];
	readonly anyOf?: readonly SchemaNode[];
	readonly default?: unknown;
	readonly minimum?: number;
	readonly maximum?: number;
}

const ROOT = jsonSchema() as SchemaNode;

/** The published form of the schema (JSON Schema 2020-12), what a person may write: keys with a default are optional. */
export function jsonSchema(): object {
	return z.toJSONSchema(CONFIG_SCHEMA, { io: "input" });
}

/** Every leaf, in the order of the schema. */
export const LEAVES: readonly Leaf[] = collect(ROOT, "");

/** The keys that may stand under `path`; undefined when `path` is no section. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] | undefined {
	let node: SchemaNode | undefined = ROOT;
	for (const segment of path) node = node?.properties?.[String(segment)];
	return node?.properties === undefined ? undefined : Object.keys(node.properties);
}

function collect(node: SchemaNode, prefix: string): Leaf[] {
	return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
		const key = prefix === "" ? name : `${prefix}.${name}`;
		if (child.properties !== undefined) return collect(child, key);
		return [leaf(child, key, node.required?.includes(name) ?? false)];
	});
}

function leaf(node: SchemaNode, key: string, required: boolean): Leaf {
	const choices = node.enum ?? node.items?.enum;
	return {
		key,
		kind: kindOf(node),
		description: node.description ?? "",
		required,
		...(node.default === undefined ? {} : { default: node.default }),
		...(choices === undefined ? {} : { choices }),
		...(node.minimum === undefined ? {} : { min: node.minimum }),
		...(node.maximum === undefined ? {} : { max: node.maximum }),
	};
}

function kindOf(node: SchemaNode): LeafKind {
	if (node.type === "integer") return "integer";
	if (node.type === "boolean") return "boolean";
	if (node.type === "array") return "list";
	return "text";
}
