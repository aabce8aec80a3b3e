import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { callHttp1, header, SECRET } from "../support/envoy/client.ts";
import {
	connectPeople,
	DIRECTIVE,
	decode,
	masked,
	PEOPLE,
	type PeopleClient,
	person,
	READS,
	read,
	startPeople,
	translateWeb,
} from "../support/envoy/grpc-people.ts";
import { type Mesh, type ProcessCall, startMesh } from "../support/envoy/mesh.ts";
import { frame, unframe } from "../support/grpc-frame.ts";
import { delimited, tagged } from "../support/wire-arbitrary.ts";

const OK = 0;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const MAX_MESSAGE = 4096;
const ALLOW = { allowed: true, response: DIRECTIVE };

let people: Awaited<ReturnType<typeof startPeople>>;
/** With grpc-js behind Envoy, and with a server that writes what a test tells it to. */
let mesh: Mesh;
let raw: Mesh;
let client: PeopleClient;
let rawClient: PeopleClient;
let answers = 0;
let leaked = 0;

beforeAll(async () => {
	people = await startPeople();
	[mesh, raw] = await Promise.all([
		startMesh({
			upstreamAddress: people.address,
			upstreamHttp2: true,
			descriptors: PEOPLE.bytes,
			reads: READS,
			variants: { web: translateWeb },
		}),
		startMesh({
			upstreamHttp2: true,
			descriptors: PEOPLE.bytes,
			reads: READS,
			variants: { web: translateWeb },
			process: {
				messageLimits: {
					maxMessageBytes: MAX_MESSAGE,
					maxRatio: 100,
					freeBytes: 1 << 16,
					maxInflatedBytes: 1 << 22,
				},
			},
		}),
	]);
	client = counted(connectPeople(mesh.envoy.port));
	rawClient = counted(connectPeople(raw.envoy.port));
}, 60_000);

afterAll(async () => {
	client.close();
	rawClient.close();
	await Promise.all([mesh.close(), raw.close()]);
	people.close();
	process.stdout.write(`gRPC: ${answers} answers through Envoy, ${leaked} unmasked marks at the caller\n`);
	expect(answers).toBeGreaterThan(0);
	expect(leaked).toBe(0);
}, 30_000);

beforeEach(() => {
	mesh.reset();
	raw.reset();
	for (const name of ["Get", "List", "Put", "Fail"])
		for (const each of [mesh, raw]) each.decide(`/clinic.People/${name}`, ALLOW);
});

function counted(plain: PeopleClient): PeopleClient {
	const count = <Answer extends { readonly leaked: number }>(answer: Answer): Answer => {
		answers++;
		leaked += answer.leaked;
		return answer;
	};
	return {
		unary: async (...given) => count(await plain.unary(...given)),
		serverStream: async (...given) => count(await plain.serverStream(...given)),
		clientStream: async (...given) => count(await plain.clientStream(...given)),
		talk: async (...given) => count(await plain.talk(...given)),
		close: plain.close,
	};
}

/** Answers the calls of a method with these frames and trailers. */
function answerWith(
	name: string,
	body: Buffer,
	options: { readonly headers?: object; readonly trailers?: Readonly<Record<string, string>> } = {},
): void {
	raw.upstream.stream(`/clinic.People/${name}`, (stream) => {
		stream.respond(
			{ ":status": 200, "content-type": "application/grpc", ...options.headers },
			{ waitForTrailers: true },
		);
		stream.on("wantTrailers", () => stream.sendTrailers(options.trailers ?? { "grpc-status": "0" }));
		stream.end(body);
	});
}

