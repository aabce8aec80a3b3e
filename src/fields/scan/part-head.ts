import { parseMediaType } from "../../lib/media-type.ts";
import { asBuffer } from "../json-text.ts";
import type { Refusal } from "../types.ts";
import { stepUtf8, UTF8_START } from "./utf8.ts";

/** What the headers of a part say of it. */
export interface PartHead {
	/** Of form data; empty elsewhere. */
	readonly name: string;
	/** JSON and text can be masked; what is in a file nobody here reads. */
	readonly kind: "json" | "text" | "file";
	/** Headers that stay carry more than a name: a file's name, or parameters that no standard knows. */
	readonly carriesData: boolean;
	/** The lines that may stay with a part that is masked, each with its line end. */
	readonly plainLines: readonly Uint8Array[];
}

const CRLF = "\r\n";
/** A header's name, and its value without the white space around it (RFC 5322, 2.2; no folding). */
const LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\0\r\n]*?)[ \t]*$/;
/** One parameter of a disposition (RFC 2183): a token, or a text in quotes in which nothing is escaped. */
const PARAMETER =
	/[ \t]*;[ \t]*([!#$%&'+\-.^_`|~0-9A-Za-z*]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"([^"\\]*)")/y;
/** What some readers undo in a name and others do not (HTML, "multipart/form-data encoding algorithm"). */
const ESCAPED = /%(?:22|0d|0a)/i;
/** A field that changes how other fields are read (RFC 7578, section 4.6). */
const CHARSET_FIELD = "_charset_";
const PLAIN_TRANSFER = /^(?:7bit|8bit|binary)$/i;

/**
 * Reads the headers of a part, `b[start, end)`, without the empty line behind them. Whatever two readers could read
 * differently is refused: folded lines, a header twice, escapes in names, names in other charsets.
 */
export function readPartHead(
	b: Uint8Array,
	start: number,
	end: number,
	kind: "form-data" | "mixed",
): PartHead | Refusal {
	if (!isUtf8(b, start, end)) return "body_malformed";
	const found = new Map<string, string>();
	const lines = new Map<string, Uint8Array>();
	for (let at = start; at < end; ) {
		const text = asBuffer(b);
		const stop = text.indexOf(CRLF, at, "latin1");
		const lineEnd = stop < 0 || stop > end ? end : stop;
		const [, name = "", value = ""] = LINE.exec(text.toString("utf8", at, lineEnd)) ?? [];
		const key = name.toLowerCase();
		if (key === "" || found.has(key)) return "body_malformed";
		found.set(key, value);
		if (PLAIN_HEADERS.has(key)) lines.set(key, Buffer.concat([b.subarray(at, lineEnd), Buffer.from(CRLF)]));
		at = lineEnd + CRLF.length;
	}
	const disposition = readDisposition(found.get("content-disposition"));
	if (disposition === undefined) return "body_malformed";
	const { type, parameters } = disposition;
	const name = parameters.get("name");
	if (kind === "form-data") {
		if (type !== "form-data" || name === undefined || ESCAPED.test(name)) return "body_malformed";
		if (name === CHARSET_FIELD) return "body_unsupported";
	}
	const bodyKind = kindOf(found, parameters.has("filename"));
	if (bodyKind === "body_malformed" || bodyKind === "body_unsupported") return bodyKind;
	const known = kind === "form-data" ? ["name"] : [];
	return {
		name: kind === "form-data" ? (name ?? "") : "",
		kind: bodyKind,
		carriesData: [...parameters.keys()].some((parameter) => !known.includes(parameter)),
		plainLines: [...lines.values()],
	};
}

const PLAIN_HEADERS: ReadonlySet<string> = new Set([
	"content-disposition",
	"content-type",
	"content-transfer-encoding",
]);

interface Disposition {
	readonly type: string;
	readonly parameters: ReadonlyMap<string, string>;
}

/** Parameters by name in lower case; `filename*` counts as `filename`. */
function readDisposition(value: string | undefined): Disposition | undefined {
	const parameters = new Map<string, string>();
	if (value === undefined) return { type: "", parameters };
	const type = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/.exec(value)?.[0];
	if (type === undefined) return undefined;
	let at = type.length;
	while (at < value.length) {
		PARAMETER.lastIndex = at;
		const match = PARAMETER.exec(value);
		if (match === null) return undefined;
		const [whole, name = "", token, quoted = ""] = match;
		const key = name.toLowerCase();
		// A name in another charset is another name to those who cannot read it.
		if (key === "name*" || parameters.has(key)) return undefined;
		parameters.set(key === "filename*" ? "filename" : key, token ?? quoted);
		at += whole.length;
	}
	return { type: type.toLowerCase(), parameters };
}

function kindOf(
	headers: ReadonlyMap<string, string>,
	named: boolean,
): PartHead["kind"] | "body_malformed" | "body_unsupported" {
	const given = headers.get("content-type");
	const media = given === undefined ? undefined : parseMediaType(given);
	if (given !== undefined && media === undefined) return "body_malformed";
	// Nobody here undoes a transfer encoding, so what is in it cannot be read.
	const transfer = headers.get("content-transfer-encoding");
	if (transfer !== undefined && !PLAIN_TRANSFER.test(transfer)) return "file";
	const charset = media?.parameters.get("charset")?.toLowerCase();
	const readable = charset === undefined || charset === "utf-8" || charset === "us-ascii";
	const json = media?.suffix === "json" || (media?.type === "application" && media.subtype === "json");
	const text = media === undefined || (media.type === "text" && media.subtype === "plain");
	if ((json || (text && !named)) && !readable) return "body_unsupported";
	if (json) return "json";
	return text && !named ? "text" : "file";
}

function isUtf8(b: Uint8Array, start: number, end: number): boolean {
	let state = UTF8_START;
	for (let at = start; at < end; at++) {
		state = stepUtf8(state, b[at]!);
		if (state < 0) return false;
	}
	return state === UTF8_START;
}
