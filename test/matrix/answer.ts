import { setTimeout as pause } from "node:timers/promises";
import { SECRET } from "../support/envoy/client.ts";
import type { Upstream } from "../support/envoy/upstream.ts";
import type { Cell, Mode, Moment } from "./cells.ts";

const HEAD = `[{"id":1,"ssn":"${SECRET}"},`;
const TAIL = `{"id":2,"ssn":"${SECRET}"}]`;

export const MASKED = '[{"id":1},{"id":2}]';
/** The directive that brings an answer to Postern in a mode. */
export function directiveFor(mode: Mode): { readonly release: readonly string[]; readonly stream: boolean } {
	return { release: ["$[*].id"], stream: mode !== "HELD BACK" };
}

/** Long enough for what was sent to reach Postern and to be answered. */
const SETTLE_MS = 200;

/** Makes `upstream` answer `path` in both protocols, and run `fault` at the cell's moment. */
export function answerWithFault(
	upstream: Upstream,
	path: string,
	{ moment, mode }: Pick<Cell, "moment" | "mode">,
	fault: () => Promise<void>,
): void {
	async function at(here: Moment): Promise<void> {
		if (here !== moment) return;
		if (here !== "before headers") await pause(SETTLE_MS);
		await fault();
	}
	// Of unknown length it flows wherever it may.
	const fits = mode === "HELD BACK, FITS";
	upstream.reply(path, async (socket) => {
		const piece = (text: string): string => (fits ? text : `${text.length.toString(16)}\r\n${text}\r\n`);
		const framing = fits ? `content-length: ${HEAD.length + TAIL.length}` : "transfer-encoding: chunked";
		await at("before headers");
		socket.write(`HTTP/1.1 200 X\r\ncontent-type: application/json\r\n${framing}\r\n\r\n`);
		await at("after headers");
		socket.write(piece(HEAD));
		await at("mid-body");
		socket.write(piece(TAIL));
		await at("before trailers");
		if (!fits) socket.write(`0\r\nx-sum: ${SECRET}\r\n\r\n`);
	});
	upstream.stream(path, async (stream) => {
		const length = fits ? { "content-length": HEAD.length + TAIL.length } : {};
		await at("before headers");
		if (stream.destroyed) return;
		const headers = { ":status": 200, "content-type": "application/json", ...length };
		stream.respond(headers, { waitForTrailers: true });
		stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": SECRET }));
		await at("after headers");
		stream.write(HEAD);
		await at("mid-body");
		stream.write(TAIL);
		await at("before trailers");
		stream.end();
	});
}
