import { get, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createCertificates } from "../support/envoy/certificates.ts";
import { SECRET } from "../support/envoy/client.ts";
import { type EnvoyProcess, extProcOf, startEnvoy } from "../support/envoy/envoy-process.ts";
import { startPosternProcess } from "../support/envoy/postern-process.ts";
import { startUpstream, type Upstream } from "../support/envoy/upstream.ts";
import { times } from "../support/test-size.ts";

const MB = 1 << 20;
const MOST_GROWTH = 64 * MB;
/** 1 GB in a full run. */
const SIZE = times(100 * MB, 1024 * MB);
const POLICY = `package envoy.authz

allow := {"allowed": true, "response": {"release": ["$[*].id", "$[*].name"], "stream": true}}
`;
const ITEM = `{"id":9007199254740993,"name":"${"Ada ".repeat(20)}","ssn":"${SECRET}","notes":["${SECRET}"]},`;
const PIECE = ITEM.repeat(600);

let upstream: Upstream;
let envoy: EnvoyProcess;
let postern: Awaited<ReturnType<typeof startPosternProcess>>;

beforeAll(async () => {
	upstream = await startUpstream();
	for (const [path, size] of [
		["/warm", 32 * MB],
		["/large", SIZE],
		["/slow", SIZE / 4],
	] as const)
		upstream.reply(path, (socket) => void sendLarge(socket, size));
	postern = await startPosternProcess(POLICY, { drainSeconds: 0 });
	envoy = await startEnvoy({
		template: "authz-and-fields-streaming",
		postern: postern.address,
		upstream: upstream.address,
		certificates: await createCertificates(),
		// It is memory that is measured: a busy machine may take longer than a second for a message.
		change: (config) => {
			for (const { filter_chains: chains } of config.static_resources.listeners)
				extProcOf(chains[0].filters[0].typed_config).message_timeout = "20s";
		},
	});
	// Idle is a process that has worked: code is compiled, the heap has found its size.
	await read("/warm");
	await pause(500);
}, 60_000);
afterAll(async () => {
	postern.kill("SIGKILL");
	await envoy.stop();
	await upstream.close();
}, 30_000);

/** An array of items of about `size` bytes, as fast as it is taken. */
async function sendLarge(socket: Socket, size: number): Promise<void> {
	const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
	socket.write("HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
	socket.write(chunk("["));
	for (let sent = 0; sent < size && !socket.destroyed; sent += PIECE.length)
		if (!socket.write(chunk(PIECE))) await new Promise((resolve) => socket.once("drain", resolve));
	socket.write(`${chunk('{"id":1}]')}0\r\n\r\n`);
}

/** Reads an answer to its end without keeping it. */
async function read(path: string, onPiece: (answer: IncomingMessage, read: number) => void = () => {}) {
	const answer = await new Promise<IncomingMessage>((resolve, reject) => {
		get({ host: "127.0.0.1", port: envoy.port, path, agent: false }, resolve).on("error", reject);
	});
	let bytes = 0;
	let leaked = 0;
	let tail = "";
	for await (const piece of answer) {
		const text = tail + (piece as Buffer).toString("latin1");
		leaked += text.split(SECRET).length - 1;
		tail = text.slice(-(SECRET.length - 1));
		bytes += (piece as Buffer).length;
		onPiece(answer, bytes);
	}
	return { status: answer.statusCode, complete: answer.complete, bytes, leaked, tail };
}

/** The largest resident set while `work` goes on, less what it was before. */
async function growth<Value>(work: () => Promise<Value>): Promise<{ value: Value; grown: number }> {
	const idle = postern.memory();
	let most = idle;
	const timer = setInterval(() => {
		most = Math.max(most, postern.memory());
	}, 20);
	try {
		const value = await work();
		return { value, grown: most - idle };
	} finally {
		clearInterval(timer);
	}
}

const masked = { status: 200, complete: true, leaked: 0 };

test(`${SIZE / MB} MB flow through Envoy and Postern, masked, with flat memory`, async () => {
	const start = Date.now();
	const { value, grown } = await growth(() => read("/large"));
	expect(value).toMatchObject(masked);
	expect(value.bytes).toBeGreaterThan(SIZE / 2);
	expect(value.tail.endsWith(',{"id":1}]')).toBe(true);
	const seconds = (Date.now() - start) / 1000;
	process.stdout.write(
		`memory: ${SIZE / MB} MB in ${seconds.toFixed(1)} s, resident set +${(grown / MB).toFixed(1)} MB\n`,
	);
	expect(grown).toBeLessThan(MOST_GROWTH);
}, 600_000);

test("a slow client slows the upstream down, and nothing piles up", async () => {
	let paused = 0;
	const { value, grown } = await growth(() =>
		read("/slow", (answer, bytes) => {
			if (bytes < (paused + 1) * 4 * MB || paused >= 4) return;
			paused++;
			answer.pause();
			void pause(400).then(() => answer.resume());
		}),
	);
	expect(value).toMatchObject(masked);
	expect(grown).toBeLessThan(MOST_GROWTH);
}, 600_000);
