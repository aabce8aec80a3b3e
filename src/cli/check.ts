import { type Finding, formatFinding } from "../config/finding.ts";
import { readConfig } from "../config/load.ts";
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
port. Each finding is one line: file:line:column, key, what is wrong, code. Warnings are about the policy: directives
without release, selectors put together as text, answers that differ from OPA's.

${CONFIG_FLAGS_HELP}  --strict               warnings count as errors
  --json                 one JSON object: {"ok", "findings", "policy"}

Exit codes: 0 no errors, 1 errors, 2 usage.
`,
	run: async (argv, io) => {
		const { values, positionals } = parseFlags("check", argv, {
			config: { type: "string" },
			json: { type: "boolean" },
			strict: { type: "boolean" },
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
		const counted =
			values.strict === true ? findings : findings.filter(({ severity }) => severity === undefined);
		const ok = counted.length === 0;
		if (values.json === true) {
			io.stdout.write(`${JSON.stringify({ ok, findings, ...(policy === undefined ? {} : { policy }) })}\n`);
		} else tell(findings, policy?.revision, io);
		return ok ? 0 : 1;
	},
};

function tell(findings: readonly Finding[], revision: string | undefined, io: CommandIo): void {
	for (const finding of findings) io.stdout.write(`${formatFinding(finding)}\n`);
	if (findings.length > 0)
		io.stdout.write(`${findings.length} ${findings.length === 1 ? "finding" : "findings"}\n`);
	else io.stdout.write(`nothing found; policy revision ${revision ?? "unknown"}\n`);
}
