import { byteString, bytesOf } from "../term/byte-string.ts";
import { objectTerm, type Term } from "../term/term.ts";
import { type Builtin, ofString } from "./builtin.ts";
import { parseAddress } from "./net/ip.ts";

/** Bytes, one character each: Go's parser works on them. */
type Bytes = string;

const fromBytes = (bytes: Bytes): string => byteString(Buffer.from(bytes, "latin1"));

interface Uri {
	readonly scheme: Bytes;
	readonly host: Bytes;
	readonly path: Bytes;
	readonly rawPath: Bytes;
	readonly query: Bytes;
	readonly fragment: Bytes;
}

const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/;
/** What stays as it is in a path. */
const PATH_SAFE = /^[A-Za-z0-9$&+,\-./:;=@_~]$/;
const HOST_BYTES = /^[\x80-\xff!"$&'()*+,\-.0-9:;<=>A-Z[\]_a-z~%]*$/;
const USERINFO = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;

const unescaped = (bytes: Bytes): Bytes =>
	bytes.replace(/%([0-9a-fA-F]{2})/g, (_found, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const escapedPath = (bytes: Bytes): Bytes =>
	bytes.replace(/./gs, (byte) =>
		PATH_SAFE.test(byte) ? byte : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
	);

/** Escapes in a host stand for bytes above ASCII, or for `%`; `undefined` for a bad host. */
function hostText(bytes: Bytes): Bytes | undefined {
	if (BAD_ESCAPE.test(bytes) || !HOST_BYTES.test(bytes) || /%(?!25)[0-7]/.test(bytes)) return undefined;
	return unescaped(bytes);
}

/** A zone may escape what a host may hold, and spaces. */
function zoneText(bytes: Bytes): Bytes | undefined {
	if (BAD_ESCAPE.test(bytes) || !HOST_BYTES.test(bytes)) return undefined;
	for (const [escaped] of bytes.matchAll(/%../g)) {
		const byte = unescaped(escaped);
		const good =
			escaped === "%25" || byte === " " || (byte !== "%" && byte < "\x80" && HOST_BYTES.test(byte));
		if (!good) return undefined;
	}
	return unescaped(bytes);
}

const isPort = (bytes: Bytes): boolean => /^(?::[0-9]*)?$/.test(bytes);

function literalHost(host: Bytes): Bytes | undefined {
	const close = host.lastIndexOf("]");
	if (close < 0 || !isPort(host.slice(close + 1))) return undefined;
	const name = host.slice(1, close);
	const zone = name.indexOf("%25");
	const address = hostText(zone < 0 ? name : name.slice(0, zone));
	const rest = zone < 0 ? "" : zoneText(name.slice(zone));
	if (address === undefined || rest === undefined) return undefined;
	const whole = address + rest;
	const percent = whole.indexOf("%");
	const plain = percent < 0 ? whole : whole.slice(0, percent);
	// A zone has a name, and only IPv6 has zones.
	if (percent === whole.length - 1 && percent >= 0) return undefined;
	if (parseAddress(plain)?.bits !== 128) return undefined;
	return `[${whole}]${host.slice(close + 1)}`;
}

function parseHost(scheme: Bytes, host: Bytes): Bytes | undefined {
	const bracket = host.lastIndexOf("[");
	if (bracket > 0) return undefined;
	if (bracket === 0) return literalHost(host);
	const strict = scheme === "http" || scheme === "https";
	const colon = strict ? host.indexOf(":") : host.lastIndexOf(":");
	if (colon >= 0 && !isPort(host.slice(colon))) return undefined;
	return hostText(host);
}

function parseAuthority(scheme: Bytes, authority: Bytes): Bytes | undefined {
	const at = authority.lastIndexOf("@");
	const host = parseHost(scheme, authority.slice(at + 1));
	if (at < 0) return host;
	const user = authority.slice(0, at);
	return USERINFO.test(user) && !BAD_ESCAPE.test(user) ? host : undefined;
}

const cut = (text: Bytes, at: string): readonly [Bytes, Bytes] => {
	const index = text.indexOf(at);
	return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
};

/** Go's `url.Parse`; `undefined` for what it refuses. */
function parseUri(text: string): Uri | undefined {
	const [whole, fragment] = cut(bytesOf(text).toString("latin1"), "#");
	if (/[^ -~\x80-\xff]/.test(whole) || BAD_ESCAPE.test(fragment)) return undefined;
	const empty = { scheme: "", host: "", path: "", rawPath: "", query: "", fragment: unescaped(fragment) };
	if (whole === "*") return { ...empty, path: "*" };
	if (whole.startsWith(":")) return undefined;
	const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(whole)?.[1] ?? "";
	let [rest, query] = cut(scheme === "" ? whole : whole.slice(scheme.length + 1), "?");
	const found = { ...empty, scheme: scheme.toLowerCase(), query };
	if (!rest.startsWith("/")) {
		// What follows a scheme without a slash is opaque.
		if (scheme !== "") return found;
		if (cut(rest, "/")[0].includes(":")) return undefined;
	}
	let host: Bytes | undefined = "";
	if (rest.startsWith("//") && (scheme !== "" || !rest.startsWith("///"))) {
		const slash = rest.indexOf("/", 2);
		host = parseAuthority(found.scheme, rest.slice(2, slash < 0 ? undefined : slash));
		rest = slash < 0 ? "" : rest.slice(slash);
	}
	if (host === undefined || BAD_ESCAPE.test(rest)) return undefined;
	const path = unescaped(rest);
	return { ...found, host, path, rawPath: escapedPath(path) === rest ? "" : rest };
}

function splitPort(host: Bytes): readonly [name: Bytes, port: Bytes] {
	const colon = host.lastIndexOf(":");
	const ported = colon >= 0 && isPort(host.slice(colon));
	const name = ported ? host.slice(0, colon) : host;
	const plain = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
	return [plain, ported ? host.slice(colon + 1) : ""];
}

function parse(text: string): Term | undefined {
	const uri = parseUri(text);
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
	"uri.is_valid": ([text]) => typeof text === "string" && text !== "" && parseUri(text) !== undefined,
	"uri.parse": ofString(parse),
};
