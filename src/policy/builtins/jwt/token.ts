import { byteString } from "../../term/byte-string.ts";
import { isArray, isObject, type ObjectTerm, type Term } from "../../term/term.ts";
import { decodeBase64Url } from "../base64url.ts";
import { parseGoJson } from "../go/parse-json.ts";

/** Longer tokens are refused unread; Envoy takes 60 KiB of headers. */
const MAX_TOKEN = 1 << 20;

/** The three parts of a token (RFC 7515, 7.1), still encoded. */
export interface Token {
	readonly header: string;
	readonly payload: string;
	readonly signature: string;
}

export function splitToken(text: string): Token | undefined {
	if (text.length > MAX_TOKEN) return undefined;
	const parts = text.split(".", 4);
	if (parts.length !== 3) return undefined;
	const [header = "", payload = "", signature = ""] = parts;
	return { header, payload, signature };
}

export function decodeText(part: string): string | undefined {
	const bytes = decodeBase64Url(part);
	return bytes === undefined ? undefined : byteString(bytes);
}

/** Containers within one another; a policy takes no more. */
const MAX_DEPTH = 256;

/** How deep brackets nest in a JSON text, those in its strings left out. */
function tooDeep(text: string): boolean {
	let depth = 0;
	let quoted = false;
	for (let i = 0; i < text.length; i++) {
		const char = text[i];
		if (quoted) {
			if (char === "\\") i++;
			else if (char === '"') quoted = false;
		} else if (char === '"') quoted = true;
		else if (char === "{" || char === "[") {
			depth++;
			if (depth > MAX_DEPTH) return true;
		} else if (char === "}" || char === "]") depth--;
	}
	return false;
}

/** A JSON object; of a repeated member the last counts, as in OPA. */
export function readObject(text: string): ObjectTerm | undefined {
	if (tooDeep(text)) return undefined;
	const term = parseGoJson(text);
	return isObject(term) ? term : undefined;
}

export const member = (object: ObjectTerm, name: string): Term | undefined =>
	object.entries.find(([key]) => key === name)?.[1];

/** A token's header, decoded. `enc` marks an encrypted token (RFC 7516, 9), which OPA does not read. */
export function decodeHeader(token: Token): ObjectTerm | undefined {
	const text = decodeText(token.header);
	const header = text === undefined ? undefined : readObject(text);
	return header === undefined || member(header, "enc") !== undefined ? undefined : header;
}

/** What a header says of its token; a member that is absent is empty. */
export interface HeaderFields {
	readonly alg: string;
	readonly kid: string;
	readonly cty: string;
	/** Has an algorithm, and needs no extension that is not understood (RFC 7515, 4.1.11). */
	readonly valid: boolean;
}

const KNOWN: ReadonlySet<unknown> = new Set(["alg", "kid", "typ", "cty", "crit"]);

/** The texts of `crit` up to the first element that is none; `undefined` for a list without one, and for no list. */
function criticalNames(header: ObjectTerm): ReadonlySet<unknown> | undefined {
	const crit = member(header, "crit");
	if (crit === undefined) return new Set();
	if (!isArray(crit)) return undefined;
	const end = crit.items.findIndex((item) => typeof item !== "string");
	const names = end < 0 ? crit.items : crit.items.slice(0, end);
	return names.length === 0 ? undefined : new Set(names);
}

/** `undefined` where a member has the wrong type. */
export function headerFields(header: ObjectTerm): HeaderFields | undefined {
	const [alg, kid, typ, cty] = ["alg", "kid", "typ", "cty"].map((name) => member(header, name) ?? "");
	const critical = criticalNames(header);
	if (typeof alg !== "string" || typeof kid !== "string" || critical === undefined) return undefined;
	if (typeof typ !== "string" || typeof cty !== "string") return undefined;
	const unknown = header.entries.some(([name]) => !KNOWN.has(name) && critical.has(name));
	return { alg, kid, cty, valid: alg !== "" && !unknown };
}
