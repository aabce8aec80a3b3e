import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { importsOf } from "../support/import-scan.ts";
import { readSource } from "../support/source-text.ts";
import { ROOT, readTree } from "../support/source-tree.ts";

interface Manifest {
	readonly dependencies: Readonly<Record<string, string>>;
	readonly devDependencies: Readonly<Record<string, string>>;
	readonly scripts: Readonly<Record<string, string>>;
	readonly [key: string]: unknown;
}

interface Locked {
	readonly version: string;
	readonly resolved?: string;
	readonly integrity?: string;
	readonly hasInstallScript?: boolean;
}

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const manifest = JSON.parse(read("package.json")) as Manifest;
const locked = (JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> }).packages;

/** `@a/b/c` → `@a/b`, `a/b` → `a`. */
const packageOf = (specifier: string) =>
	specifier
		.split("/")
		.slice(0, specifier.startsWith("@") ? 2 : 1)
		.join("/");

function packagesOf(folder: string): Set<string> {
	const specifiers = [...readTree(folder).values()].flatMap((source) => importsOf(source));
	return new Set(
		specifiers
			.map(({ specifier }) => specifier)
			.filter((specifier) => !/^(?:\.|node:)/.test(specifier))
			.map(packageOf),
	);
}

/** Files of the project: tracked ones and those about to be. */
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
	cwd: ROOT,
	encoding: "utf8",
})
	.split("\0")
	.filter((file) => file !== "" && statSync(join(ROOT, file), { throwIfNoEntry: false })?.isFile() === true);

describe("dependencies", () => {
	test("src imports what the package declares, and nothing that only development has", () => {
		const declared = Object.keys(manifest.dependencies);
		expect([...packagesOf("src")].filter((name) => !declared.includes(name))).toEqual([]);
	});

	test("every dependency is imported by src", () => {
		const used = packagesOf("src");
		expect(Object.keys(manifest.dependencies).filter((name) => !used.has(name))).toEqual([]);
	});

	test("every development dependency is imported, or is a tool that a script runs", () => {
		const folders = ["test", "bench", "examples"];
		const used = new Set(folders.flatMap((folder) => [...packagesOf(folder)]));
		// By createRequire, or as the folder whose files a test reads.
		const strings = folders.flatMap((folder) =>
			[...readTree(folder).values()].flatMap((source) => [...readSource(source).strings.values()]),
		);
		for (const name of Object.keys(manifest.devDependencies)) {
			if (strings.some((text) => text === name || text.includes(`node_modules/${name}/`))) used.add(name);
		}
		const tools = new Set(["@biomejs/biome", "jest", "typescript", "@types/node"]);
		const typed = (name: string) =>
			name.startsWith("@types/") && name.slice("@types/".length) in manifest.dependencies;
		const idle = Object.keys(manifest.devDependencies).filter(
			(name) => !used.has(name) && !tools.has(name) && !typed(name),
		);
		expect(idle).toEqual([]);
	});

	test("at most twelve run with Postern", () => {
		expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(12);
	});

	test("versions are exact", () => {
		const all = { ...manifest.dependencies, ...manifest.devDependencies };
		expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
	});

	test("each has a line in docs/dependencies.md, and each line a dependency", () => {
		const rows = [...read("docs/dependencies.md").matchAll(/^\| `([^`]+)` \|([^|]+)\|([^|]+)\|/gm)];
		const all = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
		expect(rows.map((row) => row[1]).sort()).toEqual(all.sort());
		for (const [, name, why, instead] of rows) {
			expect({ name, words: (why ?? "").trim().length > 10 }).toEqual({ name, words: true });
			expect({ name, words: (instead ?? "").trim().length > 3 }).toEqual({ name, words: true });
		}
	});
});

describe("the lock file", () => {
	const packages = Object.entries(locked).filter(([path]) => path !== "");

	test("names no registry, so that every mirror will do, and has a checksum for each package", () => {
		expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
		expect(
			packages.filter(([, { integrity }]) => !integrity?.startsWith("sha512-")).map(([path]) => path),
		).toEqual([]);
	});

	test("has no older version of a package than the one that closed its known holes", () => {
		const minimum: Readonly<Record<string, readonly [number, number, number]>> = {
			"@grpc/grpc-js": [1, 14, 5],
			protobufjs: [7, 6, 3],
		};
		const older = ([a = 0, b = 0, c = 0]: readonly number[], [x, y, z]: readonly [number, number, number]) =>
			a < x || (a === x && (b < y || (b === y && c < z)));
		for (const [name, least] of Object.entries(minimum)) {
			const found = packages.filter(([path]) => path.endsWith(`node_modules/${name}`));
			expect(found.length).toBeGreaterThan(0);
			for (const [path, { version }] of found) {
				expect({ path, version, old: older(version.split(".").map(Number), least) }).toMatchObject({
					old: false,
				});
			}
		}
	});

	test("agrees with package.json", () => {
		const root = locked[""] as unknown as Manifest;
		expect(root.dependencies).toEqual(manifest.dependencies);
		expect(root.devDependencies).toEqual(manifest.devDependencies);
	});
});

describe("the files of the project", () => {
	test("what set-up and the demo make is ignored by git", () => {
		const ignored = read(".gitignore").split("\n");
		for (const made of ["node_modules/", ".tools/", ".run/"]) expect(ignored).toContain(made);
	});

	test("every script of package.json names a file that is there", () => {
		for (const command of Object.values(manifest.scripts)) {
			for (const [file] of command.matchAll(/(?:scripts|bench)\/\S+/g)) expect(files).toContain(file);
		}
	});

	// The words are put together here, so that this file does not find itself.
	const unwanted: readonly (readonly [string, RegExp])[] = [
		[
			"a path of somebody's machine",
			new RegExp(`(?<![\\w.])/(?:${["work", "root", "Users"].join("|")})/[\\w.]`),
		],
		[
			"the host of a package registry",
			new RegExp(
				[
					["registry", "npmjs", "org"],
					["registry", "yarnpkg", "com"],
					["pypi", "org"],
					["files", "pythonhosted", "org"],
					["proxy", "golang", "org"],
					["sum", "golang", "org"],
				]
					.map((parts) => parts.join("\\."))
					.join("|"),
			),
		],
		["an open end", new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`)],
		["a private key", new RegExp(`^${"-".repeat(5)}BEGIN (?:EC |RSA )?PRIVATE ${"KEY"}`, "m")],
	];
	test.each(unwanted)("no file holds %s", (_what, pattern) => {
		const holding = files
			.filter((file) => file !== "package-lock.json")
			.map((file) => ({ file, hit: pattern.exec(read(file))?.[0] }))
			.filter(({ hit }) => hit !== undefined);
		expect(holding).toEqual([]);
	});

	test("scripts that set up are plain JavaScript without dependencies", () => {
		const specifiers = files
			.filter((file) => /^scripts\/(?:setup\/.*|setup|run|demo|jest-stage|test|test-full)\.mjs$/.test(file))
			.flatMap((file) => importsOf(read(file)).map(({ specifier }) => specifier));
		expect(specifiers.length).toBeGreaterThan(20);
		expect(specifiers.filter((specifier) => !/^(?:\.|node:)/.test(specifier))).toEqual([]);
	});
});
