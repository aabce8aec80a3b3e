import type { Place } from "../lib/placed.ts";
import { MESH_CODES, type MeshCode } from "./codes.ts";
import type { Flavour, Severity, Tell } from "./types.ts";

/** One thing that is wrong with a set-up of Envoy, ready to be shown. */
export interface MeshFinding {
	readonly code: MeshCode;
	readonly severity: Severity;
	readonly file: string;
	/** From 1. */
	readonly line: number;
	/** From 1, in UTF-16 code units. */
	readonly column: number;
	/** What is wrong, with what is special about this case. */
	readonly message: string;
	/** One sentence. */
	readonly why: string;
	/** One sentence, in the words of the resource that the finding is about. */
	readonly fix: string;
}

export interface FindingList {
	/** What rules report to; the resource's flavour chooses the words of the fix. */
	as(flavour: Flavour): Tell<MeshCode>;
	/** By file, in the order in which files were given, then by place; each only once. */
	sorted(files: readonly string[]): readonly MeshFinding[];
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

export function findingList(): FindingList {
	const found = new Map<string, MeshFinding>();
	const add = (flavour: Flavour, code: MeshCode, { file, line, column }: Place, detail?: string): void => {
		const key = `${code}\n${line}:${column}\n${file}`;
		const text = MESH_CODES[code];
		const special = flavour === "envoy" ? undefined : text[flavour];
		found.set(key, {
			code,
			severity: text.severity,
			file,
			line,
			column,
			message: detail === undefined ? text.title : `${text.title} (${detail})`,
			why: text.why,
			fix: special ?? text.fix,
		});
	};
	return {
		as: (flavour) => (code, at, detail) => add(flavour, code, at, detail),
		sorted(files) {
			const order = new Map(files.map((file, index) => [file, index]));
			return [...found.values()].sort(
				(a, b) =>
					(order.get(a.file) ?? files.length) - (order.get(b.file) ?? files.length) ||
					a.line - b.line ||
					a.column - b.column ||
					RANK[a.severity] - RANK[b.severity] ||
					a.code.localeCompare(b.code),
			);
		},
	};
}
