import { ConnectionError } from "./error-codes.ts";
import { MAX_WINDOW } from "./flow-window.ts";
import { MAX_FRAME_BYTES } from "./frame-types.ts";

const SETTINGS_ENABLE_PUSH = 2;
export const SETTINGS_MAX_CONCURRENT_STREAMS = 3;
export const SETTINGS_INITIAL_WINDOW_SIZE = 4;
const SETTINGS_MAX_FRAME_SIZE = 5;
export const SETTINGS_MAX_HEADER_LIST_SIZE = 6;

export const SETTING_BYTES = 6;

/**
 * Reads the payload of a SETTINGS frame (RFC 9113, section 6.5) and gives back the initial window that it sets, or
 * `before`. The rest cannot change what we send: no pushes, no frame over the size that everybody takes, and no entry in
 * the peer's HPACK table. Of several values for the window the last one counts; between them nothing is sent.
 *
 * @throws ConnectionError
 */
export function readInitialWindow(bytes: Buffer, start: number, end: number, before: number): number {
	let window = before;
	for (let at = start; at < end; at += SETTING_BYTES) {
		const value = bytes.readUInt32BE(at + 2);
		switch (bytes.readUInt16BE(at)) {
			case SETTINGS_ENABLE_PUSH:
				if (value > 1) throw new ConnectionError("PROTOCOL_ERROR", "SETTINGS_ENABLE_PUSH out of range");
				break;
			case SETTINGS_INITIAL_WINDOW_SIZE:
				if (value > MAX_WINDOW)
					throw new ConnectionError("FLOW_CONTROL_ERROR", "SETTINGS_INITIAL_WINDOW_SIZE out of range");
				window = value;
				break;
			case SETTINGS_MAX_FRAME_SIZE:
				if (value < MAX_FRAME_BYTES || value > 0xffffff)
					throw new ConnectionError("PROTOCOL_ERROR", "SETTINGS_MAX_FRAME_SIZE out of range");
				break;
		}
	}
	return window;
}
