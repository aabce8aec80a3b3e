import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { SECRET } from "../support/envoy/client.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { answerBytes, whole } from "../support/envoy/upstream.ts";
import { TRANSPORTS } from "../support/transports.ts";

const BODY = `{"id":7,"ssn":"${SECRET}"}`;
const MASKED = '{"id":7}';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let mesh: Mesh;

describe.each(TRANSPORTS)("over %s", (transport) => {
	beforeAll(async () => {
		mesh = await startMesh({ transport });
		mesh.upstream.reply("/fast", whole({ body: BODY }));
		// Headers at once, the body in two halves with a pause before the second.
		mesh.upstream.reply("/slow", (socket) => {
			const bytes = answerBytes({ body: BODY });
			const half = bytes.length - 10;
			socket.write(bytes.subarray(0, half));
			setTimeout(() => socket.write(bytes.subarray(half)), 600);
		});
		for (const path of ["/fast", "/slow"])
			mesh.decide(path, { allowed: true, response: { release: ["$.id"] } });
	}, 30_000);
	afterAll(() => closeAndCount(`drain over ${transport}`, mesh), 30_000);
	afterEach(() => mesh.reset());

	test.each(["get", "get2"] as const)(
		"a body under way when the drain begins is finished, masked (%s)",
		async (by) => {
			const transport = await mesh.startTransport();
			const answer = mesh[by]("/slow");
			await pause(200);
			expect(transport.inFlight()).toBe(1);
			const [seen] = await Promise.all([answer, transport.drain(5000)]);
			expect(seen).toMatchObject({ status: 200, body: MASKED, complete: true });
			expect(transport.inFlight()).toBe(0);
		},
	);

	test.each(["get", "get2"] as const)(
		"a body still under way at the deadline ends as an error, unmasked in no byte (%s)",
		async (by) => {
			const transport = await mesh.startTransport();
			const answer = mesh[by]("/slow");
			await pause(200);
			const [seen] = await Promise.all([answer, transport.drain(100)]);
			expect(seen).toMatchObject({ status: 502, complete: true });
			expect(seen.ms).toBeLessThan(590);
		},
	);

	test("restarts under load: every answer is masked or a whole refusal", async () => {
		let running = true;
		const outcomes = new Map<string, number>();
		const load = Array.from({ length: 8 }, async (_, at) => {
			while (running) {
				const { status, body, complete } = await mesh[at % 2 === 0 ? "get" : "get2"]("/fast");
				const outcome = status === 200 ? `200 ${body} ${complete}` : `${status} ${complete}`;
				outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
			}
		});
		for (let round = 0; round < 4; round++) {
			const transport = await mesh.startTransport();
			await pause(250);
			await transport.drain(round % 2 === 0 ? 1000 : 0);
		}
		await mesh.startTransport();
		await pause(300);
		running = false;
		await Promise.all(load);
		const kinds = [...outcomes.keys()];
		expect(kinds).toContain(`200 ${MASKED} true`);
		for (const kind of kinds) expect(kind).toMatch(/^(?:200 \{"id":7\} true|50[234] true)$/);
	}, 20_000);
});