describe("through Envoy, with grpc-js on both ends", () => {
	test("a unary answer is masked, its metadata judged", async () => {
		const answer = await client.unary("Get", { id: 7 });
		expect(answer).toMatchObject({ code: OK, leaked: 0 });
		expect(answer.messages.map(read)).toEqual([masked(7)]);
		expect(answer.headers.get("x-data")).toEqual([]);
		expect(answer.trailers.get("x-data")).toEqual([]);
		const [release] = mesh.releases();
		expect(release).toMatchObject({ outcome: "released", status: 200 });
		expect(release?.fields?.unknown).toEqual([{ path: "$.*", count: 1 }]);
		const withheld = release?.fields?.withheld.map(({ path }) => path);
		expect(withheld).toEqual(
			expect.arrayContaining([
				"$.*",
				"$.addresses[*].street",
				"$.notes",
				"$.phone",
				"$.ssn",
				"$.more.street",
			]),
		);
	});

	test("the marks are seen where nothing is masked", async () => {
		mesh.decide("/clinic.People/Get", { allowed: true });
		const plain = connectPeople(mesh.envoy.port);
		expect((await plain.unary("Get", { id: 7 })).leaked).toBeGreaterThan(10);
		plain.close();
	});

	test("of a stream of answers each message is masked by itself", async () => {
		const answer = await client.serverStream("List", { count: 40 });
		expect(answer).toMatchObject({ code: OK, leaked: 0 });
		expect(answer.messages.map(read)).toEqual(Array.from({ length: 40 }, (_, at) => masked(at + 1)));
		expect(await client.serverStream("List", { count: 0 })).toMatchObject({ code: OK, messages: [] });
	});

	test("the answer to a stream of requests is masked", async () => {
		const answer = await client.clientStream("Put", [person(1), person(2), person(3)]);
		expect(answer).toMatchObject({ code: OK, leaked: 0 });
		expect(answer.messages.map((bytes) => decode("Summary", bytes))).toEqual([{ count: 3 }]);
	});

	test("an error keeps its status; what it says goes unless the directive releases it", async () => {
		expect(await client.unary("Fail")).toMatchObject({ code: NOT_FOUND, details: "", leaked: 0 });
		mesh.decide("/clinic.People/Fail", { ...ALLOW, response: { ...DIRECTIVE, grpc_message: "release" } });
		const plain = connectPeople(mesh.envoy.port);
		const told = await plain.unary("Fail");
		plain.close();
		expect(told).toMatchObject({ code: NOT_FOUND, details: `nobody has ${SECRET}` });
		expect(told.trailers.get("x-data")).toEqual([]);
	});

	test("a denial, an unknown method and Postern gone are statuses of gRPC too", async () => {
		mesh.decide("/clinic.People/Get", { allowed: false });
		expect(await client.unary("Get")).toMatchObject({ code: PERMISSION_DENIED, messages: [] });
		mesh.decide("/clinic.People/Get", { allowed: true, response: { release: ["$"] } });
		expect(await client.unary("Get")).toMatchObject({ code: INTERNAL, messages: [], details: "" });
		expect(mesh.releases()).toMatchObject([{ outcome: "replaced", reason: "body_unsupported" }]);
		await mesh.stopPostern();
		expect(await client.unary("Get")).toMatchObject({ code: UNAVAILABLE, messages: [] });
		await mesh.startPostern();
	});

	test.each([
		["application/grpc-web+proto", false],
		["application/grpc-web-text+proto", true],
	])("a browser's %s, which Envoy translates", async (type, text) => {
		const request = frame(Buffer.from([0x08, 0x07]));
		const call = async ({ envoy }: Mesh) => {
			const answer = await callHttp1(envoy.variants["web"] as number, {
				method: "POST",
				path: "/clinic.People/Get",
				headers: [
					["content-type", type],
					["accept", type],
				],
				body: text ? request.toString("base64") : request,
			});
			answers++;
			leaked += answer.leaked;
			return answer;
		};
		const { status, bytes } = await call(mesh);
		const [message, end] = unframe(text ? Buffer.from(bytes.toString("latin1"), "base64") : bytes);
		expect([status, read(message?.message)]).toEqual([200, masked(7)]);
		expect(end?.message.toString()).toContain("grpc-status:0");
		answerWith("Get", frame(Buffer.from(SECRET)));
		const refused = await call(raw);
		expect(refused).toMatchObject({ status: 200, body: "", leaked: 0 });
		expect(header(refused, "grpc-status")).toBe(String(INTERNAL));
	});
});

