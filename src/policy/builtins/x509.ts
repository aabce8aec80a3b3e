import { arrayTerm, type Term } from "../term/term.ts";
import { type Builtin, ofString } from "./builtin.ts";
import { DerError } from "./der.ts";
import { readCertificates } from "./x509-certificate.ts";
import { extendedTerm } from "./x509-terms.ts";
import { certificateBytes } from "./x509-text.ts";

/** Undefined where the bytes are not what was looked for. */
function orUndefined<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch (thrown) {
		if (thrown instanceof DerError) return undefined;
		throw thrown;
	}
}

export const x509Builtins: Readonly<Record<string, Builtin>> = {
	"crypto.x509.parse_certificates": ofString((text): Term | undefined =>
		orUndefined(() => arrayTerm(readCertificates(certificateBytes(text)).map(extendedTerm))),
	),
};
