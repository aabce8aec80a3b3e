import fc from "fast-check";
import type { FieldType, MessageType } from "../../src/envoy/protobuf/descriptors.ts";

/** A text that no descriptor knows of; strict directives must not let it out. */
export const UNKNOWN_TEXT = "unknown-to-all";

/** A varint, longer than it has to be by `extra` bytes where that is still ten or less. */
export function varint(value: bigint | number, extra = 0): Buffer {
	const bytes: number[] = [];
	let rest = BigInt.asUintN(64, BigInt(value));
	do {
		bytes.push(Number(rest & 0x7fn) | 0x80);
		rest >>= 7n;
	} while (rest > 0n);
	for (let k = 0; k < extra && bytes.length < 9; k++) bytes.push(0x80);
	bytes[bytes.length - 1] = (bytes.at(-1) as number) & 0x7f;
	return Buffer.from(bytes);
}

export const tagged = (number: number, wire: number, value: Uint8Array): Buffer =>
	Buffer.concat([varint(number * 8 + wire), value]);

export const delimited = (content: Uint8Array, extra = 0): Buffer =>
	Buffer.concat([varint(content.length, extra), content]);

const text = fc.oneof(
	fc.nat(99_999).map((n) => `text-${String(n).padStart(5, "0")}`),
	fc.constantFrom("", "ada@example.com", "2024-05-06", "😀😀😀", 'a"\\\n', "4111 1111 1111 1111"),
	fc.string({ unit: "grapheme", maxLength: 9 }).map((given) => Buffer.from(given).toString()),
);
const key = fc.constantFrom("", "a", "b", "name", "x y", 'q"', "é", "0", "__proto__");
const padding = fc.constantFrom(0, 0, 0, 1, 3);
const fixed = (size: 4 | 8) => fc.uint8Array({ minLength: size, maxLength: size }).map((b) => Buffer.from(b));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

/** What stands behind the tag of a scalar field. */
function scalar(field: FieldType): fc.Arbitrary<Buffer> {
	switch (field.kind) {
		case 1:
			return finite.map((value) => {
				const bytes = Buffer.alloc(8);
				bytes.writeDoubleLE(value);
				return bytes;
			});
		case 2:
			return fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => {
				const bytes = Buffer.alloc(4);
				bytes.writeFloatLE(value);
				return bytes;
			});
		case 6:
		case 16:
			return fixed(8);
		case 7:
		case 15:
			return fixed(4);
		case 8:
			return fc.tuple(fc.constantFrom(0, 1), padding).map(([bit, extra]) => varint(bit, extra));
		case 9:
			return fc.tuple(text, padding).map(([value, extra]) => delimited(Buffer.from(value), extra));
		case 12:
			return fc.uint8Array({ maxLength: 6 }).map((bytes) => delimited(bytes));
		case 14:
			return fc.constantFrom(...(field.enumeration?.names.keys() ?? [0])).map((value) => varint(value));
		case 5:
			return fc.integer().map((value) => varint(value));
		case 13:
		case 17:
			return fc.tuple(fc.nat(), padding).map(([value, extra]) => varint(value, extra));
		default:
			return fc
				.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), padding)
				.map(([v, extra]) => varint(v, extra));
	}
}

interface Occurrence {
	readonly number: number;
	readonly oneof: number | undefined;
	/** Occurrences of the same text stand for one value. */
	readonly same: string;
	readonly bytes: Buffer;
}

export interface WireOptions {
	readonly types: ReadonlyMap<string, MessageType>;
	/** Fields come once, as writers make them; else repeated, split and in pieces. */
	readonly once: boolean;
	/** Fields that no descriptor knows are there too. */
	readonly unknown: boolean;
}

const made = new WeakMap<WireOptions, Map<string, fc.Arbitrary<Buffer>>>();

/** Bytes of a message of `type`, its fields in any order. */
export function messageBytes(type: MessageType, options: WireOptions, depth = 3): fc.Arbitrary<Buffer> {
	const kept = made.get(options) ?? new Map<string, fc.Arbitrary<Buffer>>();
	made.set(options, kept);
	const name = `${type.name} ${depth}`;
	const before = kept.get(name);
	if (before !== undefined) return before;
	const arbitrary = makeMessageBytes(type, options, depth);
	kept.set(name, arbitrary);
	return arbitrary;
}

