import { parseUrl, type Url } from "../go/url.ts";
import { UrlError } from "../go/url-escape.ts";
import { DerError, derReader, TAG } from "./der.ts";
import { isDomain } from "./domain.ts";
import { ia5 } from "./values.ts";

/** Other names of a subject (RFC 5280, 4.2.1.6); a kind that does not occur is absent. */
export interface AlternativeNames {
	readonly dns?: readonly string[];
	readonly emails?: readonly string[];
	readonly addresses?: readonly Buffer[];
	readonly uris?: readonly Url[];
}

/** A URI as Go reads it, whose host may be a domain. */
function readUri(content: Buffer): Url {
	try {
		const uri = parseUrl(ia5(content));
		if (isDomain(uri.host, false)) return uri;
	} catch (thrown) {
		if (!(thrown instanceof UrlError)) throw thrown;
	}
	throw new DerError();
}

/** Reads a SubjectAltName's value. */
export function readAlternativeNames(value: Buffer): AlternativeNames {
	const dns: string[] = [];
	const emails: string[] = [];
	const addresses: Buffer[] = [];
	const uris: Url[] = [];
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
				uris.push(readUri(content));
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
