import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BIN, ROOT } from "../setup/places.mjs";
import { withTools } from "../setup.mjs";
import { must } from "./stage.mjs";

/**
 * Builds a policy as an operator would.
 *
 * @param {string} folder
 * @param {string} text Rego
 * @returns {{ bundle: string, base64: string }} two files
 */
export function buildPolicy(folder, text) {
	const source = join(folder, "policy");
	mkdirSync(source, { recursive: true });
	writeFileSync(join(source, "policy.rego"), text);
	const bundle = join(folder, "bundle.tar.gz");
	must(join(BIN, "node"), [join(ROOT, "bin", "postern"), "build", source, "-o", bundle], {
		cwd: folder,
		env: withTools(BIN),
	});
	const base64 = join(folder, "bundle.b64");
	writeFileSync(base64, readFileSync(bundle).toString("base64"));
	return { bundle, base64 };
}
