import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "@jest/globals";
import protobuf from "protobufjs";

const OURS = resolve(import.meta.dirname, "../../../proto");
const SHIPPED = resolve(import.meta.dirname, "../../../node_modules/@grpc/grpc-js-xds/deps");
/** The descriptor, which the shipped files' annotations extend, comes with protobufjs. */
const WELL_KNOWN = resolve(import.meta.dirname, "../../../node_modules/protobufjs");
const INCLUDES = ["envoy-api", "googleapis", "protoc-gen-validate", "xds"]
	.map((name) => resolve(SHIPPED, name))
	.concat(WELL_KNOWN);

function load(find: (target: string) => string | undefined, files: readonly string[]): protobuf.Root {
	const root = new protobuf.Root();
	root.resolvePath = (_origin, target) =>
		target.startsWith("google/protobuf/") && protobuf.common.get(target) ? target : (find(target) ?? null);
	root.loadSync([...files], { keepCase: true });
	root.resolveAll();
	return root;
}

const FILES = [
	"envoy/service/ext_proc/v3/external_processor.proto",
	"envoy/service/auth/v3/external_auth.proto",
];
const ours = load((target) => resolve(OURS, target), FILES);
const shipped = load(
	(target) => INCLUDES.map((folder) => resolve(folder, target)).find((path) => existsSync(path)),
	FILES,
);

/** In Envoy since the shipped copy was made; each is proved by a round trip through the real Envoy. */
const NEWER = [
	"envoy.config.core.v3.SocketAddress.network_namespace_filepath = 7 string",
	"envoy.extensions.filters.http.ext_proc.v3.ProcessingMode.BodySendMode.FULL_DUPLEX_STREAMED = 4",
	"envoy.extensions.filters.http.ext_proc.v3.ProcessingMode.BodySendMode.GRPC = 5",
	"envoy.service.auth.v3.CheckResponse.error_response = 5 envoy.service.auth.v3.DeniedHttpResponse",
	"envoy.service.ext_proc.v3.BodyMutation.streamed_response = 3 envoy.service.ext_proc.v3.StreamedBodyResponse",
	"envoy.service.ext_proc.v3.ProcessingRequest.protocol_config = 11 envoy.service.ext_proc.v3.ProtocolConfiguration",
	"envoy.service.ext_proc.v3.ProtocolConfiguration",
	"envoy.service.ext_proc.v3.StreamedBodyResponse",
];

/** One line per message, field and enum value, sorted. */
function describe(root: protobuf.Root): Map<string, string> {
	const lines = new Map<string, string>();
	const walk = (parent: protobuf.NamespaceBase): void => {
		for (const item of parent.nestedArray) {
			const name = item.fullName.slice(1);
			if (name.startsWith("google.protobuf")) continue;
			if (item instanceof protobuf.Enum) {
				for (const [key, value] of Object.entries(item.values)) lines.set(`${name}.${key}`, ` = ${value}`);
				continue;
			}
			if (item instanceof protobuf.Type) {
				lines.set(name, "");
				for (const field of item.fieldsArray)
					lines.set(`${name}.${field.name}`, ` = ${field.id} ${typeOf(field)}`);
			}
			if (item instanceof protobuf.Service) {
				for (const method of item.methodsArray) {
					const { requestType, requestStream, responseType, responseStream } = method;
					const side = (type: string, stream: boolean | undefined) => `${stream ? "stream " : ""}${type}`;
					lines.set(
						`${name}.${method.name}`,
						` ${side(requestType, requestStream)} → ${side(responseType, responseStream)}`,
					);
				}
			}
			if (item instanceof protobuf.Namespace) walk(item);
		}
	};
	walk(root);
	return lines;
}

function typeOf(field: protobuf.Field): string {
	const type = field.resolvedType?.fullName.slice(1) ?? field.type;
	if (field instanceof protobuf.MapField) return `map<${field.keyType}, ${type}>`;
	const oneof = field.partOf === null || field.partOf === undefined ? "" : ` in ${field.partOf.name}`;
	return `${field.repeated ? "repeated " : ""}${type}${oneof}`;
}

test("every message, field, enum value and method of ours is the shipped copy's, number and type", () => {
	const theirs = describe(shipped);
	const newer: string[] = [];
	const different: string[] = [];
	for (const [name, detail] of describe(ours)) {
		const other = theirs.get(name);
		if (other === undefined) newer.push(`${name}${detail}`.replace(/ in \w+$/, ""));
		else if (other !== detail) different.push(`${name}:${detail}, theirs${other}`);
	}
	expect(different).toEqual([]);
	const inNewMessage = /^envoy\.service\.ext_proc\.v3\.(?:ProtocolConfiguration|StreamedBodyResponse)\./;
	expect(newer.filter((line) => !inNewMessage.test(line)).sort()).toEqual(NEWER);
});

test("the comparison sees a number or a type that differs", () => {
	const lines = describe(ours);
	expect(lines.get("envoy.service.auth.v3.CheckResponse.status")).toBe(" = 1 google.rpc.Status");
	expect(lines.get("envoy.service.auth.v3.AttributeContext.HttpRequest.headers")).toBe(
		" = 3 map<string, string>",
	);
	expect(describe(shipped).size).toBeGreaterThan(200);
});
