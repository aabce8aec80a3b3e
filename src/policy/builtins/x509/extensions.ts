import { type NameConstraints, readNameConstraints } from "./constraints.ts";
import {
	context,
	contextHolder,
	DerError,
	type DerReader,
	derBits,
	derBoolean,
	derInt64,
	derInteger,
	derReader,
	TAG,
} from "./der.ts";
import { claimedPolicy, mappedPolicy, type PolicyOid } from "./policy-oid.ts";
import { type AlternativeNames, readAlternativeNames } from "./san.ts";
import { jsonText, type Oid, oidText, readOid } from "./values.ts";

export interface Extension {
	readonly id: Oid;
	readonly critical: boolean;
	readonly value: Buffer;
}

/** One policy of the issuer's that counts as one of the subject's (RFC 5280, 4.2.1.5). */
interface PolicyMapping {
	readonly issuer: PolicyOid;
	readonly subject: PolicyOid;
}

/** What the extensions say of a certificate; absent where they say nothing. */
export interface ExtensionFields {
	keyUsage?: number;
	basic?: { readonly isCa: boolean; readonly maxPath: number };
	names?: AlternativeNames;
	constraints?: NameConstraints & { readonly critical: boolean };
	crlPoints?: readonly string[];
	authorityKeyId?: Buffer;
	explicitPolicy?: number;
	policyMapping?: number;
	/** Go's numbers of known usages, and the others. */
	usages?: { readonly known: readonly number[]; readonly unknown: readonly Oid[] };
	subjectKeyId?: Buffer;
	policies?: readonly PolicyOid[];
	policyMappings?: readonly PolicyMapping[];
	anyPolicy?: number;
	ocsp?: readonly string[];
	issuers?: readonly string[];
	/** Critical ones that Go does not know, in part or at all. */
	unhandled: Oid[];
}

/** In Go's order: the number of a usage is its place. */
const USAGES: readonly string[] = [
	"2.5.29.37.0",
	"1.3.6.1.5.5.7.3.1",
	"1.3.6.1.5.5.7.3.2",
	"1.3.6.1.5.5.7.3.3",
	"1.3.6.1.5.5.7.3.4",
	"1.3.6.1.5.5.7.3.5",
	"1.3.6.1.5.5.7.3.6",
	"1.3.6.1.5.5.7.3.7",
	"1.3.6.1.5.5.7.3.8",
	"1.3.6.1.5.5.7.3.9",
	"1.3.6.1.4.1.311.10.3.3",
	"2.16.840.1.113730.4.1",
	"1.3.6.1.4.1.311.2.1.22",
	"1.3.6.1.4.1.311.61.1.1",
];

const sequence = (value: Buffer): DerReader => derReader(value).inside(TAG.sequence);

/** An int that JavaScript holds exactly; no certificate has a larger one. */
function small(value: bigint): number {
	if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
		throw new DerError();
	return Number(value);
}

