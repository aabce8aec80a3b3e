import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Everything that set-up makes beside `node_modules`; ignored by git. */
export const TOOLS = join(ROOT, ".tools");
export const BIN = join(TOOLS, "bin");
/** Definitions of resources, for the API server of `npm run test:mesh`. */
export const CRDS = join(TOOLS, "definitions");
/** What Istio's programs read beside their arguments. */
export const ISTIO_FILES = join(TOOLS, "istio");

/** Work in progress: whatever is here when a set-up starts was left by one that was killed. */
export const TEMP_ROOT = join(TOOLS, "tmp");
/** A folder of this process alone: children of a killed set-up may still be writing into theirs. */
export const TEMP = join(TEMP_ROOT, String(process.pid));
export const LOCK = join(TOOLS, "setup.lock");
export const STATE = join(TOOLS, "state.json");
export const MODULES = join(ROOT, "node_modules");

export const PLATFORM = `${process.platform}-${process.arch}`;
