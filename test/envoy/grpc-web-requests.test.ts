import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { JsonValue } from "../../src/lib/json-value.ts";
import { type ClientAnswer, header, SECRET } from "../support/envoy/client.ts";
import {
	DIRECTIVE,
	decode,
	masked,
	PEOPLE,
	person,
	READS,
	read,
	startPeople,
	translateWeb,
} from "../support/envoy/grpc-people.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { frame, unframe } from "../support/grpc-frame.ts";
import { delimited, tagged } from "../support/wire-arbitrary.ts";

const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const MAX_MESSAGE = 4096;
const TRAILERS = 0x80;
const PUT = "/clinic.People/Put";
const WRITE = { release: ["$.id", "$.name"], media_types: ["application/grpc"] };
const MAY_WRITE = { allowed: true, request: WRITE, response: DIRECTIVE };
const written = (id: number) => ({ id, name: "Ada" });

const TYPES = ["application/grpc-web+proto", "application/grpc-web-text+proto"] as const;
type Type = (typeof TYPES)[number];
const isText = (type: string): boolean => type.includes("-text");

/** A service that speaks gRPC-Web itself, and one that leaves that to Envoy. */
let web: Mesh;
let translated: Mesh;
let people: Awaited<ReturnType<typeof startPeople>>;
/** Bodies as they reached the first. */
let reached: Buffer[] = [];
let requests = 0;
let leaked = 0;

beforeAll(async () => {
	people = await startPeople();
	const options = {
		template: "authz-and-fields-requests",
		upstreamHttp2: true,
		descriptors: PEOPLE.bytes,
		reads: READS,
	} as const;
	[web, translated] = await Promise.all([
		startMesh({
			...options,
			process: {
				messageLimits: {
					maxMessageBytes: MAX_MESSAGE,
					maxRatio: 100,
					freeBytes: 1 << 16,
					maxInflatedBytes: 1 << 22,
				},
			},
		}),
		startMesh({ ...options, upstreamAddress: people.address, variants: { web: translateWeb } }),
	]);
}, 60_000);

afterAll(async () => {
	await closeAndCount("gRPC-Web to a service that speaks it", web);
	await closeAndCount("gRPC-Web that Envoy translates", translated);
	people.close();
	process.stdout.write(
		`gRPC-Web: ${requests} requests reached a service, ${leaked} unmasked marks in them\n`,
	);
	expect(requests).toBeGreaterThan(0);
	expect(leaked).toBe(0);
}, 30_000);

beforeEach(() => {
	web.decide(PUT, MAY_WRITE);
	translated.decide(PUT, MAY_WRITE);
	web.upstream.stream(PUT, (stream, headers) => {
		const pieces: Buffer[] = [];
		stream.on("data", (piece: Buffer) => pieces.push(piece));
		stream.on("end", () => {
			const type = String(headers["content-type"]);
			reached.push(plain(Buffer.concat(pieces), type));
			stream.respond({ ":status": 200, "content-type": type });
			const answer = [frame(tagged(1, 0, Buffer.from([2]))), frame(status(0, SECRET), TRAILERS)];
			stream.end(coded(Buffer.concat(answer), type));
		});
	});
});

afterEach(() => {
	const came = [...reached, ...people.put];
	requests += came.length;
	leaked += came.filter((bytes) => bytes.includes(SECRET)).length;
	reached = [];
	people.put.length = 0;
	web.reset();
	translated.reset();
});

function status(code: number, message?: string): Buffer {
	return Buffer.from(`grpc-status:${code}\r\n${message === undefined ? "" : `grpc-message:${message}\r\n`}`);
}

/** Frames as they lie in a body of this type, and back: one text, or one for each frame. */
function coded(frames: Buffer, type: string): Buffer {
	return isText(type) ? Buffer.from(frames.toString("base64")) : frames;
}
function plain(body: Buffer, type: string): Buffer {
	if (!isText(type)) return body;
	const texts = body.toString("latin1").match(/[A-Za-z0-9+/]+=*/g) ?? [];
	return Buffer.concat(texts.map((text) => Buffer.from(text, "base64")));
}

/** The status in a gRPC-Web body that holds nothing else, or in the headers of an answer without a body. */
function statusOf(answer: ClientAnswer, type: Type): number {
	// Envoy answers for ext_authz as to a call of HTTP, and callers of gRPC read its 403 as this status.
	if (answer.status === 403) return PERMISSION_DENIED;
	if (answer.body === "") return Number(header(answer, "grpc-status"));
	const frames = unframe(plain(answer.bytes, type));
	expect(frames.map(({ flags }) => flags)).toEqual([TRAILERS]);
	return Number(/^grpc-status: ?(\d+)\r\n/m.exec(frames[0]?.message.toString() ?? "")?.[1]);
}

const call = (type: Type, body: Buffer, headers: readonly (readonly [string, string])[] = []) => ({
	method: "POST",
	headers: [["content-type", type], ["accept", type], ...headers] as const,
	body: coded(body, type),
});
const two = Buffer.concat([frame(person(1)), frame(person(2))]);