describe("through Envoy, with a server that does as a test says", () => {
	test("messages come compressed and go on uncompressed", async () => {
		const body = Buffer.concat([
			frame(gzipSync(person(1)), 1),
			frame(person(2)),
			frame(gzipSync(person(3)), 1),
		]);
		answerWith("List", body, { headers: { "grpc-encoding": "gzip" } });
		const answer = await rawClient.serverStream("List");
		expect(answer).toMatchObject({ code: OK, leaked: 0 });
		expect(answer.messages.map(read)).toEqual([masked(1), masked(2), masked(3)]);
		const seen = raw.upstream.seen[0]?.headers.filter(([name]) => name === "grpc-accept-encoding");
		expect(seen).toEqual([["grpc-accept-encoding", "identity"]]);
	});

	test.each<[string, Buffer, Record<string, string>]>([
		["an unknown coding", frame(Buffer.from(SECRET), 1), { "grpc-encoding": "snappy" }],
		["a false coding", frame(Buffer.from(SECRET), 1), { "grpc-encoding": "gzip" }],
		["a bomb", frame(gzipSync(Buffer.alloc(30_000_000, SECRET)), 1), { "grpc-encoding": "gzip" }],
		[
			"broken protobuf behind a good message",
			Buffer.concat([frame(person(1)), frame(Buffer.from(SECRET))]),
			{},
		],
		["a message cut short", frame(person(1)).subarray(0, -1), {}],
		["JSON", Buffer.from(`{"ssn":"${SECRET}"}`), {}],
	])("%s is refused with a status of gRPC", async (_name, body, headers) => {
		answerWith("Get", body, { headers });
		const answer = await rawClient.unary("Get");
		expect(answer).toMatchObject({ code: INTERNAL, messages: [], details: "", leaked: 0 });
	});

	test.each<[string, (call: ProcessCall) => void]>([
		["cannot be reached", (call) => call.emit("error", { code: 14, details: "scripted" })],
		["ends with an error", (call) => call.emit("error", { code: 13, details: "scripted" })],
		["answers what is no message", (call) => call.write(Buffer.from("ffff", "hex"))],
		["says nothing", () => {}],
	])("nothing passes where ext_proc %s; what is released whole does", async (_name, fault) => {
		answerWith("Get", frame(person(1)));
		raw.processBy((call) => {
			call.on("error", () => {});
			call.on("data", () => fault(call));
		});
		await raw.settle();
		expect(await rawClient.unary("Get")).toMatchObject({ code: UNAVAILABLE, messages: [], leaked: 0 });
		raw.decide("/clinic.People/Get", { allowed: true });
		const plain = connectPeople(raw.envoy.port);
		expect(await plain.unary("Get")).toMatchObject({ code: OK, messages: [person(1)] });
		plain.close();
	});

	test("a message over the limit, and an answer over Envoy's buffer", async () => {
		const padded = (size: number): Buffer => {
			const name = Buffer.alloc(size, "x");
			return Buffer.concat([person(1), tagged(2, 2, delimited(name))]);
		};
		answerWith("Get", frame(padded(MAX_MESSAGE)));
		expect(await rawClient.unary("Get")).toMatchObject({ code: INTERNAL, messages: [], leaked: 0 });
		expect(raw.releases()).toMatchObject([{ outcome: "replaced", reason: "body_too_large" }]);
		answerWith("Get", Buffer.concat(Array.from({ length: 1000 }, () => frame(padded(2000)))));
		const answer = await rawClient.serverStream("Get");
		expect(answer).toMatchObject({ messages: [], leaked: 0 });
		expect(answer.code).not.toBe(OK);
	});

	test("an answer that is trailers alone keeps its status, and no more", async () => {
		raw.upstream.stream("/clinic.People/Get", (stream) => {
			stream.respond(
				{
					":status": 200,
					"content-type": "application/grpc",
					"grpc-status": "5",
					"grpc-message": SECRET,
					"grpc-status-details-bin": Buffer.from(SECRET).toString("base64"),
				},
				{ endStream: true },
			);
		});
		expect(await rawClient.unary("Get")).toMatchObject({ code: NOT_FOUND, details: "", leaked: 0 });
	});

	test("a status that is no number is no status", async () => {
		answerWith("Get", frame(person(1)), { trailers: { "grpc-status": SECRET } });
		const answer = await rawClient.unary("Get");
		expect(answer).toMatchObject({ leaked: 0 });
		expect(answer.code).not.toBe(OK);
	});

	test("gRPC-Web from the service itself is masked in its frames, its last one judged", async () => {
		const end = frame(Buffer.from(`grpc-status:0\r\ngrpc-message:${SECRET}\r\nx-data:${SECRET}\r\n`), 0x80);
		const body = Buffer.concat([frame(person(9)), end]);
		for (const [type, sent] of [
			["application/grpc-web", body],
			["application/grpc-web-text", Buffer.from(body.toString("base64"))],
		] as const) {
			raw.upstream.stream("/clinic.People/Get", (stream) => {
				stream.respond({ ":status": 200, "content-type": type });
				stream.end(sent);
			});
			const answer = await raw.get2("/clinic.People/Get", {
				method: "POST",
				headers: [["content-type", type]],
				body: "x",
			});
			answers++;
			leaked += answer.leaked;
			expect(answer).toMatchObject({ status: 200, complete: true, leaked: 0 });
			if (type === "application/grpc-web") {
				expect(answer.body).toContain("grpc-status:0\r\n");
				continue;
			}
			// Each frame is a text of its own.
			const frames = answer.body.match(/[A-Za-z0-9+/]+=*/g) ?? [];
			const bytes = Buffer.concat(frames.map((text) => Buffer.from(text, "base64")));
			const length = bytes.readUInt32BE(1);
			expect(read(bytes.subarray(5, 5 + length))).toEqual(masked(9));
			expect(bytes.subarray(5 + length)).toEqual(frame(Buffer.from("grpc-status:0\r\n"), 0x80));
		}
	});

	test("gRPC-Web that cannot be masked ends with a status in its body", async () => {
		raw.upstream.stream("/clinic.People/Get", (stream) => {
			stream.respond({ ":status": 200, "content-type": "application/grpc-web" });
			stream.end(SECRET);
		});
		const answer = await raw.get2("/clinic.People/Get", { method: "POST", body: "x" });
		answers++;
		leaked += answer.leaked;
		expect(answer).toMatchObject({ status: 200, leaked: 0 });
		expect(header(answer, "content-type")).toBe("application/grpc-web+proto");
		expect(answer.body).toContain("grpc-status:13\r\n");
	});
});
