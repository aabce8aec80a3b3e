import type { Command } from "./command.ts";

/** One line of the table of commands: what help shows, and a loader, so that a command pays for itself alone. */
export interface CommandEntry {
	readonly name: string;
	/** One line for `postern --help`. */
	readonly summary: string;
	readonly load: () => Promise<Command>;
}

/** Every command, in the order of `postern --help`. */
export const COMMANDS: readonly CommandEntry[] = [
	{
		name: "serve",
		summary: "run both gRPC services, health and the admin port",
		load: async () => (await import("./serve.ts")).serveCommand,
	},
	{
		name: "build",
		summary: "policies and data → one bundle",
		load: async () => (await import("./build.ts")).buildCommand,
	},
	{
		name: "check",
		summary: "find what is wrong with a configuration and its bundle, or with Envoy's side, before it runs",
		load: async () => (await import("./check.ts")).checkCommand,
	},
	{
		name: "eval",
		summary: "one input → decision",
		load: async () => (await import("./eval.ts")).evalCommand,
	},
	{
		name: "mask",
		summary: "a directive and a body → the masked body and a report of its fields",
		load: async () => (await import("./mask.ts")).maskCommand,
	},
	{
		name: "probe",
		summary: "ask a running Postern for health, a decision and a masked answer",
		load: async () => (await import("./probe.ts")).probeCommand,
	},
	{
		name: "where",
		summary: "paths of the policy library, the schemas and the capabilities, for OPA's own commands",
		load: async () => (await import("./where.ts")).whereCommand,
	},
];
