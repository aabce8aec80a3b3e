import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { BIN, ROOT } from "../setup/places.mjs";

export const CHART = join(ROOT, "deploy", "helm", "postern");

const { parseAllDocuments } = createRequire(join(ROOT, "package.json"))("yaml");

/**
 * The project's helm against the run's API server, which leaves nothing in the user's folders.
 *
 * @param {string} folder
 * @param {string} [kubeconfig]
 * @returns {(...args: readonly string[]) => { ok: boolean, output: string, error: string }}
 */
export function helmIn(folder, kubeconfig = "/dev/null") {
	const env = {
		...process.env,
		KUBECONFIG: kubeconfig,
		HELM_CACHE_HOME: join(folder, "helm", "cache"),
		HELM_CONFIG_HOME: join(folder, "helm", "config"),
		HELM_DATA_HOME: join(folder, "helm", "data"),
	};
	return (...args) => {
		const { status, stdout, stderr, error } = spawnSync(join(BIN, "helm"), args, {
			env,
			encoding: "utf8",
			maxBuffer: 64 * 1024 * 1024,
		});
		return { ok: status === 0, output: stdout ?? "", error: stderr || String(error ?? "") };
	};
}

/**
 * The objects of a text of manifests, by the YAML that Helm reads: in it `0440` is octal.
 *
 * @param {string} text
 * @returns {any[]}
 */
export function objectsOf(text) {
	return parseAllDocuments(text, { version: "1.1" })
		.map((document) => document.toJS())
		.filter((each) => each !== null);
}
