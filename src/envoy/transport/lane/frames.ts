import type { Buffer } from "node:buffer";
import { ConnectionError } from "./error-codes.ts";
import {
	CONTINUATION,
	DATA,
	FRAME_HEADER_BYTES,
	GOAWAY,
	HEADERS,
	PING,
	PRIORITY,
	PUSH_PROMISE,
	RST_STREAM,
	readUint31,
	SETTINGS,
	WINDOW_UPDATE,
} from "./frame-types.ts";
import { onGoaway, onPing, onPriority, onReset, onSettings, onWindowUpdate } from "./on-control.ts";
import { onData } from "./on-data.ts";
import { onContinuation, onHeaders } from "./on-headers.ts";
import { spendControl } from "./resets.ts";
import type { Connection } from "./state.ts";

/** Takes one frame of the peer's; false when nothing more is to be read for now. @throws ConnectionError */
export function onFrame(c: Connection, bytes: Buffer, at: number, length: number): boolean {
	const type = bytes[at + 3] as number;
	const flags = bytes[at + 4] as number;
	const id = readUint31(bytes, at + 5);
	const start = at + FRAME_HEADER_BYTES;
	c.frameSince = 0;
	// Nothing may stand between the frames of a header block (RFC 9113, section 4.3).
	if (c.blockStream !== 0 && (type !== CONTINUATION || id !== c.blockStream))
		throw new ConnectionError("PROTOCOL_ERROR", "a frame inside a header block");
	// The preface ends with SETTINGS (section 3.4).
	if (!c.settingsSeen && type !== SETTINGS)
		throw new ConnectionError("PROTOCOL_ERROR", "a preface without SETTINGS");
	switch (type) {
		case DATA:
			onData(c, bytes, start, length, flags, id);
			break;
		case HEADERS:
			onHeaders(c, bytes, start, length, flags, id);
			break;
		case PRIORITY:
			onPriority(c, bytes, start, length, id);
			break;
		case RST_STREAM:
			onReset(c, length, id);
			break;
		case SETTINGS:
			onSettings(c, bytes, start, length, flags, id);
			break;
		case PUSH_PROMISE:
			throw new ConnectionError("PROTOCOL_ERROR", "PUSH_PROMISE from a client");
		case PING:
			onPing(c, bytes, start, length, flags, id);
			break;
		case GOAWAY:
			onGoaway(c, length, id);
			break;
		case WINDOW_UPDATE:
			onWindowUpdate(c, bytes, start, length, id);
			break;
		case CONTINUATION:
			onContinuation(c, bytes, start, length, flags, id);
			break;
		default:
			// Unknown types are passed over (section 5.5).
			spendControl(c);
	}
	return !c.blocked && c.farewell !== "closed";
}
