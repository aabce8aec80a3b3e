import { byteString, bytesOf } from "../term/byte-string.ts";
import { objectTerm, type Term } from "../term/term.ts";
import { type Builtin, ofString } from "./builtin.ts";
import { type Bytes, parseUrl, splitPort } from "./go/url.ts";

const toBytes = (text: string): Bytes => bytesOf(text).toString("latin1");
const fromBytes = (bytes: Bytes): string => byteString(Buffer.from(bytes, "latin1"));

function parse(text: string): Term | undefined {
	const uri = parseUrl(toBytes(text));
	if (uri === undefined) return undefined;
	const [hostname, port] = splitPort(uri.host);
	const parts = {
		scheme: uri.scheme,
		hostname,
		port,
		path: uri.path,
		raw_path: uri.path === "" ? "" : uri.rawPath || uri.path,
		raw_query: uri.query,
		fragment: uri.fragment,
	};
	const given = Object.entries(parts).filter(([, part]) => part !== "");
	return objectTerm(given.map(([name, part]) => [name, fromBytes(part)] as const));
}

export const uriBuiltins: Readonly<Record<string, Builtin>> = {
	"uri.is_valid": ([text]) =>
		typeof text === "string" && text !== "" && parseUrl(toBytes(text)) !== undefined,
	"uri.parse": ofString(parse),
};
