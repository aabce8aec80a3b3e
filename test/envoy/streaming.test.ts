import type { Socket } from "node:net";
import { createGzip, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type ClientAnswer, header, SECRET } from "../support/envoy/client.ts";
import { type EnvoyConfig, extProcOf, withoutMatcher } from "../support/envoy/envoy-process.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { patient } from "../support/envoy/patient.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { type Answer, answerBytes, whole } from "../support/envoy/upstream.ts";
import { until } from "../support/until.ts";

const EVENT_STREAM = "text/event-stream";
const NDJSON = "application/x-ndjson";
const JSON_SEQ = "application/json-seq";
const RELEASING = {
	allowed: true,
	response: { release: ["$..id", "$..name"], media_types: [EVENT_STREAM, NDJSON, JSON_SEQ], stream: true },
};
const HELD = { allowed: true, response: { ...RELEASING.response, stream: false } };
const event = (id: number): string =>
	`event: paid\n: ${SECRET}\ndata: {"id":${id},"ssn":"${SECRET}"}\nid: ${id}\n\n`;
const maskedEvent = (id: number): string => `event: paid\ndata: {"id":${id}}\nid: ${id}\n\n`;
const record = (id: number): string => `{"id":${id},"ssn":"${SECRET}"}\n`;
const maskedRecord = (id: number): string => `{"id":${id}}\n`;

let mesh: Mesh;
let mesh2: Mesh;
let next = 0;

beforeAll(async () => {
	const template = "authz-and-fields-streaming";
	[mesh, mesh2] = await Promise.all([
		startMesh({
			template,
			change: patient,
			variants: {
				unmatched: withoutMatcher,
				noOverride: (manager: EnvoyConfig) => {
					extProcOf(manager).allow_mode_override = false;
				},
				answersOnly: (manager: EnvoyConfig) => {
					Object.assign(extProcOf(manager).processing_mode, {
						request_header_mode: "SKIP",
						request_body_mode: "NONE",
						request_trailer_mode: "SKIP",
					});
				},
			},
		}),
		startMesh({ template, change: patient, upstreamHttp2: true }),
	]);
}, 60_000);
afterAll(async () => {
	await closeAndCount("streaming", mesh);
	await closeAndCount("streaming, HTTP/2 upstream", mesh2);
}, 30_000);
beforeEach(() => {
	mesh.reset();
	mesh2.reset();
});

function newPath(decision: Parameters<Mesh["decide"]>[1] = RELEASING): string {
	const path = `/s/${next++}`;
	mesh.decide(path, decision);
	mesh2.decide(path, decision);
	return path;
}

function at(answer: Answer, decision?: Parameters<Mesh["decide"]>[1]): string {
	const path = newPath(decision);
	mesh.upstream.reply(path, whole(answer));
	return path;
}

/** An HTTP/1.1 answer in chunks, sent as a test goes on. */
function chunked(type: string, headers: readonly (readonly [string, string])[] = []): Buffer {
	const lines = [`HTTP/1.1 200 X`, `content-type: ${type}`, ...headers.map(([n, v]) => `${n}: ${v}`)];
	return Buffer.from(`${lines.join("\r\n")}\r\ntransfer-encoding: chunked\r\n\r\n`);
}
function chunk(content: string | Buffer): Buffer {
	const bytes = Buffer.from(content as string);
	return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}
const END = "0\r\n\r\n";

/** Something that happens, and those who wait for it. */
function signal(): { readonly happened: Promise<void>; happen(): void } {
	let happen = (): void => {};
	const happened = new Promise<void>((resolve) => {
		happen = resolve;
	});
	return { happened, happen };
}

const BY = ["get", "get2"] as const;

