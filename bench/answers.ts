import { Agent, get } from "node:http";
import process from "node:process";
import { createCertificates } from "../test/support/envoy/certificates.ts";
import { startEnvoy } from "../test/support/envoy/envoy-process.ts";
import { startPosternProcess } from "../test/support/envoy/postern-process.ts";
import { startUpstream, whole } from "../test/support/envoy/upstream.ts";
import type { BenchLine } from "./types.ts";

const SIZES = [
	["2 KB", 2_048],
	["100 KB", 102_400],
] as const;
const CALLS = 1_500;
const WARM = 500;
const ROUNDS = 3;
const IN_FLIGHT = 4;
/** On a busy machine a call may meet a time limit; of more than these nothing is said. */
const MOST_FAILED = CALLS / 100;

const POLICY = `package envoy.authz

allow := {"allowed": true} if startswith(input.attributes.request.http.path, "/whole")

allow := {"allowed": true, "response": {"release": ["$[*].id", "$[*].name"], "mask": [{"select": "$[*].email", "as": "redact"}]}} if {
	startswith(input.attributes.request.http.path, "/masked")
}
`;

function body(size: number): string {
	const items: object[] = [];
	for (let at = 0; JSON.stringify(items).length < size; at += 1 + Math.floor(items.length / 20))
		for (let k = 0; k <= Math.floor(items.length / 20); k++)
			items.push({ id: at, name: `Example${at}`, email: `user${at}@example.com`, ssn: "078-05-1120" });
	return JSON.stringify(items);
}

/** CPU of Postern and of Envoy for one answer, released whole (ext_proc is left out) and under a directive. */
export async function answersBench(): Promise<readonly BenchLine[]> {
	if (process.platform !== "linux") return [];
	const upstream = await startUpstream();
	for (const [name, size] of SIZES)
		for (const kind of ["whole", "masked"])
			upstream.reply(`/${kind}/${name.replace(" ", "")}`, whole({ body: body(size) }));
	const postern = await startPosternProcess(POLICY, { drainSeconds: 0 });
	const certificates = await createCertificates();
	const common = { postern: postern.address, upstream: upstream.address, certificates };
	const buffered = await startEnvoy(common);
	const streaming = await startEnvoy({ ...common, template: "authz-and-fields-streaming" });
	const lines: BenchLine[] = [];
	try {
		for (const [name] of SIZES) {
			const path = name.replace(" ", "");
			const ways = [
				[`${name}, released whole`, buffered, `/whole/${path}`],
				[`${name}, under a directive`, buffered, `/masked/${path}`],
				[`${name}, under a directive, requests shown too`, streaming, `/masked/${path}`],
			] as const;
			const best = ways.map(() => [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
			for (const [, envoy, to] of ways) await load(envoy.port, to, WARM);
			for (let round = 0; round < ROUNDS; round++)
				for (const [at, [, envoy, to]] of ways.entries()) {
					const before = [postern.cpu(), envoy.cpu()];
					const failed = await load(envoy.port, to, CALLS);
					if (failed > MOST_FAILED) throw new Error(`${to}: ${failed} of ${CALLS} calls failed`);
					[postern.cpu(), envoy.cpu()].forEach((after, i) => {
						const cost = ((after - before[i]!) * 1000) / CALLS;
						best[at]![i] = Math.min(best[at]![i]!, cost);
					});
				}
			for (const [at, [what]] of ways.entries())
				for (const [i, who] of ["Postern", "Envoy"].entries()) {
					const value = best[at]![i]!;
					const ratio = at === 0 ? {} : { ratio: value / best[0]![i]! };
					lines.push({ name: `${who}, ${what}`, value, unit: "µs", ...ratio });
				}
		}
	} finally {
		postern.kill("SIGKILL");
		await Promise.all([buffered.stop(), streaming.stop()]);
		await upstream.close();
	}
	return lines;
}

/** Makes the calls; answers how many of them were not 200. */
async function load(port: number, path: string, calls: number): Promise<number> {
	const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
	let left = calls;
	let failed = 0;
	const worker = async (): Promise<void> => {
		while (left-- > 0) if ((await call(agent, port, path)) !== 200) failed++;
	};
	await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
	agent.destroy();
	return failed;
}

function call(agent: Agent, port: number, path: string): Promise<number> {
	return new Promise((resolve, reject) => {
		const request = get({ agent, host: "127.0.0.1", port, path }, (response) => {
			response.on("end", () => resolve(response.statusCode ?? 0));
			response.resume();
		});
		request.on("error", reject);
	});
}
