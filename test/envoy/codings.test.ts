import type { Socket } from "node:net";
import {
	brotliCompressSync,
	createBrotliCompress,
	createDeflate,
	createGzip,
	createZstdCompress,
	deflateSync,
	gzipSync,
	zstdCompressSync,
} from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { header, SECRET } from "../support/envoy/client.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { patient } from "../support/envoy/patient.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { whole } from "../support/envoy/upstream.ts";
import { until } from "../support/until.ts";

const EVENTS = "text/event-stream";
const FLOWING = {
	allowed: true,
	response: { release: ["$.id", "$[*].id"], media_types: [EVENTS], stream: true },
};
const HELD = { allowed: true, response: { ...FLOWING.response, stream: false } };
const event = (id: number): string => `: ${SECRET}\ndata: {"id":${id},"ssn":"${SECRET}"}\n\n`;
const masked = (id: number): string => `data: {"id":${id}}\n\n`;
/** A thousand times as large as it is on its way, and valid. */
const BOMB = Buffer.from(`[{"ssn":"${SECRET}${" ".repeat(12_000_000)}"}]`);

let mesh: Mesh;
let next = 0;
beforeAll(async () => {
	mesh = await startMesh({ template: "authz-and-fields-streaming", change: patient });
}, 60_000);
afterAll(() => closeAndCount("codings", mesh), 30_000);
beforeEach(() => mesh.reset());

function newPath(decision: Parameters<Mesh["decide"]>[1]): string {
	const path = `/c/${next++}`;
	mesh.decide(path, decision);
	return path;
}

const chunk = (bytes: Buffer): Buffer =>
	Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
const HEAD = "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n";

const KINDS = [
	["gzip", createGzip, gzipSync],
	["deflate", createDeflate, deflateSync],
	["br", createBrotliCompress, brotliCompressSync],
	["zstd", createZstdCompress, zstdCompressSync],
] as const;

describe.each(KINDS)("%s", (coding, create, encode) => {
	const coded = ["content-encoding", coding] as const;

	/** The first event coded as far as it goes; what follows it when the caller has seen it. */
	function begin(rest: (socket: Socket, coder: ReturnType<typeof create>) => void) {
		const path = newPath(FLOWING);
		let goOn = (): void => {};
		const seen = new Promise<void>((resolve) => {
			goOn = resolve;
		});
		mesh.upstream.reply(path, async (socket) => {
			const coder = create();
			coder.on("error", () => {});
			coder.on("data", (bytes: Buffer) => socket.write(chunk(bytes)));
			coder.on("end", () => socket.write("0\r\n\r\n"));
			socket.write(`${HEAD}content-type: ${EVENTS}\r\ncontent-encoding: ${coding}\r\n\r\n`);
			coder.write(event(1));
			coder.flush();
			await seen;
			rest(socket, coder);
		});
		let text = "";
		return (by: "get" | "get2") =>
			mesh[by](path, {
				onPiece: (piece) => {
					text += piece.toString();
					if (text.includes("}\n\n")) goOn();
					return undefined;
				},
			});
	}

	test.each(["get", "get2"] as const)(
		"flows: an event is there before the next one is made (%s)",
		async (by) => {
			const answer = await begin((_socket, coder) => coder.end(event(2)))(by);
			expect(answer).toMatchObject({ status: 200, body: masked(1) + masked(2), complete: true, leaked: 0 });
			expect(header(answer, "content-encoding")).toBeUndefined();
		},
	);

	test.each(["get", "get2"] as const)("that grows without measure is cut where it flows (%s)", async (by) => {
		const answer = await begin((_socket, coder) => coder.end(`data: ${BOMB}\n\n`))(by);
		expect(answer).toMatchObject({ status: 200, complete: false, leaked: 0 });
		expect(answer.body.length).toBeLessThan(100);
		await until(() => mesh.releases().length > 1);
		expect(mesh.releases()).toMatchObject([
			{ outcome: "flowing" },
			{ outcome: "cut", reason: "body_too_large" },
		]);
	});

	test("that ends in the middle of it is cut where it flows", async () => {
		const answer = await begin((socket) => socket.write("0\r\n\r\n"))("get2");
		expect(answer).toMatchObject({ status: 200, body: masked(1), complete: false, leaked: 0 });
		await until(() => mesh.releases().length > 1);
		expect(mesh.releases()[1]).toMatchObject({ outcome: "cut", reason: "body_malformed" });
	});

	test("is masked, and refused where it grows without measure or is false, where it is held back", async () => {
		const plain = Buffer.from(`[{"id":1,"ssn":"${SECRET}"}]`);
		for (const [body, status, reason] of [
			[encode(plain), 200, undefined],
			[encode(BOMB), 502, "body_too_large"],
			[encode(plain).subarray(0, -3), 502, "body_malformed"],
			[plain, 502, "body_malformed"],
		] as const)
			for (const by of ["get", "get2"] as const) {
				const path = newPath(HELD);
				mesh.upstream.reply(path, whole({ body, headers: [["content-type", "application/json"], coded] }));
				expect(await mesh[by](path)).toMatchObject({ status, complete: true, leaked: 0 });
				expect(mesh.releases().at(-1)?.reason).toBe(reason);
			}
	});
});
