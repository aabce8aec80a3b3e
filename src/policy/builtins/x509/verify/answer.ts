import { arrayTerm, isObject, type Term } from "../../../term/term.ts";
import type { Builtin, BuiltinContext } from "../../builtin.ts";
import { type Certificate, readCertificates } from "../certificate.ts";
import { DerError } from "../der.ts";
import { certificateTerms, extendedTerm, record } from "../terms.ts";
import { certificateBytes } from "../text.ts";
import { readVerifyOptions, type VerifyOptions } from "./options.ts";
import { verifiedChain } from "./verify.ts";

const INVALID: Term = arrayTerm([false, arrayTerm([])]);

/** `undefined` for what holds no certificates. */
function read(text: string): readonly Certificate[] | undefined {
	try {
		return readCertificates(certificateBytes(text));
	} catch (thrown) {
		if (thrown instanceof DerError) return undefined;
		throw thrown;
	}
}

/** `[valid, certificates]`; undefined where Go's JSON has no way to write a certificate. */
function answer(
	certificates: readonly Certificate[],
	options: VerifyOptions,
	{ nowNs }: BuiltinContext,
	term: (certificate: Certificate) => Term,
): Term | undefined {
	const chain = verifiedChain(certificates, options, options.timeNs ?? nowNs());
	if (chain === undefined) return INVALID;
	try {
		return arrayTerm([true, arrayTerm(chain.map(term))]);
	} catch (thrown) {
		if (thrown instanceof DerError) return undefined;
		throw thrown;
	}
}

export const verifyCertificates: Builtin = ([text], context) => {
	if (typeof text !== "string") return undefined;
	const certificates = read(text);
	return certificates === undefined
		? INVALID
		: answer(certificates, { host: "", usages: [] }, context, extendedTerm);
};

/** Unlike the other, OPA gives these certificates without the texts of their URIs. */
export const verifyCertificatesWithOptions: Builtin = ([text, given], context) => {
	if (typeof text !== "string" || !isObject(given)) return undefined;
	const certificates = read(text);
	if (certificates === undefined) return INVALID;
	const options = readVerifyOptions(given);
	if (options === undefined) return undefined;
	return answer(certificates, options, context, (certificate) => record(certificateTerms(certificate)));
};
