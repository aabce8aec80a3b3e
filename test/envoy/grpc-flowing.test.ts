import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { SECRET } from "../support/envoy/client.ts";
import {
	connectPeople,
	DIRECTIVE,
	decode,
	type GrpcAnswer,
	masked,
	PEOPLE,
	type PeopleClient,
	person,
	read,
	startPeople,
} from "../support/envoy/grpc-people.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { patient } from "../support/envoy/patient.ts";
import { frame, unframe } from "../support/grpc-frame.ts";
import { until } from "../support/until.ts";

const OK = 0;
const INVALID_ARGUMENT = 3;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const FLOWING = { allowed: true, response: { ...DIRECTIVE, stream: true } };
const WRITE = { release: ["$.id", "$.name"], media_types: ["application/grpc"] };

/** The policy does not look at bodies. */
const READS = { all: false, children: new Map([["attributes", { all: true, children: new Map() }]]) };

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
	const options = {
		template: "authz-and-fields-streaming",
		// Caller, service and Postern are one process here: a busy machine may take longer than a second for a message.
		change: patient,
		upstreamHttp2: true,
		descriptors: PEOPLE.bytes,
		reads: READS,
	} as const;
	[mesh, raw] = await Promise.all([
		startMesh({ ...options, upstreamAddress: people.address }),
		startMesh(options),
	]);
	client = connectPeople(mesh.envoy.port);
	rawClient = connectPeople(raw.envoy.port);
}, 60_000);

afterAll(async () => {
	client.close();
	rawClient.close();
	await Promise.all([mesh.close(), raw.close()]);
	people.close();
	process.stdout.write(
		`gRPC that flows: ${answers} answers through Envoy, ${leaked} unmasked marks at the caller\n`,
	);
	expect(answers).toBeGreaterThan(0);
	expect(leaked).toBe(0);
}, 30_000);

beforeEach(() => {
	people.put.length = 0;
	for (const each of [mesh, raw]) {
		each.reset();
		for (const name of ["Get", "List", "Put", "Talk"]) each.decide(`/clinic.People/${name}`, FLOWING);
	}
});

async function counted(pending: Promise<GrpcAnswer>): Promise<GrpcAnswer> {
	const answer = await pending;
	answers++;
	leaked += answer.leaked;
	return answer;
}

