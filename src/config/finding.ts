import type { ErrorCode } from "../lib/errors.ts";

/** One thing that is wrong, with its place. Never holds a configured value: it might be a secret. */
export interface Finding {
	readonly code: ErrorCode;
	readonly message: string;
	/** Absent: an error. A warning is nothing that keeps Postern from working. */
	readonly severity?: "warning";
	readonly file?: string;
	/** From 1. */
	readonly line?: number;
	/** From 1. */
	readonly column?: number;
	/** Dotted key of the configuration, `serve.grpc.0`. */
	readonly key?: string;
}

/** `postern.yaml:3:2: serve.grcp: unknown key; did you mean "grpc"?` */
export function describeFinding(finding: Finding): string {
	const place = [finding.file, finding.line, finding.column].filter((part) => part !== undefined).join(":");
	return [place, finding.severity ?? "", finding.key ?? "", finding.message]
		.filter((part) => part !== "")
		.join(": ");
}

/** As {@link describeFinding}, with the code behind it. */
export function formatFinding(finding: Finding): string {
	return `${describeFinding(finding)} (${finding.code})`;
}