describe.each(BY)("text by text (%s)", (by) => {
	const kinds = [
		[EVENT_STREAM, event, maskedEvent],
		[NDJSON, record, maskedRecord],
		[JSON_SEQ, (id: number) => `\x1e${record(id)}`, (id: number) => `\x1e${maskedRecord(id)}`],
	] as const;

	test.each(kinds)("of %s the first leaves masked before the second is made", async (type, make, masked) => {
		const path = newPath();
		const first = signal();
		mesh.upstream.reply(path, async (socket) => {
			socket.write(Buffer.concat([chunked(type), chunk(make(1))]));
			await first.happened;
			socket.write(Buffer.concat([chunk(make(2)), Buffer.from(END)]));
		});
		let seen = "";
		const answer = await mesh[by](path, {
			onPiece: (piece) => {
				seen += piece.toString();
				if (seen.includes(masked(1))) first.happen();
				return undefined;
			},
		});
		expect(answer).toMatchObject({ status: 200, body: masked(1) + masked(2), complete: true });
		expect(header(answer, "content-type")).toBe(type);
		expect(mesh.releases().map(({ outcome }) => outcome)).toEqual(["flowing", "released"]);
	});

	test.each(kinds)("of %s from an HTTP/2 upstream, with trailers", async (type, make, masked) => {
		const path = newPath();
		const first = signal();
		mesh2.upstream.stream(path, async (stream) => {
			stream.respond({ ":status": 200, "content-type": type }, { waitForTrailers: true });
			stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": SECRET, "grpc-status": "0" }));
			stream.write(make(1));
			await first.happened;
			stream.end(make(2));
		});
		let seen = "";
		const answer = await mesh2[by](path, {
			onPiece: (piece) => {
				seen += piece.toString();
				if (seen.includes(masked(1))) first.happen();
				return undefined;
			},
		});
		expect(answer).toMatchObject({ status: 200, body: masked(1) + masked(2), complete: true });
		if (by === "get2") expect(answer.trailers).toEqual([["grpc-status", "0"]]);
	});

	test("that comes coded, and whatever the pieces", async () => {
		const path = newPath();
		const first = signal();
		mesh.upstream.reply(path, async (socket) => {
			const gzip = createGzip();
			gzip.on("data", (bytes: Buffer) => {
				for (let i = 0; i < bytes.length; i += 5) socket.write(chunk(bytes.subarray(i, i + 5)));
			});
			gzip.on("end", () => socket.write(END));
			socket.write(chunked(EVENT_STREAM, [["content-encoding", "gzip"]]));
			gzip.write(event(1));
			gzip.flush();
			await first.happened;
			gzip.end(event(2));
		});
		let seen = "";
		const answer = await mesh[by](path, {
			onPiece: (piece) => {
				seen += piece.toString();
				// Pieces of the coding leave in pieces of their own.
				if (seen.includes("id: 1\n") || seen.replaceAll(/\r\n[0-9a-f]+\r\n/g, "").includes("id: 1"))
					first.happen();
				return undefined;
			},
		});
		expect(answer).toMatchObject({ status: 200, body: maskedEvent(1) + maskedEvent(2), complete: true });
		expect(header(answer, "content-encoding")).toBeUndefined();
	});
});

describe.each(BY)("a large answer (%s)", (by) => {
	const items = Array.from({ length: 20_000 }, (_, id) => ({
		id,
		ssn: SECRET,
		name: `${(id * 7919) % 99_991}`.repeat(40),
	}));
	const body = JSON.stringify(items);
	const masked = JSON.stringify(items.map(({ id, name }) => ({ id, name })));

	test.each<[string, Omit<Answer, "body"> & { body?: Buffer }]>([
		["of a known length", {}],
		["of an unknown length", { chunked: 30_000 }],
		[
			"that is coded",
			{
				headers: [
					["content-type", "application/json"],
					["content-encoding", "gzip"],
				],
				body: gzipSync(body),
				chunked: 7000,
			},
		],
	])("%s flows", async (_name, answer) => {
		const seen = await mesh[by](at({ body, ...answer }), { patience: 20_000 });
		expect([seen.status, seen.complete, mesh.releases().at(-1)?.reason]).toEqual([200, true, undefined]);
		expect(seen.body === masked).toBe(true);
		expect(header(seen, "content-length")).toBeUndefined();
		expect(mesh.releases().at(-1)).toMatchObject({
			outcome: "released",
			fields: { withheld: [{ path: "$[*].ssn", count: 20_000 }] },
		});
	});

	test("without a grant is refused as a whole, at once, whether it says how long it is or not", async () => {
		for (const size of [undefined, 30_000])
			for (const via of [undefined, "answersOnly"]) {
				const answer = size === undefined ? { body } : { body, chunked: size };
				// Without the request's headers Postern cannot say early enough what is to be held back.
				if (via !== undefined && size !== undefined) continue;
				const seen = await mesh[by](at(answer, HELD), via === undefined ? {} : { via });
				expect([500, 502]).toContain(seen.status);
				expect(seen).toMatchObject({ complete: true });
				expect(seen.ms).toBeLessThan(4000);
			}
	});
});

