import { rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { definitions } from "./setup/definitions.mjs";
import { envoy } from "./setup/envoy.mjs";
import { envoyGateway } from "./setup/envoy-gateway.mjs";
import { h2spec } from "./setup/h2spec.mjs";
import { helm } from "./setup/helm.mjs";
import { istio } from "./setup/istio.mjs";
import { kubeconform } from "./setup/kubeconform.mjs";
import { kubernetes } from "./setup/kubernetes.mjs";
import { takeLock } from "./setup/lock.mjs";
import { node } from "./setup/node.mjs";
import { opa } from "./setup/opa.mjs";
import { openbao } from "./setup/openbao.mjs";
import { packages } from "./setup/packages.mjs";
import { BIN, TEMP_ROOT } from "./setup/places.mjs";
import { createProgress } from "./setup/progress.mjs";
import { schemas } from "./setup/schemas.mjs";
import { describe, EXIT_ENVIRONMENT, EXIT_INTERRUPTED, SetupError } from "./setup/setup-error.mjs";

const PARTS = {
	...{ packages, node, envoy, opa, h2spec, helm, kubeconform, schemas, openbao },
	...{ definitions, envoyGateway, kubernetes, istio },
};

/** What the demo and every command of the project need. */
const USUAL = /** @type {const} */ (["packages", "node", "envoy", "opa"]);
/** What all tests need. */
export const FOR_TESTS = /** @type {const} */ ([...USUAL, "h2spec", "helm", "kubeconform", "schemas"]);
/** What `npm run setup` fetches: all but the control planes, which take long to build and which one command runs. */
const FOR_EVERYDAY = /** @type {const} */ ([...FOR_TESTS, "openbao"]);
/** What each part of `npm run test:mesh` needs, by its name. */
export const FOR_MESHES = /** @type {const} */ ({
	"host-gateway": [...USUAL, "helm", "envoyGateway"],
	kubernetes: [...USUAL, "helm", "definitions", "kubernetes"],
	"envoy-gateway": [...USUAL, "helm", "definitions", "kubernetes", "envoyGateway"],
	istio: [...USUAL, "helm", "definitions", "kubernetes", "istio"],
});

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * Installs the parts that are missing, all at the same time, and throws once for everything that stands in the way.
 *
 * @param {readonly (typeof packages)[]} missing
 * @param {ReturnType<typeof createProgress>} progress
 * @param {AbortSignal} signal
 */
async function install(missing, progress, signal) {
	const problems = (await Promise.all(missing.map((part) => part.problems()))).flat();
	if (problems.length > 0) {
		throw new SetupError(problems);
	}
	progress.say("Setting up Postern (once; everything goes into .tools and node_modules of this checkout):");
	const results = await Promise.allSettled(
		missing.map(async (part) => {
			const step = progress.start(part.label, part.verb);
			try {
				await part.install(signal, step);
				step.done();
			} catch (error) {
				step.failed();
				throw error;
			}
		}),
	);
	progress.stop();
	const failed = results.flatMap((result) =>
		result.status === "rejected" ? [messageOf(result.reason)] : [],
	);
	if (failed.length > 0) {
		throw new SetupError(failed);
	}
}

/** Ends a set-up that a person or the system interrupts: children first, then what they left. */
function abortOnSignals() {
	const controller = new AbortController();
	const abort = (name) => controller.abort(name);
	process.on("SIGINT", abort);
	process.on("SIGTERM", abort);
	process.on("SIGHUP", abort);
	return {
		signal: controller.signal,
		restore() {
			process.off("SIGINT", abort);
			process.off("SIGTERM", abort);
			process.off("SIGHUP", abort);
		},
	};
}

/**
 * What this machine lacks for these parts, one message each; nothing is installed.
 *
 * @param {readonly (keyof typeof PARTS)[]} names
 * @returns {Promise<readonly string[]>}
 */
export async function lackingFor(names) {
	const found = names.map(async (name) => {
		const part = PARTS[name];
		return part.ready() || (await part.adopt()) ? [] : part.problems();
	});
	return (await Promise.all(found)).flat();
}

/**
 * Makes sure that everything Postern's development needs is in place. Instant when it is.
 *
 * @param {readonly (keyof typeof PARTS)[]} [names]
 * @returns {Promise<{ bin: string, node: string, installed: number }>}
 * @throws {SetupError} with every reason at once
 */
export async function setUp(names = USUAL) {
	const parts = names.map((name) => PARTS[name]);
	const place = { bin: BIN, node: join(BIN, "node") };
	if (parts.every((part) => part.ready())) {
		return { ...place, installed: 0 };
	}
	const progress = createProgress(process.stderr);
	const interruption = abortOnSignals();
	let release = () => {};
	try {
		release = await takeLock(
			(pid) => progress.say(`Waiting for another set-up of this checkout (process ${pid}) ...`),
			interruption.signal,
		);
		rmSync(TEMP_ROOT, { recursive: true, force: true });
		const missing = [];
		for (const part of parts) {
			if (!part.ready() && !(await part.adopt())) {
				missing.push(part);
			}
		}
		if (missing.length > 0) {
			await install(missing, progress, interruption.signal);
		}
		return { ...place, installed: missing.length };
	} catch (error) {
		if (interruption.signal.aborted) {
			throw new SetupError(["interrupted. Run it again to go on."], EXIT_INTERRUPTED);
		}
		throw error;
	} finally {
		progress.stop();
		rmSync(TEMP_ROOT, { recursive: true, force: true });
		release();
		interruption.restore();
	}
}

/**
 * Set-up for a script: says what is wrong and exits with 3 when it cannot be done.
 *
 * @param {readonly (keyof typeof PARTS)[]} [names]
 */
export async function setUpOrExit(names) {
	try {
		return await setUp(names);
	} catch (error) {
		process.stderr.write(
			error instanceof SetupError ? describe(error) : `Set-up failed: ${messageOf(error)}\n`,
		);
		return process.exit(error instanceof SetupError ? error.exitCode : EXIT_ENVIRONMENT);
	}
}

/**
 * The environment for what runs after set-up: the project's own tools first.
 *
 * @param {string} bin
 * @returns {NodeJS.ProcessEnv}
 */
export function withTools(bin) {
	return { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
	const { installed } = await setUpOrExit(FOR_EVERYDAY);
	process.stderr.write(installed === 0 ? "Everything is in place.\n" : "Ready.\n");
}
