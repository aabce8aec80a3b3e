import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { LaneLimits } from "../../src/envoy/transport/types.ts";
import { type BytesClient, connectBytes } from "../support/grpc-bytes.ts";
import type { Outcome } from "../support/lane/attacker.ts";
import { ATTACKS } from "../support/lane/attacks.ts";
import { times } from "../support/test-size.ts";

/** How long each attack lasts at least. */
const MILLISECONDS = times(300, 6000);
/** What an attack may add to the server's memory: its buffers, their garbage, and a heap that grew for both. */
const GROWTH_BYTES = 96 << 20;

interface Stats {
	readonly counts: Readonly<Record<string, number>>;
	readonly rss: number;
	readonly inFlight: number;
}

/** Tighter than the defaults: short attacks meet them, and heavy use of good will must not. */
const TIGHT = { maxResetsPerSecond: 20, maxControlFramesPerSecond: 100, maxConnections: 50 };

let server: ChildProcess;
let attacker: ChildProcess;
let address = "";
let client: BytesClient;

async function reply<V>(child: ChildProcess, ask?: object): Promise<V> {
	const answer = once(child, "message");
	if (ask !== undefined) child.send(ask);
	return (await answer)[0] as V;
}

function startChild(file: string, ...argv: string[]): ChildProcess {
	const execArgv = ["--disable-warning=ExperimentalWarning"];
	return fork(join(import.meta.dirname, "../support/lane", file), argv, { execArgv });
}

async function startServer(limits: Partial<LaneLimits>): Promise<void> {
	server = startChild("lane-server.ts", JSON.stringify(limits));
	({ address } = await reply<{ address: string }>(server));
	client = connectBytes(address);
	for (let call = 0; call < 500; call++) await client.check(Buffer.from("warm"));
}

function stopServer(): void {
	client?.close();
	server?.disconnect();
}

const stats = (): Promise<Stats> => reply(server, {});

/** Calls one after the other until `over`; how long each took, in milliseconds, shortest first. */
async function callUntil(over: (calls: number) => Promise<boolean>): Promise<number[]> {
	const times: number[] = [];
	for (let number = 0; !(await over(number)); number++) {
		const began = performance.now();
		// Patient, for what is refused as late is no answer, and the machine may be busy.
		const answer = String(await client.check(Buffer.from(`call ${number}`), 60_000));
		times.push(performance.now() - began);
		if (answer !== `call ${number}`) throw new Error(`call ${number} was answered with ${answer}`);
	}
	return times.sort((left, right) => left - right);
}

describe("under attack", () => {
	beforeAll(async () => {
		attacker = startChild("attacker.ts");
		await Promise.all([reply(attacker), startServer({ ...TIGHT, maxBufferedBytes: 4 << 20, stallMs: 400 })]);
	}, 60_000);
	afterAll(() => {
		stopServer();
		attacker?.disconnect();
	});

	describe.each(Object.entries(ATTACKS))("beside a peer that sends %s", (name, { meets }) => {
		test(
			"calls are answered, in time and in bounded memory",
			async () => {
				const before = await stats();
				const met = ({ counts }: Stats): boolean => (counts[meets] ?? 0) > (before.counts[meets] ?? 0);
				const until = performance.now() + MILLISECONDS;
				const attack = reply<Outcome>(attacker, { address, name });
				// However slow the machine: until the attack has met its limit, and calls enough have been made beside it.
				const times = await callUntil(
					async (calls) => calls >= 20 && performance.now() > until && met(await stats()),
				);
				const after = await stats();
				attacker.send({});
				expect((await attack).octets).toBeGreaterThan(0);
				// A machine that is busy with three processes takes its time; a starved server would not answer at all.
				expect(times[Math.floor(times.length / 2)]).toBeLessThan(200);
				expect(times.at(-1)).toBeLessThan(4000);
				expect(after.rss - before.rss).toBeLessThan(GROWTH_BYTES);
				expect(after.counts["error"] ?? 0).toBe(0);
			},
			times(30_000, 600_000),
		);
	});

	test("nothing of all that is left", async () => {
		for (let wait = 0; wait < 100 && (await stats()).inFlight > 0; wait++)
			await new Promise((resolve) => setTimeout(resolve, 50));
		expect((await stats()).inFlight).toBe(0);
		expect((await client.check(Buffer.from("well"))).toString()).toBe("well");
	});
});

describe("heavy use of good will meets no limit", () => {
	beforeAll(() => startServer(TIGHT), 60_000);
	afterAll(stopServer);

	const refusals = async (): Promise<number> =>
		Object.entries((await stats()).counts)
			.filter(([name]) => !name.startsWith("error"))
			.reduce((sum, [, count]) => sum + count, 0);

	test("thousands of exchanges that the peer resets once it has its answer, as Envoy does", async () => {
		const before = await refusals();
		for (let batch = 0; batch < 24; batch++) {
			await Promise.all(
				Array.from({ length: 50 }, async () => {
					const call = client.process();
					call.send(Buffer.from("ask"));
					expect(String(await call.next())).toBe("ask");
					call.cancel();
				}),
			);
		}
		expect(await refusals()).toBe(before);
	}, 60_000);

	test("answers of a megabyte through windows of 64 KB", async () => {
		const before = await refusals();
		const large = Buffer.alloc(1_000_000, "x");
		for (let batch = 0; batch < 20; batch++) {
			const answers = await Promise.all(Array.from({ length: 4 }, () => client.check(large)));
			for (const answer of answers) expect(answer.length).toBe(large.length);
		}
		expect(await refusals()).toBe(before);
	}, 60_000);
});
