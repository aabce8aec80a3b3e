import type { Buffer } from "node:buffer";
import { confirmFarewell, FAREWELL_PING } from "./closing.ts";
import { ConnectionError } from "./error-codes.ts";
import { widened } from "./flow-window.ts";
import { FLAG_ACK, readUint31, SETTINGS } from "./frame-types.ts";
import { refuseSelfDependency } from "./on-headers.ts";
import { openFrame, writePing } from "./output.ts";
import { readInitialWindow, SETTING_BYTES } from "./peer-settings.ts";
import { resetStream, spendControl, spendReset } from "./resets.ts";
import type { Connection } from "./state.ts";
import { forgetStream } from "./streams.ts";

/** SETTINGS (RFC 9113, section 6.5). @throws ConnectionError */
export function onSettings(
	c: Connection,
	bytes: Buffer,
	start: number,
	length: number,
	flags: number,
	id: number,
): void {
	if (id !== 0) throw new ConnectionError("PROTOCOL_ERROR", "SETTINGS on a stream");
	spendControl(c);
	if ((flags & FLAG_ACK) !== 0) {
		if (length !== 0) throw new ConnectionError("FRAME_SIZE_ERROR", "an acknowledgement with settings");
		return;
	}
	if (length % SETTING_BYTES !== 0)
		throw new ConnectionError("FRAME_SIZE_ERROR", "a setting that is cut off");
	const before = c.initialWindow;
	const window = readInitialWindow(bytes, start, start + length, before);
	c.settingsSeen = true;
	openFrame(c, 0, SETTINGS, FLAG_ACK, 0);
	if (window === before) return;
	c.initialWindow = window;
	// Windows of open streams move along, and may become negative (section 6.9.2).
	for (const stream of c.streams.all()) {
		const moved = widened(stream.sendWindow, window - before);
		if (moved === undefined) throw new ConnectionError("FLOW_CONTROL_ERROR", "a window out of range");
		stream.sendWindow = moved;
	}
}

/** WINDOW_UPDATE (section 6.9). @throws ConnectionError */
export function onWindowUpdate(
	c: Connection,
	bytes: Buffer,
	start: number,
	length: number,
	id: number,
): void {
	if (length !== 4) throw new ConnectionError("FRAME_SIZE_ERROR", "a WINDOW_UPDATE of another length than 4");
	spendControl(c);
	const increment = readUint31(bytes, start);
	if (increment === 0) throw new ConnectionError("PROTOCOL_ERROR", "a window that grows by nothing");
	if (id === 0) {
		const wide = widened(c.sendWindow, increment);
		if (wide === undefined) throw new ConnectionError("FLOW_CONTROL_ERROR", "a window out of range");
		c.sendWindow = wide;
		return;
	}
	const stream = c.streams.get(id);
	if (stream === undefined) {
		if (id > c.highest)
			throw new ConnectionError("PROTOCOL_ERROR", "WINDOW_UPDATE on a stream that was not opened");
		return;
	}
	const wide = widened(stream.sendWindow, increment);
	// Section 6.9.1 names the frame that ends such a stream.
	if (wide === undefined) resetStream(c, stream, "FLOW_CONTROL_ERROR");
	else stream.sendWindow = wide;
}

/** RST_STREAM (section 6.4): the usual end of an ext_proc exchange, and of a Check that Envoy waits for no longer. @throws ConnectionError */
export function onReset(c: Connection, length: number, id: number): void {
	if (id === 0) throw new ConnectionError("PROTOCOL_ERROR", "RST_STREAM on no stream");
	if (length !== 4) throw new ConnectionError("FRAME_SIZE_ERROR", "a RST_STREAM of another length than 4");
	const stream = c.streams.get(id);
	if (stream === undefined) {
		if (id > c.highest)
			throw new ConnectionError("PROTOCOL_ERROR", "RST_STREAM on a stream that was not opened");
		spendControl(c);
		return;
	}
	// A stream that has had an answer was worth its while.
	if (stream.headSent && stream.outgoing === undefined) spendControl(c);
	else spendReset(c);
	forgetStream(c, stream, false);
}

const PING_BYTES = 8;

/** PING (section 6.7). @throws ConnectionError */
export function onPing(
	c: Connection,
	bytes: Buffer,
	start: number,
	length: number,
	flags: number,
	id: number,
): void {
	if (id !== 0) throw new ConnectionError("PROTOCOL_ERROR", "PING on a stream");
	if (length !== PING_BYTES) throw new ConnectionError("FRAME_SIZE_ERROR", "a PING of another length than 8");
	spendControl(c);
	if ((flags & FLAG_ACK) === 0) {
		writePing(c, FLAG_ACK, bytes.subarray(start, start + PING_BYTES));
		return;
	}
	if (FAREWELL_PING.compare(bytes, start, start + PING_BYTES) === 0) confirmFarewell(c);
}

/** PRIORITY (section 6.3) changes nothing. @throws ConnectionError */
export function onPriority(c: Connection, bytes: Buffer, start: number, length: number, id: number): void {
	if (id === 0) throw new ConnectionError("PROTOCOL_ERROR", "PRIORITY on no stream");
	if (length !== 5) throw new ConnectionError("FRAME_SIZE_ERROR", "a PRIORITY of another length than 5");
	spendControl(c);
	refuseSelfDependency(bytes, start, id);
}

/** GOAWAY (section 6.8): the peer opens no more streams; what it has opened is still answered. @throws ConnectionError */
export function onGoaway(c: Connection, length: number, id: number): void {
	if (id !== 0) throw new ConnectionError("PROTOCOL_ERROR", "GOAWAY on a stream");
	if (length < 8) throw new ConnectionError("FRAME_SIZE_ERROR", "a GOAWAY that is cut off");
	spendControl(c);
	if (c.farewell === "none" || c.farewell === "announced") {
		c.farewell = "final";
		c.farewellAt = c.now;
	}
}
