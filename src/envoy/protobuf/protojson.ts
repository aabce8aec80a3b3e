import { Buffer } from "node:buffer";
import type { Descriptors, FieldType } from "./descriptors.ts";
import type { DynamicMessage, Single } from "./dynamic-message.ts";
import { WireError } from "./reader.ts";
import { type PrintTools, wellKnownPrinter } from "./well-known.ts";

export interface PrintLimits {
	/** Containers inside containers. */
	readonly maxDepth: number;
	/** Characters: names make a text far longer than the message was. */
	readonly maxLength: number;
}

/** Kinds whose numbers JSON readers may not hold: 64 bits wide. */
const WIDE: ReadonlySet<number> = new Set([3, 4, 6, 16, 18]);

/**
 * A message as proto3 JSON (`protojson` of Go): int64 as text, enums by name, bytes as base64, JSON names, fields without
 * presence left out at their default, well-known types in their own forms. Undefined when it would be too long.
 * @throws WireError for what has no such form: a Timestamp out of range, an Any of an unknown type, a missing required field
 */
export function printJson(
	message: DynamicMessage,
	descriptors: Descriptors,
	limits: PrintLimits,
): string | undefined {
	let left = limits.maxLength;
	const tools: PrintTools = { descriptors, requireDepth, printMessage, printMembers, printSingle };
	try {
		return printMessage(message, 1);
	} catch (thrown) {
		if (thrown === TOO_LONG) return undefined;
		throw thrown;
	}

	function spend(text: string): string {
		left -= text.length + 1;
		if (left < 0) throw TOO_LONG;
		return text;
	}

	function requireDepth(level: number): void {
		if (level > limits.maxDepth) throw new WireError("too deep");
		spend("{}");
	}

	function printMessage(message: DynamicMessage, level: number): string {
		const wellKnown = wellKnownPrinter(message.type.name);
		if (wellKnown !== undefined) return wellKnown(message, tools, level);
		return `{${printMembers(message, level)}}`;
	}

	function printMembers(message: DynamicMessage, level: number): string {
		requireDepth(level);
		let text = "";
		for (const field of message.type.fields.values()) {
			const value = message.values.get(field.number);
			if (value === undefined) {
				if (!field.required) continue;
				throw new WireError(`required field ${message.type.name}.${field.name} is not set`);
			}
			let printed: string;
			if (value instanceof Map) printed = printMap(field, value, level + 1);
			else if (Array.isArray(value)) {
				if (value.length === 0) continue;
				requireDepth(level + 1);
				printed = `[${value.map((item: Single) => printSingle(field, item, level + 2)).join(",")}]`;
			} else {
				if (!field.presence && isZero(value as Single)) continue;
				printed = printSingle(field, value as Single, level + 1);
			}
			text += `${text === "" ? "" : ","}${spend(JSON.stringify(field.jsonName))}:${printed}`;
		}
		return text;
	}

	function printMap(field: FieldType, map: ReadonlyMap<string, Single>, level: number): string {
		requireDepth(level);
		const valueField = field.message?.fields.get(2) as FieldType;
		const members = [...map].map(
			([key, value]) => `${spend(JSON.stringify(key))}:${printSingle(valueField, value, level + 1)}`,
		);
		return `{${members.join(",")}}`;
	}

	function printSingle(field: FieldType, value: Single, level: number): string {
		if (field.message !== undefined) return printMessage(value as DynamicMessage, level);
		return spend(printScalar(field, value));
	}
}

const TOO_LONG = new Error("the text is too long");

function printScalar(field: FieldType, value: Single): string {
	if (field.enumeration !== undefined) {
		if (field.enumeration.name === "google.protobuf.NullValue") return "null";
		const name = field.enumeration.names.get(value as number);
		return name === undefined ? String(value) : JSON.stringify(name);
	}
	if (typeof value === "string") return JSON.stringify(value);
	if (Buffer.isBuffer(value)) return `"${value.toString("base64")}"`;
	if (WIDE.has(field.kind)) return `"${value as number | bigint}"`;
	if (typeof value === "number") return field.kind === 2 ? printFloat(value) : printDouble(value);
	return String(value);
}

function isZero(value: Single): boolean {
	if (Buffer.isBuffer(value)) return value.length === 0;
	return Object.is(value, 0) || value === 0n || value === false || value === "";
}

/** As Go prints it, which is as JavaScript does but for minus zero and what JSON has no numbers for. */
function printDouble(value: number): string {
	if (!Number.isFinite(value)) return JSON.stringify(String(value));
	return Object.is(value, -0) ? "-0" : String(value);
}

/** The shortest text that gives the same 32-bit number back. */
function printFloat(value: number): string {
	if (value === 0 || !Number.isFinite(value)) return printDouble(value);
	for (let digits = 1; digits < 9; digits++) {
		const short = Number(value.toPrecision(digits));
		if (Math.fround(short) === value) return printDouble(short);
	}
	return printDouble(Number(value.toPrecision(9)));
}
