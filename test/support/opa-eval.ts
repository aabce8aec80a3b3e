import { execFile } from "node:child_process";
import { join } from "node:path";
import { findOpa, type Opa } from "../../src/policy/bundle/opa.ts";
import { inFolder, type Sources, writeSources } from "./policy.ts";

/** OPA's own capabilities, less the network. */
async function offline(opa: Opa): Promise<string> {
	const { stdout } = await opa.run(["capabilities", "--current"], ".");
	return JSON.stringify({ ...(JSON.parse(stdout) as object), allow_net: [] });
}

/**
 * What the real `opa eval`, which may not use the network, answers to a query; `undefined` for an undefined one. Rejects
 * when OPA reports an error.
 */
export async function opaEval(sources: Sources | string, query: string, input: unknown): Promise<unknown> {
	const opa = await findOpa();
	const capabilities = await offline(opa);
	return inFolder(async (folder) => {
		await writeSources(folder, {
			...(typeof sources === "string" ? { "src/policy.rego": sources } : sources),
			"input.json": JSON.stringify(input),
			"capabilities.json": capabilities,
		});
		const args = [
			"eval",
			"--format=json",
			"--capabilities",
			join(folder, "capabilities.json"),
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
