import process from "node:process";
import type { AdminServer } from "../admin/http.ts";
import { directiveNames } from "../audit/directive-names.ts";
import { openSink } from "../audit/open-sink.ts";
import { safeReport } from "../audit/safe-paths.ts";
import type { AuditSink } from "../audit/sink.ts";
import { createAuditWriter } from "../audit/writer.ts";
import { createDecoder } from "../codec/decoder.ts";
import { createGunzip } from "../codec/inflate-sync.ts";
import { FIXED_LIMITS } from "../config/limits.ts";
import { callersTrusted } from "../config/rules.ts";
import type { Config } from "../config/types.ts";
import { createCheckService } from "../envoy/ext-authz/check-service.ts";
import type { CheckDeps } from "../envoy/ext-authz/deps.ts";
import { createPlanCache } from "../envoy/ext-proc/plan-cache.ts";
import type { ProcessService } from "../envoy/ext-proc/process-stream.ts";
import { createProcess } from "../envoy/ext-proc/session.ts";
import { createDescriptorShelf, type DescriptorShelf } from "../envoy/protobuf/descriptor-shelf.ts";
import { startTransport } from "../envoy/transport/server.ts";
import type { Transport, TransportOptions } from "../envoy/transport/types.ts";
import { readDirective } from "../fields/directive.ts";
import { DECISION_RULES } from "../fields/directive-rules.ts";
import { createIdentify } from "../identity/identify.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { PosternError } from "../lib/errors.ts";
import { releaseStartGarbage } from "../lib/start-garbage.ts";
import { createGuard, type EvaluationGuard } from "../policy/guard.ts";
import { createPoison } from "../policy/poison.ts";
import type { ActivationOptions, PolicySource } from "../policy/source/activation.ts";
import { filePolicySource } from "../policy/source/file.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createMetrics, type MetricsRegistry } from "../telemetry/metrics.ts";
import type { Logger } from "../telemetry/types.ts";
import { callerPatterns, openAdminPort, socketMode } from "./admin-port.ts";
import { createDecisionIds } from "./decision-ids.ts";
import { checkDescriptors, readDescriptorFile } from "./descriptor-set.ts";
import { createDrainDelay } from "./drain-delay.ts";
import { type HashKey, readHashKey } from "./hash-key.ts";
import { countMemo } from "./memo-metrics.ts";
import { missingForReadiness } from "./readiness.ts";
import { openSpanExporter } from "./span-exporter.ts";
import { createTlsPorts, type TlsPorts } from "./tls/ports.ts";
import { withSweeps } from "./young-octets.ts";

/** What a test may put in the place of the real thing. */
export interface AppOverrides {
	readonly clock?: Clock;
	readonly log?: Logger;
	readonly metrics?: MetricsRegistry;
	/** In the place of the sink that the configuration names. */
	readonly auditSink?: AuditSink;
	/** A new decision id. */
	readonly newId?: () => string;
	readonly startTransport?: typeof startTransport;
	/** In the place of the bundle file. */
	readonly policySource?: (options: ActivationOptions) => PolicySource;
	/** In the place of one that refuses what trapped in this process. */
	readonly guard?: EvaluationGuard;
	readonly version?: string;
}

export interface AppAddresses {
	/** As bound, with real port numbers, in the order of the configuration. */
	readonly grpc: readonly string[];
	readonly admin?: string;
}

export interface App {
	/**
	 * Opens the admin port, reads the policy and the keys for the first time, then opens the gRPC ports, so that a process
	 * which starts is passed over by Envoy's retries and not asked too early. Resolves whether or not those could be had:
	 * without them Checks are denied and readiness says why.
	 *
	 * @throws PosternError when a port, the audit sink or the hash key cannot be used; nothing stays open then.
	 */
	start(): Promise<AppAddresses>;
	/**
	 * NOT_SERVING, `serve.drain_delay_seconds`, GOAWAY, what is under way finishes; after `serve.drain_seconds` the rest ends with an error status.
	 * Then the audit queue is drained. Once only; later calls wait for the first.
	 */
	stop(reason: string): Promise<void>;
	/** Ends the patience of `stop`: what is still under way is cut off with an error status. */
	force(): void;
	/** What keeps the process from taking calls; empty when it is ready. */
	missing(): readonly string[];
	/** What `/status` shows. */
	status(): object;
}

