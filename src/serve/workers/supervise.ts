import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import type { AdminServer } from "../../admin/http.ts";
import { openStreamSink } from "../../audit/sink.ts";
import { FIXED_LIMITS } from "../../config/limits.ts";
import type { Config } from "../../config/types.ts";
import { systemClock } from "../../lib/clock.ts";
import { releaseStartGarbage } from "../../lib/start-garbage.ts";
import { createPoison, type Poisoned } from "../../policy/poison.ts";
import { createLogger } from "../../telemetry/logger.ts";
import { createMetrics } from "../../telemetry/metrics.ts";
import { openAdminPort } from "../admin-port.ts";
import type { App } from "../app.ts";
import { createTlsPorts } from "../tls/ports.ts";
import { mergeExpositions, retire } from "./merge-metrics.ts";
import type { ToWorker } from "./messages.ts";
import { oneAtATime } from "./relay-lines.ts";
import { rollPolicy } from "./roll-policy.ts";
import { createSlot, type Slot } from "./slot.ts";
import { createSpare } from "./spare.ts";
import { startWorkerProcess } from "./worker-process.ts";

/** How long workers may take to end beyond the drain and the audit sink's time. */
const END_GRACE_MS = 1_000;
/** A suspicion of which nobody hears more is over after so many times of what an event loop may stand still. */
const SUSPICION_HANGS = 10;

/**
 * `serve.workers` processes, each on endpoints of its own, and this one, which takes no calls: it watches them, replaces
 * those that hang or end, hands the same bundle to all, and speaks for them on the admin port.
 */
