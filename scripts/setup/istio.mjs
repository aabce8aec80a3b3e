import { copyFileSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { run } from "./command.mjs";
import { goProblems, runGo } from "./go.mjs";
import { fetchGoModule } from "./go-module.mjs";
import { ISTIO } from "./pins.mjs";
import { BIN, ISTIO_FILES, TEMP } from "./places.mjs";
import { isOwnFile, knownVersion, remember } from "./state.mjs";

const LIMIT_MS = 40 * 60_000;
const BOOTSTRAP = join(ISTIO_FILES, basename(ISTIO.bootstrap));

/** @param {string} folder @param {string} name */
async function isRight(folder, name) {
	const { ok, output } = await run(join(folder, name), ["version", "--short"]);
	return ok && output.includes(ISTIO.version);
}

/** Istio's control plane and its agent. */
export const istio = {
	label: `istiod and its agent ${ISTIO.version}`,
	verb: "building from source, ten minutes and more",

	ready() {
		return existsSync(BOOTSTRAP) && ISTIO.programs.every((name) => knownVersion(name) === ISTIO.version);
	},

	async adopt() {
		if (!existsSync(BOOTSTRAP)) return false;
		for (const name of ISTIO.programs) {
			if (!isOwnFile(name) || !(await isRight(BIN, name))) return false;
			remember(name, ISTIO.version);
		}
		return true;
	},

	problems() {
		return goProblems(
			ISTIO.go,
			`it builds istiod. Install Go ${ISTIO.go.join(".")} or newer from your system or go.dev/dl.`,
		);
	},

	/** @param {AbortSignal} signal */
	async install(signal) {
		const folder = join(TEMP, "istio");
		mkdirSync(folder, { recursive: true });
		const flags = `-X istio.io/istio/pkg/version.buildVersion=${ISTIO.version}`;
		const packages = ISTIO.programs.map((name) => `${ISTIO.module}/pilot/cmd/${name}@v${ISTIO.version}`);
		const args = ["install", `-ldflags=-s -w ${flags}`, ...packages];
		const result = await runGo(args, folder, { signal, timeoutMs: LIMIT_MS });
		if (!result.ok) throw new Error(`go install of Istio ${ISTIO.version} failed:\n${result.tail}`);
		const pin = { module: `${ISTIO.module}@v${ISTIO.version}`, sum: ISTIO.sum };
		const source = await fetchGoModule(pin, join(TEMP, "istio-module"), signal);
		mkdirSync(ISTIO_FILES, { recursive: true });
		copyFileSync(join(source, ISTIO.bootstrap), BOOTSTRAP);
		mkdirSync(BIN, { recursive: true });
		for (const name of ISTIO.programs) {
			if (!(await isRight(folder, name)))
				throw new Error(`the ${name} that Go built is not ${ISTIO.version}.`);
			renameSync(join(folder, name), join(BIN, name));
			remember(name, ISTIO.version);
		}
	},
};
