import type { X509Certificate } from "node:crypto";
import type { CallerNames } from "./caller-pattern.ts";

/**
 * One name of a certificate as Node writes it. A value with anything in it that could be taken for the next name is
 * written as a JSON string (CVE-2021-44532), and such a value is no name of a caller's.
 */
const NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/** URIs and DNS names of a certificate's subjectAltName; none of them when any part of it cannot be told for sure. */
export function callerNames(certificate: Pick<X509Certificate, "subjectAltName">): CallerNames {
	const text = certificate.subjectAltName ?? "";
	const uris: string[] = [];
	const dns: string[] = [];
	NAME.lastIndex = 0;
	while (NAME.lastIndex < text.length) {
		const [, kind, value = ""] = NAME.exec(text) ?? [];
		if (kind === undefined) return { uris: [], dns: [] };
		// A quoted URI still counts: a certificate with two has no SPIFFE ID.
		if (kind === "URI") uris.push(value);
		else if (kind === "DNS" && !value.startsWith('"')) dns.push(value);
	}
	return { uris, dns };
}
