import { setTimeout as pause } from "node:timers/promises";
import { createProcess } from "../../src/envoy/ext-proc/session.ts";
import { type Certificates, createCertificates } from "../support/envoy/certificates.ts";
import { type ClientAnswer, callHttp1, callHttp2 } from "../support/envoy/client.ts";
import {
	type EnvoyConfig,
	type EnvoyProcess,
	extProcOf,
	startEnvoy,
} from "../support/envoy/envoy-process.ts";
import { type Mesh, type ProcessCall, startMesh, withHttp2Upstream } from "../support/envoy/mesh.ts";
import { startPosternProcess } from "../support/envoy/postern-process.ts";
import { startUpstream, type Upstream } from "../support/envoy/upstream.ts";
import { processDeps } from "../support/process-deps.ts";
import { until } from "../support/until.ts";
import { answerWithFault, directiveFor, MASKED } from "./answer.ts";
import { type Cell, concernsProcess, type Failure, type Mode, type Outcome, type Protocol } from "./cells.ts";

/** What one cell gave. */
export interface Seen {
	readonly outcome: Outcome;
	/** Unmasked marks at the client. */
	readonly unmasked: number;
}

export interface Stage {
	run(cell: Cell): Promise<Seen>;
	/** The same failure where Envoy fails open. */
	runFailingOpen(cell: Cell): Promise<Seen>;
	close(): Promise<void>;
}

const TEMPLATES: Readonly<Record<Mode, string>> = {
	BUFFERED: "authz-and-fields",
	"HELD BACK": "authz-and-fields-streaming",
	"HELD BACK, FITS": "authz-and-fields-streaming",
	STREAMED: "authz-and-fields-streaming",
};
const OPEN = "failsOpen";
const PATIENCE_MS = 8000;
/** Longer than the time that the shipped configurations give for one message. */
const LATE_MS = 1600;
const POLICY = `package envoy.authz

allow := {"allowed": true, "response": ${JSON.stringify(directiveFor("HELD BACK"))}} if input.parsed_path[1] == "held"

allow := {"allowed": true, "response": ${JSON.stringify(directiveFor("STREAMED"))}} if input.parsed_path[1] != "held"
`;

function failOpen(manager: EnvoyConfig): void {
	extProcOf(manager).failure_mode_allow = true;
}

/** Starts what cells need when the first of them needs it. */
export function createStage(): Stage {
	const meshes = new Map<string, Promise<Mesh>>();
	let real: Promise<Real> | undefined;
	let path = 0;

	function meshFor({ mode, protocol }: Pick<Cell, "mode" | "protocol">): Promise<Mesh> {
		const key = `${TEMPLATES[mode]} ${protocol}`;
		let mesh = meshes.get(key);
		if (mesh === undefined) {
			mesh = startMesh({
				template: TEMPLATES[mode],
				upstreamHttp2: protocol === "HTTP/2",
				variants: { [OPEN]: failOpen },
			});
			meshes.set(key, mesh);
			// What did not start is tried again by the next cell.
			mesh.catch(() => meshes.delete(key));
		}
		return mesh;
	}

	async function run(cell: Cell, via?: string): Promise<Seen> {
		const to = `/m/${cell.mode === "HELD BACK" ? "held" : "any"}/${path++}`;
		if (!concernsProcess(cell)) return judge(await runScripted(await meshFor(cell), cell, to, via));
		real ??= startReal();
		return judge(await (await real).run(cell, to, via));
	}

	return {
		run: (cell) => run(cell),
		runFailingOpen: (cell) => run(cell, OPEN),
		async close() {
			await Promise.all([...meshes.values()].map(async (mesh) => (await mesh).close()));
			await (await real)?.close();
		},
	};
}

function judge(answer: ClientAnswer): Seen {
	const unmasked = answer.leaked;
	const outcome = ((): Outcome => {
		if (unmasked > 0) return { kind: "unmasked" };
		if (!answer.complete) return { kind: "cut" };
		return answer.body === MASKED ? { kind: "masked" } : { kind: "refused", status: answer.status };
	})();
	return { outcome, unmasked };
}

