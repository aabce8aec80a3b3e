/** What goes wrong in Postern, or in whatever stands in its place. */
export const FAILURES = [
	"down at start",
	"killed",
	"paused",
	"out of memory",
	"told to stop",
	"slow past the timeout",
	"ends with an error",
	"malformed answer",
	"ends with OK",
] as const;
export type Failure = (typeof FAILURES)[number];

/** When it goes wrong, in the course of an answer. */
export const MOMENTS = ["before headers", "after headers", "mid-body", "before trailers"] as const;
export type Moment = (typeof MOMENTS)[number];

/**
 * How the answer's body comes to Postern: as Envoy is set up, or held back where it is set up to flow: the directive
 * does not grant it (Postern says so at the request), or its length is known and fits (at the answer's headers).
 */
export const MODES = ["BUFFERED", "HELD BACK", "HELD BACK, FITS", "STREAMED"] as const;
export type Mode = (typeof MODES)[number];

/** Between client and Envoy, and between Envoy and upstream. */
export const PROTOCOLS = ["HTTP/1.1", "HTTP/2"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export interface Cell {
	readonly failure: Failure;
	readonly moment: Moment;
	readonly mode: Mode;
	readonly protocol: Protocol;
}

/** What a client saw. `refused`: a whole answer of Envoy's, status 5xx; `cut`: an answer that never ended. */
export type Outcome =
	| { readonly kind: "refused"; readonly status: number }
	| { readonly kind: "cut" }
	| { readonly kind: "unmasked" }
	| { readonly kind: "masked" };

/** What is documented for a cell: the only outcomes that may be seen. */
export interface Documented {
	readonly kinds: readonly Outcome["kind"][];
	/** Of a refusal. */
	readonly statuses: readonly number[];
}

/** These run Postern itself, as a process of its own; the others a processor that follows a script. */
export function concernsProcess({ failure }: Pick<Cell, "failure">): boolean {
	return FAILURES.indexOf(failure) < 5;
}

/** Every cell that there is. */
export function allCells(): readonly Cell[] {
	return FAILURES.flatMap((failure) =>
		MOMENTS.flatMap((moment) =>
			MODES.flatMap((mode) => PROTOCOLS.map((protocol) => ({ failure, moment, mode, protocol }))),
		),
	).filter(happens);
}

/** What is down from the start has no later moment; HTTP/1.1 has no trailers behind a body of known length. */
function happens({ failure, moment, mode, protocol }: Cell): boolean {
	if (failure === "down at start") return moment === "before headers";
	return moment !== "before trailers" || mode !== "HELD BACK, FITS" || protocol !== "HTTP/1.1";
}

const REFUSED = (...statuses: readonly number[]): Documented => ({ kinds: ["refused"], statuses });
const CUT: Documented = { kinds: ["cut"], statuses: [] };
const MASKED: Documented = { kinds: ["masked"], statuses: [] };
const UNMASKED: Documented = { kinds: ["unmasked"], statuses: [] };

/** What the page says. */
export function documented({ failure, moment, mode, protocol }: Cell): Documented {
	switch (failure) {
		case "down at start":
			// Nobody decides: the upstream is not asked.
			return REFUSED(503);
		case "ends with OK":
			// Envoy takes it for "process nothing more". Postern never does it. HTTP/1.1 callers get no trailers.
			return mode === "STREAMED" && moment === "before trailers" && protocol === "HTTP/1.1"
				? MASKED
				: UNMASKED;
		case "paused":
		case "slow past the timeout":
			return leftAlready(mode, moment) ? CUT : REFUSED(504);
		case "killed":
		case "out of memory":
		case "told to stop":
			// What Envoy was about to send is tried again for as long as its patience lasts.
			return leftAlready(mode, moment) ? CUT : REFUSED(502, 503, 504);
		case "ends with an error":
		case "malformed answer":
			return leftAlready(mode, moment) ? CUT : REFUSED(502);
	}
}

/** Status and first bytes have gone to the client. */
function leftAlready(mode: Mode, moment: Moment): boolean {
	return mode === "STREAMED" && moment !== "before headers";
}

export function isDocumented(outcome: Outcome, cell: Cell): boolean {
	const { kinds, statuses } = documented(cell);
	if (!kinds.includes(outcome.kind)) return false;
	return outcome.kind !== "refused" || statuses.includes(outcome.status);
}

export function outcomeText(outcome: Outcome): string {
	return outcome.kind === "refused" ? String(outcome.status) : outcome.kind;
}

export function cellText({ failure, moment, mode, protocol }: Cell): string {
	return `${failure}, ${moment}, ${mode}, ${protocol}`;
}
