import { readFile } from "node:fs/promises";
import { createCheckService } from "../../src/envoy/ext-authz/check-service.ts";
import { createDescriptorShelf } from "../../src/envoy/protobuf/descriptor-shelf.ts";
import { startTransport } from "../../src/envoy/transport/server.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { makeBundle } from "../../src/policy/bundle/make.ts";
import { DEFAULT_POLICY_LIMITS } from "../../src/policy/limits.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { COMPAT, checkDeps, silentLog, silentMetrics } from "../support/check-deps.ts";

/** What the comparer writes into its configuration file. */
interface LaunchConfig {
	readonly addr: string;
	readonly entrypoint: string;
	readonly rego_dir: string;
	readonly plugin: Readonly<Record<string, unknown>>;
}

const LIMITS = {
	...DEFAULT_POLICY_LIMITS,
	max_input_bytes: 32 * 1024 * 1024,
	max_result_bytes: 16 * 1024 * 1024,
};

/** Builds and serves one policy in the compatibility profile, as a drop-in without ext_proc. */
async function main(file: string): Promise<void> {
	const launch = JSON.parse(await readFile(file, "utf8")) as LaunchConfig;
	const bundle = await makeBundle({ dirs: [launch.rego_dir], entrypoints: [launch.entrypoint] });
	const policy = await loadPolicy(bundle.bytes, LIMITS, systemClock);
	const descriptorFile = launch.plugin["proto-descriptor"] as string | undefined;
	const set = descriptorFile === undefined ? undefined : await readFile(descriptorFile);
	const service = createCheckService(
		checkDeps(policy, {
			descriptors: createDescriptorShelf(set),
			config: {
				...COMPAT,
				policy: {
					...COMPAT.policy,
					path: launch.entrypoint,
					dry_run: launch.plugin["dry-run"] === true,
					max_input_bytes: LIMITS.max_input_bytes,
				},
				request: {
					...COMPAT.request,
					skip_body_parse: launch.plugin["skip-request-body-parse"] === true,
				},
			},
		}),
	);
	const transport = await startTransport(
		{
			addresses: [launch.addr],
			socketMode: 0o600,
			maxMessageBytes: (launch.plugin["grpc-max-recv-msg-size"] as number | undefined) ?? 4 * 1024 * 1024,
			maxConcurrentStreams: 1000,
			maxConnectionAgeMs: 600_000,
			maxConnectionAgeGraceMs: 1000,
			maxConnectionIdleMs: 600_000,
			keepaliveMs: 60_000,
			keepaliveTimeoutMs: 10_000,
			maxInFlight: 1000,
		},
		{
			check: (request, deadlineMs) => service.check(request, { deadlineMs }),
			deny: service.deny,
			log: silentLog,
			metrics: silentMetrics,
		},
	);
	process.on("SIGTERM", () => {
		transport.drain(0).then(() => process.exit(0));
	});
}

const [file] = process.argv.slice(2);
if (file === undefined) {
	console.error("usage: authz-launch CONFIG.json");
	process.exitCode = 2;
} else await main(file);
