import { MASK, RELEASE, WITHHOLD } from "../automaton.ts";
import { asBuffer } from "../json-text.ts";
import { MAX_KEY_BYTES, MAX_SCALAR_BYTES } from "../limits.ts";
import type { PathNode } from "../path-tree.ts";
import { plainText } from "../plain-text.ts";
import type { MaskAction } from "../strategies.ts";
import type { Refusal } from "../types.ts";
import type { BodyReader } from "./body-reader.ts";
import { appendByte, clearBytes, createByteBuffer } from "./byte-buffer.ts";
import type { MaskContext } from "./json-scanner.ts";
import { keepBytes, putBytes } from "./output.ts";
import { stepUtf8, UTF8_START } from "./utf8.ts";

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const AMPERSAND_BYTES = Buffer.from("&");

/** What a percent sign stands for while it is being read: nothing, no digit yet, or the first digit. */
const NO_PERCENT = -1;
const NO_DIGIT = 16;

/** Value of a hex digit, or 255. */
const HEX = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
	const text = digit.toString(16);
	HEX[text.charCodeAt(0)] = digit;
	HEX[text.toUpperCase().charCodeAt(0)] = digit;
}

/**
 * `application/x-www-form-urlencoded` (URL Standard, section 5) as an object of strings, read strictly:
 * a percent sign without two hex digits and text that is no UTF-8 are malformed.
 */
export function readForm(context: MaskContext): BodyReader {
	const { plan, tree, tally, output, options } = context;
	const root = tree.root;
	/** The root goes as a whole, or its pairs are looked at. */
	const rootOpen = root.object === RELEASE;
	const name = createByteBuffer();
	const value = createByteBuffer();
	let inValue = false;
	let percent = NO_PERCENT;
	let utf8 = UTF8_START;
	/** A pair was written, so the next one needs an ampersand. */
	let written = false;
	/** What becomes of the value at hand. */
	let copying = false;
	let node: PathNode | null = null;
	let action: MaskAction | null = null;

	if (!rootOpen) tally.count(root.objectEntry, root, root.object);

	/** Checks one byte of a name or a value. */
	function check(c: number): boolean {
		if (percent !== NO_PERCENT) {
			const digit = HEX[c]!;
			if (digit === 255) return false;
			if (percent === NO_DIGIT) {
				percent = digit;
				return true;
			}
			utf8 = stepUtf8(utf8, percent * 16 + digit);
			percent = NO_PERCENT;
			return utf8 >= 0;
		}
		if (c === PERCENT) {
			percent = NO_DIGIT;
			return true;
		}
		utf8 = stepUtf8(utf8, c);
		return utf8 >= 0;
	}

	function partDone(): boolean {
		return percent === NO_PERCENT && utf8 === UTF8_START;
	}

	/** The name is complete: decides, and writes what stands before the value. `equals`: an `=` follows. */
	function judge(equals: boolean): void {
		copying = false;
		node = null;
		action = null;
		if (!rootOpen) return;
		const raw = asBuffer(name.bytes).subarray(0, name.length);
		node = tree.named(root, decodeForm(raw), tally.counting);
		tally.count(node.scalarEntry, node, node.scalar);
		if (node.scalar === WITHHOLD) return;
		if (written) putBytes(output, AMPERSAND_BYTES);
		written = true;
		copying = node.scalar === RELEASE;
		putBytes(output, Buffer.from(raw));
		if (equals && copying) putBytes(output, Buffer.from("="));
		if (copying) return;
		const found = plan.actions[node.scalar - MASK]!;
		const fixed = found.fixed.string;
		if (fixed === undefined) action = found;
		else putValue(plainText(fixed));
	}

	function putValue(text: string): void {
		putBytes(output, Buffer.from(`=${new URLSearchParams([["", text]]).toString().slice(1)}`));
	}

	function endPair(): Refusal | undefined {
		if (!partDone()) return "body_malformed";
		if (!inValue) {
			// Nothing between two ampersands is no pair; it stays as it is.
			if (name.length === 0) {
				if (rootOpen) {
					if (written) putBytes(output, AMPERSAND_BYTES);
					written = true;
				}
				return undefined;
			}
			judge(false);
		}
		if (action !== null) {
			const raw = asBuffer(value.bytes).subarray(0, value.length);
			const masked = action.apply("string", decodeForm(raw), node!.path, options);
			if (masked !== undefined) putValue(String(masked));
			else if (inValue) putBytes(output, Buffer.concat([Buffer.from("="), raw]));
		}
		return undefined;
	}

	function startPair(): void {
		clearBytes(name);
		clearBytes(value);
		inValue = false;
		percent = NO_PERCENT;
		utf8 = UTF8_START;
		action = null;
	}

	let empty = true;
	return {
		unread: 0,
		write(chunk) {
			if (chunk.length > 0) empty = false;
			let from = 0;
			for (let i = 0; i < chunk.length; i++) {
				const c = chunk[i]!;
				if (c === AMPERSAND) {
					if (inValue && copying) keepBytes(output, from, i);
					const refusal = endPair();
					if (refusal !== undefined) return refusal;
					startPair();
				} else if (c === EQUALS && !inValue) {
					if (!partDone()) return "body_malformed";
					judge(true);
					inValue = true;
					from = i + 1;
				} else {
					if (!check(c)) return "body_malformed";
					if (!inValue) {
						if (name.length >= MAX_KEY_BYTES) return "body_too_large";
						appendByte(name, c);
					} else if (action !== null) {
						if (value.length >= MAX_SCALAR_BYTES) return "body_too_large";
						appendByte(value, c);
					}
				}
			}
			if (inValue && copying) keepBytes(output, from, chunk.length);
			return undefined;
		},
		end() {
			return empty ? undefined : endPair();
		},
	};
}

function decodeForm(raw: Buffer): string {
	const text = raw.toString("utf8");
	if (!text.includes("%") && !text.includes("+")) return text;
	return decodeURIComponent(text.replaceAll("+", " "));
}
