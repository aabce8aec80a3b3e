import type { Descriptors, FieldType, MessageType } from "../../src/envoy/protobuf/descriptors.ts";
import {
	type DynamicMessage,
	type DynamicValue,
	emptyMessage,
	readDynamic,
	type Scalar,
	type Single,
} from "../../src/envoy/protobuf/dynamic-message.ts";
import { printJson } from "../../src/envoy/protobuf/protojson.ts";
import { cursor } from "../../src/envoy/protobuf/reader.ts";
import {
	type JsonKind,
	judgeOf,
	maskedToken,
	type Path,
	type PlainDirective,
	type Rule,
	writePath,
} from "./mask-oracle.ts";
import { delimited, tagged, varint } from "./wire-arbitrary.ts";

/**
 * What a directive makes of a message, the plain way: the message is parsed to a tree, each value of the tree is judged
 * by its whole path in JSON, and a new tree is made of what stays.
 */
export interface ExpectedMessage {
	/** As JSON; compare with `readJson` of the masked bytes. */
	readonly json: unknown;
	/** Counts by list, path and strategy, as `list path as`. */
	readonly report: ReadonlyMap<string, number>;
	/** Strings that were withheld or masked whole, and are nowhere else in what stays. */
	readonly gone: readonly string[];
}

const LIMITS = { maxDepth: 1000, maxLength: 1 << 26 };

/** The JSON that protobuf gives a message's bytes. */
export function readJson(bytes: Uint8Array, type: MessageType, descriptors: Descriptors): unknown {
	return JSON.parse(printJson(parse(bytes, type), descriptors, LIMITS) ?? "");
}

function parse(bytes: Uint8Array, type: MessageType): DynamicMessage {
	const message = emptyMessage(type);
	readDynamic(cursor(Buffer.from(bytes)), message);
	return message;
}

/** Undefined: nothing stays, and the value's place goes too. */
type Result = { readonly stays: Single } | "withheld" | "absent";

