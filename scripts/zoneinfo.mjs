// Packs a tree of compiled IANA time zones (TZif files, one a zone) into src/policy/builtins/time/zoneinfo.bin.
// Usage: node scripts/zoneinfo.mjs DIR, where DIR is lib/time/zoneinfo.zip of a Go tree, unpacked: Go's own copy is
// what OPA falls back to. Needs nothing beside Node.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";

const dir = process.argv[2];
if (dir === undefined) {
	console.error("usage: node scripts/zoneinfo.mjs DIR");
	process.exit(2);
}
const files = readdirSync(dir, { recursive: true, withFileTypes: true })
	.filter((entry) => entry.isFile())
	.map((entry) => join(entry.parentPath, entry.name))
	.sort();

/** @type {Record<string, [start: number, length: number]>} */
const index = {};
/** @type {Map<string, [start: number, length: number]>} */
const placed = new Map();
const bodies = [];
let end = 0;
for (const file of files) {
	const bytes = readFileSync(file);
	if (bytes.toString("latin1", 0, 4) !== "TZif") continue;
	const key = bytes.toString("latin1");
	const place = placed.get(key) ?? [end, bytes.length];
	if (!placed.has(key)) {
		placed.set(key, place);
		bodies.push(bytes);
		end += bytes.length;
	}
	index[relative(dir, file).replaceAll("\\", "/")] = place;
}
const head = Buffer.from(`${JSON.stringify(index)}\n`);
const packed = Buffer.concat([head, ...bodies]);
writeFileSync(new URL("../src/policy/builtins/time/zoneinfo.bin", import.meta.url), packed);
console.log(`${Object.keys(index).length} zones, ${packed.length} bytes`);
