import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PosternFacts } from "../../src/mesh/types.ts";
import { ROOT } from "./source-tree.ts";

const FOLDER = join(ROOT, "test", "corpora", "envoy-checks");

/** The two examples of one code. A finding of a bad one points at a line that ends in `# here`. */
export interface EnvoyExample {
	readonly code: string;
	readonly bad: string;
	readonly good: string;
	/** What Postern's configuration says, where the code depends on it. */
	readonly facts: Partial<PosternFacts>;
}

export function envoyExamples(): readonly EnvoyExample[] {
	return readdirSync(FOLDER)
		.sort()
		.map((code) => {
			const read = (name: string) => readFileSync(join(FOLDER, code, name), "utf8");
			return {
				code,
				bad: read("bad.yaml"),
				good: read("good.yaml"),
				facts: existsSync(join(FOLDER, code, "facts.json"))
					? (JSON.parse(read("facts.json")) as Partial<PosternFacts>)
					: {},
			};
		});
}