export function applyToMessage(
	directive: PlainDirective,
	bytes: Uint8Array,
	type: MessageType,
	descriptors: Descriptors,
	consumer: string,
): ExpectedMessage {
	const judge = judgeOf(directive);
	const { release: _release, ...hiding } = directive;
	const hides = judgeOf(hiding);
	const report = new Map<string, number>();
	const lost: string[] = [];
	const count = (list: string, path: Path, as = ""): void => {
		const key = `${list} ${writePath(path)} ${as}`;
		report.set(key, (report.get(key) ?? 0) + 1);
	};

	/** Counts what is judged; a rule where it is masked. */
	function verdictOf(kind: JsonKind, path: Path): Rule | "released" | "withheld" {
		const verdict = judge(kind, path);
		if (verdict === "withheld") count("withheld", path);
		else if (verdict !== "released") count("masked", path, verdict.as);
		else if (kind !== "object" && kind !== "array") count("released", path);
		return verdict;
	}

	function value(field: FieldType, given: Single, path: Path): Result {
		if (field.message !== undefined) return message(field.message, given as DynamicMessage, path);
		const verdict = verdictOf(kindOfScalar(field), path);
		if (verdict === "released") return { stays: given };
		lose(given);
		return verdict === "withheld" ? "withheld" : maskedScalar(verdict, field, given as Scalar);
	}

	function lose(given: Single): void {
		if (typeof given === "string") lost.push(given);
		else if (typeof given === "object" && "type" in given)
			for (const item of given.values.values()) for (const one of singles(item)) lose(one);
	}

	function maskedScalar(rule: Rule, field: FieldType, given: Scalar): Result {
		const kind = kindOfScalar(field);
		if (field.kind === 9) {
			const token = maskedToken(rule, "string", JSON.stringify(given), consumer);
			const json = JSON.parse(token) as unknown;
			return json === null ? "absent" : { stays: typeof json === "string" ? json : "" };
		}
		if (rule.as === "null") return "absent";
		if (rule.as === "constant") {
			const json = rule["value"];
			if (json === null) return "absent";
			return { stays: fits(field, json) ? convert(field, json as number | boolean) : zero(field) };
		}
		return kind === "null" ? "absent" : { stays: zero(field) };
	}

	function message(type: MessageType, given: DynamicMessage, path: Path): Result {
		const kind = kindOfMessage(type, given);
		// Without its type nobody can read an Any.
		const typeless = short(type) === "Any" && hides("string", [...path, "@type"]) !== "released";
		if (typeless && judge(kind, path) === "released") {
			count("withheld", path);
			lose(given);
			return "withheld";
		}
		const verdict = verdictOf(kind, path);
		if (verdict === "withheld" || verdict !== "released") lose(given);
		if (verdict === "withheld") return "withheld";
		if (verdict !== "released") return maskedMessage(verdict, type, given, kind);
		return { stays: open(type, given, path) };
	}

	function open(type: MessageType, given: DynamicMessage, path: Path): DynamicMessage {
		const out = emptyMessage(type);
		switch (short(type)) {
			case "Struct":
				setMap(out, type.fields.get(1) as FieldType, given.values.get(1), path);
				return out;
			case "ListValue":
				setList(out, type.fields.get(1) as FieldType, given.values.get(1), path);
				return out;
			case "Value":
				for (const [number, content] of given.values) {
					const field = type.fields.get(number) as FieldType;
					// A container was judged already, as the Value that it is.
					if (field.message === undefined) out.values.set(number, content);
					else out.values.set(number, open(field.message, content as DynamicMessage, path));
				}
				return out;
			case "Any": {
				const url = String(given.values.get(1) ?? "");
				const packed = descriptors.messages.get(url.slice(url.lastIndexOf("/") + 1));
				out.values.set(1, url);
				if (packed === undefined) return out;
				const inner = parse((given.values.get(2) ?? Buffer.alloc(0)) as Buffer, packed);
				// A placeholder that is printed in its place.
				const plain = short(packed) === undefined;
				const made = plain
					? { stays: open(packed, inner, path) }
					: message(packed, inner, [...path, "value"]);
				out.values.set(2, typeof made === "string" ? Buffer.alloc(0) : encode(made.stays as DynamicMessage));
				return out;
			}
			case undefined:
				return object(type, given, path);
			default:
				for (const [number, content] of given.values) out.values.set(number, content);
				return out;
		}
	}

	function object(type: MessageType, given: DynamicMessage, path: Path): DynamicMessage {
		const out = emptyMessage(type);
		for (const field of type.fields.values()) {
			const content = given.values.get(field.number);
			if (content === undefined) continue;
			const below = [...path, field.jsonName];
			if (field.message?.mapEntry === true) {
				const verdict = verdictOf("object", below);
				if (verdict === "released") setMap(out, field, content, below);
				else for (const one of singles(content)) lose(one);
			} else if (field.repeated) {
				if ((content as readonly Single[]).length === 0) continue;
				const verdict = verdictOf("array", below);
				if (verdict === "released") setList(out, field, content, below);
				else for (const one of singles(content)) lose(one);
			} else {
				const made = value(field, content as Single, below);
				if (typeof made !== "string") out.values.set(field.number, made.stays);
				else if (field.required) out.values.set(field.number, zero(field));
			}
		}
		return out;
	}

	function setMap(out: DynamicMessage, field: FieldType, given: DynamicValue | undefined, path: Path): void {
		if (given === undefined) return;
		const entries = new Map<string, Single>();
		const valueField = field.message?.fields.get(2) as FieldType;
		for (const [name, item] of given as ReadonlyMap<string, Single>) {
			const made = value(valueField, item, [...path, name]);
			if (made === "withheld") continue;
			entries.set(name, made === "absent" ? zero(valueField) : made.stays);
		}
		// A map without entries is nothing in protobuf.
		if (entries.size > 0) out.values.set(field.number, entries);
	}

	function setList(out: DynamicMessage, field: FieldType, given: DynamicValue | undefined, path: Path): void {
		if (given === undefined) return;
		const items: Single[] = [];
		for (const [index, item] of (given as readonly Single[]).entries()) {
			const made = value(field, item, [...path, index]);
			if (made === "withheld") continue;
			items.push(made === "absent" ? zero(field) : made.stays);
		}
		out.values.set(field.number, items);
	}

	function maskedMessage(rule: Rule, type: MessageType, given: DynamicMessage, kind: JsonKind): Result {
		const out = emptyMessage(type);
		const name = short(type);
		if (name === "Value") {
			const token = kind === "object" || kind === "array" ? "x" : jsonOf(given);
			return { stays: jsonValue(JSON.parse(maskedToken(rule, kind, token, consumer)) as unknown, type) };
		}
		if (name?.endsWith("Value") === true && name !== "ListValue") {
			const field = type.fields.get(1) as FieldType;
			const made = maskedScalar(rule, field, (given.values.get(1) ?? zero(field)) as Scalar);
			if (typeof made === "string") return made;
			out.values.set(1, made.stays);
			return { stays: out };
		}
		if (name === "Timestamp" && rule.as === "year") {
			const at = new Date(Number(given.values.get(1) ?? 0) * 1000);
			out.values.set(1, Date.parse(`${at.toISOString().slice(0, 4)}-01-01T00:00:00Z`) / 1000);
			return { stays: out };
		}
		if (name === "Timestamp" || name === "Duration" || name === "FieldMask") {
			const json = JSON.parse(maskedToken(rule, "string", '"x"', consumer)) as unknown;
			return json === null ? "absent" : { stays: out };
		}
		const constant = rule.as === "constant" ? rule["value"] : null;
		if (typeof constant === "object" && constant !== null) {
			const made = jsonValue(constant, valueTypeOf(type));
			if (name === "Struct" && !Array.isArray(constant)) return { stays: made.values.get(5) as Single };
			if (name === "ListValue" && Array.isArray(constant)) return { stays: made.values.get(6) as Single };
		}
		return "absent";
	}

	function valueTypeOf(type: MessageType): MessageType {
		return descriptors.messages.get("google.protobuf.Value") ?? type;
	}

	function jsonOf(given: DynamicMessage): string {
		return printJson(given, descriptors, LIMITS) ?? "";
	}

	const root = message(type, parse(bytes, type), []);
	const stays = typeof root === "string" ? emptyMessage(type) : (root.stays as DynamicMessage);
	for (const field of type.fields.values())
		if (typeof root === "string" && field.required) stays.values.set(field.number, zero(field));
	const text = printJson(stays, descriptors, LIMITS) ?? "";
	return {
		json: JSON.parse(text),
		report,
		gone: lost.filter((one) => /^text-\d+$/.test(one) && !text.includes(one)),
	};
}

