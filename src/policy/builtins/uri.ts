import { objectTerm, type Term } from "../term/term.ts";
import { type Builtin, ofString } from "./builtin.ts";
import { isPort, parseUrl, type Url } from "./go/url.ts";
import { type Bytes, textOf, UrlError } from "./go/url-escape.ts";

function parsed(text: string): Url | undefined {
	try {
		return parseUrl(text);
	} catch (thrown) {
		if (thrown instanceof UrlError) return undefined;
		throw thrown;
	}
}

function splitPort(host: Bytes): readonly [name: Bytes, port: Bytes] {
	const colon = host.lastIndexOf(":");
	const ported = colon >= 0 && isPort(host.slice(colon));
	const name = ported ? host.slice(0, colon) : host;
	const plain = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
	return [plain, ported ? host.slice(colon + 1) : ""];
}

function parse(text: string): Term | undefined {
	const uri = parsed(text);
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
	return objectTerm(given.map(([name, part]) => [name, textOf(part)] as const));
}

export const uriBuiltins: Readonly<Record<string, Builtin>> = {
	"uri.is_valid": ([text]) => typeof text === "string" && text !== "" && parsed(text) !== undefined,
	"uri.parse": ofString(parse),
};
