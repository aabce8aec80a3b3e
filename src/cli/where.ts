import { fileURLToPath } from "node:url";
import { PosternError } from "../lib/errors.ts";
import { didYouMean } from "../lib/nearest.ts";
import { CAPABILITIES_PATH } from "../policy/bundle/capabilities.ts";
import { LIBRARY_PATH } from "../policy/bundle/library.ts";
import type { Command } from "./command.ts";
import { parseFlags } from "./flags.ts";

const reference = (file: string): string =>
	fileURLToPath(new URL(`../../docs/reference/${file}`, import.meta.url));

/** What belongs to Postern and other programs read, by the name it is asked for. */
const PLACES: Readonly<Record<string, { readonly path: string; readonly what: string }>> = {
	library: { path: LIBRARY_PATH, what: "the policy library: a folder of Rego" },
	"input-schema": {
		path: reference("input.schema.json"),
		what: "the schema of a policy's input",
	},
	"plugin-input-schema": {
		path: reference("input.opa-envoy-plugin.schema.json"),
		what: "the same under compat: opa-envoy-plugin without extensions",
	},
	capabilities: { path: CAPABILITIES_PATH, what: "the builtins that a policy may call" },
	"config-schema": { path: reference("postern.schema.json"), what: "the schema of postern.yaml" },
};

const width = Math.max(...Object.keys(PLACES).map((name) => name.length));
const HELP = `usage: postern where NAME

Prints where a file of Postern's own lies, for OPA's commands and others:

  opa test policies "$(postern where library)"
  opa check --strict --schema "$(postern where input-schema)" policies "$(postern where library)"

${Object.entries(PLACES)
	.map(([name, { what }]) => `  ${name.padEnd(width)}  ${what}`)
	.join("\n")}

\`postern build\` adds the library by itself where a policy imports from data.postern.lib.

exit codes: 0 printed, 2 usage
`;

export const whereCommand: Command = {
	name: "where",
	summary: "paths of the policy library, the schemas and the capabilities, for OPA's own commands",
	help: HELP,
	async run(argv, io) {
		const { positionals } = parseFlags("where", argv, {});
		const [name = "", ...more] = positionals;
		const place = Object.hasOwn(PLACES, name) && more.length === 0 ? PLACES[name] : undefined;
		if (place === undefined) {
			const said = name === "" ? "no name given" : `no ${JSON.stringify([name, ...more].join(" "))}`;
			const guess = didYouMean(name, Object.keys(PLACES));
			throw new PosternError("usage", `where: ${said}${guess}; \`postern where --help\` lists the names`);
		}
		io.stdout.write(`${place.path}\n`);
		return 0;
	},
};
