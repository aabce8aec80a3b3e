import { resolve } from "node:path";
import protobuf from "protobufjs";

/** Our own proto files read by protobufjs: the second opinion on every byte that ext_authz reads and writes. */
const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
	target.startsWith("google/protobuf/") ? null : resolve(import.meta.dirname, "../../proto", target);
root.loadSync(["envoy/service/auth/v3/external_auth.proto"], { keepCase: false });

const Request = root.lookupType("envoy.service.auth.v3.CheckRequest");
const Response = root.lookupType("envoy.service.auth.v3.CheckResponse");
const Struct = root.lookupType("google.protobuf.Struct");

export type Tree = Readonly<Record<string, unknown>>;

/** Bytes of a CheckRequest given as its fields in lowerCamelCase. */
export function checkRequestBytes(fields: Tree): Buffer {
	return Buffer.from(Request.encode(Request.fromObject(fields)).finish());
}

export interface HttpFields {
	readonly method?: string;
	readonly path?: string;
	readonly host?: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** Names and values as `header_map` carries them. */
	readonly raw?: readonly (readonly [string, string | Buffer])[];
	readonly body?: string;
	readonly rawBody?: Buffer;
	readonly protocol?: string;
}

/** A CheckRequest as Envoy sends it for one HTTP request. */
export function httpCheck(http: HttpFields = {}, attributes: Tree = {}): Buffer {
	const { raw, method = "GET", path = "/", host = "api.test", protocol = "HTTP/1.1", ...rest } = http;
	const socketAddress = { address: "10.1.2.3", portValue: 41234 };
	return checkRequestBytes({
		attributes: {
			source: { address: { socketAddress } },
			destination: { address: { socketAddress: { address: "10.9.8.7", portValue: 8443 } } },
			request: {
				time: { seconds: 1772368496, nanos: 789000000 },
				http: {
					id: "7654321",
					method,
					path,
					host,
					protocol,
					scheme: "https",
					...(raw === undefined
						? { headers: { ":authority": host, ":method": method, ":path": path, ...rest.headers } }
						: {
								headerMap: {
									headers: raw.map(([key, value]) => ({ key, rawValue: Buffer.from(value) })),
								},
							}),
					...(rest.body === undefined ? {} : { body: rest.body }),
					...(rest.rawBody === undefined ? {} : { rawBody: rest.rawBody }),
				},
			},
			metadataContext: {},
			routeMetadataContext: {},
			...attributes,
		},
	});
}

export interface HeaderOption {
	readonly header: { readonly key: string; readonly value?: string };
	readonly append?: { readonly value?: boolean };
	readonly appendAction?: number;
}

/** A CheckResponse as plain fields; what was not on the wire is absent. */
export interface CheckAnswer {
	readonly status?: { readonly code?: number; readonly message?: string };
	readonly okResponse?: {
		readonly headers?: readonly HeaderOption[];
		readonly headersToRemove?: readonly string[];
		readonly responseHeadersToAdd?: readonly HeaderOption[];
		readonly queryParametersToSet?: readonly { readonly key?: string; readonly value?: string }[];
		readonly queryParametersToRemove?: readonly string[];
	};
	readonly deniedResponse?: {
		readonly status?: { readonly code?: number };
		readonly headers?: readonly HeaderOption[];
		readonly body?: string;
	};
	/** The Struct as plain JSON. */
	readonly metadata: Readonly<Record<string, unknown>>;
}

export function readAnswer(bytes: Uint8Array): CheckAnswer {
	const message = Response.decode(bytes);
	const fields = Response.toObject(message, { longs: Number }) as Record<string, unknown>;
	const struct = (message as unknown as { dynamicMetadata?: protobuf.Message }).dynamicMetadata;
	const { dynamicMetadata: _, ...rest } = fields;
	return { ...rest, metadata: struct ? plainStruct(Struct.toObject(struct)) : {} } as CheckAnswer;
}

/** Name → value of a list of header options. */
export function headersOf(options: readonly HeaderOption[] | undefined): Readonly<Record<string, string>> {
	return Object.fromEntries((options ?? []).map(({ header }) => [header.key, header.value ?? ""]));
}

type PlainValue = Readonly<Record<string, unknown>>;

/** protobufjs' form of a Struct → plain JSON. */
export function plainStruct(struct: PlainValue): Record<string, unknown> {
	const object: Record<string, unknown> = {};
	for (const [key, value] of Object.entries((struct["fields"] ?? {}) as Record<string, PlainValue>)) {
		Object.defineProperty(object, key, { value: plainValue(value), enumerable: true });
	}
	return object;
}

function plainValue(value: PlainValue): unknown {
	if (value["stringValue"] !== undefined) return value["stringValue"];
	if (value["numberValue"] !== undefined) return value["numberValue"];
	if (value["boolValue"] !== undefined) return value["boolValue"];
	if (value["structValue"] !== undefined) return plainStruct(value["structValue"] as PlainValue);
	if (value["listValue"] !== undefined) {
		return (((value["listValue"] as PlainValue)["values"] ?? []) as PlainValue[]).map(plainValue);
	}
	return null;
}

/** Plain JSON → protobufjs' form of a Struct. */
export function structOf(value: Tree): Tree {
	return { fields: Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toValue(each)])) };
}

function toValue(value: unknown): Tree {
	if (value === null) return { nullValue: 0 };
	if (typeof value === "string") return { stringValue: value };
	if (typeof value === "number") return { numberValue: value };
	if (typeof value === "boolean") return { boolValue: value };
	if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } };
	return { structValue: structOf(value as Tree) };
}
