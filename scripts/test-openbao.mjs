/**
 * `npm run test:openbao [-- ROUNDS]`: certificates of OpenBao's PKI, renewed on both sides under load through the real
 * Envoy. Exits with 3 where OpenBao cannot be had.
 */
import { join } from "node:path";
import process from "node:process";
import { runScript } from "./run.mjs";
import { ROOT } from "./setup/places.mjs";

const script = join(ROOT, "test", "full", "openbao-rotation.ts");
process.exit(
	await runScript([script, ...process.argv.slice(2)], ["packages", "node", "envoy", "opa", "openbao"]),
);
