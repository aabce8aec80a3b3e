import { DerError, derReader, TAG } from "./der.ts";
import { ia5 } from "./values.ts";

/** A URI's parts as Go's `url.URL` holds them. */
export interface CertificateUri {
	readonly text: string;
	readonly scheme: string;
	readonly host: string;
	readonly path: string;
	/** The path as written, where Go would write it otherwise; else empty. */
	readonly rawPath: string;
	readonly opaque: string;
	readonly query: string;
}

/** Other names of a subject (RFC 5280, 4.2.1.6); a kind that does not occur is absent. */
export interface AlternativeNames {
	readonly dns?: readonly string[];
	readonly emails?: readonly string[];
	readonly addresses?: readonly Buffer[];
	readonly uris?: readonly CertificateUri[];
}

/** Without user, escapes and fragment, and with a host: SPIFFE ids, and what else certificates hold. */
const HIERARCHICAL =
	/^([A-Za-z][A-Za-z0-9+.-]*):\/\/([A-Za-z0-9._~-]+(?::\d*)?)((?:\/[ -"$&->@-~]*)?)(?:\?([ -"$-~]+))?$/;
const OPAQUE = /^([A-Za-z][A-Za-z0-9+.-]*):([A-Za-z0-9._~$&+,;=:@-][A-Za-z0-9._~$&+,;=:@/-]*)$/;

/** Characters of a path that Go writes as they are. */
const PLAIN_PATH = /^[A-Za-z0-9_.~$&+,/:;=@-]*$/;
/** And those that it leaves if they were written so. */
const VALID_PATH = /^[A-Za-z0-9_.~$&+,/:;=@!'()*[\]-]*$/;

const escapedPath = (path: string): string =>
	path.replace(
		/[^A-Za-z0-9_.~$&+,/:;=@-]/g,
		(char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
	);

/** A domain as Go takes it: no empty label, no point at the end; as a constraint it may start with a point. */
export function isDomain(text: string, constraint: boolean): boolean {
	if (text === "") return true;
	const labels = (constraint && text.startsWith(".") ? text.slice(1) : text).split(".");
	return labels.every((label) => /^[!-~]+$/.test(label));
}

/**
 * A URI of the plain forms.
 * @throws {DerError} for any other: what Go makes of it is not known here, so nothing is said of the certificate.
 */
function readUri(text: string): CertificateUri {
	const match = HIERARCHICAL.exec(text);
	if (match !== null) {
		const [, scheme = "", host = "", path = "", query = ""] = match;
		if (!isDomain(host, false)) throw new DerError();
		const lower = scheme.toLowerCase();
		const written = VALID_PATH.test(path) ? path : escapedPath(path);
		const whole = `${lower}://${host}${written}${query === "" ? "" : `?${query}`}`;
		const rawPath = PLAIN_PATH.test(path) ? "" : path;
		return { text: whole, scheme: lower, host, path, rawPath, opaque: "", query };
	}
	const [, scheme = "", opaque = ""] = OPAQUE.exec(text) ?? [];
	if (scheme === "") throw new DerError();
	const lower = scheme.toLowerCase();
	return { text: `${lower}:${opaque}`, scheme: lower, host: "", path: "", rawPath: "", opaque, query: "" };
}

/** Reads a SubjectAltName's value. */
export function readAlternativeNames(value: Buffer): AlternativeNames {
	const dns: string[] = [];
	const emails: string[] = [];
	const addresses: Buffer[] = [];
	const uris: CertificateUri[] = [];
	const reader = derReader(value).inside(TAG.sequence);
	while (!reader.ended()) {
		const { tag, content } = reader.any();
		switch (tag ^ 0x80) {
			case 1:
				emails.push(ia5(content));
				break;
			case 2:
				dns.push(ia5(content));
				break;
			case 6:
				uris.push(readUri(ia5(content)));
				break;
			case 7:
				if (content.length !== 4 && content.length !== 16) throw new DerError();
				addresses.push(content);
				break;
		}
	}
	return {
		...(dns.length > 0 ? { dns } : {}),
		...(emails.length > 0 ? { emails } : {}),
		...(addresses.length > 0 ? { addresses } : {}),
		...(uris.length > 0 ? { uris } : {}),
	};
}