function short(type: MessageType): string | undefined {
	return type.name.startsWith("google.protobuf.") ? type.name.slice("google.protobuf.".length) : undefined;
}

function* singles(content: DynamicValue): Iterable<Single> {
	if (Array.isArray(content)) yield* content as readonly Single[];
	else if (content instanceof Map) yield* content.values() as Iterable<Single>;
	else yield content as Single;
}

function kindOfScalar(field: FieldType): JsonKind {
	if (field.enumeration?.name === "google.protobuf.NullValue") return "null";
	if (field.kind === 8) return "boolean";
	return [9, 12, 14, 3, 4, 6, 16, 18].includes(field.kind) ? "string" : "number";
}

function kindOfMessage(type: MessageType, given: DynamicMessage): JsonKind {
	const name = short(type);
	if (name === undefined || name === "Struct" || name === "Any") return "object";
	if (name === "ListValue") return "array";
	if (name === "Value") {
		const kinds: readonly JsonKind[] = ["null", "null", "number", "string", "boolean", "object", "array"];
		return kinds[[...given.values.keys()].at(-1) ?? 0] as JsonKind;
	}
	if (name === "Timestamp" || name === "Duration" || name === "FieldMask") return "string";
	return kindOfScalar(type.fields.get(1) as FieldType);
}

/** What a field holds that has to hold something. */
function zero(field: FieldType): Single {
	if (field.message !== undefined) {
		const out = emptyMessage(field.message);
		// JSON knows no Value without a kind.
		if (field.message.name === "google.protobuf.Value") out.values.set(1, 0);
		for (const inner of field.message.fields.values())
			if (inner.required) out.values.set(inner.number, zero(inner));
		return out;
	}
	if (field.kind === 8) return false;
	if (field.kind === 9) return "";
	if (field.kind === 12) return Buffer.alloc(0);
	const names = field.enumeration?.names;
	return names === undefined || names.has(0) ? 0 : ([...names.keys()][0] as number);
}

