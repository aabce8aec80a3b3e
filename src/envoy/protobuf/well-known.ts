import type { Buffer } from "node:buffer";
import type { Descriptors, FieldType } from "./descriptors.ts";
import { type DynamicMessage, emptyMessage, readDynamic, type Single, zeroOf } from "./dynamic-message.ts";
import { cursor, WireError } from "./reader.ts";

/** What the printers of these types need of the printer of all others. `level` is that of the container to open. */
export interface PrintTools {
	readonly descriptors: Descriptors;
	/** @throws WireError beyond the depth that is allowed */
	readonly requireDepth: (level: number) => void;
	readonly printMessage: (message: DynamicMessage, level: number) => string;
	/** The members alone, without braces. */
	readonly printMembers: (message: DynamicMessage, level: number) => string;
	readonly printSingle: (field: FieldType, value: Single, level: number) => string;
}

type Printer = (message: DynamicMessage, tools: PrintTools, level: number) => string;

const WRAPPERS = ["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"];

const PRINTERS: ReadonlyMap<string, Printer> = new Map([
	...WRAPPERS.map((name): [string, Printer] => [`google.protobuf.${name}Value`, wrapper]),
	["google.protobuf.Any", any],
	["google.protobuf.Duration", duration],
	["google.protobuf.FieldMask", fieldMask],
	["google.protobuf.ListValue", listValue],
	["google.protobuf.Struct", struct],
	["google.protobuf.Timestamp", timestamp],
	["google.protobuf.Value", value],
]);

/** The JSON form of a type of `google.protobuf` that has one of its own. */
export function wellKnownPrinter(name: string): Printer | undefined {
	return name.startsWith("google.protobuf.") ? PRINTERS.get(name) : undefined;
}

function wrapper(message: DynamicMessage, tools: PrintTools, level: number): string {
	const field = message.type.fields.get(1);
	if (field === undefined) throw new WireError(`${message.type.name} has no value`);
	return tools.printSingle(field, (message.values.get(1) as Single | undefined) ?? zeroOf(field), level);
}

function any(message: DynamicMessage, tools: PrintTools, level: number): string {
	const url = (message.values.get(1) as string | undefined) ?? "";
	const bytes = message.values.get(2) as Buffer | undefined;
	if (url === "") {
		if (bytes !== undefined && bytes.length > 0) throw new WireError("an Any without a type");
		return "{}";
	}
	const type = tools.descriptors.messages.get(url.slice(url.lastIndexOf("/") + 1));
	if (type === undefined) throw new WireError("an Any of a type that is not in the descriptor set");
	tools.requireDepth(level);
	const inner = emptyMessage(type);
	// Each Any may hold another one: its depth is that of the text.
	if (bytes !== undefined) readDynamic(cursor(bytes, 0, bytes.length, level), inner);
	const head = `"@type":${JSON.stringify(url)}`;
	if (wellKnownPrinter(type.name) !== undefined) {
		return `{${head},"value":${tools.printMessage(inner, level + 1)}}`;
	}
	const members = tools.printMembers(inner, level);
	return members === "" ? `{${head}}` : `{${head},${members}}`;
}

const MIN_SECONDS = -62_135_596_800n;
const MAX_SECONDS = 253_402_300_799n;
const MAX_DURATION_SECONDS = 315_576_000_000n;

function secondsAndNanos(message: DynamicMessage): { readonly seconds: bigint; readonly nanos: number } {
	const seconds = (message.values.get(1) as number | bigint | undefined) ?? 0;
	return { seconds: BigInt(seconds), nanos: (message.values.get(2) as number | undefined) ?? 0 };
}

/** None, three, six or nine digits behind the point. */
function fraction(nanos: number): string {
	if (nanos === 0) return "";
	return `.${String(nanos)
		.padStart(9, "0")
		.replace(/(?:000){1,2}$/, "")}`;
}

function timestamp(message: DynamicMessage): string {
	const { seconds, nanos } = secondsAndNanos(message);
	if (seconds < MIN_SECONDS || seconds > MAX_SECONDS || nanos < 0 || nanos > 999_999_999) {
		throw new WireError("a Timestamp out of range");
	}
	const text = new Date(Number(seconds) * 1000).toISOString();
	return `"${text.slice(0, 19)}${fraction(nanos)}Z"`;
}

function duration(message: DynamicMessage): string {
	const { seconds, nanos } = secondsAndNanos(message);
	const inRange =
		seconds >= -MAX_DURATION_SECONDS && seconds <= MAX_DURATION_SECONDS && Math.abs(nanos) <= 999_999_999;
	if (!inRange || (seconds > 0n && nanos < 0) || (seconds < 0n && nanos > 0)) {
		throw new WireError("a Duration out of range");
	}
	const sign = seconds < 0n || nanos < 0 ? "-" : "";
	return `"${sign}${seconds < 0n ? -seconds : seconds}${fraction(Math.abs(nanos))}s"`;
}

/** Paths in lowerCamelCase; one that would not come back the same is refused. */
function fieldMask(message: DynamicMessage): string {
	const paths = (message.values.get(1) as readonly string[] | undefined) ?? [];
	const camel = paths.map((path) => {
		const text = path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
		const back = text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
		if (back !== path || !/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(path)) {
			throw new WireError("a FieldMask that JSON cannot say");
		}
		return text;
	});
	return JSON.stringify(camel.join(","));
}

function struct(message: DynamicMessage, tools: PrintTools, level: number): string {
	tools.requireDepth(level);
	const fields = message.values.get(1) as ReadonlyMap<string, Single> | undefined;
	const members = [...(fields ?? [])].map(
		([key, item]) => `${JSON.stringify(key)}:${value(item as DynamicMessage, tools, level + 1)}`,
	);
	return `{${members.join(",")}}`;
}

function listValue(message: DynamicMessage, tools: PrintTools, level: number): string {
	tools.requireDepth(level);
	const items = (message.values.get(1) as readonly Single[] | undefined) ?? [];
	return `[${items.map((item) => value(item as DynamicMessage, tools, level + 1)).join(",")}]`;
}

function value(message: DynamicMessage, tools: PrintTools, level: number): string {
	for (const [number, content] of message.values) {
		const field = message.type.fields.get(number);
		if (field === undefined) continue;
		if (typeof content === "number" && number === 2 && !Number.isFinite(content)) {
			throw new WireError("a Value that is no JSON number");
		}
		return tools.printSingle(field, content as Single, level);
	}
	throw new WireError("a Value without one");
}
