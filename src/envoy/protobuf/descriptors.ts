import { PosternError } from "../../lib/errors.ts";
import {
	type FeatureSet,
	type RawEnum,
	type RawField,
	type RawFile,
	type RawMessage,
	readDescriptorSet,
} from "./descriptor-set.ts";
import { asBuffer, FIXED32, FIXED64, LENGTH, START_GROUP, VARINT, WireError } from "./reader.ts";
import { type Shape, shapeOf } from "./shape.ts";

export interface EnumType {
	readonly name: string;
	/** The first name of each number. */
	readonly names: ReadonlyMap<number, string>;
}

/** Types as `FieldDescriptorProto.Type` numbers them; 10 (group) and 11 are messages. */
export interface FieldType {
	readonly number: number;
	readonly name: string;
	readonly jsonName: string;
	readonly kind: number;
	/** Wire type of one value, that is not packed with others. */
	readonly wire: number;
	readonly repeated: boolean;
	readonly required: boolean;
	/** Shown whenever it is set, even to its default. */
	readonly presence: boolean;
	/** Fields of one oneof have the same number; undefined outside. */
	readonly oneof: number | undefined;
	/** Written as a group. */
	readonly group: boolean;
	readonly message: MessageType | undefined;
	readonly enumeration: EnumType | undefined;
}

export interface MessageType {
	/** Full name without a leading dot. */
	readonly name: string;
	readonly fields: ReadonlyMap<number, FieldType>;
	readonly mapEntry: boolean;
	/** What its messages are in JSON. */
	readonly shape: Shape;
	/** Oneofs with several members, messages among them. */
	readonly mixedOneofs: ReadonlySet<number>;
}

export interface MethodType {
	readonly input: MessageType;
	readonly output: MessageType;
	readonly clientStreaming: boolean;
}

/** The types of a descriptor set, every reference resolved. */
export interface Descriptors {
	readonly messages: ReadonlyMap<string, MessageType>;
	/** By `package.Service/Method`. */
	readonly methods: ReadonlyMap<string, MethodType>;
}

/** Wire types by kind; kinds that are not here are of LENGTH. */
const WIRE_TYPES: Readonly<Record<number, number>> = {
	1: FIXED64,
	2: FIXED32,
	3: VARINT,
	4: VARINT,
	5: VARINT,
	6: FIXED64,
	7: FIXED32,
	8: VARINT,
	13: VARINT,
	14: VARINT,
	15: FIXED32,
	16: FIXED64,
	17: VARINT,
	18: VARINT,
};

const GROUP = 10;
const MESSAGE = 11;
const ENUM = 14;
const LAST_KIND = 18;
const REQUIRED = 2;
const REPEATED = 3;
const IMPLICIT = 2;
const LEGACY_REQUIRED = 3;
const DELIMITED = 2;

/**
 * Reads a FileDescriptorSet, as `protoc --include_imports --descriptor_set_out` writes it. Nothing in it is taken on trust:
 * what names nothing, comes twice or has an unknown type or edition is refused.
 * @throws PosternError `descriptors_invalid`
 */
export function readDescriptors(bytes: Uint8Array): Descriptors {
	let files: readonly RawFile[];
	try {
		files = readDescriptorSet(asBuffer(bytes));
	} catch (thrown) {
		if (thrown instanceof WireError) throw invalid(`no FileDescriptorSet: ${thrown.message}`);
		throw thrown;
	}
	return link(files);
}

function invalid(message: string): PosternError {
	return new PosternError("descriptors_invalid", message);
}

interface Pending {
	readonly type: MessageType & {
		readonly fields: Map<number, FieldType>;
		readonly mixedOneofs: Set<number>;
	};
	readonly raw: RawMessage;
	readonly file: RawFile;
	readonly features: FeatureSet;
}

