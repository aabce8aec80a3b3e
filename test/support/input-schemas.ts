import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Schema } from "./json-schema.ts";
import { ROOT } from "./source-tree.ts";

const read = (name: string): Schema =>
	JSON.parse(readFileSync(join(ROOT, "docs", "reference", name), "utf8")) as Schema;

/** The published schemas of a policy's input: of the strict profile, and of the peer's document. */
export const INPUT_SCHEMA = read("input.schema.json");
export const PLUGIN_INPUT_SCHEMA = read("input.opa-envoy-plugin.schema.json");
