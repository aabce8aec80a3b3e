const ALPHABET = /^[A-Za-z0-9_-]*={0,2}$/;

/**
 * Base64url as `base64url.decode` of OPA reads it: padding may be left out whole (RFC 7515, appendix C), line ends
 * are skipped, unused bits may be set. `undefined` for anything else.
 */
export function decodeBase64Url(text: string): Buffer | undefined {
	let padded = text;
	if (!padded.endsWith("=")) {
		const rest = padded.length % 4;
		if (rest === 1) return undefined;
		padded += "=".repeat((4 - rest) % 4);
	}
	padded = padded.replace(/[\r\n]/g, "");
	if (padded.length % 4 !== 0 || !ALPHABET.test(padded)) return undefined;
	return Buffer.from(padded, "base64url");
}
