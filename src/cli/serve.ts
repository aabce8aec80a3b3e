import type { Command, CommandIo } from "./command.ts";
import { CONFIG_FLAGS, CONFIG_FLAGS_HELP, configFlags } from "./config-flags.ts";
import { noPositionals, parseFlags } from "./flags.ts";
import { VERSION } from "./version.ts";

export const serveCommand: Command = {
	name: "serve",
	summary: "run both gRPC services, health and the admin port",
	help: `Usage: postern serve [options]

Runs ext_authz, ext_proc, gRPC health and the admin port until SIGTERM or SIGINT, then drains. A second signal cuts
off what is still under way. Every key of the configuration can also be set by an environment variable: POSTERN_ and
the key in capitals with underscores (POSTERN_SERVE_DRAIN_SECONDS). An option wins over the environment, the
environment over the file.

${CONFIG_FLAGS_HELP}
The operational log goes to stderr as JSON lines, the audit log to audit.sink.
`,
	run: async (argv, io) => {
		const { values, positionals } = parseFlags("serve", argv, {
			config: { type: "string" },
			worker: { type: "boolean" },
			...CONFIG_FLAGS,
		});
		noPositionals("serve", positionals);
		// A worker, a supervisor and a single process each load what they need: starts are quick, and memory is small.
		if (values.worker === true) return (await import("../serve/workers/run-worker.ts")).runWorker(io);
		const { loadConfig } = await import("../config/load.ts");
		const config = loadConfig({
			...(values.config === undefined ? {} : { file: values.config }),
			flags: configFlags(values),
		});
		const build =
			config.serve.workers > 0
				? (await import("../serve/workers/supervise.ts")).superviseWorkers
				: (await import("../serve/app.ts")).buildApp;
		const app = build(config, { version: VERSION });
		io.force?.addEventListener("abort", () => app.force(), { once: true });
		const signal = aborted(io);
		const starting = app.start();
		const addresses = await Promise.race([starting, signal.then(() => undefined)]);
		// A start that a signal cuts short has nothing more to say.
		if (addresses === undefined) starting.catch(() => undefined);
		if (addresses !== undefined) {
			const admin = addresses.admin === undefined ? "" : `, admin ${addresses.admin}`;
			const missing = app.missing();
			const state = missing.length === 0 ? "ready" : `listening, not ready (${missing.join("; ")})`;
			io.stderr.write(`postern ${VERSION} ${state}: grpc ${addresses.grpc.join(", ")}${admin}\n`);
		}
		await app.stop(await signal);
		return 0;
	},
};

/** Resolves with the name of the signal that asks the command to end. */
function aborted(io: CommandIo): Promise<string> {
	return new Promise((resolve) => {
		const tell = (): void => resolve(String(io.signal.reason));
		if (io.signal.aborted) tell();
		else io.signal.addEventListener("abort", tell, { once: true });
	});
}
