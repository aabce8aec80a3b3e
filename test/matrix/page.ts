import {
	type Cell,
	documented,
	FAILURES,
	type Failure,
	MOMENTS,
	type Mode,
	type Moment,
	PROTOCOLS,
} from "./cells.ts";
import type { Seen } from "./stage.ts";

/** As Envoy is set up. */
const CONFIGURED = ["BUFFERED", "STREAMED"] as const satisfies readonly Mode[];

/** What is tried where Envoy fails open: each failure once per mode, in the middle of a body. */
export const OPEN_CELLS: readonly Cell[] = CONFIGURED.flatMap((mode) =>
	(["killed", "slow past the timeout", "ends with an error", "malformed answer"] as const).map((failure) => ({
		failure,
		moment: "mid-body",
		mode,
		protocol: "HTTP/1.1",
	})),
);

function cellOf(failure: Failure, moment: Moment, mode: Mode): string {
	if (failure === "down at start" && moment !== "before headers") return "";
	const [first = "", second = ""] = PROTOCOLS.map((protocol) => {
		const { kinds, statuses } = documented({ failure, moment, mode, protocol });
		const [kind = ""] = kinds;
		return kind === "unmasked" ? "**unmasked**" : kind === "refused" ? statuses.join(", ") : kind;
	});
	return first === second ? first : `${first}; HTTP/2: ${second}`;
}

function table(mode: Mode): string {
	const rows = FAILURES.map(
		(failure) => `| ${failure} | ${MOMENTS.map((moment) => cellOf(failure, moment, mode)).join(" | ")} |`,
	);
	return `| | ${MOMENTS.join(" | ")} |\n|---|---|---|---|---|\n${rows.join("\n")}`;
}

/** The page about what a client gets when Postern fails. `open`: what was seen for {@link OPEN_CELLS}. */
export function failModesPage(open: readonly Seen[]): string {
	const rows = OPEN_CELLS.map(({ failure, mode }, at) => {
		const { unmasked = 0 } = open[at] ?? {};
		return `| ${mode} | ${failure} | ${unmasked === 0 ? "nothing" : `${unmasked} of 2 withheld values`} |`;
	});
	return `# Fail modes

Made by \`npm run test:matrix\`, which makes Postern fail in each of these ways, at each of these moments, over HTTP/1.1 and
over HTTP/2, through the real Envoy, and compares what the client got with this page. \`npm test\` does a tenth of it.

A number is the status of a whole answer of Envoy's or Postern's own. *Cut* is an answer that never ends: the connection or
the stream is reset, and what had left until then was masked. In both the client gets not one byte that was to be masked.

## BUFFERED

\`envoy/authz-and-fields.yaml\` and \`envoy/authz-and-fields-requests.yaml\`; and of \`envoy/authz-and-fields-streaming.yaml\`
whatever Postern has held back: what may not flow, and what fits. All three were made to fail in every one of these ways.

${table("BUFFERED")}

## STREAMED

\`envoy/authz-and-fields-streaming.yaml\`, for answers that may flow (\`stream: true\`) and are not known to fit Envoy's buffer.

${table("STREAMED")}

**Down at start**: nobody decides, so the upstream is not asked. **Told to stop** is Postern itself on SIGTERM with no time
to drain: it ends what is open with an error, never with OK; with time, what is under way is masked to its end.

**Ends with OK** is no failure of Postern's but another processor in its place: to Envoy it means that there is nothing more
to do, and the rest passes as it is, whatever the configuration says. Postern never ends a stream that owes a body so;
the rows above and the tests of its transport and of its drain hold it to that.

## Where Envoy fails open

With \`failure_mode_allow: true\` on ext_proc, which no shipped configuration has, a failure in the middle of a body lets
this much pass:

| mode | failure | unmasked at the client |
|---|---|---|
${rows.join("\n")}
`;
}
