/**
 * The pages of docs/reference that are made from the program itself, and what else is made from a file beside it. `npm
 * run docs` writes them; with `--check` it compares instead and exits 1 where one is stale.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { jsonSchema } from "../src/config/leaves.ts";
import { chartReadme } from "./chart/readme.ts";
import { valuesSchema } from "./chart/values-schema.ts";
import { commandsPage } from "./commands-page.ts";
import { configurationPage } from "./configuration-page.ts";
import { descriptorSet } from "./descriptor-set.ts";
import { envoyChecksPages } from "./envoy-checks-pages.ts";
import { inputSchema } from "./input-schema.ts";
import { libraryPage } from "./library-page.ts";
import { metricsPage } from "./metrics-page.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const help = (...args: readonly string[]): string =>
	execFileSync(process.execPath, [join(root, "bin", "postern"), ...args, "--help"], { encoding: "utf8" });

const json = (value: object): string => `${JSON.stringify(value, undefined, "\t")}\n`;

const pages: Readonly<Record<string, () => string | Buffer | Promise<string>>> = {
	"deploy/helm/postern/README.md": chartReadme,
	"deploy/helm/postern/values.schema.json": () => json(valuesSchema()),
	"docs/reference/commands.md": () => commandsPage(help),
	"docs/reference/configuration.md": configurationPage,
	"docs/reference/input.schema.json": () => json(inputSchema(true)),
	"docs/reference/input.opa-envoy-plugin.schema.json": () => json(inputSchema(false)),
	"docs/reference/metrics.md": metricsPage,
	"docs/reference/policy-library.md": libraryPage,
	"docs/reference/postern.schema.json": () => json(jsonSchema()),
	"examples/opa-envoy-plugin/grpc-body/orders.pb": () =>
		descriptorSet(join(root, "examples/opa-envoy-plugin/grpc-body/orders.proto")),
};

const checks = envoyChecksPages(root);
const check = process.argv.includes("--check");

function stale(file: string): void {
	process.stderr.write(`${file} is stale: run \`npm run docs\`\n`);
	process.exitCode = 1;
}

for (const [file, make] of [
	...Object.entries(pages),
	...Object.entries(checks).map(([name, text]) => [name, () => text] as const),
]) {
	const path = join(root, file);
	const made = Buffer.from(await make());
	if (!check) {
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, made);
	} else if (!existsSync(path) || !readFileSync(path).equals(made)) stale(file);
}

// A page about a code that is no more.
const folder = "docs/reference/envoy-checks";
for (const name of readdirSync(join(root, folder))) {
	const file = `${folder}/${name}`;
	if (file in checks) continue;
	if (check) stale(file);
	else rmSync(join(root, file));
}
