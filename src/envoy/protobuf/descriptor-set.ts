import type { Buffer } from "node:buffer";
import {
	type Cursor,
	cursor,
	enter,
	LENGTH,
	leave,
	readBool,
	readInt32,
	readString,
	readTag,
	skipField,
	VARINT,
} from "./reader.ts";

/** What of `google.protobuf.FeatureSet` changes how a message is read or shown. */
export interface FeatureSet {
	readonly presence?: number;
	readonly encoding?: number;
}

export interface RawField {
	readonly name: string;
	readonly number: number;
	readonly label: number;
	readonly kind: number;
	readonly typeName: string;
	readonly jsonName: string;
	readonly oneof: number | undefined;
	readonly features: FeatureSet;
}

export interface RawEnum {
	readonly name: string;
	readonly values: readonly { readonly name: string; readonly number: number }[];
}

export interface RawMessage {
	readonly name: string;
	readonly fields: readonly RawField[];
	readonly messages: readonly RawMessage[];
	readonly enums: readonly RawEnum[];
	readonly mapEntry: boolean;
	readonly features: FeatureSet;
}

interface RawMethod {
	readonly name: string;
	readonly inputType: string;
	readonly outputType: string;
	readonly clientStreaming: boolean;
}

export interface RawFile {
	readonly name: string;
	readonly packageName: string;
	readonly messages: readonly RawMessage[];
	readonly enums: readonly RawEnum[];
	readonly services: readonly { readonly name: string; readonly methods: readonly RawMethod[] }[];
	readonly syntax: string;
	readonly features: FeatureSet;
}

type Readers = Readonly<Record<number, (c: Cursor) => void>>;

/** Reads the fields of the message in which `c` stands: strings and messages by `length`, numbers by `varint`. */
function readFields(c: Cursor, length: Readers, varint: Readers = {}): void {
	while (c.pos < c.end) {
		const tag = readTag(c);
		const type = tag % 8;
		const read = (type === LENGTH ? length : type === VARINT ? varint : {})[Math.floor(tag / 8)];
		if (read === undefined) skipField(c, tag);
		else read(c);
	}
}

function inside(c: Cursor, read: (c: Cursor) => void): void {
	const outer = enter(c);
	read(c);
	leave(c, outer);
}

/**
 * The parts of a FileDescriptorSet (`google/protobuf/descriptor.proto`) that say how messages look.
 * @throws WireError
 */
export function readDescriptorSet(bytes: Buffer): readonly RawFile[] {
	const files: RawFile[] = [];
	readFields(cursor(bytes), { 1: (c) => files.push(readFile(c)) });
	return files;
}

function readFile(c: Cursor): RawFile {
	let name = "";
	let packageName = "";
	let syntax = "";
	let features: FeatureSet = {};
	const messages: RawMessage[] = [];
	const enums: RawEnum[] = [];
	const services: RawFile["services"][number][] = [];
	inside(c, () =>
		readFields(c, {
			1: () => {
				name = readString(c);
			},
			2: () => {
				packageName = readString(c);
			},
			4: () => messages.push(readMessage(c)),
			5: () => enums.push(readEnum(c)),
			6: () => services.push(readService(c)),
			8: () => {
				features = readOptions(c, 50).features;
			},
			12: () => {
				syntax = readString(c);
			},
		}),
	);
	return { name, packageName, syntax, features, messages, enums, services };
}

function readMessage(c: Cursor): RawMessage {
	let name = "";
	let options: Options = { features: {}, mapEntry: false };
	const fields: RawField[] = [];
	const messages: RawMessage[] = [];
	const enums: RawEnum[] = [];
	inside(c, () =>
		readFields(c, {
			1: () => {
				name = readString(c);
			},
			2: () => fields.push(readField(c)),
			3: () => messages.push(readMessage(c)),
			4: () => enums.push(readEnum(c)),
			7: () => {
				options = readOptions(c, 12, 7);
			},
		}),
	);
	return { name, fields, messages, enums, ...options };
}

function readField(c: Cursor): RawField {
	const field = {
		name: "",
		number: 0,
		label: 0,
		kind: 0,
		typeName: "",
		jsonName: "",
		oneof: undefined as number | undefined,
		features: {} as FeatureSet,
	};
	inside(c, () =>
		readFields(
			c,
			{
				1: () => {
					field.name = readString(c);
				},
				6: () => {
					field.typeName = readString(c);
				},
				8: () => {
					field.features = readOptions(c, 21).features;
				},
				10: () => {
					field.jsonName = readString(c);
				},
			},
			{
				3: () => {
					field.number = readInt32(c);
				},
				4: () => {
					field.label = readInt32(c);
				},
				5: () => {
					field.kind = readInt32(c);
				},
				9: () => {
					field.oneof = readInt32(c);
				},
			},
		),
	);
	return field;
}

interface Options {
	readonly features: FeatureSet;
	readonly mapEntry: boolean;
}

function readOptions(c: Cursor, featuresField: number, mapEntryField = 0): Options {
	let features: FeatureSet = {};
	let mapEntry = false;
	inside(c, () =>
		readFields(
			c,
			{
				[featuresField]: () => {
					inside(c, () =>
						readFields(
							c,
							{},
							{
								1: () => {
									features = { ...features, presence: readInt32(c) };
								},
								5: () => {
									features = { ...features, encoding: readInt32(c) };
								},
							},
						),
					);
				},
			},
			mapEntryField === 0
				? {}
				: {
						[mapEntryField]: () => {
							mapEntry = readBool(c);
						},
					},
		),
	);
	return { features, mapEntry };
}

function readEnum(c: Cursor): RawEnum {
	let name = "";
	const values: { name: string; number: number }[] = [];
	inside(c, () =>
		readFields(c, {
			1: () => {
				name = readString(c);
			},
			2: () => {
				const value = { name: "", number: 0 };
				inside(c, () =>
					readFields(
						c,
						{
							1: () => {
								value.name = readString(c);
							},
						},
						{
							2: () => {
								value.number = readInt32(c);
							},
						},
					),
				);
				values.push(value);
			},
		}),
	);
	return { name, values };
}

function readService(c: Cursor): RawFile["services"][number] {
	let name = "";
	const methods: RawMethod[] = [];
	inside(c, () =>
		readFields(c, {
			1: () => {
				name = readString(c);
			},
			2: () => methods.push(readMethod(c)),
		}),
	);
	return { name, methods };
}

function readMethod(c: Cursor): RawMethod {
	let name = "";
	let inputType = "";
	let outputType = "";
	let clientStreaming = false;
	inside(c, () =>
		readFields(
			c,
			{
				1: () => {
					name = readString(c);
				},
				2: () => {
					inputType = readString(c);
				},
				3: () => {
					outputType = readString(c);
				},
			},
			{
				5: () => {
					clientStreaming = readBool(c);
				},
			},
		),
	);
	return { name, inputType, outputType, clientStreaming };
}