describe.each(BY)("an answer that is granted and fits, or has no body (%s)", (by) => {
	test("has its whole length, and a whole error if it cannot be masked", async () => {
		const good = await mesh[by](at({ body: `{"id":1,"ssn":"${SECRET}"}` }));
		expect(good).toMatchObject({ status: 200, body: '{"id":1}', complete: true });
		expect(header(good, "content-length")).toBe("8");
		expect(mesh.releases()).toMatchObject([{ outcome: "released" }]);
		expect(await mesh[by](at({ body: `{"ssn":"${SECRET}"` }))).toMatchObject({ status: 502, complete: true });
	});

	test("HEAD, 204, an error status, and an empty body", async () => {
		const path = newPath();
		mesh.upstream.reply(path, (socket) =>
			socket.write(
				answerBytes({
					headers: [
						["content-type", EVENT_STREAM],
						["etag", SECRET],
					],
					announce: 4711,
				}),
			),
		);
		const head = await mesh[by](path, { method: "HEAD" });
		expect(head.status).toBe(200);
		expect(head.headers.map(([, value]) => value)).not.toContain("4711");
		const none = newPath();
		mesh.upstream.reply(none, (socket) => socket.write(`HTTP/1.1 204 X\r\nx-a: ${SECRET}\r\n\r\n`));
		expect(await mesh[by](none)).toMatchObject({ status: 204, body: "" });
		const failed = at({ status: 500, headers: [["content-type", "text/html"]], body: SECRET, chunked: 3 });
		expect(await mesh[by](failed)).toMatchObject({ status: 500, complete: true });
		const empty = at({ headers: [["content-type", EVENT_STREAM]], body: "", chunked: 1 });
		expect(await mesh[by](empty)).toMatchObject({ status: 200, body: "", complete: true });
	});
});

describe.each(BY)("who may have a stream is not the client's choice (%s)", (by) => {
	test("without a grant, or where the type is not named, it is blocked at its headers", async () => {
		const open = { allowed: true, response: { release: ["$"], stream: true } };
		for (const decision of [HELD, open]) {
			const path = newPath(decision);
			mesh.upstream.reply(path, (socket) =>
				socket.write(Buffer.concat([chunked(EVENT_STREAM), chunk(event(1))])),
			);
			const answer = await mesh[by](path, { headers: [["accept", EVENT_STREAM]] });
			expect(answer).toMatchObject({ status: 502, complete: true });
			expect(answer.ms).toBeLessThan(2000);
		}
	});

	test("released whole it passes as it is made, with or without the matcher", async () => {
		for (const via of [undefined, "unmatched"]) {
			const path = newPath({ allowed: true });
			const first = signal();
			mesh.upstream.reply(path, async (socket) => {
				socket.write(Buffer.concat([chunked(EVENT_STREAM), chunk("data: 1\n\n")]));
				await first.happened;
				socket.write(Buffer.concat([chunk("data: 2\n\n"), Buffer.from(END)]));
			});
			const answer = await mesh[by](path, {
				...(via === undefined ? {} : { via }),
				onPiece: (piece) => {
					if (piece.includes("data: 1")) first.happen();
					return undefined;
				},
			});
			expect(answer).toMatchObject({ status: 200, body: "data: 1\n\ndata: 2\n\n", complete: true });
		}
	});

	test("where Envoy does not allow to hold back, nothing passes but what was judged whole", async () => {
		const path = newPath(HELD);
		mesh.upstream.reply(path, (socket) => {
			socket.write(Buffer.concat([chunked("application/json"), chunk(`[{"id":1,"ssn":"${SECRET}"},`)]));
			setTimeout(() => socket.write(Buffer.concat([chunk('{"id":2}]'), Buffer.from(END)])), 300);
		});
		const answer = await mesh[by](path, { via: "noOverride" });
		expect(answer.complete && answer.status === 200).toBe(false);
		expect(answer.body).not.toContain('"id"');
		expect(await mesh[by](at({ body: '{"id":1}' }, HELD), { via: "noOverride" })).toMatchObject({
			body: '{"id":1}',
		});
	});
});

