import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { startTransport } from "../../src/envoy/transport/server.ts";
import type { Transport } from "../../src/envoy/transport/types.ts";
import { type BytesClient, connectBytes } from "../support/grpc-bytes.ts";
import { memoryLog, memoryMetrics } from "../support/quiet.ts";
import { TRANSPORTS } from "../support/transports.ts";

const OPTIONS = {
	addresses: ["127.0.0.1:0"],
	socketMode: 0o660,
	maxMessageBytes: 1 << 20,
	maxConcurrentStreams: 1000,
	maxConnectionAgeMs: 300_000,
	maxConnectionAgeGraceMs: 30_000,
	maxConnectionIdleMs: 300_000,
	keepaliveMs: 60_000,
	keepaliveTimeoutMs: 20_000,
	maxInFlight: 1000,
};

let transport: Transport | undefined;
let client: BytesClient | undefined;
afterEach(async () => {
	client?.close();
	await transport?.drain(0);
});

/** Time stands still but for what each Check costs: what a busy process would see, without being one. */
describe.each(TRANSPORTS)("behind more work than there is time for, over %s", (kind) => {
	test("calls that would be answered too late are refused at once, the others and the next ones are answered", async () => {
		let busy = 0;
		let evaluated = 0;
		const monotonic = (): number => performance.now() + busy;
		const { metrics, counted } = memoryMetrics();
		transport = await startTransport(
			{ ...OPTIONS, transport: kind },
			{
				check: () => {
					evaluated++;
					// Each costs a tenth of a caller's patience.
					busy += 1000;
					return Buffer.from("answer");
				},
				deny: (reason) => Buffer.from(reason),
				clock: { now: () => Date.now(), monotonic },
				log: memoryLog(),
				metrics,
			},
		);
		client = connectBytes(transport.addresses[0] ?? "");
		expect(String(await client.check(Buffer.alloc(1)))).toBe("answer");
		await wait(50);
		evaluated = 0;
		const answers = await Promise.all(
			Array.from({ length: 40 }, () => client?.check(Buffer.alloc(1), 10_000).then(String)),
		);
		const answered = answers.filter((each) => each === "answer").length;
		expect(answers.filter((each) => each === "overload")).toHaveLength(40 - answered);
		expect(answered).toBe(evaluated);
		expect(answered).toBeGreaterThan(0);
		expect(answered).toBeLessThan(40);
		expect(counted.filter(({ labels }) => labels["limit"] === "check_deadline")).toHaveLength(40 - answered);
		await wait(50);
		expect(String(await client.check(Buffer.alloc(1), 10_000))).toBe("answer");
	});
});