function link(files: readonly RawFile[]): Descriptors {
	const messages = new Map<string, MessageType>();
	const enums = new Map<string, EnumType>();
	const methods = new Map<string, MethodType>();
	const pending: Pending[] = [];

	const declare = (name: string): void => {
		if (messages.has(name) || enums.has(name)) throw invalid(`${name} is declared twice`);
	};
	const addEnum = (scope: string, raw: RawEnum): void => {
		const name = scope + raw.name;
		declare(name);
		const names = new Map<number, string>();
		for (const value of raw.values) if (!names.has(value.number)) names.set(value.number, value.name);
		enums.set(name, { name, names });
	};
	const addMessage = (scope: string, raw: RawMessage, file: RawFile, outer: FeatureSet): void => {
		const name = scope + raw.name;
		declare(name);
		const type = {
			name,
			fields: new Map<number, FieldType>(),
			mapEntry: raw.mapEntry,
			shape: shapeOf(name),
			mixedOneofs: new Set<number>(),
		};
		const features = { ...outer, ...raw.features };
		messages.set(name, type);
		pending.push({ type, raw, file, features });
		for (const inner of raw.messages) addMessage(`${name}.`, inner, file, features);
		for (const inner of raw.enums) addEnum(`${name}.`, inner);
	};
	for (const file of files) {
		if (!["", "proto2", "proto3", "editions"].includes(file.syntax)) {
			throw invalid(`${file.name}: syntax ${JSON.stringify(file.syntax)} is not known`);
		}
		const scope = file.packageName === "" ? "" : `${file.packageName}.`;
		for (const raw of file.messages) addMessage(scope, raw, file, file.features);
		for (const raw of file.enums) addEnum(scope, raw);
	}
	for (const { type, raw, file, features } of pending) {
		for (const field of raw.fields) {
			if (type.fields.has(field.number)) {
				throw invalid(`${type.name} has two fields with the number ${field.number}`);
			}
			type.fields.set(field.number, fieldType(type, field, file, { ...features, ...field.features }));
		}
		for (const { message, oneof } of type.fields.values()) {
			const members = [...type.fields.values()].filter((field) => field.oneof === oneof);
			if (message !== undefined && oneof !== undefined && members.length > 1) type.mixedOneofs.add(oneof);
		}
		if (type.mapEntry && !(type.fields.has(1) && type.fields.has(2))) {
			throw invalid(`${type.name} is a map entry without key and value`);
		}
	}
	for (const file of files) {
		const scope = file.packageName === "" ? "" : `${file.packageName}.`;
		for (const service of file.services) {
			for (const method of service.methods) {
				const path = `${scope}${service.name}/${method.name}`;
				const typeOf = (name: string): MessageType => {
					const type = resolve(messages, name, scope + service.name);
					if (type === undefined)
						throw invalid(`${path} is about ${name || "no type"}, which is not in the set`);
					return type;
				};
				if (methods.has(path)) throw invalid(`${path} is declared twice`);
				const { clientStreaming } = method;
				methods.set(path, {
					input: typeOf(method.inputType),
					output: typeOf(method.outputType),
					clientStreaming,
				});
			}
		}
	}
	return { messages, methods };

	function fieldType(type: MessageType, raw: RawField, file: RawFile, features: FeatureSet): FieldType {
		const where = `${type.name}.${raw.name}`;
		if (raw.number < 1) throw invalid(`${where} has no number`);
		if (raw.kind < 1 || raw.kind > LAST_KIND) throw invalid(`${where} has an unknown type`);
		const isMessage = raw.kind === MESSAGE || raw.kind === GROUP;
		const message = isMessage ? resolve(messages, raw.typeName, type.name) : undefined;
		const enumeration = raw.kind === ENUM ? resolve(enums, raw.typeName, type.name) : undefined;
		if ((isMessage && message === undefined) || (raw.kind === ENUM && enumeration === undefined)) {
			throw invalid(`${where} is of ${raw.typeName || "no type"}, which is not in the set`);
		}
		const editions = file.syntax === "editions";
		const repeated = raw.label === REPEATED;
		const group =
			raw.kind === GROUP ||
			(editions && isMessage && features.encoding === DELIMITED && message?.mapEntry !== true);
		const implicit = editions ? features.presence === IMPLICIT : file.syntax === "proto3";
		return {
			number: raw.number,
			name: raw.name,
			jsonName: raw.jsonName || camelCase(raw.name),
			kind: raw.kind === GROUP ? MESSAGE : raw.kind,
			wire: group ? START_GROUP : (WIRE_TYPES[raw.kind] ?? LENGTH),
			repeated,
			required: raw.label === REQUIRED || (editions && features.presence === LEGACY_REQUIRED),
			presence: !repeated && (isMessage || raw.oneof !== undefined || !implicit),
			oneof: raw.oneof,
			group,
			message,
			enumeration,
		};
	}
}

/** A name with a leading dot is a full one; any other is looked for from the inner scope outwards. */
function resolve<T>(known: ReadonlyMap<string, T>, name: string, scope: string): T | undefined {
	if (name.startsWith(".")) return known.get(name.slice(1));
	for (let around = scope; around !== ""; around = around.slice(0, Math.max(0, around.lastIndexOf(".")))) {
		const found = known.get(`${around}.${name}`);
		if (found !== undefined) return found;
	}
	return known.get(name);
}

/** The JSON name that protoc derives: letters behind underscores become upper case, the underscores go. */
function camelCase(name: string): string {
	return name.replace(/_+(.)?/g, (_, letter: string | undefined) => (letter ?? "").toUpperCase());
}