describe.each(TYPES)("requests of %s under a directive, to a service that speaks it", (type) => {
	test.each(["get", "get2"] as const)("reach it masked, and their answer its caller (%s)", async (by) => {
		const answer = await web[by](PUT, call(type, two));
		expect(answer).toMatchObject({ status: 200, complete: true, leaked: 0 });
		const [message, end] = unframe(plain(answer.bytes, type));
		expect(decode("Summary", message?.message ?? Buffer.alloc(0))).toEqual({ count: 2 });
		expect(end).toEqual({ flags: TRAILERS, message: status(0) });
		expect(reached.flatMap(unframe).map(({ message }) => decode("Person", message))).toEqual([
			written(1),
			written(2),
		]);
		expect(web.releases().map(({ direction, outcome }) => [direction, outcome])).toEqual([
			["request", "released"],
			["response", "released"],
		]);
	});

	test("may come in pieces, compressed, and with a frame of trailers", async () => {
		const body = Buffer.concat([
			frame(gzipSync(person(1)), 1),
			frame(person(2)),
			frame(Buffer.from(`grpc-status:0\r\nx-data:${SECRET}\r\n`), TRAILERS),
		]);
		const answer = await web.get(PUT, { ...call(type, body, [["grpc-encoding", "gzip"]]), chunked: 7 });
		expect(answer).toMatchObject({ status: 200, complete: true, leaked: 0 });
		const [first, second, end] = unframe(reached[0] as Buffer);
		expect(first?.flags).toBe(0);
		for (const [at, each] of [first, second].entries())
			expect(decode("Person", each?.message as Buffer)).toEqual(written(at + 1));
		expect(end).toEqual({ flags: TRAILERS, message: status(0) });
		expect(web.upstream.seen[0]?.headers.map(([name]) => name)).not.toContain("grpc-encoding");
	});

	const view = (): Buffer => {
		const remark = tagged(1, 2, delimited(Buffer.from("[redacted]")));
		return Buffer.concat([person(1), tagged(11, 2, delimited(remark))]);
	};
	const padded = Buffer.concat([person(1), tagged(2, 2, delimited(Buffer.alloc(MAX_MESSAGE, "x")))]);
	const gone = { allowed: true, request: { release: ["$"] }, response: DIRECTIVE };
	test.each<[string, Buffer, number, JsonValue?]>([
		["a masked view", frame(view()), INVALID_ARGUMENT],
		[
			"no protobuf behind a good message",
			Buffer.concat([frame(person(1)), frame(Buffer.from(SECRET))]),
			INVALID_ARGUMENT,
		],
		["a message cut short", two.subarray(0, -3), INVALID_ARGUMENT],
		["what is no frame", Buffer.from(SECRET), INVALID_ARGUMENT],
		["a compressed message of no named coding", frame(gzipSync(person(1)), 1), INVALID_ARGUMENT],
		[
			"a message behind the trailers",
			Buffer.concat([frame(status(0), TRAILERS), frame(person(1))]),
			INVALID_ARGUMENT,
		],
		["a message over the limit", frame(padded), RESOURCE_EXHAUSTED],
		["gRPC under a directive that does not name it", two, UNIMPLEMENTED, gone],
		["a denial", two, PERMISSION_DENIED, { allowed: false }],
	])("%s goes no further, and is a status of gRPC-Web", async (_name, body, code, decision = MAY_WRITE) => {
		web.decide(PUT, decision);
		for (const by of ["get", "get2"] as const) {
			const answer = await web[by](PUT, call(type, body));
			expect(statusOf(answer, type)).toBe(code);
			expect(answer).toMatchObject({ complete: true, leaked: 0 });
			if (code === PERMISSION_DENIED) continue;
			expect(answer.status).toBe(200);
			expect(header(answer, "content-type")).toBe(type);
			expect(web.releases().at(-1)).toMatchObject({ direction: "request", outcome: "replaced" });
		}
		expect(web.upstream.seen).toEqual([]);
	});
});

test("base64 that is none goes no further", async () => {
	const type = "application/grpc-web-text+proto";
	for (const text of [
		`${two.toString("base64")}!`,
		two.toString("base64url"),
		two.toString("base64").slice(0, -1),
	]) {
		const answer = await web.get(PUT, { ...call(type, two), body: text });
		expect([answer.status, statusOf(answer, type)]).toEqual([200, INVALID_ARGUMENT]);
	}
	expect(web.upstream.seen).toEqual([]);
});

describe.each(TYPES)("requests of %s under a directive, which Envoy translates", (type) => {
	const via = "web";

	test.each(["get", "get2"] as const)("reach the service masked (%s)", async (by) => {
		const answer = await translated[by](PUT, { ...call(type, two), via });
		expect(answer).toMatchObject({ status: 200, complete: true, leaked: 0 });
		expect(people.put.map((bytes) => decode("Person", bytes))).toEqual([written(1), written(2)]);
		const [message, end] = unframe(plain(answer.bytes, type));
		expect(decode("Summary", message?.message ?? Buffer.alloc(0))).toEqual({ count: 2 });
		expect(end?.message.toString()).toContain("grpc-status:0");
	});

	test("are refused with a status of gRPC-Web before the service sees them", async () => {
		const get = "/clinic.People/Get";
		translated.decide(get, { allowed: true, response: DIRECTIVE });
		const asked = await translated.get(get, { ...call(TYPES[1], frame(Buffer.from([0x08, 0x03]))), via });
		const [view] = unframe(plain(asked.bytes, TYPES[1]));
		expect(read(view?.message)).toEqual(masked(3));
		for (const [body, code, decision] of [
			[frame(view?.message as Buffer), INVALID_ARGUMENT, MAY_WRITE],
			[frame(Buffer.from(SECRET)), INVALID_ARGUMENT, MAY_WRITE],
			[two, UNIMPLEMENTED, { allowed: true, request: { release: ["$"] } }],
			[two, PERMISSION_DENIED, { allowed: false }],
		] as const) {
			translated.decide(PUT, decision);
			for (const by of ["get", "get2"] as const) {
				const answer = await translated[by](PUT, { ...call(type, body), via });
				expect(answer).toMatchObject({ status: code === PERMISSION_DENIED ? 403 : 200, leaked: 0 });
				expect(statusOf(answer, type)).toBe(code);
			}
		}
		expect(people.put).toEqual([]);
	});
});
