import { fileURLToPath } from "node:url";

/** What a policy may call; made by `scripts/capabilities.mjs`. */
export const CAPABILITIES_PATH = fileURLToPath(
	new URL("../../../postern-capabilities.json", import.meta.url),
);
