import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { ROOT } from "../source-tree.ts";

export const CHART = join(ROOT, "deploy", "helm", "postern");
const VALUES = join(ROOT, "test", "chart", "values");
const HELM = join(ROOT, ".tools", "bin", "helm");

/** A rendered resource. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is the kind's, and tests look into many
export type Resource = any;

export interface Rendering {
	readonly ok: boolean;
	/** What helm prints when it refuses. */
	readonly error: string;
	/** As helm prints it, without the notes. */
	readonly text: string;
	readonly resources: readonly Resource[];
	/** What `helm install` tells. */
	readonly notes: string;
	/** The part of the mesh configuration that the notes print. */
	readonly meshConfig: string;
}

export interface ChartRenderer {
	/** Renders values given as YAML. */
	render(values: string): Promise<Rendering>;
	close(): void;
}

/** Names of the value sets, and their texts. */
export function valueSets(): readonly (readonly [name: string, text: string])[] {
	return readdirSync(VALUES).map((file) => [
		file.replace(/\.yaml$/, ""),
		readFileSync(join(VALUES, file), "utf8"),
	]);
}

/**
 * A copy of the chart with one more template, which shows the notes: `helm template` leaves them out, and they are what
 * a person reads.
 */
export function chartRenderer(): ChartRenderer {
	const folder = mkdtempSync(join(tmpdir(), "postern-chart-"));
	const chart = join(folder, "postern");
	cpSync(CHART, chart, { recursive: true });
	writeFileSync(
		join(chart, "templates", "shown-notes.yaml"),
		`kind: Notes\nnotes: {{ include "postern.notes" . | toJson }}\nmeshConfig: {{ include "postern.istio.meshConfig" . | toJson }}\n`,
	);
	let count = 0;
	const known = new Map<string, Promise<Rendering>>();
	return {
		render(values) {
			const rendering = known.get(values) ?? renderOnce(values);
			known.set(values, rendering);
			return rendering;
		},
		close: () => rmSync(folder, { recursive: true, force: true }),
	};

	async function renderOnce(values: string): Promise<Rendering> {
		const file = join(folder, `values-${count++}.yaml`);
		writeFileSync(file, values);
		const { code, stdout, stderr } = await helm("template", "t", chart, "--namespace", "default", "-f", file);
		if (code !== 0) return { ok: false, error: stderr, text: "", resources: [], notes: "", meshConfig: "" };
		const pieces = stdout.split(/^---\n/m).filter((piece) => piece.trim() !== "");
		const text = pieces.filter((piece) => !piece.includes("templates/shown-notes.yaml"));
		const all = parseAllDocuments(stdout).map((document) => {
			if (document.errors[0] !== undefined) throw document.errors[0];
			return document.toJS() as Resource;
		});
		const shown = all.find((each) => each?.kind === "Notes");
		return {
			ok: true,
			error: stderr,
			text: `---\n${text.join("---\n")}`,
			resources: all.filter((each) => each !== null && each.kind !== "Notes"),
			notes: shown?.notes ?? "",
			meshConfig: shown?.meshConfig ?? "",
		};
	}
}

/** Runs the project's helm. */
export function helm(
	...args: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
	return new Promise((resolve) => {
		execFile(HELM, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
			resolve({
				code: error === null ? 0 : 1,
				stdout,
				stderr: error === null ? stderr : `${stderr}${error.code === "ENOENT" ? error.message : ""}`,
			}),
		);
	});
}

/** The one resource of a kind. */
export function only({ resources }: Rendering, kind: string): Resource {
	const found = resources.filter((each) => each.kind === kind);
	if (found.length !== 1) throw new Error(`${found.length} of ${kind}`);
	return found[0];
}
