import { readFileSync } from "node:fs";
import protobuf from "protobufjs";
import "protobufjs/ext/descriptor/index.js";

/** The FileDescriptorSet of a `.proto` file without imports, as `protoc --descriptor_set_out` would write it. */
export function descriptorSet(path: string): Buffer {
	const { root } = protobuf.parse(readFileSync(path, "utf8"), new protobuf.Root(), { keepCase: true });
	root.resolveAll();
	const set = (
		root as unknown as {
			toDescriptor(syntax: string): { readonly $type: { encode(message: object): protobuf.Writer } };
		}
	).toDescriptor("proto3");
	return Buffer.from(set.$type.encode(set).finish());
}
