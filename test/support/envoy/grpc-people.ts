import {
	Client,
	credentials,
	Metadata,
	Server,
	ServerCredentials,
	type ServerDuplexStream,
	type ServerReadableStream,
	type ServerUnaryCall,
	type ServerWritableStream,
	type sendUnaryData,
	status,
} from "@grpc/grpc-js";
import { schemaOf } from "../descriptors.ts";
import { SECRET } from "./client.ts";
import type { EnvoyConfig } from "./envoy-process.ts";

/** A service of gRPC as others write it: by the reference implementation of protobuf, served and called by grpc-js. */
export const PEOPLE = schemaOf(`
	syntax = "proto3";
	package clinic;
	enum Kind { UNKNOWN = 0; STAFF = 1; PATIENT = 2; }
	message Query { int32 id = 1; int32 count = 2; }
	message Address { string city = 1; string street = 2; }
	message Person {
		int32 id = 1;
		string name = 2;
		string ssn = 3;
		repeated Address addresses = 4;
		map<string, string> notes = 5;
		oneof contact { string email = 6; string phone = 7; }
		google.protobuf.Timestamp born = 8;
		google.protobuf.Any more = 9;
		google.protobuf.Struct free = 10;
		google.protobuf.StringValue remark = 11;
		Kind kind = 12;
	}
	message Summary { int32 count = 1; string secret = 2; }
	service People {
		rpc Get(Query) returns (Person);
		rpc List(Query) returns (stream Person);
		rpc Put(stream Person) returns (Summary);
		rpc Talk(stream Query) returns (stream Person);
		rpc Fail(Query) returns (Person);
	}
`);

const { root } = PEOPLE;
const encode = (type: string, value: object): Buffer => {
	const found = root.lookupType(`clinic.${type}`);
	return Buffer.from(found.encode(found.fromObject(value)).finish());
};
// biome-ignore lint/suspicious/noExplicitAny: what is in a message depends on its type
export const decode = (type: string, bytes: Uint8Array): any => {
	const found = root.lookupType(`clinic.${type}`);
	return found.toObject(found.decode(bytes), { enums: String });
};

/** A person whose every withheld part holds the mark; a field that no descriptor knows holds it too. */
export function person(id: number): Buffer {
	const known = encode("Person", {
		id,
		name: "Ada",
		ssn: SECRET,
		addresses: [
			{ city: "Bern", street: SECRET },
			{ city: "Ulm", street: SECRET },
		],
		notes: { a: SECRET },
		phone: SECRET,
		born: { seconds: 448_000_000, nanos: 7 },
		more: {
			type_url: "type.googleapis.com/clinic.Address",
			value: encode("Address", { city: "Rom", street: SECRET }),
		},
		free: { fields: { plan: { stringValue: "gold" }, secret: { stringValue: SECRET } } },
		remark: { value: SECRET },
		kind: 2,
	});
	const unknown = Buffer.from(SECRET);
	return Buffer.concat([known, Buffer.from([0xba, 0x06, unknown.length]), unknown]);
}

/** What the directive of the tests leaves of it. */
const MASKED_PERSON = {
	name: "Ada",
	addresses: [{ city: "Bern" }, { city: "Ulm" }],
	born: { seconds: 441_763_200 },
	more: { city: "Rom" },
	remark: { value: "[redacted]" },
	kind: "PATIENT",
};

export const DIRECTIVE = {
	release: ["$.id", "$.name", "$.addresses[*].city", "$.more.city", "$.free.plan", "$.kind", "$.count"],
	mask: [
		{ select: "$.born", as: "year" },
		{ select: "$.remark", as: "redact" },
	],
	media_types: ["application/grpc"],
};

const asIs = (bytes: Buffer): Buffer => bytes;
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
	path: `/clinic.People/${name}`,
	requestStream,
	responseStream,
	requestSerialize: asIs,
	requestDeserialize: asIs,
	responseSerialize: asIs,
	responseDeserialize: asIs,
});

/** Headers and trailers that carry data beside the messages. */
function metadata(): Metadata {
	const made = new Metadata();
	made.set("x-data", SECRET);
	made.set("x-data-bin", Buffer.from(SECRET));
	return made;
}

export async function startPeople(): Promise<{
	readonly address: string;
	/** Every message of `Put` as it came. */
	readonly put: Buffer[];
	close(): void;
}> {
	const server = new Server();
	const put: Buffer[] = [];
	server.addService(
		{
			get: method("Get", false, false),
			list: method("List", false, true),
			put: method("Put", true, false),
			talk: method("Talk", true, true),
			fail: method("Fail", false, false),
		},
		{
			get(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
				call.sendMetadata(metadata());
				done(null, person(Number(decode("Query", call.request).id ?? 0)), metadata());
			},
			list(call: ServerWritableStream<Buffer, Buffer>) {
				call.sendMetadata(metadata());
				const { count = 0 } = decode("Query", call.request);
				for (let id = 1; id <= count; id++) call.write(person(id));
				call.end(metadata());
			},
			put(call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
				let count = 0;
				call.on("data", (message: Buffer) => {
					put.push(message);
					count++;
				});
				call.on("end", () => done(null, encode("Summary", { count, secret: SECRET }), metadata()));
			},
			talk(call: ServerDuplexStream<Buffer, Buffer>) {
				call.sendMetadata(metadata());
				call.on("data", (query: Buffer) => call.write(person(Number(decode("Query", query).id))));
				call.on("end", () => call.end(metadata()));
			},
			fail(_call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
				done({ code: status.NOT_FOUND, details: `nobody has ${SECRET}`, metadata: metadata() });
			},
		},
	);
	const port = await new Promise<number>((resolve, reject) => {
		server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
			error === null ? resolve(bound) : reject(error),
		);
	});
	return { address: `127.0.0.1:${port}`, put, close: () => server.forceShutdown() };
}

