import process from "node:process";
import { systemClock } from "../../lib/clock.ts";
import { PosternError, toPosternError } from "../../lib/errors.ts";
import { releaseStartGarbage } from "../../lib/start-garbage.ts";
import { createGuard } from "../../policy/guard.ts";
import { createPoison } from "../../policy/poison.ts";
import { type HandedPolicySource, handedPolicySource } from "../../policy/source/handed.ts";
import { createLogger } from "../../telemetry/logger.ts";
import { createMetrics } from "../../telemetry/metrics.ts";
import { type App, buildApp } from "../app.ts";
import { openChannelSink } from "./channel-sink.ts";
import { type Answer, AUDIT_FD, type FromWorker, type ToWorker, WATCHDOG_FD } from "./messages.ts";
import { startWatchdog } from "./watchdog.ts";

/** How often readiness is looked at, besides when a policy comes. */
const READINESS_MS = 250;

/** Who has had no orders for so long is a spare, and may wait for as long as the others live. */
const SPARE_MS = 2000;

type StartOrder = Extract<ToWorker, { readonly type: "start" }>;

export interface WorkerSignals {
	/** Aborted when the process is asked to end. */
	readonly signal: AbortSignal;
	/** Aborted when it is asked again. */
	readonly force?: AbortSignal;
}

/**
 * One process among several: does what its supervisor says over the channel between them, and ends with it. Without a
 * supervisor calls would go on unwatched, so they are refused and streams cut off at once.
 *
 * @throws PosternError `usage`: nobody is at the other end.
 */
export async function runWorker({ signal, force }: WorkerSignals): Promise<number> {
	if (process.send === undefined) {
		throw new PosternError("usage", "serve: --worker is for Postern itself; --workers N starts N of them");
	}
	const ended = new Promise<string>((resolve) => {
		if (signal.aborted) resolve(String(signal.reason));
		signal.addEventListener("abort", () => resolve(String(signal.reason)), { once: true });
		process.once("disconnect", () => resolve("the supervisor is gone"));
		process.on("message", (message: ToWorker) => {
			if (message.type === "stop") resolve(message.reason);
		});
	});
	// What the supervisor says keeps the process alive.
	process.channel?.ref();
	const order = await Promise.race([startOrder(), ended.then(() => undefined)]);
	if (order === undefined) return 0;
	return serveOrder(order, ended, force);
}

function startOrder(): Promise<StartOrder> {
	const waiting = setTimeout(releaseStartGarbage, SPARE_MS);
	return new Promise((resolve) => {
		process.on("message", (message: ToWorker) => {
			if (message.type !== "start") return;
			clearTimeout(waiting);
			resolve(message);
		});
		send({ type: "up" });
	});
}

async function serveOrder(
	order: StartOrder,
	ended: Promise<string>,
	force: AbortSignal | undefined,
): Promise<number> {
	const { config, worker } = order;
	const watchdog = startWatchdog({
		fd: WATCHDOG_FD,
		hangMilliseconds: config.serve.hang_milliseconds,
		maxInputBytes: config.policy.max_input_bytes,
	});
	const poison = createPoison(systemClock);
	for (const each of order.poisoned) poison.add(each);
	const guard = createGuard({
		poison,
		notes: watchdog.notes,
		onTrapped: (poisoned) => send({ type: "trapped", poisoned }),
	});
	const metrics = createMetrics({ processMetrics: true });
	let policy: HandedPolicySource | undefined;
	const log = createLogger({ level: config.log.level, fields: { worker } });
	const app = buildApp(config, {
		version: order.version,
		log,
		metrics,
		guard,
		...(config.audit.sink === "stdout" ? { auditSink: openChannelSink(AUDIT_FD) } : {}),
		policySource: (options) => {
			policy = handedPolicySource(options);
			return policy;
		},
	});
	const tellReadiness = readinessTeller(app);

	const tasks: { readonly [type in ToWorker["type"]]?: (message: never) => Promise<unknown> } = {
		policy: async ({ bytes, serial }: Extract<ToWorker, { readonly type: "policy" }>) => {
			await watchdog.whileLoading(async () => policy?.offer(bytes, serial));
			tellReadiness();
		},
		metrics: () => metrics.render(),
		status: async () => app.status(),
	};
	process.on("message", (message: ToWorker) => {
		if (message.type === "poison") poison.add(message.poisoned);
		else if (message.type === "forgive") poison.forgive(message.digest);
		else if (message.type === "force") app.force();
		else if (message.type === "no_policy") policy?.nothing();
		else if (message.type === "log_level") log.setLevel(message.level);
		else if ("id" in message) {
			const { id } = message;
			const task = tasks[message.type] as (message: ToWorker) => Promise<unknown>;
			void answered(() => task(message)).then((answer) => send({ type: "answer", id, answer }));
		}
	});
	process.once("disconnect", () => app.force());
	force?.addEventListener("abort", () => app.force(), { once: true });

	void send({ type: "waiting" });
	try {
		const addresses = await Promise.race([app.start(), ended.then(() => undefined)]);
		if (addresses !== undefined) send({ type: "started", addresses });
	} catch (thrown) {
		const { code, message } = toPosternError(thrown);
		await send({ type: "failed", code, message });
		return 0;
	}
	tellReadiness();
	const readiness = setInterval(tellReadiness, READINESS_MS);
	const reason = await ended;
	if (process.connected !== true) app.force();
	await app.stop(reason);
	clearInterval(readiness);
	watchdog.stop();
	return 0;
}

async function answered(task: () => Promise<unknown>): Promise<Answer> {
	try {
		return { value: await task() };
	} catch (thrown) {
		const { code, message } = toPosternError(thrown);
		return { code, message };
	}
}

function readinessTeller(app: App): () => void {
	let told: string | undefined;
	return () => {
		const missing = app.missing();
		const text = missing.join("\n");
		if (text === told) return;
		told = text;
		send({ type: "readiness", missing });
	};
}

/** Resolves when the message has left, or nobody is there to hear it. */
function send(message: FromWorker): Promise<void> {
	return new Promise((resolve) => {
		if (process.connected === true) process.send?.(message, undefined, undefined, () => resolve());
		else resolve();
	});
}
