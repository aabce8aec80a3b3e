import { goJson } from "../../src/policy/builtins/go/json.ts";
import { regoBuiltins } from "../../src/policy/builtins/rego/rego.ts";
import { opaEval } from "./opa-eval.ts";

const QUERY = `package q

answers[i] := json.marshal(rego.parse_module("x.rego", text)) if some i, text in input
`;

/** Characters of modules that one evaluation of OPA takes. */
const MAX_PART = 256 * 1024;

function ours(text: string): string | undefined {
	const context = { nowNs: () => 0n, remember: () => null };
	const term = regoBuiltins["rego.parse_module"]?.(["x.rego", text], context);
	return term === undefined ? undefined : goJson(term);
}

function parts(texts: readonly string[]): readonly (readonly string[])[] {
	const found: string[][] = [[]];
	let room = MAX_PART;
	for (const text of texts) {
		if (text.length > room) {
			found.push([]);
			room = MAX_PART;
		}
		found.at(-1)?.push(text);
		room -= text.length;
	}
	return found;
}

export interface Parsed {
	/** Texts that OPA takes for modules. */
	readonly modules: number;
	/** Texts of which the host and the real `opa` make something else, both as JSON. */
	readonly differences: readonly unknown[];
}

/** Reads texts with the host's `rego.parse_module` and with the real one. */
export async function parseBoth(texts: readonly string[]): Promise<Parsed> {
	let modules = 0;
	const differences: unknown[] = [];
	for (const part of parts(texts)) {
		const answers = ((await opaEval(QUERY, "data.q.answers", part)) ?? {}) as Readonly<
			Record<string, string>
		>;
		for (const [i, text] of part.entries()) {
			const [mine, theirs] = [ours(text), answers[String(i)]];
			if (theirs !== undefined) modules++;
			if (mine !== theirs) differences.push({ text, ours: mine, opa: theirs });
		}
	}
	return { modules, differences };
}