/** How often readiness is looked at, besides when a policy comes. */
const READINESS_MS = 500;

/** Builds the whole process out of a configuration; the only place that makes concrete things. */
export function buildApp(config: Config, overrides: AppOverrides = {}): App {
	const clock = overrides.clock ?? systemClock;
	const log = overrides.log ?? createLogger({ level: config.log.level });
	const registry = overrides.metrics ?? createMetrics({ processMetrics: true });
	const { metrics } = registry;
	const version = overrides.version ?? "";
	metrics.buildInfo.set(1, { version, node: process.versions.node });

	const guard =
		overrides.guard ??
		createGuard({
			poison: createPoison(clock),
			onTrapped: () => metrics.poisoned.inc({ cause: "trap" }),
		});
	const activation: ActivationOptions = {
		limits: config.policy,
		clock,
		checkDescriptors,
		guard,
		onActivated: (active) => {
			if (active.descriptors !== undefined) shelf.keep(active.descriptors);
			metrics.policyReloads.inc({ result: "activated" });
			metrics.policyInfo.set(1, { revision: active.revision });
			reportMemo(active);
			log.info({ revision: active.revision, digest: active.digest, serial: active.serial }, "policy active");
			if (active.mayDiffer !== undefined) {
				log.warn({ revision: active.revision, why: active.mayDiffer }, "answers may differ from OPA's");
			}
			updateReadiness();
		},
		onFailed: (error) => {
			metrics.policyReloads.inc({ result: "failed" });
			const kept = policy.current()?.revision;
			log.error({ code: error.code, error: error.message, kept }, "the bundle was not activated");
		},
	};
	const { bundle: path, poll_seconds: pollSeconds } = config.policy;
	const policy: PolicySource =
		overrides.policySource?.(activation) ?? filePolicySource({ ...activation, path, pollSeconds });
	const tls = createTlsPorts(config, { clock, log, metrics });
	const delay = createDrainDelay();
	const spans = openSpanExporter(config.telemetry.traces, { version, metrics, clock, log });
	const identity = createIdentify({ config: config.identity, clock, log, metrics });
	const reportMemo = countMemo(metrics);
	registry.onScrape(() => {
		const active = policy.current();
		if (active !== undefined) reportMemo(active);
		const age = identity.state().keySet?.ageMs;
		if (age !== undefined) metrics.keySetAge.set(age / 1000);
	});

	let shelf = createDescriptorShelf(undefined);
	let transport: Transport | undefined;
	let admin: AdminServer | undefined;
	let audit: ReturnType<typeof createAuditWriter> | undefined;
	let readinessTimer: NodeJS.Timeout | undefined;
	let stopping: Promise<void> | undefined;
	let forced = false;

	const missing = (): readonly string[] =>
		missingForReadiness({ policy, identityReady: identity.ready, draining: () => stopping !== undefined });

	function updateReadiness(): void {
		const ready = missing().length === 0;
		metrics.ready.set(ready ? 1 : 0);
		if (stopping === undefined) transport?.health.setServing(ready);
	}

	async function start(): Promise<AppAddresses> {
		if (config.policy.dry_run) log.warn({}, "dry run: denials are recorded and not enforced");
		try {
			const hash =
				config.fields.hash_key_file === undefined
					? undefined
					: await readHashKey(config.fields.hash_key_file);
			audit = createAuditWriter({
				...sinkOption(overrides.auditSink ?? (await openSink(config.audit.sink))),
				maxQueueBytes: config.audit.max_queue_bytes,
				maxLineBytes: FIXED_LIMITS.audit_line_bytes.value,
				flushMilliseconds: config.audit.flush_milliseconds,
				overflow: config.audit.overflow,
				metrics,
				log,
			});
			const { proto_descriptor: file } = config.request;
			const configured =
				file === undefined ? undefined : await readDescriptorFile(file, "request.proto_descriptor");
			shelf = createDescriptorShelf(configured);
			await tls.start();
			admin = await openAdmin();
			// A port that is open is called: one that nothing stands behind yet would deny what another replica allows.
			await Promise.all([policy.start(), identity.start()]);
			refuseLateStart();
			releaseStartGarbage();
			const checks = createCheckService(checkDeps(hash, audit, shelf));
			const service = config.fields.enabled
				? { process: withSweeps(processService(hash, audit, shelf)) }
				: {};
			const start = overrides.startTransport ?? startTransport;
			transport = await start(transportOptions(config, tls), {
				check: (request, deadlineMs, trace) => checks.check(request, { deadlineMs, trace }),
				deny: checks.deny,
				...service,
				clock,
				log,
				metrics,
			});
			refuseLateStart();
			readinessTimer = setInterval(updateReadiness, READINESS_MS);
			readinessTimer.unref();
			updateReadiness();
			return { grpc: transport.addresses, ...(admin === undefined ? {} : { admin: admin.address }) };
		} catch (thrown) {
			forced = true;
			await stop("start failed");
			// A stop that came earlier has not seen what was opened since.
			await transport?.drain(0);
			await admin?.stop();
			throw thrown;
		}
	}

	function refuseLateStart(): void {
		if (stopping !== undefined) throw new PosternError("internal", "stopped while it was starting");
	}

	function checkDeps(
		hash: HashKey | undefined,
		writer: CheckDeps["audit"],
		descriptors: DescriptorShelf,
	): CheckDeps {
		const { max_selectors: maxSelectors, max_directive_bytes: maxBytes } = config.fields;
		const rules = { ...DECISION_RULES, maxSelectors, maxBytes };
		return {
			policy,
			identify: identity.identify,
			config,
			readDirective: (value) => readDirective(value, rules),
			...(hash === undefined ? {} : { hashKeyId: hash.id }),
			trusted: callersTrusted(config),
			descriptors,
			gunzip: createGunzip({
				maxBytes: config.request.max_decoded_bytes,
				maxRatio: config.request.max_decoded_ratio,
				freeBytes: FIXED_LIMITS.decoded_free_bytes.value,
			}),
			audit: writer,
			...(spans === undefined ? {} : { spans }),
			metrics,
			clock,
			log,
			newId: overrides.newId ?? createDecisionIds(),
			// While draining, calls are answered like any others: a denial would reach the client, GOAWAY lets Envoy retry.
			draining: () => forced,
		};
	}

	function processService(
		hash: HashKey | undefined,
		writer: CheckDeps["audit"],
		descriptors: DescriptorShelf,
	): ProcessService {
		const { fields } = config;
		return createProcess({
			plans: createPlanCache(fields.plan_cache_bytes, hash),
			...(hash === undefined ? {} : { hash }),
			decoder: createDecoder({
				maxBytes: fields.max_decoded_bytes,
				maxRatio: fields.max_decoded_ratio,
				freeBytes: FIXED_LIMITS.decoded_free_bytes.value,
				maxTotalBytes: Math.max(fields.max_decoded_bytes, FIXED_LIMITS.decoded_total_bytes.value),
			}),
			audit: writer,
			safeReport: (report, directive) => safeReport(report, directiveNames(directive)),
			auditOverflow: config.audit.overflow,
			...(spans === undefined ? {} : { spans }),
			clock,
			log,
			metrics,
			headers: {
				allowed: fields.response_headers,
				mode: fields.response_headers_mode,
				cacheControl: fields.cache_control,
			},
			withoutDecision: fields.without_decision,
			errors: fields.errors,
			descriptors,
			messageLimits: {
				maxMessageBytes: fields.max_message_bytes,
				maxRatio: fields.max_decoded_ratio,
				freeBytes: FIXED_LIMITS.decoded_free_bytes.value,
				maxInflatedBytes: fields.max_decoded_bytes,
			},
			maxBodyBytes: fields.max_body_bytes,
			maxOutputBytes: fields.max_decoded_bytes,
			bufferLimit: fields.envoy_buffer_limit,
		});
	}

	function openAdmin(): Promise<AdminServer | undefined> {
		return openAdminPort(config, {
			missing,
			metrics: registry,
			status,
			clock,
			log,
			setLogLevel: (level) => "setLevel" in log && typeof log.setLevel === "function" && log.setLevel(level),
			refused: metrics.adminRefused,
			...(tls.admin === undefined ? {} : { materials: tls.admin }),
		});
	}

	function stop(reason: string): Promise<void> {
		stopping ??= shutDown(reason);
		return stopping;
	}

	async function shutDown(reason: string): Promise<void> {
		// `stopping` is set before anything below runs.
		await Promise.resolve();
		clearInterval(readinessTimer);
		updateReadiness();
		// Calls are taken until nobody sends any more: endpoints leave the mesh later than the process hears of its end.
		transport?.health.setServing(false);
		if (!forced) await delay.wait(config.serve.drain_delay_seconds * 1000);
		const drainMs = forced ? 0 : config.serve.drain_seconds * 1000;
		log.info({ reason, in_flight: transport?.inFlight() ?? 0, drain_ms: drainMs }, "draining");
		await transport?.drain(drainMs);
		forced = true;
		identity.stop();
		tls.stop();
		await policy.stop();
		await closeAudit();
		await closeSpans();
		await admin?.stop();
		log.info({ reason }, "stopped");
		if ("flush" in log && typeof log.flush === "function") log.flush();
	}

	/** A sink that takes nothing any more must not keep the process from ending. */
	async function closeAudit(): Promise<void> {
		let limit: NodeJS.Timeout | undefined;
		const late = new Promise<"late">((resolve) => {
			limit = setTimeout(() => resolve("late"), FIXED_LIMITS.shutdown_audit_seconds.value * 1000);
		});
		const outcome = await Promise.race([audit?.close(), late]);
		clearTimeout(limit);
		if (outcome === "late") log.error({}, "the audit sink did not take what was left; records are lost");
	}

	async function closeSpans(): Promise<void> {
		if (spans === undefined) return;
		let limit: NodeJS.Timeout | undefined;
		const late = new Promise<void>((resolve) => {
			limit = setTimeout(resolve, FIXED_LIMITS.shutdown_traces_seconds.value * 1000);
		});
		await Promise.race([spans.close(), late]);
		clearTimeout(limit);
	}

	function status(): object {
		return {
			version,
			ready: missing().length === 0,
			missing: missing(),
			policy: policy.state(),
			identity: identity.state(),
			in_flight: transport?.inFlight() ?? 0,
			tls: tls.state(),
			audit: {
				sink: config.audit.sink === "stdout" || config.audit.sink === "off" ? config.audit.sink : "file",
			},
		};
	}

	return {
		start,
		stop,
		force() {
			forced = true;
			delay.cut();
			if (stopping !== undefined) void transport?.drain(0);
		},
		missing,
		status,
	};
}