function keyUsage(value: Buffer): number {
	const { bytes } = derBits(derReader(value).read(TAG.bits));
	let usage = 0;
	for (let bit = 0; bit < 9; bit++) {
		if (((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) usage |= 1 << bit;
	}
	return usage;
}

function basicConstraints(value: Buffer): { readonly isCa: boolean; readonly maxPath: number } {
	const reader = sequence(value);
	const isCa = reader.next(TAG.boolean) && derBoolean(reader.read(TAG.boolean));
	if (!reader.next(TAG.integer)) return { isCa, maxPath: -1 };
	const path = derInteger(reader.read(TAG.integer));
	if (path < 0n) throw new DerError();
	return { isCa, maxPath: small(path) };
}

function crlPoints(value: Buffer): readonly string[] {
	const reader = sequence(value);
	const found: string[] = [];
	while (!reader.ended()) {
		const point = reader.inside(TAG.sequence);
		if (!point.next(contextHolder(0))) continue;
		const names = point.inside(contextHolder(0)).inside(contextHolder(0));
		while (names.next(context(6))) found.push(jsonText(names.read(context(6))));
	}
	return found;
}

function authorityKeyId({ critical, value }: Extension): Buffer | undefined {
	if (critical) throw new DerError();
	const reader = sequence(value);
	return reader.next(context(0)) ? reader.read(context(0)) : undefined;
}

function subjectKeyId({ critical, value }: Extension): Buffer {
	if (critical) throw new DerError();
	return derReader(value).read(TAG.octets);
}

function policyConstraints(fields: ExtensionFields, { value }: Extension): boolean {
	const reader = sequence(value);
	if (reader.next(context(0))) fields.explicitPolicy = small(derInt64(reader.read(context(0))));
	if (reader.next(context(1))) fields.policyMapping = small(derInt64(reader.read(context(1))));
	return true;
}

function extendedUsages(value: Buffer): {
	readonly known: readonly number[];
	readonly unknown: readonly Oid[];
} {
	const reader = sequence(value);
	const known: number[] = [];
	const unknown: Oid[] = [];
	while (!reader.ended()) {
		const oid = readOid(reader);
		const number = USAGES.indexOf(oidText(oid));
		if (number >= 0) known.push(number);
		else unknown.push(oid);
	}
	return { known, unknown };
}

function policies(value: Buffer): readonly PolicyOid[] {
	const reader = sequence(value);
	const found = new Map<string, PolicyOid>();
	while (!reader.ended()) {
		const policy = claimedPolicy(reader.inside(TAG.sequence).read(TAG.oid));
		if (found.has(policy.key)) throw new DerError();
		found.set(policy.key, policy);
	}
	return [...found.values()];
}

function policyMappings(value: Buffer): readonly PolicyMapping[] {
	const reader = sequence(value);
	const found: PolicyMapping[] = [];
	while (!reader.ended()) {
		const pair = reader.inside(TAG.sequence);
		found.push({ issuer: mappedPolicy(pair.read(TAG.oid)), subject: mappedPolicy(pair.read(TAG.oid)) });
	}
	return found;
}

function authorityAccess(fields: ExtensionFields, { critical, value }: Extension): boolean {
	if (critical) throw new DerError();
	const reader = sequence(value);
	const ocsp: string[] = [];
	const issuers: string[] = [];
	while (!reader.ended()) {
		const access = reader.inside(TAG.sequence);
		const method = oidText(readOid(access));
		if (!access.next(context(6))) continue;
		const location = jsonText(access.read(context(6)));
		if (method === "1.3.6.1.5.5.7.48.1") ocsp.push(location);
		if (method === "1.3.6.1.5.5.7.48.2") issuers.push(location);
	}
	if (ocsp.length > 0) fields.ocsp = ocsp;
	if (issuers.length > 0) fields.issuers = issuers;
	return true;
}

type Handler = (fields: ExtensionFields, extension: Extension) => boolean;

const set =
	<K extends keyof ExtensionFields>(
		name: K,
		read: (extension: Extension) => ExtensionFields[K] | undefined,
	): Handler =>
	(fields, extension) => {
		const value = read(extension);
		if (value !== undefined) fields[name] = value;
		return true;
	};

/** `false`: not handled in full, which matters where the extension is critical. */
const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
	["2.5.29.14", set("subjectKeyId", subjectKeyId)],
	["2.5.29.15", set("keyUsage", ({ value }) => keyUsage(value))],
	[
		"2.5.29.17",
		(fields, { value }) => {
			fields.names = readAlternativeNames(value);
			return Object.keys(fields.names).length > 0;
		},
	],
	["2.5.29.19", set("basic", ({ value }) => basicConstraints(value))],
	[
		"2.5.29.30",
		(fields, { critical, value }) => {
			fields.constraints = { ...readNameConstraints(value), critical };
			return !fields.constraints.unhandled;
		},
	],
	["2.5.29.31", set("crlPoints", ({ value }) => crlPoints(value))],
	["2.5.29.32", set("policies", ({ value }) => policies(value))],
	["2.5.29.33", set("policyMappings", ({ value }) => policyMappings(value))],
	["2.5.29.35", set("authorityKeyId", authorityKeyId)],
	["2.5.29.36", policyConstraints],
	["2.5.29.37", set("usages", ({ value }) => extendedUsages(value))],
	["2.5.29.54", set("anyPolicy", ({ value }) => small(derInteger(derReader(value).read(TAG.integer))))],
	["1.3.6.1.5.5.7.1.1", authorityAccess],
]);

/** Extensions one after another; one that comes twice is an error. */
export function readExtensions(reader: DerReader): readonly Extension[] {
	const extensions: Extension[] = [];
	while (!reader.ended()) {
		const extension = reader.inside(TAG.sequence);
		const id = readOid(extension);
		const critical = extension.next(TAG.boolean) && derBoolean(extension.read(TAG.boolean));
		extensions.push({ id, critical, value: extension.read(TAG.octets) });
	}
	if (new Set(extensions.map(({ id }) => oidText(id))).size < extensions.length) throw new DerError();
	return extensions;
}

export function extensionFields(extensions: readonly Extension[]): ExtensionFields {
	const fields: ExtensionFields = { unhandled: [] };
	for (const extension of extensions) {
		const handler = HANDLERS.get(oidText(extension.id));
		const handled = handler?.(fields, extension) ?? false;
		if (!handled && extension.critical) fields.unhandled.push(extension.id);
	}
	return fields;
}
