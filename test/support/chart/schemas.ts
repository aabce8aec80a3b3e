import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { ROOT } from "../source-tree.ts";

const SOURCE = join(ROOT, ".tools", "schemas");
const PLACE = join(ROOT, ".run", "schemas");
const KUBECONFORM = join(ROOT, ".tools", "bin", "kubeconform");

type Tree = { [key: string]: unknown };

/** One thing that kubeconform says about a resource. */
export interface Verdict {
	readonly resource: string;
	readonly status: string;
	readonly message: string;
}

/** Holds manifests against the schemas of Kubernetes and of the definitions; unknown fields are errors. */
export function kubeconform(text: string): readonly Verdict[] {
	prepare();
	const location = (pattern: string): readonly string[] => ["-schema-location", join(PLACE, pattern)];
	const args = [
		"-strict",
		"-output",
		"json",
		"-verbose",
		...location("{{.ResourceKind}}{{.KindSuffix}}.json"),
		...location("{{.ResourceKind}}.{{.Group}}.{{.ResourceAPIVersion}}.json"),
	];
	let output: string;
	try {
		output = execFileSync(KUBECONFORM, args, { input: text, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
	} catch (thrown) {
		output = String((thrown as { readonly stdout?: unknown }).stdout ?? "");
		if (!output.includes("{")) throw thrown;
	}
	const { resources } = JSON.parse(output) as {
		readonly resources: readonly {
			readonly kind: string;
			readonly name: string;
			readonly status: string;
			readonly msg: string;
		}[];
	};
	return resources.map(({ kind, name, status, msg }) => ({
		resource: `${kind}/${name}`,
		status,
		message: msg,
	}));
}

/** Makes files of their own of the fetched schemas, once for each fetch and each change of this file. */
function prepare(): void {
	const stamp = createHash("sha256")
		.update(readFileSync(join(SOURCE, "stamp")))
		.update(readFileSync(import.meta.filename))
		.digest("hex");
	const done = join(PLACE, "stamp");
	if (existsSync(done) && readFileSync(done, "utf8") === stamp) return;
	rmSync(PLACE, { recursive: true, force: true });
	mkdirSync(PLACE, { recursive: true });
	const folder = join(SOURCE, "kubernetes");
	const { $defs } = readJson(join(folder, "_definitions.json")) as {
		readonly $defs: Readonly<Record<string, Tree>>;
	};
	for (const file of readdirSync(folder)) {
		const schema = file === "_definitions.json" || file === "all.json" ? {} : readJson(join(folder, file));
		const properties = schema["properties"] as Tree | undefined;
		if (properties?.["apiVersion"] === undefined || properties["kind"] === undefined) continue;
		writeFileSync(join(PLACE, file), JSON.stringify(withDefinitions(schema, $defs)));
	}
	for (const file of readdirSync(join(SOURCE, "definitions"))) {
		// Some come out of charts.
		const text = readFileSync(join(SOURCE, "definitions", file), "utf8").replace(/^\{\{.*\}\}$/gm, "");
		for (const document of parseAllDocuments(text)) {
			writeDefinition(document.toJS() as Definition | null);
		}
	}
	writeFileSync(done, stamp);
}

function readJson(path: string): Tree {
	return JSON.parse(readFileSync(path, "utf8")) as Tree;
}

/** A schema with all definitions inside it that it leads to. */
function withDefinitions(schema: Tree, all: Readonly<Record<string, Tree>>): Tree {
	const used = new Map<string, Tree>();
	const visit = (node: unknown): void => {
		if (typeof node !== "object" || node === null) return;
		const reference = (node as Tree)["$ref"];
		if (typeof reference === "string") {
			const name = reference.split("#/$defs/")[1] ?? "";
			(node as Tree)["$ref"] = `#/$defs/${name}`;
			const found = all[name];
			if (found !== undefined && !used.has(name)) {
				used.set(name, found);
				visit(found);
			}
		}
		for (const value of Object.values(node)) visit(value);
	};
	visit(schema);
	return used.size === 0 ? schema : { ...schema, $defs: Object.fromEntries(used) };
}

interface Definition {
	readonly kind: string;
	readonly spec: {
		readonly group: string;
		readonly names: { readonly kind: string };
		readonly versions: readonly {
			readonly name: string;
			readonly schema: { readonly openAPIV3Schema: Tree };
		}[];
	};
}

const TEXT = { type: "string" };

function writeDefinition(definition: Definition | null): void {
	if (definition?.kind !== "CustomResourceDefinition") return;
	const { group, names, versions } = definition.spec;
	for (const { name, schema } of versions) {
		const { openAPIV3Schema } = schema;
		const properties = openAPIV3Schema["properties"] as Tree;
		const file = `${names.kind.toLowerCase()}.${group}.${name}.json`;
		const root = closed({
			...openAPIV3Schema,
			properties: { apiVersion: TEXT, kind: TEXT, ...properties, metadata: { type: "object" } },
		});
		writeFileSync(join(PLACE, file), JSON.stringify(root));
	}
}

/** An OpenAPI schema of a definition as JSON Schema, in which unknown fields are errors, as the API server drops them. */
function closed(node: unknown): unknown {
	if (Array.isArray(node)) return node.map(closed);
	if (typeof node !== "object" || node === null) return node;
	const given = node as Tree;
	const result = Object.fromEntries(
		Object.entries(given).flatMap(([key, value]) =>
			key.startsWith("x-kubernetes-") || key === "format" ? [] : [[key, closed(value)]],
		),
	) as Tree;
	if (given["x-kubernetes-int-or-string"] === true) {
		delete result["type"];
		delete result["anyOf"];
		delete result["pattern"];
		return { ...result, type: ["integer", "string"] };
	}
	const open =
		given["additionalProperties"] !== undefined || given["x-kubernetes-preserve-unknown-fields"] === true;
	if (given["properties"] !== undefined && !open && given["type"] === "object")
		result["additionalProperties"] = false;
	if (given["nullable"] === true && typeof given["type"] === "string")
		result["type"] = [given["type"], "null"];
	delete result["nullable"];
	return result;
}
