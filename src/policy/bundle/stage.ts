import { access, copyFile, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { errorMessage } from "../../lib/error-message.ts";
import { PosternError } from "../../lib/errors.ts";

/** One source given by the user, as it lies in the staging folder. */
export interface StagedSource {
	/** Path below the staging folder. */
	readonly name: string;
	/** As the user wrote it. */
	readonly given: string;
}

/** Folder of the staging folder that holds generated rules; no source gets this name. */
export const GENERATED = "generated";

/** Folder of the staging folder for the policy library; no source gets this name either. */
export const LIBRARY = "postern_lib";

/** Policies and data, but neither tests nor hidden files; what OPA would load from a folder. */
function wanted(name: string): boolean {
	if (name.startsWith(".") || name.endsWith("_test.rego")) return false;
	return /\.(?:rego|json|ya?ml)$/.test(name);
}

async function copyTree(from: string, to: string): Promise<void> {
	await mkdir(to);
	const entries = await readdir(from, { withFileTypes: true });
	for (const { name, isDir } of entries.map((entry) => ({ name: entry.name, isDir: entry.isDirectory() }))) {
		const source = join(from, name);
		if (isDir && !name.startsWith(".")) await copyTree(source, join(to, name));
		// A link to a file counts (mounted configuration is made of them), a link to a folder does not.
		else if (!isDir && wanted(name) && (await stat(source)).isFile()) await copyFile(source, join(to, name));
	}
}

const exists = (path: string): Promise<boolean> =>
	access(path).then(
		() => true,
		() => false,
	);

/** An unpacked bundle that OPA's optimiser made without data: what its policy asked of data was taken for absent. */
async function refuseOptimized(folder: string): Promise<void> {
	const marks = [join(folder, ".manifest"), join(folder, "optimized")];
	if ((await Promise.all(marks.map(exists))).includes(false)) return;
	const data = join(folder, "data.json");
	if ((await exists(data)) && (await readFile(data, "utf8")).trim() !== "{}") return;
	throw new PosternError(
		"policy_build_failed",
		`${folder} is a bundle that was optimised (opa build -O) without data; build from the sources instead`,
	);
}

function stagedName(given: string, taken: Set<string>): string {
	const plain = basename(resolve(given)).replace(/[^A-Za-z0-9_.-]/g, "_");
	const base = /^[A-Za-z0-9_]/.test(plain) ? plain : `source${plain}`;
	let name = base;
	for (let n = 2; taken.has(name); n++) name = `${n}-${base}`;
	taken.add(name);
	return name;
}

/**
 * Copies sources into a folder, so that every run of the compiler sees the same ones and that no path of the
 * machine gets into the module.
 * @throws {PosternError} `file_unreadable`; `policy_build_failed` for a bundle that was optimised without data
 */
export async function stageSources(
	given: readonly string[],
	folder: string,
): Promise<readonly StagedSource[]> {
	const taken = new Set([GENERATED, LIBRARY]);
	const staged: StagedSource[] = [];
	for (const path of given) {
		const name = stagedName(path, taken);
		try {
			if ((await stat(path)).isDirectory()) {
				await refuseOptimized(path);
				await copyTree(path, join(folder, name));
			} else await copyFile(path, join(folder, name));
		} catch (thrown) {
			if (thrown instanceof PosternError) throw thrown;
			throw new PosternError("file_unreadable", `${path}: ${errorMessage(thrown)}`, { cause: thrown });
		}
		staged.push({ name, given: path });
	}
	return staged;
}

/** Puts the user's own paths back into a compiler's message. */
export function unstagePaths(message: string, sources: readonly StagedSource[]): string {
	let text = message;
	for (const { name, given } of sources) {
		const pattern = new RegExp(`(^|[\\s"'(])${name.replaceAll(".", "\\.")}(?=[/:"'\\s])`, "gm");
		text = text.replace(pattern, (_, before: string) => `${before}${given.replace(/\/+$/, "")}`);
	}
	return text;
}
