import { parseAddress } from "../net/ip.ts";

/** Bytes, one character each: Go's parser works on them. */
export type Bytes = string;

/** What `net/url` finds in a URL; every part in bytes. */
export interface GoUrl {
	readonly scheme: Bytes;
	readonly opaque: Bytes;
	/** Name and, where a colon stands, password; absent without `@`. */
	readonly user?: readonly [name: Bytes, password?: Bytes];
	readonly host: Bytes;
	readonly path: Bytes;
	/** The path as it was written, where Go would write it otherwise; else empty. */
	readonly rawPath: Bytes;
	readonly query: Bytes;
	/** A `?` with nothing behind it. */
	readonly forceQuery: boolean;
	readonly fragment: Bytes;
	readonly rawFragment: Bytes;
	/** A scheme and a path, and no `//` between them. */
	readonly omitHost: boolean;
}

const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/;
/** What each part holds without an escape. */
const PATH_SAFE = /^[A-Za-z0-9$&+,\-./:;=@_~]$/;
const USER_SAFE = /^[A-Za-z0-9$&+,\-.;=_~]$/;
const HOST_SAFE = /^[!"$&'()*+,\-.0-9:;<=>A-Z[\]_a-z~]$/;
const FRAGMENT_SAFE = /^[A-Za-z0-9!$&()*+,\-./:;=?@_~]$/;
/** Texts that Go leaves as they were written, though it would escape some of them itself. */
const VALID_PATH = /^[A-Za-z0-9_.~$&+,/:;=@!'()*[\]%-]*$/;
const VALID_FRAGMENT = /^[A-Za-z0-9_.~$&+,/:;=@!'()*[\]%?-]*$/;
const HOST_BYTES = /^[\x80-\xff!"$&'()*+,\-.0-9:;<=>A-Z[\]_a-z~%]*$/;
const USERINFO = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;

const unescaped = (bytes: Bytes): Bytes =>
	bytes.replace(/%([0-9a-fA-F]{2})/g, (_found, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const escaped = (bytes: Bytes, safe: RegExp): Bytes =>
	bytes.replace(/./gs, (byte) =>
		safe.test(byte) ? byte : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
	);

/** Escapes in a host stand for bytes above ASCII, or for `%`; `undefined` for a bad host. */
function hostText(bytes: Bytes): Bytes | undefined {
	if (BAD_ESCAPE.test(bytes) || !HOST_BYTES.test(bytes) || /%(?!25)[0-7]/.test(bytes)) return undefined;
	return unescaped(bytes);
}

/** A zone may escape what a host may hold, and spaces. */
function zoneText(bytes: Bytes): Bytes | undefined {
	if (BAD_ESCAPE.test(bytes) || !HOST_BYTES.test(bytes)) return undefined;
	for (const [found] of bytes.matchAll(/%../g)) {
		const byte = unescaped(found);
		const good = found === "%25" || byte === " " || (byte !== "%" && byte < "\x80" && HOST_BYTES.test(byte));
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

type Authority = Pick<GoUrl, "host" | "user">;

function parseAuthority(scheme: Bytes, authority: Bytes): Authority | undefined {
	const at = authority.lastIndexOf("@");
	const host = parseHost(scheme, authority.slice(at + 1));
	if (host === undefined) return undefined;
	if (at < 0) return { host };
	const user = authority.slice(0, at);
	if (!USERINFO.test(user) || BAD_ESCAPE.test(user)) return undefined;
	const colon = user.indexOf(":");
	if (colon < 0) return { host, user: [unescaped(user)] };
	return { host, user: [unescaped(user.slice(0, colon)), unescaped(user.slice(colon + 1))] };
}

const cut = (text: Bytes, at: string): readonly [Bytes, Bytes] => {
	const index = text.indexOf(at);
	return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
};

/** Go's `url.Parse`; `undefined` for what it refuses. */
export function parseUrl(bytes: Bytes): GoUrl | undefined {
	const [whole, end] = cut(bytes, "#");
	if (/[^ -~\x80-\xff]/.test(whole) || BAD_ESCAPE.test(end)) return undefined;
	const fragment = unescaped(end);
	const rawFragment = escaped(fragment, FRAGMENT_SAFE) === end ? "" : end;
	const empty = { scheme: "", opaque: "", host: "", path: "", rawPath: "", query: "" };
	const plain = { ...empty, fragment, rawFragment, forceQuery: false, omitHost: false };
	if (whole === "*") return { ...plain, path: "*" };
	if (whole.startsWith(":")) return undefined;
	const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(whole)?.[1] ?? "";
	const afterScheme = scheme === "" ? whole : whole.slice(scheme.length + 1);
	const forceQuery = afterScheme.indexOf("?") === afterScheme.length - 1 && afterScheme !== "";
	let [rest, query] = cut(afterScheme, "?");
	const found = { ...plain, scheme: scheme.toLowerCase(), query, forceQuery };
	if (!rest.startsWith("/")) {
		if (scheme !== "") return { ...found, opaque: rest };
		if (cut(rest, "/")[0].includes(":")) return undefined;
	}
	let authority: Authority | undefined = { host: "" };
	const hasAuthority = rest.startsWith("//") && (scheme !== "" || !rest.startsWith("///"));
	const omitHost = !hasAuthority && scheme !== "" && rest.startsWith("/");
	if (hasAuthority) {
		const slash = rest.indexOf("/", 2);
		authority = parseAuthority(found.scheme, rest.slice(2, slash < 0 ? undefined : slash));
		rest = slash < 0 ? "" : rest.slice(slash);
	}
	if (authority === undefined || BAD_ESCAPE.test(rest)) return undefined;
	const path = unescaped(rest);
	const rawPath = escaped(path, PATH_SAFE) === rest ? "" : rest;
	return { ...found, ...authority, path, rawPath, omitHost };
}

/** Go's `URL.EscapedPath`. */
export function pathText({ path, rawPath }: GoUrl): Bytes {
	if (rawPath !== "" && VALID_PATH.test(rawPath)) return rawPath;
	return path === "*" ? "*" : escaped(path, PATH_SAFE);
}

function authorityText({ scheme, host, user, path, omitHost }: GoUrl): Bytes {
	if (scheme === "" && host === "" && user === undefined) return "";
	if (omitHost && host === "" && user === undefined) return "";
	const slashes = host !== "" || path !== "" || user !== undefined ? "//" : "";
	const names = user?.map((part = "") => escaped(part, USER_SAFE)).join(":");
	return `${slashes}${names === undefined ? "" : `${names}@`}${escaped(host, HOST_SAFE)}`;
}

/** Go's `URL.String`. */
export function urlText(url: GoUrl): Bytes {
	const scheme = url.scheme === "" ? "" : `${url.scheme}:`;
	let text = url.opaque;
	if (text === "") {
		const path = pathText(url);
		const start = authorityText(url);
		// Without the dot the first step would be read as a scheme.
		const dot = scheme + start === "" && cut(path, "/")[0].includes(":") ? "./" : "";
		text = start + dot + path;
	}
	const query = url.forceQuery || url.query !== "" ? `?${url.query}` : "";
	const raw = url.rawFragment !== "" && VALID_FRAGMENT.test(url.rawFragment);
	const fragment = raw ? url.rawFragment : escaped(url.fragment, FRAGMENT_SAFE);
	return `${scheme}${text}${query}${fragment === "" ? "" : `#${fragment}`}`;
}

/** A host without its port and the brackets of an address, and the port. */
export function splitPort(host: Bytes): readonly [name: Bytes, port: Bytes] {
	const colon = host.lastIndexOf(":");
	const ported = colon >= 0 && isPort(host.slice(colon));
	const name = ported ? host.slice(0, colon) : host;
	const plain = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
	return [plain, ported ? host.slice(colon + 1) : ""];
}