/** What came of a call, in all its parts. */
export interface GrpcAnswer {
	readonly code: number;
	readonly details: string;
	readonly messages: readonly Buffer[];
	readonly headers: Metadata;
	readonly trailers: Metadata;
	/** How often the mark was in any of it. */
	readonly leaked: number;
}

export interface PeopleClient {
	unary(name: string, request?: object): Promise<GrpcAnswer>;
	serverStream(name: string, request?: object): Promise<GrpcAnswer>;
	clientStream(name: string, requests: readonly Buffer[]): Promise<GrpcAnswer>;
	/** Sends the next request when the answer to the last one is there. */
	talk(requests: readonly object[]): Promise<GrpcAnswer>;
	close(): void;
}

export function connectPeople(port: number): PeopleClient {
	const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
		"grpc.use_local_subchannel_pool": 1,
	});
	const path = (name: string) => `/clinic.People/${name}`;
	const patience = () => ({ deadline: Date.now() + 10_000 });
	return {
		unary: (name, request = {}) =>
			collect((done) =>
				client.makeUnaryRequest(
					path(name),
					asIs,
					asIs,
					encode("Query", request),
					new Metadata(),
					patience(),
					done,
				),
			),
		serverStream: (name, request = {}) =>
			collect((done) => {
				const call = client.makeServerStreamRequest(
					path(name),
					asIs,
					asIs,
					encode("Query", request),
					new Metadata(),
					patience(),
				);
				call.on("data", (message: Buffer) => done(null, message));
				call.on("error", () => {});
				return call;
			}),
		clientStream: (name, requests) =>
			collect((done) => {
				const call = client.makeClientStreamRequest(path(name), asIs, asIs, new Metadata(), patience(), done);
				for (const request of requests) call.write(request);
				call.end();
				return call;
			}),
		talk: (requests) =>
			collect((done) => {
				const call = client.makeBidiStreamRequest(path("Talk"), asIs, asIs, new Metadata(), patience());
				const left = requests.map((request) => encode("Query", request));
				const next = (): void => {
					const request = left.shift();
					if (request === undefined) call.end();
					else call.write(request);
				};
				call.on("data", (message: Buffer) => {
					done(null, message);
					next();
				});
				call.on("error", () => {});
				next();
				return call;
			}),
		close: () => client.close(),
	};
}

interface AnyCall {
	on(event: "metadata", listener: (metadata: Metadata) => void): unknown;
	on(
		event: "status",
		listener: (status: {
			readonly code: number;
			readonly details: string;
			readonly metadata: Metadata;
		}) => void,
	): unknown;
}

function collect(start: (done: (error: unknown, message?: Buffer) => void) => AnyCall): Promise<GrpcAnswer> {
	return new Promise((resolve) => {
		const messages: Buffer[] = [];
		let headers = new Metadata();
		const call = start((_error, message) => {
			if (message !== undefined) messages.push(message);
		});
		call.on("metadata", (given) => {
			headers = given;
		});
		call.on("status", ({ code, details, metadata: trailers }) => {
			const texts = [headers, trailers].flatMap((given) => Object.values(given.getMap()).map(String));
			const everything = [details, ...texts, ...messages.map((message) => message.toString("latin1"))].join(
				"\n",
			);
			// A unary answer comes behind its status.
			setImmediate(() => {
				const all = [everything, ...messages.map((message) => message.toString("latin1"))].join("\n");
				resolve({ code, details, messages, headers, trailers, leaked: all.split(SECRET).length - 1 });
			});
		});
	});
}

/** What a caller makes of a person's bytes. */
export function read(bytes: Buffer | undefined) {
	const { more, free, born, ...rest } = decode("Person", bytes as Buffer);
	return {
		...rest,
		born: { seconds: Number(born.seconds) },
		more: decode("Address", more.value),
		plan: free.fields.plan.stringValue,
		members: Object.keys(free.fields),
	};
}
/** What the directive of the tests leaves of a person. */
export const masked = (id: number) => ({ id, ...MASKED_PERSON, plan: "gold", members: ["plan"] });

/** The policy does not look at bodies. */
export const READS = { all: false, children: new Map([["attributes", { all: true, children: new Map() }]]) };

/** Callers in browsers speak gRPC-Web, which Envoy translates. */
export function translateWeb(manager: EnvoyConfig): void {
	manager.http_filters.unshift({
		name: "envoy.filters.http.grpc_web",
		typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb" },
	});
}
