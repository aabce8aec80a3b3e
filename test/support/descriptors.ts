import protobuf from "protobufjs";
import "protobufjs/ext/descriptor/index.js";
import { type Descriptors, readDescriptors } from "../../src/envoy/protobuf/descriptors.ts";

const { parse, common } = protobuf;

/** The reference implementation's types of some `.proto` text, and their descriptor set. */
export interface Schema {
	readonly root: protobuf.Root;
	readonly bytes: Buffer;
	readonly descriptors: Descriptors;
}

/** Well-known types may be imported; they lie in the set too. */
export function schemaOf(source: string): Schema {
	const root = new protobuf.Root();
	for (const name of ["any", "duration", "timestamp", "struct", "wrappers", "field_mask"]) {
		const known = common.get(`google/protobuf/${name}.proto`);
		if (known?.nested !== undefined) root.addJSON(known.nested);
	}
	parse(source, root, { keepCase: true });
	root.resolveAll();
	const set = (
		root as unknown as {
			toDescriptor(syntax: string): { readonly $type: { encode(message: object): protobuf.Writer } };
		}
	).toDescriptor("proto3");
	const bytes = Buffer.from(set.$type.encode(set).finish());
	return { root, bytes, descriptors: readDescriptors(bytes) };
}

/** A message in protobuf's bytes, its fields named as in the source. */
export function encodeMessage({ root }: Schema, type: string, value: object): Buffer {
	const found = root.lookupType(type);
	return Buffer.from(found.encode(found.fromObject(value)).finish());
}