function transportOptions(config: Config, tls: TlsPorts): TransportOptions {
	const { serve } = config;
	const { grpc: materials } = tls;
	return {
		transport: serve.transport,
		addresses: serve.grpc,
		...(materials === undefined
			? {}
			: {
					tls: {
						materials,
						callers: callerPatterns(serve.callers),
						maxConnections: serve.tls.max_connections,
					},
				}),
		socketMode: socketMode(config),
		maxMessageBytes: serve.max_message_bytes,
		maxConcurrentStreams: serve.max_concurrent_streams,
		maxConnectionAgeMs: serve.max_connection_age_seconds * 1000,
		maxConnectionAgeGraceMs: FIXED_LIMITS.grpc_connection_grace_seconds.value * 1000,
		maxConnectionIdleMs: serve.max_connection_idle_seconds * 1000,
		keepaliveMs: FIXED_LIMITS.grpc_keepalive_seconds.value * 1000,
		keepaliveTimeoutMs: FIXED_LIMITS.grpc_keepalive_timeout_seconds.value * 1000,
		maxInFlight: serve.max_in_flight,
		lane: {
			maxConnections: serve.lane.max_connections,
			maxHeaderBytes: serve.lane.max_header_bytes,
			maxBufferedBytes: serve.lane.max_buffered_bytes,
			maxResetsPerSecond: serve.lane.max_resets_per_second,
			maxControlFramesPerSecond: serve.lane.max_control_frames_per_second,
			stallMs: serve.lane.stall_seconds * 1000,
		},
	};
}

function sinkOption(sink: AuditSink | undefined): { readonly sink?: AuditSink } {
	return sink === undefined ? {} : { sink };
}
