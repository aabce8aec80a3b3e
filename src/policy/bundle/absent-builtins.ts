import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { explainAbsent, UNSUPPLIED } from "../builtins/unsupplied.ts";

const CALL = /undefined function ([\w.]+)/g;
/** The compiler does not say which: the line does. */
const MOCK = /^(?:.*occurred: )?(.+?):(\d+): rego_type_error: with keyword target must reference existing/gm;

async function lineOf(folder: string, path: string, line: number): Promise<string> {
	try {
		return (await readFile(join(folder, path), "utf8")).split("\n")[line - 1] ?? "";
	} catch {
		return "";
	}
}

/**
 * What to do instead of the builtins that a compiler's message is about, one line each; empty where there is nothing to
 * say. `folder` is where the paths of the message start.
 */
export async function adviceFor(message: string, folder: string): Promise<readonly string[]> {
	const names = new Set([...message.matchAll(CALL)].map((match) => match[1] ?? ""));
	for (const [, path = "", line] of message.matchAll(MOCK)) {
		const text = await lineOf(folder, path, Number(line));
		for (const name of UNSUPPLIED.keys()) if (text.includes(`with ${name} `)) names.add(name);
	}
	return [...names].filter((name) => UNSUPPLIED.has(name)).map(explainAbsent);
}
