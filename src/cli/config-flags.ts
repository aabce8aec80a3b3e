import type { FlagValue } from "../config/overlay.ts";
import type { FlagSpec } from "./flags.ts";

/** Options that mirror keys people set by hand, and the key that each sets. */
export const CONFIG_FLAGS = {
	grpc: { type: "string", multiple: true, key: "serve.grpc" },
	admin: { type: "string", key: "serve.admin" },
	workers: { type: "string", key: "serve.workers" },
	bundle: { type: "string", key: "policy.bundle" },
	path: { type: "string", key: "policy.path" },
	audit: { type: "string", key: "audit.sink" },
	"hash-key-file": { type: "string", key: "fields.hash_key_file" },
	"drain-seconds": { type: "string", key: "serve.drain_seconds" },
	"log-level": { type: "string", key: "log.level" },
} as const satisfies Readonly<Record<string, FlagSpec & { readonly key: string }>>;

/** The options given, as the loader takes them. */
export function configFlags(values: Readonly<Record<string, unknown>>): FlagValue[] {
	return Object.entries(CONFIG_FLAGS).flatMap(([name, { key }]) => {
		const value = values[name];
		if (typeof value !== "string" && !Array.isArray(value)) return [];
		return [{ key, option: `--${name}`, value: value as string | readonly string[] }];
	});
}

/** The part of a command's help about them. */
export const CONFIG_FLAGS_HELP = `  --config FILE          configuration; default postern.yaml in the working directory, if there is one
  --grpc ADDRESS         serve.grpc: 127.0.0.1:9191 or unix:///run/postern.sock; may be repeated
  --admin ADDRESS        serve.admin: address of the admin port, or off
  --workers N            serve.workers: processes that take calls, each on its own endpoint; 0: one does everything
  --bundle FILE          policy.bundle: as \`postern build\` makes it
  --path PATH            policy.path: the decision, envoy/authz/allow unless told otherwise
  --audit SINK           audit.sink: stdout, off or a file
  --hash-key-file FILE   fields.hash_key_file
  --drain-seconds N      serve.drain_seconds
  --log-level LEVEL      log.level: debug, info, warn or error
`;
