import { bytesOf } from "../../term/byte-string.ts";
import { isObject, type ObjectTerm, objectTerm, type Term } from "../../term/term.ts";
import type { Builtin } from "../builtin.ts";
import { goJson } from "../go/json.ts";
import { parseUrl, type Url } from "../go/url.ts";
import { UrlError } from "../go/url-escape.ts";
import { intOperand } from "../numbers.ts";
import { type Request, type Signer, signV4 } from "./sigv4.ts";

/** Keys of a request to `http.send`, which is what OPA signs here; any other is an error. */
const REQUEST_KEYS: ReadonlySet<string> = new Set(
	`method url body enable_redirect force_json_decode force_yaml_decode headers raw_body tls_use_system_certs
	tls_ca_cert tls_ca_cert_file tls_ca_cert_env_variable tls_client_cert tls_client_cert_file
	tls_client_cert_env_variable tls_client_key tls_client_key_file tls_client_key_env_variable
	tls_insecure_skip_verify tls_server_name timeout cache force_cache force_cache_duration_seconds raise_error
	caching_mode max_retry_attempts cache_ignored_headers`.split(/\s+/),
);

type Members = ReadonlyMap<string, Term>;

const membersOf = ({ entries }: ObjectTerm): Members =>
	new Map(entries.flatMap(([key, value]) => (typeof key === "string" ? [[key, value] as const] : [])));

const textOf = (term: Term | undefined): string => (typeof term === "string" ? term : "");

function readSigner(config: Members): Signer | undefined {
	const names = ["aws_access_key", "aws_secret_access_key", "aws_region", "aws_service"] as const;
	const [accessKey, secretKey, region, service] = names.map((name) => config.get(name));
	if (typeof accessKey !== "string" || typeof secretKey !== "string") return undefined;
	if (typeof region !== "string" || typeof service !== "string") return undefined;
	return { accessKey, secretKey, region, service, sessionToken: textOf(config.get("aws_session_token")) };
}

/** The raw body where there is one, else the body's JSON; `undefined` for a body that has none. */
function bodyOf(request: Members): Buffer | undefined {
	const raw = request.get("raw_body");
	if (raw !== undefined) return bytesOf(textOf(raw));
	const body = request.get("body");
	const text = body === undefined ? "" : goJson(body);
	return text === undefined ? undefined : bytesOf(text);
}

/** A name or value that is no string counts as an empty one. */
function headersOf(term: Term | undefined): ReadonlyMap<string, string> | undefined {
	if (term === undefined) return new Map();
	return isObject(term)
		? new Map(term.entries.map(([name, value]) => [textOf(name), textOf(value)] as const))
		: undefined;
}

function readUrl(text: string): Url | undefined {
	try {
		return parseUrl(text);
	} catch (thrown) {
		if (thrown instanceof UrlError) return undefined;
		throw thrown;
	}
}

function readRequest(given: ObjectTerm, config: Members): Request | undefined {
	if (given.entries.some(([key]) => typeof key !== "string" || !REQUEST_KEYS.has(key))) return undefined;
	const members = membersOf(given);
	const [method, address] = [members.get("method"), members.get("url")];
	if (typeof method !== "string" || typeof address !== "string") return undefined;
	const url = readUrl(address);
	const headers = headersOf(members.get("headers"));
	const body = bodyOf(members);
	const unsigned = config.get("disable_payload_signing") ?? false;
	if (url === undefined || headers === undefined || body === undefined || typeof unsigned !== "boolean")
		return undefined;
	return { method, url, headers, ...(unsigned ? {} : { body }) };
}

/** `providers.aws.sign_req`: the request with the headers that AWS's Signature Version 4 adds. */
const signReq: Builtin = ([given, configured, time]) => {
	if (!isObject(given) || !isObject(configured)) return undefined;
	const config = membersOf(configured);
	const signer = readSigner(config);
	const timeNs = intOperand(time);
	const request = readRequest(given, config);
	if (signer === undefined || timeNs === undefined || request === undefined) return undefined;
	const signed = signV4(request, signer, timeNs);
	const headers = new Map<string, string>([
		...request.headers,
		["Authorization", signed.authorization],
		...signed.headers,
	]);
	const others = given.entries.filter(([key]) => key !== "headers");
	return objectTerm([...others, ["headers", objectTerm([...headers])]]);
};

export const awsBuiltins: Readonly<Record<string, Builtin>> = { "providers.aws.sign_req": signReq };
