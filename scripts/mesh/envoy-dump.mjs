import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BIN, ROOT } from "../setup/places.mjs";

/**
 * What an Envoy was told by its control plane.
 *
 * @param {string} admin host and port
 */
export async function dumpOf(admin) {
	const response = await fetch(`http://${admin.trim()}/config_dump?include_eds`);
	return response.text();
}

/**
 * The decision comes first, masking last before the router.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {string} dump
 * @param {string} listener
 */
export function filtersInOrder({ verdict }, dump, listener) {
	const found = JSON.parse(dump)
		.configs.flatMap(({ dynamic_listeners }) => dynamic_listeners ?? [])
		.find(({ name }) => name === listener)?.active_state.listener;
	const chains = [found?.default_filter_chain, ...(found?.filter_chains ?? [])].filter(
		(each) => each !== undefined,
	);
	for (const chain of chains) {
		const filters = chain.filters.at(-1).typed_config.http_filters.map(({ name }) => name);
		const order = filters.flatMap((name) => /ext_authz|ext_proc|router/.exec(name) ?? []);
		verdict(
			`${listener}: ext_authz, ext_proc, router`,
			order.join() === "ext_authz,ext_proc,router",
			filters,
		);
	}
	if (chains.length === 0) verdict(`${listener} is there`, false);
}

/**
 * `postern check --envoy` on it, as the guide says to do after each upgrade of the mesh.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {string} dump
 * @param {readonly string[]} ignored codes
 */
export function checked({ folder, verdict }, dump, ignored) {
	const file = join(folder, "dump.json");
	writeFileSync(file, dump);
	const args = [join(ROOT, "bin", "postern"), "check", "--envoy", file, "--strict"];
	for (const code of ignored) args.push("--ignore", code);
	const { status, stdout, stderr } = spawnSync(join(BIN, "node"), args, { cwd: folder, encoding: "utf8" });
	const good = status === 0 && stdout.startsWith("nothing found");
	verdict("postern check finds nothing in what Envoy was told", good, `${stdout}${stderr}`);
}