describe("a stream of answers that a directive lets flow", () => {
	test("is a conversation: each message leaves masked before the next is asked for", async () => {
		const answer = await counted(client.talk([{ id: 1 }, { id: 2 }, { id: 3 }]));
		expect(answer).toMatchObject({ code: OK, leaked: 0 });
		expect(answer.messages.map(read)).toEqual([masked(1), masked(2), masked(3)]);
		expect(answer.headers.get("x-data")).toEqual([]);
		expect(answer.trailers.get("x-data")).toEqual([]);
		await until(() => mesh.releases().length > 1);
		expect(mesh.releases().map(({ outcome }) => outcome)).toEqual(["flowing", "released"]);
	});

	test("may be larger than what Envoy holds back", async () => {
		const answer = await counted(client.serverStream("List", { count: 6000 }));
		expect(answer).toMatchObject({ code: OK, leaked: 0 });
		expect(answer.messages).toHaveLength(6000);
		expect(read(answer.messages.at(-1))).toEqual(masked(6000));
	}, 20_000);

	test("one answer, and none", async () => {
		expect((await counted(client.unary("Get", { id: 7 }))).messages.map(read)).toEqual([masked(7)]);
		expect(await counted(client.serverStream("List"))).toMatchObject({ code: OK, messages: [] });
	});

	test.each<[string, Buffer]>([
		["a message that cannot be masked", frame(Buffer.from(SECRET))],
		["what is none of gRPC", Buffer.from(SECRET)],
		["a message cut short", frame(person(2)).subarray(0, -1)],
	])("ends at %s with an error, and what came before it was masked", async (_name, bad) => {
		raw.upstream.stream("/clinic.People/List", (stream) => {
			stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
			stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "grpc-message": SECRET }));
			stream.write(frame(person(1)));
			setTimeout(() => stream.end(bad), 200);
		});
		const answer = await counted(rawClient.serverStream("List"));
		expect(answer).toMatchObject({ code: INTERNAL, leaked: 0 });
		expect(answer.messages.map(read)).toEqual([masked(1)]);
		await until(() => raw.releases().length > 1);
		expect(raw.releases()).toMatchObject([
			{ outcome: "flowing" },
			{ outcome: "cut", reason: expect.stringMatching(/^body_/) },
		]);
	});

	test.each(["application/grpc-web", "application/grpc-web-text"])(
		"leaves message by message as %s too, and ends in the status of its last frame",
		async (type) => {
			const coded = (bytes: Buffer): Buffer =>
				type.endsWith("text") ? Buffer.from(bytes.toString("base64")) : bytes;
			let goOn = (): void => {};
			const seen = new Promise<void>((resolve) => {
				goOn = resolve;
			});
			raw.upstream.stream("/clinic.People/List", async (stream) => {
				stream.respond({ ":status": 200, "content-type": type });
				stream.write(coded(frame(person(1))));
				await seen;
				stream.write(coded(frame(person(2))));
				stream.end(coded(frame(Buffer.from(`grpc-status:5\r\ngrpc-message:${SECRET}\r\n`), 0x80)));
			});
			const answer = await raw.get2("/clinic.People/List", {
				method: "POST",
				headers: [["content-type", type]],
				body: "x",
				// Headers come by themselves: the first piece is the first message.
				onPiece: () => {
					goOn();
					return undefined;
				},
			});
			answers++;
			leaked += answer.leaked;
			expect(answer).toMatchObject({ status: 200, complete: true, leaked: 0 });
			const texts = answer.body.match(/[A-Za-z0-9+/]+=*/g) ?? [];
			const bytes = type.endsWith("text")
				? Buffer.concat(texts.map((text) => Buffer.from(text, "base64")))
				: answer.bytes;
			const [first, second, end] = unframe(bytes);
			expect([first, second].map((each) => read(each?.message))).toEqual([masked(1), masked(2)]);
			expect(end).toEqual({ flags: 0x80, message: Buffer.from("grpc-status:5\r\n") });
		},
	);

	test("ends with an error where Postern goes", async () => {
		raw.upstream.stream("/clinic.People/List", (stream) => {
			stream.respond({ ":status": 200, "content-type": "application/grpc" });
			stream.write(frame(person(1)));
			setTimeout(async () => {
				await raw.stopPostern();
				stream.end(frame(person(2)));
			}, 300);
		});
		const answer = await counted(rawClient.serverStream("List"));
		expect(answer.code).not.toBe(OK);
		expect(answer.messages.map(read)).toEqual([masked(1)]);
		await raw.startPostern();
	});

	test("without a grant is held back until all of it was judged", async () => {
		raw.decide("/clinic.People/List", { allowed: true, response: DIRECTIVE });
		raw.upstream.stream("/clinic.People/List", (stream) => {
			stream.respond({ ":status": 200, "content-type": "application/grpc" });
			stream.write(frame(person(1)));
			setTimeout(() => stream.end(frame(Buffer.from(SECRET))), 200);
		});
		expect(await counted(rawClient.serverStream("List"))).toMatchObject({ code: INTERNAL, messages: [] });
		expect(raw.releases()).toMatchObject([{ outcome: "replaced", reason: "body_malformed" }]);
	});
});

describe("the requests of a call under a directive", () => {
	const put = (...messages: Buffer[]) => counted(client.clientStream("Put", messages));

	test("reach the service masked", async () => {
		mesh.decide("/clinic.People/Put", { allowed: true, request: WRITE, response: DIRECTIVE });
		const answer = await put(person(1), person(2));
		expect(answer).toMatchObject({ code: OK, leaked: 0 });
		expect(answer.messages.map((bytes) => decode("Summary", bytes))).toEqual([{ count: 2 }]);
		expect(people.put.map((bytes) => decode("Person", bytes))).toEqual([
			{ id: 1, name: "Ada" },
			{ id: 2, name: "Ada" },
		]);
		expect(Buffer.concat(people.put).includes(SECRET)).toBe(false);
		await until(() => mesh.releases().length > 1);
		expect(mesh.releases().map(({ direction, outcome }) => [direction, outcome])).toEqual([
			["request", "released"],
			["response", "released"],
		]);
	});

	test("reach it not at all where they hold a masked view, or cannot be masked", async () => {
		mesh.decide("/clinic.People/Put", { allowed: true, request: WRITE, response: DIRECTIVE });
		const view = (await counted(client.unary("Get", { id: 3 }))).messages[0] as Buffer;
		expect(await put(person(1), view)).toMatchObject({ code: INVALID_ARGUMENT, messages: [], details: "" });
		expect(await put(Buffer.from("no protobuf"))).toMatchObject({ code: INVALID_ARGUMENT });
		mesh.decide("/clinic.People/Put", { allowed: true, request: { release: ["$"] } });
		expect(await put(person(1))).toMatchObject({ code: UNIMPLEMENTED });
		expect(people.put).toEqual([]);
	});
});
