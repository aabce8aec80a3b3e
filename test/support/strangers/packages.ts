import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../source-tree.ts";

const run = promisify(execFile);
const INSTALL_LIMIT_MS = 300_000;

/** Services and clients that nobody here wrote, fetched for full runs and nothing else. */
const PYTHON = { httpbin: "0.10.2", requests: "2.32.3" };
const NPM = { "json-server": "0.17.4" };
const FOLDER = join(ROOT, ".tools", "strangers");

/** Folders of what was fetched. */
export interface Packages {
	/** For `PYTHONPATH`. */
	readonly python: string;
	/** Holds `node_modules`. */
	readonly npm: string;
}

/** Fetches what is not there yet; says why when it cannot be had on this machine. */
export async function fetchPackages(): Promise<Packages | { readonly missing: string }> {
	try {
		await run("curl", ["--version"]);
		return { python: await installPython(), npm: await installNpm() };
	} catch (error) {
		return { missing: String(error).split("\n").slice(0, 4).join(" ") };
	}
}

function installPython(): Promise<string> {
	const wanted = Object.entries(PYTHON).map(([name, version]) => `${name}==${version}`);
	return once("python", wanted, async (folder) => {
		const options = ["--quiet", "--disable-pip-version-check", "--target", folder];
		await run("python3", ["-m", "pip", "install", ...options, ...wanted], { timeout: INSTALL_LIMIT_MS });
	});
}

function installNpm(): Promise<string> {
	const wanted = Object.entries(NPM).map(([name, version]) => `${name}@${version}`);
	return once("npm", wanted, async (folder) => {
		const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder];
		await run("npm", ["install", ...options, ...wanted], { timeout: INSTALL_LIMIT_MS });
	});
}

/** A folder that `install` has filled to the end, with exactly what is wanted. */
async function once(
	name: string,
	wanted: readonly string[],
	install: (folder: string) => Promise<void>,
): Promise<string> {
	const folder = join(FOLDER, name);
	const stamp = join(folder, `installed-${wanted.join("-")}`);
	if (existsSync(stamp)) return folder;
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	await install(folder);
	writeFileSync(stamp, "");
	return folder;
}
