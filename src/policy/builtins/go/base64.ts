interface Alphabet {
	readonly symbols: RegExp;
	readonly node: "base64" | "base64url";
}

const STD: Alphabet = { symbols: /^[A-Za-z0-9+/]*$/, node: "base64" };
const URL_SAFE: Alphabet = { symbols: /^[A-Za-z0-9_-]*$/, node: "base64url" };

function decode(text: string, { symbols, node }: Alphabet, padded: boolean): Buffer | undefined {
	const whole = text.replace(/[\r\n]/g, "");
	let bare = whole;
	if (padded) {
		if (whole.length % 4 !== 0) return undefined;
		bare = whole.endsWith("==") ? whole.slice(0, -2) : whole.endsWith("=") ? whole.slice(0, -1) : whole;
	} else if (whole.length % 4 === 1) return undefined;
	return symbols.test(bare) ? Buffer.from(bare, node) : undefined;
}

/** Go's `base64.StdEncoding`: padding wanted, line ends skipped, unused bits may be set. */
export const decodeStdBase64 = (text: string): Buffer | undefined => decode(text, STD, true);

/** Base64 of a JSON Web Key's members, as OPA's library takes it: either alphabet, with padding or without. */
export function decodeAnyBase64(text: string): Buffer | undefined {
	return decode(text, /[+/]/.test(text) ? STD : URL_SAFE, text.endsWith("="));
}
