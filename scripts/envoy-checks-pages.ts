import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CODE_FAMILIES } from "../src/mesh/codes.ts";
import type { CodeText } from "../src/mesh/types.ts";
import { excerpts } from "./excerpts.ts";

const FOLDER = "docs/reference/envoy-checks";
/** Marks the lines of a bad example that a finding points at. */
const MARK = / # here$/;

/**
 * The pages about what `postern check --envoy` finds: one for each code, and an index. Their examples are the files
 * that the tests hold the rules to.
 *
 * @param root folder of the project
 */
export function envoyChecksPages(root: string): Readonly<Record<string, string>> {
	const families = Object.entries(CODE_FAMILIES).map(
		([family, codes]): readonly [string, readonly (readonly [string, CodeText])[]] => [
			family,
			Object.entries<CodeText>(codes),
		],
	);
	const pages = families.flatMap(([, codes]) =>
		codes.map(([code, text]) => [`${FOLDER}/${code}.md`, codePage(root, code, text)] as const),
	);
	return { [`${FOLDER}/README.md`]: indexPage(families), ...Object.fromEntries(pages) };
}

const SEVERITIES = { error: "Error", warning: "Warning", note: "Note" } as const;

function codePage(root: string, code: string, text: CodeText): string {
	const example = (name: string): readonly string[] =>
		readFileSync(join(root, "test/corpora/envoy-checks", code, name), "utf8")
			.trimEnd()
			.split("\n");
	const [bad, good] = excerpts(example("bad.yaml"), example("good.yaml"), MARK);
	const proof =
		text.proof === undefined
			? ""
			: `\n\nShown by the test “${text.proof.test.replace("%s", "…")}” in [\`${text.proof.file}\`](../../../${text.proof.file}).`;
	const others = [
		...(text.istio === undefined ? [] : [`**Istio.** ${text.istio}`]),
		...(text.gateway === undefined ? [] : [`**Envoy Gateway.** ${text.gateway}`]),
	];
	return [
		`# ${code}`,
		`${SEVERITIES[text.severity]}: ${text.title}.`,
		`**Why.** ${text.why}`,
		`**Seen.** ${text.seen}${proof}`,
		`**Fix.** ${text.fix}`,
		...others,
		"## Bad",
		// The one example that is no YAML, and must not be taken for some.
		fenced(bad, code === "yaml_invalid" ? "text" : "yaml"),
		"## Good",
		fenced(good, "yaml"),
		`Whole files: [bad](../../../test/corpora/envoy-checks/${code}/bad.yaml), [good](../../../test/corpora/envoy-checks/${code}/good.yaml). [All codes](README.md)`,
		"",
	]
		.join("\n\n")
		.trimEnd()
		.concat("\n");
}

function fenced(lines: readonly string[], language: string): string {
	return [`\`\`\`${language}`, ...lines, "```"].join("\n");
}

function indexPage(
	families: readonly (readonly [string, readonly (readonly [string, CodeText])[]])[],
): string {
	const count = families.reduce((sum, [, codes]) => sum + codes.length, 0);
	const tables = families.map(([family, codes]) => {
		const rows = codes.map(
			([code, { severity, title }]) => `| [\`${code}\`](${code}.md) | ${severity} | ${title} |`,
		);
		return [`## ${family}`, "", "| code | severity | what is wrong |", "|---|---|---|", ...rows].join("\n");
	});
	return `# What \`postern check --envoy\` finds

${count} codes, made from the program and its examples by \`npm run docs\`. An **error** leaks, allows wrongly, or stops
everything; a **warning** makes outages, or is weaker than need be; a **note** is wasteful, or says what was not checked.
The command ends with 1 when there are errors, with \`--strict\` when there are warnings too. \`--ignore CODE\` leaves
out what was looked at and is meant.

What is read: Envoy's static configuration, single listeners, route configurations, clusters and filters as xDS brings
them, dumps of \`/config_dump\`, all as YAML or JSON, with anchors, several documents in one file; fields under either of
their names; \`TypedStruct\`. Of Istio: \`extensionProviders\` in an IstioOperator, in the ConfigMap \`istio\` or in a plain
mesh configuration, \`AuthorizationPolicy\`, \`EnvoyFilter\`, \`VirtualService\`. Of Envoy Gateway: \`SecurityPolicy\`,
\`EnvoyExtensionPolicy\`, \`ClientTrafficPolicy\`, \`BackendTrafficPolicy\`, \`EnvoyProxy\`, \`EnvoyPatchPolicy\`, and
\`HTTPRoute\`. Give all files of a set-up in one call: what stands in several is put together, patches over what they
patch. All resources of one mesh count as one workload's; check workloads with different filters apart.

Which filters are Postern's: every \`ext_authz\` with \`grpc_service\` and every \`ext_proc\`. Where they call several
clusters, it is those that both kinds call, else those whose name holds \`postern\`, else all; \`--cluster NAME\` says it.
Filters of other services are looked at as neighbours only.

The rules are those of Envoy 1.40, Istio 1.31 and Envoy Gateway 1.9. What a control plane makes of resources is judged
by its documented defaults; a dump of the running configuration shows what it really made.

${tables.join("\n\n")}
`;
}
