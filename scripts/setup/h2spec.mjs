import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { goProblems, runGo } from "./go.mjs";
import { H2SPEC } from "./pins.mjs";
import { BIN, TEMP } from "./places.mjs";
import { isOwnFile, knownVersion, remember } from "./state.mjs";

const LIMIT_MS = 10 * 60_000;

/** @param {string} program */
async function versionOf(program) {
	const { ok, output } = await run(program, ["--version"]);
	return ok ? /^Version: (\S+)/m.exec(output)?.[1] : undefined;
}

/**
 * The conformance tests of HTTP/2, for our own server side of it. Its module says nothing of what it is made of, so the
 * versions of that are pinned here too, and Go's checksum database guards them all.
 */
export const h2spec = {
	label: `h2spec ${H2SPEC.version}`,
	verb: "building from source",

	ready() {
		return knownVersion("h2spec") === H2SPEC.version;
	},

	async adopt() {
		if (!isOwnFile("h2spec") || (await versionOf(join(BIN, "h2spec"))) !== H2SPEC.says) {
			return false;
		}
		remember("h2spec", H2SPEC.version);
		return true;
	},

	problems() {
		return goProblems(
			H2SPEC.go,
			`it builds h2spec ${H2SPEC.version}. Install Go ${H2SPEC.go.join(".")} or newer from your system or go.dev/dl.`,
		);
	},

	/** @param {AbortSignal} signal */
	async install(signal) {
		const folder = join(TEMP, "h2spec");
		mkdirSync(folder, { recursive: true });
		const required = Object.entries(H2SPEC.modules).map(([module, version]) => `\t${module} v${version}`);
		writeFileSync(
			join(folder, "go.mod"),
			`module postern.example/h2spec\n\ngo ${H2SPEC.go.join(".")}\n\nrequire (\n${required.join("\n")}\n)\n`,
		);
		const program = join(folder, "h2spec");
		const result = await runGo(["build", "-ldflags=-s -w", "-o", program, H2SPEC.command], folder, {
			signal,
			timeoutMs: LIMIT_MS,
			// The checksums that go.mod has no file for yet are asked for.
			flags: "-mod=mod -buildvcs=false",
		});
		if (!result.ok) {
			throw new Error(`go build of h2spec ${H2SPEC.version} failed:\n${result.tail}`);
		}
		const version = await versionOf(program);
		if (version !== H2SPEC.says) {
			throw new Error(`the h2spec that Go built answers ${version ?? "nothing"} instead of ${H2SPEC.says}.`);
		}
		mkdirSync(BIN, { recursive: true });
		renameSync(program, join(BIN, "h2spec"));
		remember("h2spec", H2SPEC.version);
	},
};
