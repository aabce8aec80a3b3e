import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { MESH_CODES, type MeshCode } from "../mesh/codes.ts";
import type { MeshFinding } from "../mesh/findings.ts";
import { type MeshResult, pageOf } from "./mesh-result.ts";
import { VERSION } from "./version.ts";

/** SARIF 2.1.0, as code-scanning services read it. Rules are those that were met; levels are those of the table. */
export function meshSarif({ findings, config, ok }: MeshResult): string {
	const codes = [...new Set(findings.map(({ code }) => code))].sort();
	const own = config.map(({ code, message, file, line, column }) => ({
		ruleId: code,
		level: "error",
		message: { text: message },
		...(file === undefined || line === undefined ? {} : { locations: [location(file, line, column ?? 1)] }),
	}));
	const log = {
		$schema: "https://json.schemastore.org/sarif-2.1.0.json",
		version: "2.1.0",
		runs: [
			{
				tool: {
					driver: { name: "postern check --envoy", semanticVersion: VERSION, rules: codes.map(ruleOf) },
				},
				columnKind: "utf16CodeUnits",
				invocations: [{ executionSuccessful: true, exitCode: ok ? 0 : 1 }],
				results: [...findings.map((finding) => resultOf(finding, codes.indexOf(finding.code))), ...own],
			},
		],
	};
	return `${JSON.stringify(log, undefined, "\t")}\n`;
}

function ruleOf(code: MeshCode) {
	const { title, why, fix, seen, severity } = MESH_CODES[code];
	return {
		id: code,
		shortDescription: { text: sentence(title) },
		fullDescription: { text: why },
		help: { text: `${why}\n\n${fix}\n\n${seen}`, markdown: `${why}\n\n**Fix.** ${fix}\n\n**Seen.** ${seen}` },
		defaultConfiguration: { level: severity },
		properties: { page: pageOf(code) },
	};
}

function resultOf({ code, severity, message, why, fix, file, line, column }: MeshFinding, ruleIndex: number) {
	return {
		ruleId: code,
		ruleIndex,
		level: severity,
		message: { text: `${sentence(message)} ${why} ${fix}` },
		locations: [location(file, line, column)],
	};
}

function location(file: string, startLine: number, startColumn: number) {
	return {
		physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine, startColumn } },
	};
}

/** Relative to where the check ran, with slashes; characters that no URI may hold are escaped. */
function uriOf(file: string): string {
	if (isAbsolute(file)) return pathToFileURL(file).href;
	return file.split(/[\\/]/).map(encodeURIComponent).join("/");
}

function sentence(text: string): string {
	return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
