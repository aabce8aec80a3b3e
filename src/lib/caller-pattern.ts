/** Who may ask: a SPIFFE ID, all IDs below a path of one, or a DNS name. */
export type CallerPattern =
	| { readonly kind: "spiffe"; readonly id: string }
	/** `below` ends in a slash. */
	| { readonly kind: "spiffe-below"; readonly below: string }
	| { readonly kind: "dns"; readonly name: string };

/** The names that a certificate gives its holder, as `x509` libraries list them: `URI` and `DNS`. */
export interface CallerNames {
	readonly uris: readonly string[];
	readonly dns: readonly string[];
}

/** SPIFFE-ID, sections 2.1 and 2.2: nothing is encoded, nothing is normalised, so equal IDs are equal texts. */
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/[A-Za-z0-9._-]+)+$/;
const TRUST_DOMAIN = /^spiffe:\/\/[a-z0-9._-]{1,255}$/;
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*$/;
const MAX_ID = 2048;

/** Reads `spiffe://trust.domain/path`, the same with a final `/*`, or `dns:NAME`; undefined for anything else. */
export function parseCallerPattern(text: string): CallerPattern | undefined {
	if (text.startsWith("dns:")) {
		const name = text.slice("dns:".length).toLowerCase();
		return DNS_NAME.test(name) ? { kind: "dns", name } : undefined;
	}
	if (text.endsWith("/*")) {
		const stem = text.slice(0, -2);
		return TRUST_DOMAIN.test(stem) || isSpiffeId(stem)
			? { kind: "spiffe-below", below: `${stem}/` }
			: undefined;
	}
	return isSpiffeId(text) ? { kind: "spiffe", id: text } : undefined;
}

/**
 * The name by which one of `patterns` lets the holder of a certificate in; undefined when none does. Wildcards of a
 * certificate's DNS names stand for no caller, and of SPIFFE IDs a certificate has one (X.509-SVID, section 2).
 */
export function admittedAs(patterns: readonly CallerPattern[], names: CallerNames): string | undefined {
	const [uri] = names.uris;
	const id = names.uris.length === 1 && uri !== undefined && isSpiffeId(uri) ? uri : undefined;
	const hosts = names.dns.map((name) => name.toLowerCase());
	for (const pattern of patterns) {
		if (pattern.kind === "dns") {
			if (hosts.includes(pattern.name)) return `dns:${pattern.name}`;
		} else if (id !== undefined) {
			if (pattern.kind === "spiffe" ? id === pattern.id : id.startsWith(pattern.below)) return id;
		}
	}
	return undefined;
}

function isSpiffeId(text: string): boolean {
	if (text.length > MAX_ID || !SPIFFE_ID.test(text)) return false;
	// Dot segments are none of a SPIFFE ID's: who resolves them sees another path.
	return !text.split("/").some((segment) => segment === "." || segment === "..");
}