/** A processor that masks as Postern does until the fault, and then does what its script says. */
async function runScripted(
	mesh: Mesh,
	cell: Cell,
	path: string,
	via: string | undefined,
): Promise<ClientAnswer> {
	const service = createProcess(processDeps().deps);
	const open = new Set<ProcessCall>();
	let faulty = false;
	mesh.processBy((call) => {
		const stream = service.open();
		open.add(call);
		call.on("error", () => {});
		call.on("data", async (bytes: Buffer) => {
			const step = await stream.receive(bytes);
			if (faulty) misbehave(cell.failure, call, step.kind === "answer" ? step.message : Buffer.alloc(0));
			else if (step.kind === "answer") call.write(step.message);
		});
	});
	mesh.decide(path, { allowed: true, response: directiveFor(cell.mode) });
	answerWithFault(mesh.upstream, path, cell, async () => {
		faulty = true;
		for (const call of open) misbehaveAtOnce(cell.failure, call);
	});
	const by = cell.protocol === "HTTP/2" ? callHttp2 : callHttp1;
	const port = via === undefined ? mesh.envoy.port : (mesh.envoy.variants[via] ?? 0);
	await mesh.settle();
	const answer = await by(port, { path, patience: PATIENCE_MS });
	mesh.reset();
	return answer;
}

/** What needs no message to go wrong. */
function misbehaveAtOnce(failure: Failure, call: ProcessCall): void {
	if (failure === "ends with OK") call.end();
	else if (failure === "ends with an error") call.emit("error", { code: 13, details: "scripted" });
}

function misbehave(failure: Failure, call: ProcessCall, answer: Buffer): void {
	switch (failure) {
		case "slow past the timeout":
			setTimeout(() => call.write(answer), LATE_MS);
			return;
		case "malformed answer":
			call.write(Buffer.from("ffff", "hex"));
			return;
		default:
			misbehaveAtOnce(failure, call);
	}
}

interface Real {
	run(cell: Cell, path: string, via: string | undefined): Promise<ClientAnswer>;
	close(): Promise<void>;
}

/** Postern as operators run it, behind an Envoy per mode and protocol. */
async function startReal(): Promise<Real> {
	const certificates: Certificates = await createCertificates();
	const upstream: Upstream = await startUpstream();
	const options = { drainSeconds: 0, mortal: true } as const;
	let postern = await startPosternProcess(POLICY, options);
	const envoys = new Map<string, Promise<EnvoyProcess>>();

	function envoyFor(mode: Mode, protocol: Protocol): Promise<EnvoyProcess> {
		const key = `${TEMPLATES[mode]} ${protocol}`;
		let envoy = envoys.get(key);
		if (envoy === undefined) {
			const http2 = protocol === "HTTP/2";
			envoy = startEnvoy({
				template: TEMPLATES[mode],
				postern: postern.address,
				upstream: http2 ? upstream.http2Address : upstream.address,
				certificates,
				variants: { [OPEN]: failOpen },
				change: (config) => {
					if (http2) withHttp2Upstream(config);
				},
			});
			envoys.set(key, envoy);
			envoy.catch(() => envoys.delete(key));
		}
		return envoy;
	}

	async function fault(failure: Failure): Promise<void> {
		switch (failure) {
			case "killed":
				postern.kill("SIGKILL");
				await postern.ended;
				return;
			case "told to stop":
				// It gives nobody time to finish; with time, what is under way is masked to its end (drain.test.ts).
				postern.kill("SIGTERM");
				await postern.ended;
				return;
			case "out of memory":
				postern.exhaustMemory();
				await postern.ended;
				return;
			case "paused":
				postern.kill("SIGSTOP");
				return;
			default:
				throw new Error(`${failure} is for a script`);
		}
	}

	/** Brings Postern back, and waits until Envoy has found it. */
	async function repair(failure: Failure, call: () => Promise<ClientAnswer>): Promise<void> {
		if (failure === "paused") postern.kill("SIGCONT");
		else postern = await startPosternProcess(POLICY, { ...options, folder: postern.folder });
		await until(async () => (await call()).body === MASKED);
	}

	return {
		async run({ failure, moment, mode, protocol }, path, via) {
			const envoy = await envoyFor(mode, protocol);
			const port = via === undefined ? envoy.port : (envoy.variants[via] ?? 0);
			const by = protocol === "HTTP/2" ? callHttp2 : callHttp1;
			const good = `${path}/good`;
			answerWithFault(upstream, good, { moment: "before headers", mode }, async () => {});
			const masked = () => by(port, { path: good, patience: PATIENCE_MS });
			await until(async () => (await masked()).body === MASKED);
			const down = failure === "down at start";
			if (down) {
				postern.kill("SIGKILL");
				await postern.ended;
			}
			answerWithFault(upstream, path, { moment, mode }, () => (down ? Promise.resolve() : fault(failure)));
			const answer = await by(port, { path, patience: PATIENCE_MS });
			await repair(failure, masked);
			return answer;
		},
		async close() {
			postern.kill("SIGKILL");
			for (const envoy of envoys.values()) await (await envoy).stop();
			await upstream.close();
			await pause(0);
		},
	};
}
