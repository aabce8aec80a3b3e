/**
 * How upstreams read the path of a request target, one function per choice, in every combination: decoded never, once,
 * twice, or with a decoder that takes more than RFC 3986 gives; backslashes as slashes or not; `;` parameters kept or
 * dropped; empty segments kept or dropped; dot segments kept or resolved. Texts hold one byte per character.
 */
const DECODERS: readonly ((text: string) => string)[] = [
	(text) => text,
	decode,
	(text) => decode(decode(text)),
	(text) => loose(loose(text)),
];

function decode(text: string): string {
	return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => byte(Number.parseInt(hex, 16)));
}

const byte = (code: number): string => String.fromCharCode(code & 0xff);

/** As old servers did: `%uXXXX`, overlong UTF-8, bytes cut to seven bits, full-width forms, a text that ends at NUL. */
function loose(text: string): string {
	const plain = decode(text.replace(/%u00([0-9a-f]{2})/gi, "%$1"))
		.replace(/%u([0-9a-f]{4})/gi, (_, hex: string) => narrow(Number.parseInt(hex, 16)))
		.replace(/[\xc0\xc1]([\0-\xff])/g, (pair, low: string) =>
			byte(((pair.charCodeAt(0) & 1) << 6) | (low.charCodeAt(0) & 0x3f)),
		)
		.replace(/\xe0\x80([\x80-\xbf])/g, (_, low: string) => byte(low.charCodeAt(0) & 0x3f))
		.replace(/\xf0\x80\x80([\x80-\xbf])/g, (_, low: string) => byte(low.charCodeAt(0) & 0x3f))
		.replace(/\xef[\xbc\xbd][\x80-\xbf]/g, (form) =>
			narrow(Buffer.from(form, "latin1").toString("utf8").charCodeAt(0)),
		);
	const end = plain.indexOf("\0");
	return end < 0 ? plain : plain.slice(0, end);
}

function narrow(code: number): string {
	const folded = String.fromCharCode(code).normalize("NFKC");
	return folded.charCodeAt(0) < 0x80 ? folded : code === 0x2215 ? "/" : code === 0x2216 ? "\\" : byte(code);
}

/** Every list of segments that some upstream makes of a path without its query; each once. */
export function readingsOf(path: string): readonly (readonly string[])[] {
	const found = new Map<string, readonly string[]>();
	for (const decoder of DECODERS) {
		const decoded = decoder(path);
		for (const slashes of decoded.includes("\\") ? [decoded, decoded.replaceAll("\\", "/")] : [decoded]) {
			const kept = slashes.split("/").slice(slashes.startsWith("/") ? 1 : 0);
			const dropped = kept.map((segment) => segment.replace(/;.*$/s, ""));
			for (const segments of [kept, dropped]) {
				for (const merged of [
					segments,
					segments.filter((each, at) => each !== "" || at === segments.length - 1),
				]) {
					for (const list of [merged, resolved(merged)]) found.set(JSON.stringify(list), list);
				}
			}
		}
	}
	return [...found.values()];
}

/** RFC 3986, section 5.2.4: nothing climbs above the root. */
function resolved(segments: readonly string[]): readonly string[] {
	const out: string[] = [];
	segments.forEach((segment, at) => {
		const last = at === segments.length - 1;
		if (segment === "..") out.pop();
		if (segment !== "." && segment !== "..") out.push(segment);
		else if (last) out.push("");
	});
	return out;
}