function fits(field: FieldType, json: unknown): boolean {
	if (field.kind === 8) return typeof json === "boolean";
	if (field.kind === 12 || field.kind === 9) return false;
	if (field.kind === 14 && typeof json === "string")
		return [...(field.enumeration?.names.values() ?? [])].includes(json);
	const unsigned = [4, 6, 7, 13].includes(field.kind);
	return typeof json === "number" && !(unsigned && json < 0);
}

function convert(field: FieldType, json: number | boolean | string): Single {
	if (typeof json !== "string") return json;
	return [...(field.enumeration?.names ?? [])].find(([, name]) => name === json)?.[0] ?? 0;
}

/** Plain JSON as a Value. */
function jsonValue(json: unknown, type: MessageType): DynamicMessage {
	const out = emptyMessage(type);
	const typeAt = (number: number): MessageType => type.fields.get(number)?.message as MessageType;
	if (json === null) out.values.set(1, 0);
	else if (typeof json === "number") out.values.set(2, json);
	else if (typeof json === "string") out.values.set(3, json);
	else if (typeof json === "boolean") out.values.set(4, json);
	else if (Array.isArray(json)) {
		const list = emptyMessage(typeAt(6));
		list.values.set(
			1,
			json.map((item) => jsonValue(item, type)),
		);
		out.values.set(6, list);
	} else {
		const struct = emptyMessage(typeAt(5));
		struct.values.set(
			1,
			new Map(Object.entries(json as object).map(([name, item]) => [name, jsonValue(item, type)])),
		);
		out.values.set(5, struct);
	}
	return out;
}

/** A tree as bytes, for what is packed in an Any. */
function encode({ type, values }: DynamicMessage): Buffer {
	const pieces: Buffer[] = [];
	for (const [number, content] of values) {
		const field = type.fields.get(number) as FieldType;
		if (content instanceof Map) {
			const key = field.message?.fields.get(1) as FieldType;
			const item = field.message?.fields.get(2) as FieldType;
			for (const [name, one] of content as ReadonlyMap<string, Single>) {
				const typed = key.kind === 9 ? name : key.kind === 8 ? name === "true" : Number(name);
				pieces.push(
					tagged(number, 2, delimited(Buffer.concat([encodeOne(key, typed), encodeOne(item, one)]))),
				);
			}
		} else for (const one of singles(content)) pieces.push(encodeOne(field, one));
	}
	return Buffer.concat(pieces);
}

const FIXED: Readonly<Record<number, (bytes: Buffer, value: number | bigint) => unknown>> = {
	1: (bytes, value) => bytes.writeDoubleLE(Number(value)),
	2: (bytes, value) => bytes.writeFloatLE(Number(value)),
	6: (bytes, value) => bytes.writeBigUInt64LE(BigInt(value)),
	7: (bytes, value) => bytes.writeUInt32LE(Number(value)),
	15: (bytes, value) => bytes.writeInt32LE(Number(value)),
	16: (bytes, value) => bytes.writeBigInt64LE(BigInt(value)),
};

function encodeOne(field: FieldType, value: Single): Buffer {
	const { number, kind } = field;
	if (field.message !== undefined) return tagged(number, 2, delimited(encode(value as DynamicMessage)));
	if (kind === 9) return tagged(number, 2, delimited(Buffer.from(value as string)));
	if (kind === 12) return tagged(number, 2, delimited(value as Buffer));
	const fixed = FIXED[kind];
	if (fixed !== undefined) {
		const bytes = Buffer.alloc(kind === 1 || kind === 6 || kind === 16 ? 8 : 4);
		fixed(bytes, value as number | bigint);
		return tagged(number, bytes.length === 8 ? 1 : 5, bytes);
	}
	const integer = BigInt(value as number | bigint | boolean);
	return tagged(number, 0, varint(kind === 17 || kind === 18 ? (integer << 1n) ^ (integer >> 63n) : integer));
}