function makeMessageBytes(type: MessageType, options: WireOptions, depth: number): fc.Arbitrary<Buffer> {
	const known = wellKnown(type.name, options, depth);
	if (known !== undefined) return known;
	const fields = [...type.fields.values()].filter(
		(field) => (depth > 0 || field.message === undefined || field.required) && isChosen(type, field),
	);
	/**
	 * Pieces of one message lie equally deep, and hold the same member of a oneof: behind a second one that is withheld a
	 * reader would find the first, which parsing beforehand does not show.
	 */
	function isChosen({ fields: all }: MessageType, { oneof, number }: FieldType): boolean {
		if (options.once || oneof === undefined) return true;
		const members = [...all.values()].filter((field) => field.oneof === oneof);
		return members[depth % members.length]?.number === number;
	}
	if (fields.length === 0) return fc.constant(Buffer.alloc(0));
	const some = fc.array(fc.oneof(...fields.map((field) => occurrence(field, options, depth))), {
		maxLength: 7,
	});
	const must = fields
		.filter((field) => field.required)
		.map((field) => occurrence(field, options, depth, false));
	return fc.tuple(some, fc.tuple(...must)).map(([given, required]) => {
		const seen = new Set<string>();
		const members = new Map<number, number>();
		const kept = [...given, ...required].filter(({ number, oneof, same }) => {
			const field = type.fields.get(number);
			// An Any and a Value come whole or not at all; of a key that comes twice each value is judged by itself.
			const held = field?.message?.mapEntry === true ? field.message.fields.get(2) : field;
			const whole = /^google\.protobuf\.(?:Any|Struct|Value)$/.test(held?.message?.name ?? "");
			if ((options.once || whole) && seen.has(same)) return false;
			seen.add(same);
			if (oneof === undefined) return true;
			if (!members.has(oneof)) members.set(oneof, number);
			return members.get(oneof) === number;
		});
		return Buffer.concat(kept.map(({ bytes }) => bytes));
	});
}

let serial = 0;

function occurrence(
	field: FieldType,
	options: WireOptions,
	depth: number,
	strays = options.unknown,
): fc.Arbitrary<Occurrence> {
	const { number, oneof } = field;
	const made = (bytes: Buffer, same = field.repeated ? `n${serial++}` : String(number)): Occurrence => ({
		number,
		oneof,
		same,
		bytes,
	});
	const wires: Record<number, number> = { 1: 1, 2: 5, 6: 1, 7: 5, 9: 2, 12: 2, 15: 5, 16: 1 };
	const wireOf = (of: FieldType): number => (of.message === undefined ? (wires[of.kind] ?? 0) : 2);
	const own =
		field.message?.mapEntry === true
			? mapEntry(field, options, depth, wireOf).map(([bytes, same]) => made(bytes, same))
			: field.message !== undefined
				? fc
						.tuple(messageBytes(field.message, options, depth - 1), padding)
						.map(([content, extra]) =>
							made(
								field.group
									? Buffer.concat([varint(number * 8 + 3), content, varint(number * 8 + 4)])
									: tagged(number, 2, delimited(content, extra)),
							),
						)
				: field.repeated && wireOf(field) !== 2
					? fc
							.tuple(fc.array(scalar(field), { maxLength: 3 }), fc.boolean())
							.map(([items, packed]) =>
								made(
									packed
										? tagged(number, 2, delimited(Buffer.concat(items)))
										: Buffer.concat(items.map((item) => tagged(number, wireOf(field), item))),
								),
							)
					: scalar(field).map((value) => made(tagged(number, wireOf(field), value)));
	if (!strays) return own;
	const stray = fc.constantFrom(
		tagged(900, 2, delimited(Buffer.from(UNKNOWN_TEXT))),
		tagged(901, 0, varint(7)),
		tagged(902, 3, Buffer.concat([tagged(1, 2, delimited(Buffer.from(UNKNOWN_TEXT))), varint(902 * 8 + 4)])),
		// A known number in a wire type that is not its own.
		tagged(1, 1, Buffer.from(UNKNOWN_TEXT.slice(0, 8))),
	);
	return fc.oneof(
		{ weight: 8, arbitrary: own },
		{
			weight: 1,
			arbitrary: stray.map((bytes) => ({ number: 0, oneof: undefined, same: `u${serial++}`, bytes })),
		},
	);
}

