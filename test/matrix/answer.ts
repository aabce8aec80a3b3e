import { setTimeout as pause } from "node:timers/promises";
import { SECRET } from "../support/envoy/client.ts";
import type { Upstream } from "../support/envoy/upstream.ts";
import type { Moment } from "./cells.ts";

const HEAD = `[{"id":1,"ssn":"${SECRET}"},`;
const TAIL = `{"id":2,"ssn":"${SECRET}"}]`;

export const MASKED = '[{"id":1},{"id":2}]';
/** Of unknown length, so that it flows wherever it may. */
export const DIRECTIVE = { release: ["$[*].id"], stream: true };

/** Long enough for what was sent to reach Postern and to be answered. */
const SETTLE_MS = 200;

/** Makes `upstream` answer `path` in both protocols, and run `fault` at `moment`. */
export function answerWithFault(
	upstream: Upstream,
	path: string,
	moment: Moment,
	fault: () => Promise<void>,
): void {
	async function at(here: Moment): Promise<void> {
		if (here !== moment) return;
		if (here !== "before headers") await pause(SETTLE_MS);
		await fault();
	}
	upstream.reply(path, async (socket) => {
		const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
		await at("before headers");
		socket.write("HTTP/1.1 200 X\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
		await at("after headers");
		socket.write(chunk(HEAD));
		await at("mid-body");
		socket.write(chunk(TAIL));
		await at("before trailers");
		socket.write(`0\r\nx-sum: ${SECRET}\r\n\r\n`);
	});
	upstream.stream(path, async (stream) => {
		await at("before headers");
		if (stream.destroyed) return;
		stream.respond({ ":status": 200, "content-type": "application/json" }, { waitForTrailers: true });
		stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": SECRET }));
		await at("after headers");
		stream.write(HEAD);
		await at("mid-body");
		stream.write(TAIL);
		await at("before trailers");
		stream.end();
	});
}
