/** A coding that can be undone here. `x-gzip` is `gzip` (RFC 9110, 8.4.1.3); `zstd` is that of RFC 9659. */
export type Coding = "gzip" | "deflate" | "br" | "zstd";

export type CodingReading =
	| { readonly kind: "identity" }
	| { readonly kind: "coded"; readonly coding: Coding }
	| { readonly kind: "unsupported" };

const CODINGS: ReadonlyMap<string, Coding> = new Map([
	["gzip", "gzip"],
	["x-gzip", "gzip"],
	["deflate", "deflate"],
	["br", "br"],
	["zstd", "zstd"],
]);

/**
 * Reads every `content-encoding` value of a message. One coding of the closed list is undone; several
 * (a list, or the header repeated) and unknown ones are unsupported, for a body whose form is not known
 * cannot be masked.
 */
export function readContentEncoding(values: readonly string[]): CodingReading {
	if (values.length === 0) return { kind: "identity" };
	if (values.length > 1) return { kind: "unsupported" };
	const name = (values[0] ?? "").trim().toLowerCase();
	if (name === "" || name === "identity") return { kind: "identity" };
	const coding = CODINGS.get(name);
	return coding === undefined ? { kind: "unsupported" } : { kind: "coded", coding };
}
