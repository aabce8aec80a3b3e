import { bytesOf } from "../../term/byte-string.ts";
import { parseAddress } from "../net/ip.ts";
import { addressFault } from "../net/ip-fault.ts";
import { type Bytes, escaped, isEncoded, quoted, textOf, UrlError, unescaped } from "./url-escape.ts";

/** A URL or a reference to one, in the parts that Go keeps: decoded, but for what is named `raw` and `opaque`. */
export interface Url {
	readonly scheme: Bytes;
	/** What follows a scheme without a slash. */
	readonly opaque: Bytes;
	/** Name and password, escaped again and joined by a colon. */
	readonly user: Bytes | undefined;
	readonly host: Bytes;
	readonly path: Bytes;
	/** The path as it was written, where that is not how Go writes it. */
	readonly rawPath: Bytes;
	readonly query: Bytes;
	/** There is a question mark, and nothing after it. */
	readonly emptyQuery: boolean;
	/** There is a scheme, a path that starts with a slash, and no host. */
	readonly hostless: boolean;
	readonly fragment: Bytes;
	/** The fragment as it was written, where that is not how Go writes it. */
	readonly rawFragment: Bytes;
}

const EMPTY: Url = {
	scheme: "",
	opaque: "",
	user: undefined,
	host: "",
	path: "",
	rawPath: "",
	query: "",
	emptyQuery: false,
	hostless: false,
	fragment: "",
	rawFragment: "",
};

const cut = (text: Bytes, at: string): readonly [Bytes, Bytes] => {
	const index = text.indexOf(at);
	return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
};

/** Nothing, or a colon and digits. */
export const isPort = (bytes: Bytes): boolean => /^(?::[0-9]*)?$/.test(bytes);

function requirePort(bytes: Bytes): void {
	if (!isPort(bytes)) throw new UrlError(`invalid port ${quoted(bytes)} after host`);
}

function literalHost(host: Bytes): Bytes {
	const close = host.lastIndexOf("]");
	if (close < 0) throw new UrlError("missing ']' in host");
	const port = host.slice(close + 1);
	requirePort(port);
	const name = host.slice(1, close);
	const zone = name.indexOf("%25");
	const address =
		zone < 0
			? unescaped(name, "host")
			: unescaped(name.slice(0, zone), "host") + unescaped(name.slice(zone), "zone");
	const fault = addressFault(textOf(address));
	if (fault !== undefined) throw new UrlError(`invalid host: ${fault}`);
	if (parseAddress(address)?.bits === 32) throw new UrlError("invalid IP-literal");
	return `[${address}]${port}`;
}

function parseHost(scheme: Bytes, host: Bytes): Bytes {
	const bracket = host.lastIndexOf("[");
	if (bracket > 0) throw new UrlError("invalid IP-literal");
	if (bracket === 0) return literalHost(host);
	const strict = scheme === "http" || scheme === "https";
	const colon = strict ? host.indexOf(":") : host.lastIndexOf(":");
	if (colon >= 0) requirePort(host.slice(colon));
	return unescaped(host, "host");
}

const USER = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;

function parseUser(user: Bytes): Bytes {
	if (!USER.test(user)) throw new UrlError("net/url: invalid userinfo");
	const [name, password] = cut(user, ":");
	const parts = user.includes(":") ? [name, password] : [name];
	return parts.map((part) => escaped(unescaped(part, "user"), "user")).join(":");
}

function parsePath(path: Bytes): Pick<Url, "path" | "rawPath"> {
	const decoded = unescaped(path, "path");
	return { path: decoded, rawPath: escaped(decoded, "path") === path ? "" : path };
}

function parseBody(bytes: Bytes): Url {
	if (/[^ -~\x80-\xff]/.test(bytes)) throw new UrlError("net/url: invalid control character in URL");
	if (bytes === "*") return { ...EMPTY, path: "*" };
	if (bytes.startsWith(":")) throw new UrlError("missing protocol scheme");
	const named = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(bytes)?.[1];
	const scheme = (named ?? "").toLowerCase();
	let [rest, query] = cut(named === undefined ? bytes : bytes.slice(named.length + 1), "?");
	const emptyQuery = query === "" && bytes.endsWith("?");
	const found = { ...EMPTY, scheme, query, emptyQuery };
	if (!rest.startsWith("/")) {
		if (scheme !== "") return { ...found, opaque: rest };
		if (cut(rest, "/")[0].includes(":")) {
			throw new UrlError("first path segment in URL cannot contain colon");
		}
	}
	if (!rest.startsWith("//") || (scheme === "" && rest.startsWith("///"))) {
		return { ...found, ...parsePath(rest), hostless: scheme !== "" && rest.startsWith("/") };
	}
	const slash = rest.indexOf("/", 2);
	const authority = rest.slice(2, slash < 0 ? undefined : slash);
	rest = slash < 0 ? "" : rest.slice(slash);
	const at = authority.lastIndexOf("@");
	const host = parseHost(scheme, authority.slice(at + 1));
	const user = at < 0 ? undefined : parseUser(authority.slice(0, at));
	return { ...found, user, host, ...parsePath(rest) };
}

function within<T>(bytes: Bytes, parse: () => T): T {
	try {
		return parse();
	} catch (thrown) {
		if (thrown instanceof UrlError) throw new UrlError(`parse ${quoted(bytes)}: ${thrown.message}`);
		throw thrown;
	}
}

/**
 * Go's `url.Parse`.
 * @throws {UrlError}
 */
export function parseUrl(text: string): Url {
	const bytes = bytesOf(text).toString("latin1");
	const [body, fragment] = cut(bytes, "#");
	const url = within(body, () => parseBody(body));
	if (fragment === "") return url;
	return within(bytes, () => {
		const decoded = unescaped(fragment, "fragment");
		const rawFragment = escaped(decoded, "fragment") === fragment ? "" : fragment;
		return { ...url, fragment: decoded, rawFragment };
	});
}

function encoded(decoded: Bytes, raw: Bytes, part: "path" | "fragment"): Bytes {
	if (raw !== "" && isEncoded(raw, part)) return raw;
	return part === "path" && decoded === "*" ? "*" : escaped(decoded, part);
}

/** The URL as Go writes it. */
export function urlText(url: Url): string {
	const { scheme, user, host, path } = url;
	let text = scheme === "" ? "" : `${scheme}:`;
	if (url.opaque !== "") text += url.opaque;
	else {
		const hosted = scheme !== "" || host !== "" || user !== undefined;
		const bare = url.hostless && host === "" && user === undefined;
		if (hosted && !bare) {
			if (host !== "" || path !== "" || user !== undefined) text += "//";
			if (user !== undefined) text += `${user}@`;
			text += escaped(host, "host");
		}
		const written = encoded(path, url.rawPath, "path");
		if (written !== "" && !written.startsWith("/") && host !== "") text += "/";
		// RFC 3986, 4.2: without the dot, what stands before the colon would be a scheme.
		if (text === "" && cut(written, "/")[0].includes(":")) text += "./";
		text += written;
	}
	if (url.emptyQuery || url.query !== "") text += `?${url.query}`;
	if (url.fragment !== "") text += `#${encoded(url.fragment, url.rawFragment, "fragment")}`;
	return textOf(text);
}
