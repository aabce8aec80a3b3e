import { createHash, createHmac } from "node:crypto";
import { bytesOf, isWellFormed } from "../../term/byte-string.ts";
import { compareStrings } from "../../term/compare.ts";
import type { Url } from "../go/url.ts";
import { type Bytes, escaped, isEncoded, textOf } from "../go/url-escape.ts";

/** Who signs, for which service of which region. */
export interface Signer {
	readonly accessKey: string;
	readonly secretKey: string;
	readonly region: string;
	readonly service: string;
	/** Empty for keys that stay. */
	readonly sessionToken: string;
}

export interface Request {
	readonly method: string;
	readonly url: Url;
	readonly headers: ReadonlyMap<string, string>;
	/** Absent where the signature is not to cover it. */
	readonly body?: Buffer;
}

export interface Signed {
	readonly authorization: string;
	/** Headers that the signature adds, and covers. */
	readonly headers: ReadonlyMap<string, string>;
}

/** What a proxy may change on the way is not signed. */
const UNSIGNED: ReadonlySet<string> = new Set(["authorization", "user-agent", "x-amzn-trace-id"]);

/** Services that want the body's digest among the headers. */
const WITH_DIGEST: ReadonlySet<string> = new Set(["s3", "glacier"]);

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(bytesOf(text)).digest();

/** Go's `strings.ToLower`: character by character, each to one; what is no text becomes U+FFFD. */
const lower = (text: string): string =>
	[...text].map((char) => (isWellFormed(char) ? ([...char.toLowerCase()][0] ?? "") : "\ufffd")).join("");

/** Go's `URL.EscapedPath`. */
function pathText({ path, rawPath }: Url): Bytes {
	if (rawPath !== "" && isEncoded(rawPath, "path")) return rawPath;
	return path === "*" ? "*" : escaped(path, "path");
}

/** `YYYYMMDDThhmmssZ` of nanoseconds since 1970. */
function stamp(timeNs: bigint): string {
	const floored = timeNs - (((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n);
	const iso = new Date(Number(floored / 1_000_000n)).toISOString();
	return `${iso.slice(0, 19).replace(/[-:]/g, "")}Z`;
}

/** AWS's Signature Version 4, with the query as it is written. */
export function signV4(request: Request, signer: Signer, timeNs: bigint): Signed {
	const { method, url, body } = request;
	const { service, region, sessionToken } = signer;
	const time = stamp(timeNs);
	const digest = body === undefined ? "UNSIGNED-PAYLOAD" : sha256(body);
	const headers = new Map([
		["host", textOf(url.host)],
		["x-amz-date", time],
		...(WITH_DIGEST.has(service) ? [["x-amz-content-sha256", digest] as const] : []),
		...(sessionToken === "" ? [] : [["x-amz-security-token", sessionToken] as const]),
	]);
	const covered = new Map(headers);
	for (const [name, value] of request.headers)
		if (!UNSIGNED.has(lower(name))) covered.set(lower(name), value);
	const sorted = [...covered].sort(([a], [b]) => compareStrings(a, b));
	const names = sorted.map(([name]) => name).join(";");
	const lines = sorted.map(([name, value]) => `${name}:${value}\n`).join("");
	const path = textOf(pathText(url));
	const canonical = [method, path, textOf(url.query), lines, names, digest].join("\n");
	const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
	const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(bytesOf(canonical))}`;
	const key = [time.slice(0, 8), region, service, "aws4_request"].reduce(
		hmac,
		bytesOf(`AWS4${signer.secretKey}`),
	);
	const signature = hmac(key, toSign).toString("hex");
	const authorization = `AWS4-HMAC-SHA256 Credential=${signer.accessKey}/${scope},SignedHeaders=${names},Signature=${signature}`;
	return { authorization, headers };
}
