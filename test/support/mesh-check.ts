import { readDocuments, readInner } from "../../src/config/yaml-documents.ts";
import { checkMesh, type MeshReport } from "../../src/mesh/check-mesh.ts";
import type { PosternFacts } from "../../src/mesh/types.ts";

/** Postern's defaults, as the command takes them where it finds no configuration. */
export const FACTS: PosternFacts = {
	known: false,
	maxMessageBytes: 4 * 1024 * 1024,
	maxBodyBytes: 4 * 1024 * 1024,
	fields: true,
	requestFields: false,
	readsBodies: false,
	identityHeaders: ["x-postern-id", "x-postern-issuer"],
};

/** Checks texts as the command does: name → text. */
export function checkTexts(
	texts: Readonly<Record<string, string>>,
	facts: Partial<PosternFacts> = {},
	clusters: readonly string[] = [],
): MeshReport {
	const readings = Object.entries(texts).map(([name, text]) => readDocuments(text, name));
	return checkMesh({
		files: Object.keys(texts),
		documents: readings.flatMap(({ documents }) => documents),
		problems: readings.flatMap(({ problems }) => problems),
		readText: readInner,
		facts: { ...FACTS, ...facts },
		clusters,
	});
}

/** `line code` of each finding of one text. */
export function found(
	text: string,
	facts: Partial<PosternFacts> = {},
	clusters: readonly string[] = [],
): readonly string[] {
	return checkTexts({ "envoy.yaml": text }, facts, clusters).findings.map(
		({ line, code }) => `${line} ${code}`,
	);
}

/** Codes alone, each once, in order of their names. */
export function codesIn(text: string, facts: Partial<PosternFacts> = {}): readonly string[] {
	return [...new Set(checkTexts({ "envoy.yaml": text }, facts).findings.map(({ code }) => code))].sort();
}