export function superviseWorkers(
	config: Config,
	{ version }: { readonly version: string },
): Pick<App, "start" | "stop" | "force" | "missing"> {
	const clock = systemClock;
	const log = createLogger({ level: config.log.level });
	const registry = createMetrics({ processMetrics: true });
	const { metrics } = registry;
	metrics.buildInfo.set(1, { version, node: process.versions.node });
	const poison = createPoison(clock);
	const writeAudit = oneAtATime(streamWriter(1));
	const writeLog = oneAtATime(streamWriter(2));
	const tls = createTlsPorts({ ...config, serve: { ...config.serve, grpc: [] } }, { clock, log, metrics });
	let level = config.log.level;
	let admin: AdminServer | undefined;
	let stopping: Promise<void> | undefined;
	/** All workers have been ready at one time. */
	let complete = false;

	// The workers, the spare and this process.
	const processes = config.serve.workers + 2;
	const spare = createSpare(() => startWorkerProcess({ processes, writeAudit, writeLog }));
	const slots: readonly Slot[] = Array.from({ length: config.serve.workers }, (_, index) => {
		const slot: Slot = createSlot(index + 1, {
			config,
			version,
			clock,
			log,
			takeProcess: spare.take,
			poisoned: poison.list,
			onPoison: (poisoned, cause) => spread(slot, poisoned, cause),
			onSuspicion: (poisoned, holds) => suspect(slot, poisoned, holds),
			onRestart: (cause) => metrics.workerRestarts.inc({ cause }),
			onReachable: () => void policy.bring(slot),
			onStarted: spare.prepare,
			logLevel: () => level,
		});
		return slot;
	});
	const policy = rollPolicy({ slots, config, clock, log });

	function tellOthers(from: Slot, message: ToWorker): void {
		for (const slot of slots) if (slot !== from) slot.tell(message);
	}

	/** All others refuse it too, those that start later as well. */
	function spread(from: Slot, poisoned: Poisoned, cause: "hang" | "trap"): void {
		const { digest, length } = poisoned;
		tellOthers(from, { type: "poison", poisoned });
		poison.add(poisoned);
		metrics.poisoned.inc({ cause });
		log.error({ worker: from.number, cause, digest, input_bytes: length }, "an input is refused from now on");
	}

	/** What one is still busy with is not begun by another until it is known what comes of it. */
	function suspect(from: Slot, { digest, length }: Poisoned, holds: boolean): void {
		const known = poison.list().some((each) => each.digest === digest);
		if (known) return;
		const ms = SUSPICION_HANGS * config.serve.hang_milliseconds;
		tellOthers(
			from,
			holds ? { type: "poison", poisoned: { digest, length, ms } } : { type: "forgive", digest },
		);
	}

	/**
	 * Ready once all workers have been, and then while one is: Envoy leaves out an endpoint that is not, but whoever asks
	 * here would leave out all of them, and so take the healthy ones away too.
	 */
	function missing(): readonly string[] {
		if (stopping !== undefined) return ["draining: the process is on its way out"];
		const { active, lastError } = policy.state();
		if (active === undefined) {
			return [
				`no policy is active${lastError === undefined ? "" : `: ${lastError.message} (${lastError.code})`}`,
			];
		}
		const waiting = slots.filter((slot) => !slot.serving() || slot.missing().length > 0);
		complete ||= waiting.length === 0;
		if (complete && waiting.length < slots.length) return [];
		return waiting.flatMap((slot) => slot.missing().map((line) => `worker ${slot.number}: ${line}`));
	}

	async function render(): Promise<string> {
		metrics.ready.set(missing().length === 0 ? 1 : 0);
		const texts = new Map<string, string>([["supervisor", await registry.render()]]);
		let retired = "";
		const read = await Promise.all(slots.map((slot) => slot.metrics()));
		read.forEach((each, index) => {
			texts.set(String(index + 1), each.text);
			retired = retire(retired, each.retired);
		});
		return mergeExpositions(texts, retired);
	}

	async function status(): Promise<object> {
		const lines = missing();
		return {
			version,
			ready: lines.length === 0,
			missing: lines,
			policy: policy.state(),
			poisoned: poison.list().length,
			workers: await Promise.all(slots.map((slot) => slot.status())),
		};
	}

	function setLogLevel(wanted: string): boolean {
		if (!log.setLevel(wanted)) return false;
		level = wanted as typeof level;
		for (const slot of slots) slot.tell({ type: "log_level", level: wanted });
		return true;
	}

	async function shutDown(reason: string): Promise<void> {
		await Promise.resolve();
		spare.stop();
		const ended = Promise.all([policy.stop(), ...slots.map((slot) => slot.stop(reason))]);
		const patienceMs =
			(config.serve.drain_delay_seconds +
				config.serve.drain_seconds +
				2 * FIXED_LIMITS.shutdown_audit_seconds.value) *
				1000 +
			END_GRACE_MS;
		const late = new AbortController();
		await Promise.race([ended, pause(patienceMs, undefined, { signal: late.signal }).catch(() => undefined)]);
		late.abort();
		for (const slot of slots) slot.kill();
		await admin?.stop();
		tls.stop();
		log.info({ reason }, "stopped");
		log.flush();
	}

	function stop(reason: string): Promise<void> {
		stopping ??= shutDown(reason);
		return stopping;
	}

	return {
		async start() {
			try {
				await tls.start();
				admin = await openAdminPort(config, {
					missing,
					metrics: { render, contentType: registry.contentType },
					status,
					clock,
					log,
					setLogLevel,
					refused: metrics.adminRefused,
					...(tls.admin === undefined ? {} : { materials: tls.admin }),
				});
				// Each worker opens its ports when it has been handed the policy, or told that there is none.
				const [bound] = await Promise.all([Promise.all(slots.map((slot) => slot.start())), policy.start()]);
				releaseStartGarbage();
				return {
					grpc: bound.flatMap(({ grpc }) => grpc),
					...(admin === undefined ? {} : { admin: admin.address }),
				};
			} catch (thrown) {
				for (const slot of slots) slot.force();
				await stop("start failed");
				throw thrown;
			}
		},
		stop,
		force() {
			for (const slot of slots) slot.force();
		},
		missing,
	};
}

/** Opened when the first line comes. A stream that is full is waited for; one without a reader fails. */
function streamWriter(fd: number): (lines: Uint8Array) => Promise<void> {
	let sink: ReturnType<typeof openStreamSink> | undefined;
	return async (lines) => {
		sink ??= openStreamSink(fd);
		await (await sink).write(lines);
	};
}