describe.each(BY)("a failure in the middle cuts, and never ends (%s)", (by) => {
	/** Sends the first event, waits until it was seen, then goes on with `rest`. */
	async function cut(rest: (socket: Socket) => unknown, type = EVENT_STREAM): Promise<ClientAnswer> {
		const path = newPath();
		const first = signal();
		mesh.upstream.reply(path, async (socket) => {
			socket.write(Buffer.concat([chunked(type), chunk(event(1))]));
			await first.happened;
			await rest(socket);
		});
		return mesh[by](path, {
			onPiece: (piece) => {
				if (piece.includes("id: 1")) first.happen();
				return undefined;
			},
		});
	}
	async function expectCut(answer: ClientAnswer, reason: string): Promise<void> {
		expect(answer).toMatchObject({ status: 200, complete: false });
		expect(answer.body).toContain(by === "get" ? '{"id":1}' : maskedEvent(1));
		// The client may learn of it before Postern does.
		await until(() => mesh.releases().length > 1);
		expect(mesh.releases()).toMatchObject([{ outcome: "flowing" }, { outcome: "cut", reason }]);
	}

	test("what cannot be masked", async () => {
		const answer = await cut((socket) => socket.write(chunk(`data: {"id":2,"ssn":"${SECRET}"]\n\n`)));
		await expectCut(answer, "body_malformed");
		await until(async () => {
			const last = (await mesh.envoy.accessLog()).at(-1);
			return String(last?.["details"]).includes("postern_body_malformed");
		});
	});

	test("what the upstream ends before it is whole", async () => {
		const answer = await cut((socket) =>
			socket.write(Buffer.concat([chunk('data: {"id":2'), Buffer.from(END)])),
		);
		await expectCut(answer, "body_malformed");
	});

	test("what the upstream cuts", async () => {
		const answer = await cut((socket) => socket.destroy());
		await expectCut(answer, "abandoned");
	});

	test("a drain that reaches its deadline", async () => {
		const transport = await mesh.startTransport();
		const answer = await cut(() => transport.drain(50));
		await mesh.stopPostern();
		await mesh.startPostern();
		await expectCut(answer, "abandoned");
	});

	test("Postern gone", async () => {
		const answer = await cut(async (socket) => {
			await mesh.stopPostern();
			socket.write(chunk(event(2)));
		});
		await mesh.startPostern();
		expect(answer).toMatchObject({ status: 200, complete: false });
		expect(answer.body).not.toContain('"id":2');
	});

	test("a client that leaves: what it had seen is on record", async () => {
		const path = newPath();
		const socketOf = new Promise<Socket>((resolve) => {
			mesh.upstream.reply(path, (socket) => {
				socket.write(Buffer.concat([chunked(EVENT_STREAM), chunk(event(1))]));
				resolve(socket);
			});
		});
		await mesh[by](path, { onPiece: (piece) => piece.includes("id: 1") });
		await socketOf;
		await until(() => mesh.releases().length === 2);
		expect(mesh.releases()[1]).toMatchObject({
			outcome: "cut",
			reason: "abandoned",
			fields: { released: [{ path: "$.id", count: 1 }] },
		});
	});
});
