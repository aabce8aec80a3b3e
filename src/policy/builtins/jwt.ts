import { termFromJson } from "../term/from-json.ts";
import { arrayTerm, isObject, type ObjectTerm, type Term } from "../term/term.ts";
import { decodeBase64Url } from "./base64url.ts";
import { type Builtin, ofString } from "./builtin.ts";
import { textOf } from "./utf8.ts";

/** A token may hold a token (`cty: JWT`); nobody nests more than a few. */
const MAX_NESTED_TOKENS = 8;

function decodeText(part: string): string | undefined {
	const bytes = decodeBase64Url(part);
	return bytes === undefined ? undefined : textOf(bytes);
}

function decodeObject(text: string): ObjectTerm | undefined {
	const term = termFromJson(text);
	return isObject(term) ? term : undefined;
}

const member = (object: ObjectTerm, name: string): Term | undefined =>
	object.entries.find(([key]) => key === name)?.[1];

function decodeToken(token: string, nested: number): Term | undefined {
	const parts = token.split(".");
	if (parts.length !== 3 || nested > MAX_NESTED_TOKENS) return undefined;
	const [head = "", body = "", signature = ""] = parts;
	const headText = decodeText(head);
	const header = headText === undefined ? undefined : decodeObject(headText);
	// `enc` marks an encrypted token, which has nothing to show.
	if (header === undefined || member(header, "enc") !== undefined) return undefined;
	const bodyText = decodeText(body);
	if (bodyText === undefined) return undefined;
	const contentType = member(header, "cty");
	if (contentType !== undefined && typeof contentType !== "string") return undefined;
	if (contentType === "JWT") return decodeToken(bodyText.replace(/^["']+|["']+$/g, ""), nested + 1);
	const payload = decodeObject(bodyText);
	const signatureBytes = decodeBase64Url(signature);
	if (payload === undefined || signatureBytes === undefined) return undefined;
	return arrayTerm([header, payload, signatureBytes.toString("hex")]);
}

/** Decodes and verifies nothing: a verified token's claims are in `input.identity`. */
export const jwtBuiltins: Readonly<Record<string, Builtin>> = {
	"io.jwt.decode": ofString((token) => decodeToken(token, 0)),
};
