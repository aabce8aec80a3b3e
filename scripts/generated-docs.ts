/**
 * The pages of docs/reference that are made from the program itself. `npm run docs` writes them; with `--check` it
 * compares instead and exits 1 where a page is stale.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { jsonSchema } from "../src/config/leaves.ts";
import { commandsPage } from "./commands-page.ts";
import { configurationPage } from "./configuration-page.ts";
import { envoyChecksPages } from "./envoy-checks-pages.ts";
import { metricsPage } from "./metrics-page.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const help = (...args: readonly string[]): string =>
	execFileSync(process.execPath, [join(root, "bin", "postern"), ...args, "--help"], { encoding: "utf8" });

const pages: Readonly<Record<string, () => string>> = {
	"docs/reference/commands.md": () => commandsPage(help),
	"docs/reference/configuration.md": configurationPage,
	"docs/reference/metrics.md": metricsPage,
	"docs/reference/postern.schema.json": () => `${JSON.stringify(jsonSchema(), undefined, "\t")}\n`,
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
	const text = make();
	if (!check) {
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, text);
	} else if (!existsSync(path) || readFileSync(path, "utf8") !== text) stale(file);
}

// A page about a code that is no more.
const folder = "docs/reference/envoy-checks";
for (const name of readdirSync(join(root, folder))) {
	const file = `${folder}/${name}`;
	if (file in checks) continue;
	if (check) stale(file);
	else rmSync(join(root, file));
}
