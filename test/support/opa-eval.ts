import { execFile } from "node:child_process";
import { join } from "node:path";
import { findOpa } from "../../src/policy/bundle/opa.ts";
import { inFolder, type Sources, writeSources } from "./policy.ts";

/**
 * What the real `opa eval` answers to a query; `undefined` for an undefined one. Rejects when OPA reports an error.
 */
export async function opaEval(sources: Sources | string, query: string, input: unknown): Promise<unknown> {
	const opa = await findOpa();
	return inFolder(async (folder) => {
		await writeSources(folder, {
			...(typeof sources === "string" ? { "src/policy.rego": sources } : sources),
			"input.json": JSON.stringify(input),
		});
		const args = [
			"eval",
			"--format=json",
			"-d",
			join(folder, "src"),
			"-i",
			join(folder, "input.json"),
			query,
		];
		const stdout = await new Promise<string>((resolve, reject) => {
			execFile(opa.path, args, { maxBuffer: 64 * 1024 * 1024 }, (error, out) => {
				if (error === null) resolve(out);
				else reject(new Error(out || error.message));
			});
		});
		const answer = JSON.parse(stdout) as { result?: [{ expressions: [{ value: unknown }] }] };
		return answer.result?.[0].expressions[0].value;
	});
}
