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
import { goProblems } from "./go.mjs";
import { fetchGoModule } from "./go-module.mjs";
import { DEFINITIONS } from "./pins.mjs";
import { CRDS, TEMP } from "./places.mjs";

const STAMP = createHash("sha256").update(JSON.stringify(DEFINITIONS)).digest("hex");

/** Definitions of everything that the chart can make and that the meshes watch, for an API server. */
export const definitions = {
	label: "definitions of the meshes' resources",
	verb: "fetching",

	ready() {
		try {
			return readFileSync(join(CRDS, "stamp"), "utf8") === STAMP;
		} catch {
			return false;
		}
	},

	async adopt() {
		return false;
	},

	problems() {
		return goProblems(
			[1, 21],
			"it fetches the definitions of resources. Install Go from your system or go.dev/dl.",
		);
	},

	/** @param {AbortSignal} signal */
	async install(signal) {
		const next = join(TEMP, "definitions");
		mkdirSync(next, { recursive: true });
		for (const { from, ...module } of DEFINITIONS) {
			const source = await fetchGoModule(module, join(TEMP, "definition-modules"), signal);
			for (const file of from.endsWith(".yaml") ? [from] : filesIn(source, from)) {
				copyFileSync(join(source, file), join(next, basename(file)));
			}
		}
		writeFileSync(join(next, "stamp"), STAMP);
		rmSync(CRDS, { recursive: true, force: true });
		renameSync(next, CRDS);
	},
};

/** @param {string} source @param {string} folder */
const filesIn = (source, folder) =>
	readdirSync(join(source, folder))
		.filter((name) => name.endsWith(".yaml"))
		.map((name) => join(folder, name));
