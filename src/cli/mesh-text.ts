import { formatFinding } from "../config/finding.ts";
import type { MeshFinding } from "../mesh/findings.ts";
import type { Severity } from "../mesh/types.ts";
import type { CommandIo } from "./command.ts";
import { type MeshResult, pageOf } from "./mesh-result.ts";
import { type Paint, paintFor, wrapped } from "./terminal.ts";

const COLOURS: Readonly<Record<Severity, "red" | "yellow" | "cyan">> = {
	error: "red",
	warning: "yellow",
	note: "cyan",
};
const INDENT = "      ";

/** For people: by file, each finding with its place, why, and the fix; then a line that counts. */
export function meshText(result: MeshResult, { stdout }: Pick<CommandIo, "stdout">): string {
	const paint = paintFor(stdout);
	const width =
		"columns" in stdout && typeof stdout.columns === "number" ? Math.max(60, stdout.columns) : 110;
	const lines = result.config.map((finding) => `${paint("red", "error")} ${formatFinding(finding)}`);
	if (lines.length > 0) lines.push("");
	for (const file of result.files) {
		const own = result.findings.filter((finding) => finding.file === file);
		if (own.length === 0) continue;
		lines.push(paint("bold", file), "");
		for (const finding of own) lines.push(...linesOf(finding, paint, Math.min(width, 120)), "");
	}
	lines.push(summaryOf(result, paint));
	return `${lines.join("\n")}\n`;
}

function linesOf(finding: MeshFinding, paint: Paint, width: number): readonly string[] {
	const { severity, line, column, code, message, why, fix } = finding;
	const head = `  ${line}:${column} ${paint(COLOURS[severity], severity)} ${message} ${paint("dim", `(${code})`)}`;
	return [
		head,
		...wrapped(`why  ${why}`, width, INDENT, `${INDENT}     `),
		...wrapped(`fix  ${fix}`, width, INDENT, `${INDENT}     `),
	];
}

function summaryOf({ counts, files, findings, ignored, postern }: MeshResult, paint: Paint): string {
	const parts = (["error", "warning", "note"] as const)
		.filter((severity) => counts[severity] > 0)
		.map((severity) => paint(COLOURS[severity], plural(counts[severity], severity)));
	const where = `in ${plural(files.length, "file")}`;
	const found = parts.length === 0 ? `nothing found ${where}` : `${parts.join(", ")} ${where}`;
	const whose =
		postern.length === 0 ? "" : `; Postern is ${postern.map((name) => JSON.stringify(name)).join(", ")}`;
	const left = ignored === 0 ? "" : `; ${plural(ignored, "finding")} ignored`;
	const [first] = findings;
	const more =
		first === undefined ? "" : `\nmore about each code: ${pageOf("CODE").replace("CODE", first.code)}`;
	return `${found}${whose}${left}${more}`;
}

function plural(count: number, word: string): string {
	return `${count} ${word}${count === 1 ? "" : "s"}`;
}
