import { CONFIG_FLAGS } from "../src/cli/config-flags.ts";
import { LEAVES, type Leaf } from "../src/config/leaves.ts";
import { FIXED_LIMITS, LIMITS, type Limit } from "../src/config/limits.ts";
import { variableName } from "../src/config/overlay.ts";

const SECTIONS: Readonly<Record<string, string>> = {
	serve: "Where Postern listens, and how it ends.",
	policy: "What decides.",
	request: "What a policy may see of a request, and what is refused before it is asked.",
	identity: "Who calls.",
	fields: "What is masked, and within which bounds.",
	audit: "Where the records go.",
	log: "What the operator reads on standard error.",
	telemetry:
		"What other systems are told; see [Follow a request](../guides/follow-a-request.md). The variables of OpenTelemetry count\nlike those of Postern, which win over them; `OTEL_SDK_DISABLED=true` and `OTEL_TRACES_EXPORTER=none` keep the others from\nturning traces on.",
};

function amount(value: number, unit: Limit["unit"]): string {
	const steps = [
		[1024 ** 3, "GiB"],
		[1024 ** 2, "MiB"],
		[1024, "KiB"],
	] as const;
	if (unit === "bytes") {
		for (const [size, name] of steps)
			if (value >= size && value % size === 0) return `${value / size} ${name}`;
		return `${value} bytes`;
	}
	return unit === "count" || unit === "ratio" || unit === "levels" ? String(value) : `${value} ${unit}`;
}

function values(leaf: Leaf): string {
	const limit = (LIMITS as Readonly<Record<string, Limit>>)[leaf.key];
	if (limit !== undefined) {
		const least = limit.unit === "bytes" ? amount(limit.min, limit.unit) : String(limit.min);
		return `${least} to ${amount(limit.max, limit.unit)}`;
	}
	if (leaf.choices !== undefined) {
		const list = leaf.choices.map((choice) => `\`${choice}\``).join(", ");
		return leaf.kind === "list" ? `list of ${list}` : list;
	}
	if (leaf.kind === "boolean") return "`true`, `false`";
	return leaf.kind === "list" ? "list of texts" : "text";
}

function fallback(leaf: Leaf): string {
	const limit = (LIMITS as Readonly<Record<string, Limit>>)[leaf.key];
	if (limit !== undefined) return amount(limit.default, limit.unit);
	if (leaf.required) return "required";
	return leaf.default === undefined ? "none" : `\`${JSON.stringify(leaf.default)}\``;
}

/** A cell of a table must not end it. */
const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** The page about `postern.yaml`, made from its schema. */
export function configurationPage(): string {
	const sections = [...new Set(LEAVES.map(({ key }) => key.split(".")[0] ?? ""))].map((section) => {
		const rows = LEAVES.filter(({ key }) => key.startsWith(`${section}.`)).map(
			(leaf) =>
				`| \`${leaf.key}\` | ${cell(values(leaf))} | ${cell(fallback(leaf))} | ${cell(leaf.description)} |`,
		);
		const head = "| key | values | default | meaning |\n|---|---|---|---|";
		return `## ${section}\n\n${SECTIONS[section] ?? ""}\n\n${head}\n${rows.join("\n")}\n`;
	});
	const fixed = Object.values(FIXED_LIMITS).map(
		({ value, unit, purpose }) => `| ${amount(value, unit)} | ${cell(purpose)} |`,
	);
	const flags = Object.entries(CONFIG_FLAGS).map(([name, { key }]) => `| \`--${name}\` | \`${key}\` |`);
	const example = variableName("serve.drain_seconds");
	return `# Configuration

Made from the schema by \`npm run docs\`. The same as JSON Schema, for editors: [postern.schema.json](postern.schema.json).

\`postern serve\` and \`postern check\` read \`postern.yaml\` in the working directory, or the file of \`--config\`. An unknown
key is an error with its line, column and a suggestion. Relative paths count from the file. An option wins over the
environment, the environment over the file, the file over the default. Every key can be set by a variable: \`${example}\`
is \`serve.drain_seconds\`. In the file \`\${env:NAME}\` stands for a variable, and \`file:PATH\` for what a file holds.

| option | sets |
|---|---|
${flags.join("\n")}

${sections.join("\n")}
## Fixed limits

These cannot be configured.

| limit | what it bounds |
|---|---|
${fixed.join("\n")}
`;
}
