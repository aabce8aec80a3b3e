import type { Finding } from "../config/finding.ts";
import type { MeshFinding } from "../mesh/findings.ts";
import type { Severity } from "../mesh/types.ts";

/** What a check of Envoy's side came to, for whichever way of showing it. */
export interface MeshResult {
	readonly ok: boolean;
	readonly files: readonly string[];
	readonly findings: readonly MeshFinding[];
	/** What is wrong with Postern's own configuration. */
	readonly config: readonly Finding[];
	/** Findings that `--ignore` left out. */
	readonly ignored: number;
	/** Clusters that were taken for Postern's. */
	readonly postern: readonly string[];
	readonly counts: Readonly<Record<Severity, number>>;
}

/** Where the page of a code is, in the repository. */
export function pageOf(code: string): string {
	return `docs/reference/envoy-checks/${code}.md`;
}
