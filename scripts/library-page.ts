import { LIBRARY_PATH } from "../src/policy/bundle/library.ts";
import { findOpa } from "../src/policy/bundle/opa.ts";

interface Inspection {
	readonly annotations: readonly {
		readonly annotations: { readonly scope: string; readonly title: string; readonly description: string };
		readonly path: readonly { readonly value: string }[];
	}[];
}

/** The page about the policy library, made from what its packages and rules say of themselves. */
export async function libraryPage(): Promise<string> {
	const opa = await findOpa();
	const { stdout } = await opa.run(["inspect", "--annotations", "--format=json", LIBRARY_PATH], LIBRARY_PATH);
	const { annotations } = JSON.parse(stdout) as Inspection;
	const packages = new Map<string, string[]>();
	for (const { annotations: said, path } of annotations) {
		const name = path
			.map(({ value }) => value)
			.slice(0, 4)
			.join(".");
		const lines = packages.get(name) ?? [];
		packages.set(name, lines);
		const text = said.description.trim();
		if (said.scope === "package") lines.unshift(`## ${said.title}\n\n\`import ${name}\`\n\n${text}\n`);
		// What has no arguments in its title is a part of the others.
		else if (said.title.includes("(")) lines.push(`### ${path.at(-2)?.value}.${said.title}\n\n${text}\n`);
	}
	const sections = [...packages].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, lines]) => lines.join("\n"));
	return `# The policy library

Made from \`rego/lib\` by \`npm run docs\`. How to use it: [write a policy with the library](../guides/write-a-policy-with-the-library.md).

${sections.join("\n")}`;
}
