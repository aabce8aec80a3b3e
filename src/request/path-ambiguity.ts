import { Buffer, isUtf8 } from "node:buffer";
import { PATH_KINDS, type PathKind } from "../lib/path-kinds.ts";
import { unescapeBytes } from "./go-text.ts";

export interface PathAmbiguity {
	/** Every kind that some reading of the path shows, in the order of `PATH_KINDS`. */
	readonly kinds: readonly PathKind[];
	/** Why the path means nothing that could be agreed upon; no route may be allowed that. */
	readonly hopeless?: string;
}

const SLASH = 0x2f;
const DOT = 0x2e;
const QUESTION = 0x3f;

/** Rounds of decoding in which a kind may still show; an escape behind the last one is nobody's honest path. */
const MAX_ROUNDS = 4;

/** Bytes that have one meaning for everybody: all of ASCII but controls, space, `#`, `%`, `;`, `?`, `\`, DEL. */
const PLAIN: readonly boolean[] = Array.from(
	{ length: 256 },
	(_, byte) => byte > 0x20 && byte < 0x7f && !"#%;?\\".includes(String.fromCharCode(byte)),
);

/**
 * Why policy, contract and upstream could read this path differently; undefined when they cannot (threat model: several
 * paths in one request). Looked for is what shows in the path as it is, decoded once, decoded again, with backslashes as
 * separators, without parameters. `%61` for `a` is no ambiguity. The query is left alone: nobody normalises it.
 */
export function pathAmbiguity(bytes: Buffer, start: number, end: number): PathAmbiguity | undefined {
	let stop = start;
	let plain = true;
	let previous = 0;
	for (; stop < end; stop++) {
		const byte = bytes[stop] as number;
		if (byte === QUESTION) break;
		// A dot behind a slash may begin a dot segment, or `.well-known`.
		if (PLAIN[byte] === false || (previous === SLASH && (byte === SLASH || byte === DOT))) plain = false;
		previous = byte;
	}
	if (stop === start) return { kinds: [], hopeless: "an empty path" };
	if (bytes[start] !== SLASH) {
		const asterisk = end === start + 1 && bytes[start] === 0x2a;
		return asterisk ? undefined : { kinds: [], hopeless: "no leading slash" };
	}
	return plain ? undefined : examine(bytes.subarray(start, stop));
}

function examine(path: Buffer): PathAmbiguity | undefined {
	const kinds = new Set<PathKind>();
	let hopeless: string | undefined;
	let reading = path;
	for (let round = 0; ; round++) {
		look(reading, round, kinds);
		if (overlong(reading)) hopeless ??= "an overlong form of a character";
		const text = reading.toString("latin1");
		if (!text.includes("%")) break;
		noteEscapes(text, kinds);
		if (round === 0) {
			const decoded = unescapeBytes(reading, 0, reading.length, false);
			if (decoded === undefined) {
				hopeless ??= "an invalid escape";
				break;
			}
			reading = decoded;
		} else {
			// Who decodes again meets whatever the first round left, and mostly takes a stray `%` for itself.
			const decoded = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
				String.fromCharCode(Number.parseInt(hex, 16)),
			);
			if (decoded === text) break;
			reading = Buffer.from(decoded, "latin1");
		}
		if (round + 1 === MAX_ROUNDS && /%[0-9a-f]{2}/i.test(reading.toString("latin1"))) {
			hopeless ??= "escapes inside of escapes";
			break;
		}
	}
	if (kinds.size === 0 && hopeless === undefined) return undefined;
	return {
		kinds: PATH_KINDS.filter((kind) => kinds.has(kind)),
		...(hopeless === undefined ? {} : { hopeless }),
	};
}

/** What an escape stands for shows before it is decoded: a `/` that was none, above all. */
const ESCAPED: Readonly<Record<string, PathKind>> = {
	"2f": "encoded-slash",
	"25": "encoded-percent",
	"3f": "delimiter",
	"23": "delimiter",
};

function noteEscapes(text: string, kinds: Set<PathKind>): void {
	for (const [, hex = ""] of text.matchAll(/%([0-9a-f]{2})/gi)) {
		const kind = ESCAPED[hex.toLowerCase()];
		if (kind !== undefined) kinds.add(kind);
	}
}

/** What one reading of the path shows by itself. */
function look(reading: Buffer, round: number, kinds: Set<PathKind>): void {
	const text = reading.toString("latin1");
	if (text.includes("\\")) kinds.add("backslash");
	if (text.includes(";")) kinds.add("semicolon");
	if (text.includes("#")) kinds.add("delimiter");
	// An escaped space is a space in a name; a raw one ends the path in a request line.
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
	if ((round === 0 ? /[\0-\x20\x7f]/ : /[\0-\x1f\x7f]/).test(text)) kinds.add("control");
	if (round === 0 && /[\x80-\xff]/.test(text)) kinds.add("non-ascii");
	lookAtSegments(text, kinds);
	if (!isUtf8(reading)) kinds.add("invalid-utf8");
	const unfolded = reading.toString("utf8");
	const folded = unfolded.normalize("NFKC");
	if (folded === unfolded) return;
	// Full-width and other compatibility forms of `.`, `/`, `\` and `%` become the plain ones in readers that fold them.
	const shown = new Set<PathKind>();
	lookAtSegments(folded, shown);
	const changed = [/[/\\]/, /%[0-9a-f]{2}/i].some(
		(sign) => folded.split(sign).length !== unfolded.split(sign).length,
	);
	if (changed || [...shown].some((kind) => !kinds.has(kind))) kinds.add("lookalike");
	for (const kind of shown) kinds.add(kind);
}

function lookAtSegments(text: string, kinds: Set<PathKind>): void {
	const segments = text.split(/[/\\]/);
	segments.forEach((segment, index) => {
		// NUL ends a text in C.
		const name = segment.replace(/[;\0].*$/s, "");
		if (name === "." || name === "..") kinds.add("dot-segment");
		if (name === "" && index > 0 && index < segments.length - 1) kinds.add("double-slash");
	});
}

/** Forms that UTF-8 forbids since they hide ASCII from who looks at bytes (RFC 3629, section 10). */
function overlong(reading: Buffer): boolean {
	if (isUtf8(reading)) return false;
	return /[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]|\xf8[\x80-\x87]|\xfc[\x80-\x83]/.test(
		reading.toString("latin1"),
	);
}