function mapEntry(
	field: FieldType,
	options: WireOptions,
	depth: number,
	wireOf: (field: FieldType) => number,
): fc.Arbitrary<[Buffer, string]> {
	const keyField = field.message?.fields.get(1) as FieldType;
	const valueField = field.message?.fields.get(2) as FieldType;
	const keys =
		keyField.kind === 9
			? key.map((name) => delimited(Buffer.from(name)))
			: fc.nat(keyField.kind === 8 ? 1 : 3).map((value) => varint(value));
	const values =
		valueField.message === undefined
			? scalar(valueField)
			: messageBytes(valueField.message, options, depth - 1).map((content) => delimited(content));
	// A Value without a kind is nothing that JSON knows, so it is not left out.
	const optional = valueField.message?.name !== "google.protobuf.Value";
	return fc
		.tuple(keys, values, fc.constantFrom("both", "both", "both", "turned", "no key", "no value"))
		.map(([k, v, how]) => {
			const keyPart = tagged(1, wireOf(keyField), k);
			const valuePart = tagged(2, wireOf(valueField), v);
			const parts =
				how === "turned"
					? [valuePart, keyPart]
					: how === "no key"
						? [valuePart]
						: how === "no value" && optional
							? [keyPart]
							: [keyPart, valuePart];
			const zero = keyField.kind === 9 ? delimited(Buffer.alloc(0)) : varint(0);
			const name = how === "no key" ? zero : k;
			return [
				tagged(field.number, 2, delimited(Buffer.concat(parts))),
				`${field.number}:${name.toString("hex")}`,
			];
		});
}

/** Types whose JSON form not every content has. */
function wellKnown(name: string, options: WireOptions, depth: number): fc.Arbitrary<Buffer> | undefined {
	switch (name) {
		case "google.protobuf.Timestamp":
			return fc
				.tuple(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), fc.nat(999_999_999))
				.map(([seconds, nanos]) =>
					Buffer.concat([tagged(1, 0, varint(seconds)), tagged(2, 0, varint(nanos))]),
				);
		case "google.protobuf.Duration":
			return fc
				.tuple(fc.nat(315_576_000_000), fc.nat(999_999_999))
				.map(([seconds, nanos]) =>
					Buffer.concat([tagged(2, 0, varint(nanos)), tagged(1, 0, varint(seconds))]),
				);
		case "google.protobuf.FieldMask":
			return fc
				.array(fc.constantFrom("a", "user_name", "child.name"), { maxLength: 3 })
				.map((paths) => Buffer.concat(paths.map((path) => tagged(1, 2, delimited(Buffer.from(path))))));
		case "google.protobuf.Value": {
			const leaf = fc.oneof(
				fc.constant(tagged(1, 0, varint(0))),
				finite.map((value) => {
					const bytes = Buffer.alloc(8);
					bytes.writeDoubleLE(value);
					return tagged(2, 1, bytes);
				}),
				text.map((value) => tagged(3, 2, delimited(Buffer.from(value)))),
				fc.constantFrom(0, 1).map((bit) => tagged(4, 0, varint(bit))),
			);
			if (depth <= 0) return leaf;
			const inner = (type: string, number: number) =>
				messageBytes(options.types.get(type) as MessageType, options, depth - 1).map((content) =>
					tagged(number, 2, delimited(content)),
				);
			return fc.oneof(leaf, inner("google.protobuf.Struct", 5), inner("google.protobuf.ListValue", 6));
		}
		case "google.protobuf.Any": {
			const names = [
				"t.N",
				"t.M",
				"google.protobuf.Timestamp",
				"google.protobuf.Struct",
				"google.protobuf.StringValue",
			];
			return fc
				.constantFrom(...names)
				.chain((packed) =>
					messageBytes(options.types.get(packed) as MessageType, options, depth - 1).map((content) =>
						Buffer.concat([
							tagged(1, 2, delimited(Buffer.from(`type.googleapis.com/${packed}`))),
							tagged(2, 2, delimited(content)),
						]),
					),
				);
		}
		default:
			return undefined;
	}
}
