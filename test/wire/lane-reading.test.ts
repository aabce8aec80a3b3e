import { connect, createServer, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { ProcessStream } from "../../src/envoy/ext-proc/process-stream.ts";
import { readInto } from "../../src/envoy/transport/lane/read-into.ts";
import { pause } from "../../src/envoy/transport/pause.ts";
import { F } from "../support/lane/frames.ts";
import { type LaneFixture, startLaneFixture } from "../support/lane/lane-fixture.ts";
import { check, data, grpcFields, grpcMessage, headers, PROCESS } from "../support/lane/raw-peer.ts";

/** All plain connections read into the same bytes: what is kept of them must be a copy. */

const INITIAL_WINDOW = 4;

let lane: LaneFixture | undefined;
afterEach(async () => {
	await lane?.stop();
	lane = undefined;
});

describe("what is kept of the bytes that were read", () => {
	test("messages of a stream stay as they came, however many follow", async () => {
		const kept: Buffer[] = [];
		lane = await startLaneFixture({
			process: {
				open: (): ProcessStream => ({
					receive(message) {
						kept.push(message as Buffer);
						return { kind: "answer", message: Buffer.from(String(kept.length)) };
					},
					mayEnd: () => true,
					abandon: () => {},
				}),
			},
		});
		const peer = await lane.connect();
		peer.send(headers(1, grpcFields(PROCESS)));
		const sent = Array.from({ length: 20 }, (_, at) => `message ${at} `.repeat(at % 3 === 0 ? 3000 : 10));
		for (const [at, text] of sent.entries()) {
			const message = grpcMessage(text);
			for (let from = 0; from < message.length; from += 16_000)
				peer.send(data(1, message.subarray(from, from + 16_000)));
			await peer.until(() => kept.length === at + 1);
		}
		expect(kept.map(String)).toEqual(sent);
	});

	test("a Check in several frames, beside calls on another connection", async () => {
		lane = await startLaneFixture();
		const [one, other] = [await lane.connect(), await lane.connect()];
		const message = grpcMessage("a".repeat(5000));
		one.send(headers(1), data(1, message.subarray(0, 1234)));
		await pause(50);
		other.send(check(1, "b".repeat(5000)));
		expect(await other.answer(1)).toBe("b".repeat(5000));
		one.send(data(1, message.subarray(1234, 3000)));
		await pause(50);
		other.send(check(3, "c".repeat(5000)));
		expect(await other.answer(3)).toBe("c".repeat(5000));
		one.send(data(1, message.subarray(3000), F.END_STREAM));
		expect(await one.answer(1)).toBe("a".repeat(5000));
	});

	test("a Check whose stream ends later, beside calls on another connection", async () => {
		lane = await startLaneFixture();
		const [one, other] = [await lane.connect(), await lane.connect()];
		one.send(headers(1), data(1, grpcMessage("a".repeat(1000))));
		await pause(50);
		other.send(check(1, "b".repeat(5000)));
		expect(await other.answer(1)).toBe("b".repeat(5000));
		one.send(data(1, Buffer.alloc(0), F.END_STREAM));
		expect(await one.answer(1)).toBe("a".repeat(1000));
	});

	test("frames that wait until the peer reads again, beside calls on another connection", async () => {
		const large = 15_000;
		lane = await startLaneFixture({
			check: (request) => Buffer.alloc(request[0] === 0x3c ? large : 10, request),
		});
		const one = await lane.connect({ settings: [[INITIAL_WINDOW, 0x7fffffff]] });
		one.send(Buffer.from("000004080000000000" + "7fff0000", "hex"));
		one.socket.pause();
		const streams = Array.from({ length: 2000 }, (_, at) => 2 * at + 1);
		one.send(...streams.map((stream) => check(stream, `<${stream}>`)));
		await pause(300);
		const other = await lane.connect();
		// Enough at once to fill what is read into.
		const many = [1, 3, 5, 7, 9];
		other.send(Buffer.concat(many.map((stream) => check(stream, "x".repeat(15_000)))));
		for (const stream of many) expect(await other.answer(stream)).toBe("x".repeat(10));
		one.socket.resume();
		for (const stream of streams)
			expect(await one.answer(stream)).toBe(Buffer.alloc(large, `<${stream}>`).toString());
	});
});

describe("a socket that reads into bytes of ours", () => {
	/** Both ends, and what came. */
	async function pair() {
		const came: string[] = [];
		const buffer = Buffer.alloc(65_536);
		const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
		const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const { port } = server.address() as { readonly port: number };
		const client = connect(port, "127.0.0.1");
		const theirs = await accepted;
		const ours = readInto(theirs, buffer, (bytes) => came.push(bytes.toString()));
		const ended = new Promise<void>((resolve) => ours.once("end", resolve));
		return { server, client, ours, theirs, came, ended };
	}
	const until = async (done: () => boolean): Promise<void> => {
		while (!done()) await pause(5);
	};

	test("gives what comes, pauses and goes on, sees the end, and the server sees it closed", async () => {
		const { server, client, ours, theirs, came, ended } = await pair();
		expect(ours).not.toBe(theirs);
		client.write("one");
		await until(() => came.join("") === "one");
		ours.pause();
		client.write("two");
		await pause(100);
		expect(came.join("")).toBe("one");
		ours.resume();
		await until(() => came.join("") === "onetwo");
		client.end("three");
		await ended;
		expect(came.join("")).toBe("onetwothree");
		const answer = new Promise<string>((resolve) => client.once("data", (bytes) => resolve(String(bytes))));
		ours.end("bye");
		expect(await answer).toBe("bye");
		await new Promise((resolve) => server.close(resolve));
	});

	test("and is read as usual where Node has no such handle", async () => {
		const came: string[] = [];
		// As if a release of Node kept it somewhere else.
		const stream = new PassThrough().pause();
		const ours = readInto(stream as unknown as Socket, Buffer.alloc(10), (bytes) => came.push(String(bytes)));
		expect(ours).toBe(stream);
		stream.write("more than ten octets");
		await until(() => came.join("") === "more than ten octets");
	});
});
