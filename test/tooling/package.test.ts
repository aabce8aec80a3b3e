import { execFileSync } from "node:child_process";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const root = join(import.meta.dirname, "..", "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
	readonly version: string;
};
const folder = mkdtempSync(join(tmpdir(), "postern-package-"));
const modules = join(folder, "node_modules");
const installed = join(modules, "postern");

/** Packs the checkout and lays the package where `npm install` would, beside its dependencies. */
beforeAll(() => {
	const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
		cwd: root,
		encoding: "utf8",
		stdio: ["ignore", "pipe", "ignore"],
	});
	const name = /"filename": "([^"]+)"/.exec(packed)?.[1] ?? "";
	mkdirSync(installed, { recursive: true });
	execFileSync("tar", ["-xzf", join(folder, name), "-C", installed, "--strip-components=1"]);
	for (const entry of readdirSync(join(root, "node_modules"))) {
		if (!entry.startsWith(".")) symlinkSync(join(root, "node_modules", entry), join(modules, entry));
	}
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function postern(args: readonly string[], input = ""): string {
	return execFileSync(process.execPath, [join(installed, "bin", "postern"), ...args], {
		cwd: folder,
		encoding: "utf8",
		input,
	});
}

test("the package holds what runs and no sources, tests or scripts", () => {
	expect(readdirSync(installed).sort()).toEqual([
		"CHANGELOG.md",
		"LICENSE",
		"README.md",
		"SECURITY.md",
		"bin",
		"dist",
		"docs",
		"envoy",
		"package.json",
		"postern-capabilities.json",
		"rego",
	]);
	expect(readdirSync(join(installed, "rego"))).toEqual(["lib"]);
});

test("its command runs under node_modules, where Node strips no types", () => {
	expect(postern(["--version"])).toBe(`postern ${version}\n`);
});

test("its command knows where its own files are", () => {
	for (const name of ["library", "input-schema", "plugin-input-schema", "capabilities", "config-schema"]) {
		const path = postern(["where", name]).trim();
		expect([path.startsWith(`${installed}/`), existsSync(path)]).toEqual([true, true]);
	}
});

test("its command builds a policy that imports from the library", () => {
	mkdirSync(join(folder, "policies"));
	const rules = 'allow if paths.match("/people/{id}", input.parsed_path)';
	writeFileSync(
		join(folder, "policies", "authz.rego"),
		`package envoy.authz\n\nimport data.postern.lib.paths\n\n${rules}\n`,
	);
	postern(["build", "policies", "-o", "library.tar.gz"]);
	const input = JSON.stringify({ parsed_path: ["people", "7"] });
	const args = ["eval", "--bundle", "library.tar.gz", "--input", "-", "--json"];
	expect(JSON.parse(postern(args, input))).toMatchObject({ verdict: "allow" });
});

test("its command builds a bundle and evaluates it", () => {
	postern(["build", join(root, "rego", "clinic"), "-o", "bundle.tar.gz"]);
	const input = JSON.stringify({
		parsed_path: ["healthz"],
		attributes: { request: { http: { method: "GET" } } },
	});
	const decision: unknown = JSON.parse(
		postern(["eval", "--bundle", "bundle.tar.gz", "--input", "-", "--json"], input),
	);
	expect(decision).toMatchObject({ verdict: "allow" });
});
