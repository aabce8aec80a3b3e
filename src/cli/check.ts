import { type Finding, formatFinding } from "../config/finding.ts";
import { readConfig } from "../config/load.ts";
import { endpoints } from "../config/worker-addresses.ts";
import { systemClock } from "../lib/clock.ts";
import { PosternError } from "../lib/errors.ts";
import { inspect } from "../serve/findings.ts";
import { checkEnvoy } from "./check-envoy.ts";
import type { Command, CommandIo } from "./command.ts";
import { CONFIG_FLAGS, CONFIG_FLAGS_HELP, configFlags } from "./config-flags.ts";
import { noPositionals, parseFlags } from "./flags.ts";

const HELP = `Usage: postern check [options]
       postern check --envoy FILE... [options]

Reads the configuration as \`postern serve\` would, with the same options and environment, and tries what it needs:
the bundle loads, its builtins exist, the decision path is in it, the key set and the hash key can be read. Opens no
port. With serve.workers it lists the endpoints for Envoy's cluster. Each finding is one line: file:line:column, key,
what is wrong, code. Warnings are about the policy: directives without release, selectors put together as text, answers
that differ from OPA's.

${CONFIG_FLAGS_HELP}  --strict               warnings count as errors
  --json                 one JSON object: {"ok", "findings", "policy", "endpoints"}

With --envoy it looks at Envoy's side instead: at static configurations, listeners, routes and clusters, at dumps of
the running configuration, and at resources of Istio and Envoy Gateway, as files or as Helm renders them. It finds
what would leak, allow wrongly, fail or be useless, each with its place, why, and the fix. Limits are compared with
Postern's configuration where there is one, else with the defaults. All of the options above but --strict and
--json matter for that alone.

  --envoy FILE           YAML or JSON, several documents in one; - reads stdin; may be repeated, further FILEs follow
  --cluster NAME         the cluster that is Postern's; may be repeated. Default: what both filters call, else what
                         is named after Postern, else whatever ext_authz by gRPC and ext_proc call
  --strict               warnings count as errors
  --ignore CODE          leave findings of this code out; may be repeated
  --json                 one JSON object: {"ok", "counts", "postern", "files", "findings", "ignored"}
  --sarif                SARIF 2.1.0, for code scanning

Exit codes: 0 no errors, 1 errors, 2 usage, 3 a file cannot be read.
`;

export const checkCommand: Command = {
	name: "check",
	summary: "find what is wrong with a configuration and its bundle, or with Envoy's side, before it runs",
	help: HELP,
	run: async (argv, io) => {
		const { values, positionals } = parseFlags("check", argv, {
			config: { type: "string" },
			json: { type: "boolean" },
			envoy: { type: "string", multiple: true },
			cluster: { type: "string", multiple: true },
			strict: { type: "boolean" },
			ignore: { type: "string", multiple: true },
			sarif: { type: "boolean" },
			...CONFIG_FLAGS,
		});
		const flags = configFlags(values);
		if (values.envoy !== undefined) {
			if (values.json === true && values.sarif === true) throw usage("--json and --sarif exclude each other");
			return checkEnvoy(
				{
					// A shell's pattern behind --envoy leaves all names but the first as words of their own.
					files: [...values.envoy, ...positionals],
					clusters: values.cluster ?? [],
					ignored: values.ignore ?? [],
					strict: values.strict === true,
					format: values.json === true ? "json" : values.sarif === true ? "sarif" : "text",
					...(values.config === undefined ? {} : { config: values.config }),
					flags,
				},
				io,
			);
		}
		noPositionals("check", positionals);
		const lonely = (["cluster", "ignore", "sarif"] as const).find((name) => values[name] !== undefined);
		if (lonely !== undefined) throw usage(`--${lonely} needs --envoy`);
		const reading = readConfig({
			...(values.config === undefined ? {} : { file: values.config }),
			flags,
		});
		const { findings, policy } = reading.ok
			? await inspect(reading.config, systemClock, reading.placeOf)
			: { findings: reading.findings, policy: undefined };
		const counted =
			values.strict === true ? findings : findings.filter(({ severity }) => severity === undefined);
		const ok = counted.length === 0;
		const listed = reading.ok && reading.config.serve.workers > 0 ? endpoints(reading.config.serve) : [];
		if (values.json === true) {
			const found = { ok, findings, ...(policy === undefined ? {} : { policy }) };
			const all = listed.length === 0 ? found : { ...found, endpoints: listed };
			io.stdout.write(`${JSON.stringify(all)}\n`);
			return ok ? 0 : 1;
		}
		for (const endpoint of listed) io.stdout.write(`endpoint ${endpoint}\n`);
		tell(findings, policy?.revision, io);
		return ok ? 0 : 1;
	},
};

function usage(message: string): PosternError {
	return new PosternError("usage", `check: ${message}; \`postern check --help\` tells more`);
}

function tell(findings: readonly Finding[], revision: string | undefined, io: CommandIo): void {
	for (const finding of findings) io.stdout.write(`${formatFinding(finding)}\n`);
	if (findings.length > 0)
		io.stdout.write(`${findings.length} ${findings.length === 1 ? "finding" : "findings"}\n`);
	else io.stdout.write(`nothing found; policy revision ${revision ?? "unknown"}\n`);
}
