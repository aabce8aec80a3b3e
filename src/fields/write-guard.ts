import { asBuffer, decodeString } from "./json-text.ts";
import type { IsMaskToken } from "./mask-token.ts";
import { isGrpc } from "./media.ts";
import type { GrpcMessages } from "./scan/grpc-messages.ts";
import type { BodyFormat, Refusal } from "./types.ts";

/** Why a body that could be masked must not be written all the same. */
export type WriteFault =
	/** Two members of one object whose names differ only by case: services that read names loosely take either. */
	| "names_ambiguous"
	/** A masked view that is written back destroys what the mask stands for. */
	| "mask_token";

/** Formats in which a request may be written; `undefined` is `body_unsupported`. */
export function isWritable(format: BodyFormat): boolean {
	return (
		format === "json" || format === "ndjson" || format === "json-seq" || format === "form" || isGrpc(format)
	);
}

/** Looks through the messages of a body while a masker reads them. */
export interface WriteWatch {
	/** The messages for the masker. */
	readonly messages: GrpcMessages;
	/** The first fault in what the masker has read. */
	fault(): WriteFault | Refusal | undefined;
}

/** Messages have no text of their own, so each is looked at in the form whose names the selectors go by. */
export function watchWrites(messages: GrpcMessages, isMaskToken: IsMaskToken): WriteWatch {
	let fault: WriteFault | Refusal | undefined;
	function look(message: Uint8Array): void {
		if (fault !== undefined) return;
		const json = messages.json(message);
		fault = typeof json === "string" ? `body_${json}` : searchJson(json, isMaskToken);
	}
	return {
		messages: {
			...messages,
			masker(context) {
				const mask = messages.masker(context);
				return (message) => {
					look(message);
					return mask(message);
				};
			},
		},
		fault: () => fault,
	};
}

/**
 * Looks through a body of a writable format of text that a masker has read and found valid.
 *
 * @returns the first fault in byte order
 */
export function findWriteFault(
	format: BodyFormat,
	body: Uint8Array,
	isMaskToken: IsMaskToken,
): WriteFault | undefined {
	return format === "form" ? searchForm(body, isMaskToken) : searchJson(body, isMaskToken);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** JSON texts, whatever stands between them: of valid ones only a member's name is followed by a colon. */
function searchJson(b: Uint8Array, isMaskToken: IsMaskToken): WriteFault | undefined {
	const open: Names[] = [];
	for (let at = 0; at < b.length; at++) {
		const c = b[at]!;
		// `{`, `[`
		if (c === 0x7b || c === 0x5b) open.push(createNames());
		// `}`, `]`
		else if (c === 0x7d || c === 0x5d) open.pop();
		else if (c === QUOTE) {
			const end = stringEnd(b, at + 1);
			const text = decodeString(b, at + 1, end);
			at = end;
			if (isFollowedByColon(b, end + 1)) {
				if (open.at(-1)?.isAmbiguous(text)) return "names_ambiguous";
			} else if (isMaskToken(text)) return "mask_token";
		}
	}
	return undefined;
}

function stringEnd(b: Uint8Array, start: number): number {
	let at = start;
	while (at < b.length && b[at] !== QUOTE) at += b[at] === BACKSLASH ? 2 : 1;
	return at;
}

function isFollowedByColon(b: Uint8Array, start: number): boolean {
	let at = start;
	while (b[at] === 0x20 || b[at] === 0x09 || b[at] === 0x0a || b[at] === 0x0d) at++;
	return b[at] === COLON;
}

function searchForm(body: Uint8Array, isMaskToken: IsMaskToken): WriteFault | undefined {
	const names = createNames();
	for (const pair of asBuffer(body).toString("utf8").split("&")) {
		if (pair === "") continue;
		const equals = pair.indexOf("=");
		if (names.isAmbiguous(decode(equals < 0 ? pair : pair.slice(0, equals)))) return "names_ambiguous";
		if (equals >= 0 && isMaskToken(decode(pair.slice(equals + 1)))) return "mask_token";
	}
	return undefined;
}

function decode(raw: string): string {
	return decodeURIComponent(raw.replaceAll("+", " "));
}

interface Names {
	/** Takes in a name; answers whether one came before that differs from it only by case. */
	isAmbiguous(name: string): boolean;
}

function createNames(): Names {
	let seen: Map<string, string> | undefined;
	return {
		isAmbiguous(name) {
			seen ??= new Map();
			const key = fold(name);
			const before = seen.get(key);
			if (before === undefined) seen.set(key, name);
			return before !== undefined && before !== name;
		},
	};
}

/** Equal for texts that differ by case alone, also where only a part of readers takes them for the same (ß and SS). */
function fold(name: string): string {
	return name.toLowerCase().toUpperCase().toLowerCase();
}
