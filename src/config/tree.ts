import { resolve } from "node:path";
import { resolveAddress } from "../lib/address.ts";
import { isUrl } from "../lib/remote-url.ts";
import { knownKeys, LEAVES } from "./leaves.ts";
import { fromText } from "./overlay.ts";
import { expandReferences, type ReferenceReaders } from "./references.ts";

const absolute = (text: string, folder: string): string => resolve(folder, text);

/** Keys that hold a path, and how a relative one becomes absolute. */
const PATHS: Readonly<Record<string, (text: string, folder: string) => string>> = {
	"serve.grpc": resolveAddress,
	"serve.admin": resolveAddress,
	...Object.fromEntries(
		["serve.tls", "serve.admin_tls"].flatMap((section) =>
			["certificate", "key", "client_ca"].map((name) => [`${section}.${name}`, absolute]),
		),
	),
	"serve.admin_auth.read_token_file": absolute,
	"serve.admin_auth.write_token_file": absolute,
	"policy.bundle": absolute,
	"identity.jwt.jwks": (text, folder) => (isUrl(text) ? text : resolve(folder, text)),
	"request.proto_descriptor": absolute,
	"fields.hash_key_file": absolute,
	"audit.sink": (text, folder) => (text === "stdout" || text === "off" ? text : resolve(folder, text)),
};

/** The mapping of sections, or undefined when it is none. A section with nothing in it (`serve:`) is a section left out. */
export function toTree(value: unknown): Record<string, unknown> | undefined {
	if (value === undefined || value === null) return {};
	if (typeof value !== "object" || Array.isArray(value)) return undefined;
	const tree = value as Record<string, unknown>;
	for (const [key, section] of Object.entries(tree)) {
		if (section === null && knownKeys([key]) !== undefined) delete tree[key];
	}
	return tree;
}

/** Expands every reference in place; what cannot be is reported and stays. */
export function expandTree(
	node: Record<string, unknown> | unknown[],
	path: readonly string[],
	readers: ReferenceReaders,
	fail: (key: readonly string[], message: string) => void,
): void {
	for (const [key, value] of Object.entries(node)) {
		const here = [...path, key];
		if (typeof value === "object" && value !== null) {
			expandTree(value as Record<string, unknown>, here, readers, fail);
			continue;
		}
		if (typeof value !== "string") continue;
		const dotted = here.join(".");
		const expanded = expandReferences(value, Object.hasOwn(PATHS, dotted), readers);
		if (!expanded.ok) fail(here, expanded.error);
		else if (expanded.text !== value) {
			const kind = LEAVES.find((leaf) => leaf.key === dotted)?.kind ?? "text";
			(node as Record<string, unknown>)[key] = fromText(kind, expanded.text);
		}
	}
}

/** Makes relative paths absolute, in place. */
export function resolvePaths(tree: Record<string, unknown>, folder: string): void {
	for (const [key, toAbsolute] of Object.entries(PATHS)) {
		const segments = key.split(".");
		const last = segments.pop() ?? "";
		let node: unknown = tree;
		for (const segment of segments) node = isSection(node) ? node[segment] : undefined;
		if (!isSection(node)) continue;
		const value = node[last];
		if (typeof value === "string" && value !== "") node[last] = toAbsolute(value, folder);
		if (Array.isArray(value)) {
			node[last] = value.map((item: unknown) => (typeof item === "string" ? toAbsolute(item, folder) : item));
		}
	}
}

/** Puts what `overlay` holds in the place of what `tree` holds, section by section. */
export function layOver(tree: Record<string, unknown>, overlay: Readonly<Record<string, unknown>>): void {
	for (const [key, value] of Object.entries(overlay)) {
		const below = tree[key];
		if (isSection(value) && isSection(below)) layOver(below, value);
		else if (!isSection(value) || below === undefined) tree[key] = value;
	}
}

/** Puts what `defaults` holds where `tree` holds nothing, section by section. */
export function layUnder(tree: Record<string, unknown>, defaults: Readonly<Record<string, unknown>>): void {
	for (const [key, value] of Object.entries(defaults)) {
		if (!Object.hasOwn(tree, key)) tree[key] = value;
		else if (isSection(value) && isSection(tree[key])) layUnder(tree[key], value);
	}
}

/** A mapping, as a section of the configuration is. */
export function isSection(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
