/** `npm run demo`: sets up what is missing, then plays the scene of `examples/clinic`. */
import { join } from "node:path";
import { runScript } from "./run.mjs";
import { ROOT } from "./setup/places.mjs";

process.exit(await runScript([join(ROOT, "examples", "clinic", "demo.ts"), ...process.argv.slice(2)]));
