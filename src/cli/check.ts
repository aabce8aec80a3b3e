import { type Finding, formatFinding } from "../config/finding.ts";
import { readConfig } from "../config/load.ts";
import { endpoints } from "../config/worker-addresses.ts";
import { systemClock } from "../lib/clock.ts";
import { inspect } from "../serve/findings.ts";
import type { Command, CommandIo } from "./command.ts";
import { CONFIG_FLAGS, CONFIG_FLAGS_HELP, configFlags } from "./config-flags.ts";
import { noPositionals, parseFlags } from "./flags.ts";

export const checkCommand: Command = {
	name: "check",
	summary: "find what is wrong with a configuration and its bundle before it runs",
	help: `Usage: postern check [options]

Reads the configuration as \`postern serve\` would, with the same options and environment, and tries what it needs:
the bundle loads, its builtins exist, the decision path is in it, the key set and the hash key can be read. Opens no
port. With serve.workers it lists the endpoints for Envoy's cluster. Each finding is one line: file:line:column, key, what is wrong, code.

${CONFIG_FLAGS_HELP}  --json                 one JSON object: {"ok", "findings", "policy", "endpoints"}

Exit codes: 0 nothing found, 1 findings, 2 usage.
`,
	run: async (argv, io) => {
		const { values, positionals } = parseFlags("check", argv, {
			config: { type: "string" },
			json: { type: "boolean" },
			...CONFIG_FLAGS,
		});
		noPositionals("check", positionals);
		const reading = readConfig({
			...(values.config === undefined ? {} : { file: values.config }),
			flags: configFlags(values),
		});
		const { findings, policy } = reading.ok
			? await inspect(reading.config, systemClock, reading.placeOf)
			: { findings: reading.findings, policy: undefined };
		const listed = reading.ok && reading.config.serve.workers > 0 ? endpoints(reading.config.serve) : [];
		if (values.json === true) {
			const found = { ok: findings.length === 0, findings, ...(policy === undefined ? {} : { policy }) };
			const all = listed.length === 0 ? found : { ...found, endpoints: listed };
			io.stdout.write(`${JSON.stringify(all)}\n`);
			return findings.length === 0 ? 0 : 1;
		}
		for (const endpoint of listed) io.stdout.write(`endpoint ${endpoint}\n`);
		tell(findings, policy?.revision, io);
		return findings.length === 0 ? 0 : 1;
	},
};

function tell(findings: readonly Finding[], revision: string | undefined, io: CommandIo): void {
	for (const finding of findings) io.stdout.write(`${formatFinding(finding)}\n`);
	if (findings.length > 0)
		io.stdout.write(`${findings.length} ${findings.length === 1 ? "finding" : "findings"}\n`);
	else io.stdout.write(`nothing found; policy revision ${revision ?? "unknown"}\n`);
}
