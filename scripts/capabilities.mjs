// Writes postern-capabilities.json from OPA's own capabilities and the table of host builtins.
// `--check` compares instead and exits 1 when the file is stale. Needs Node 24 and opa on the PATH.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { capabilitiesText } from "./capabilities-text.ts";

const file = new URL("../postern-capabilities.json", import.meta.url);
const text = capabilitiesText(
	execFileSync("opa", ["capabilities", "--current"], { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 }),
);
if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
	console.error("postern-capabilities.json is stale: run `node scripts/capabilities.mjs`");
	process.exitCode = 1;
}
