import type { Judgement } from "./exchange.ts";
import type { HeaderChanges, HeaderField } from "./header-field.ts";

/**
 * Headers that bind the body's bytes: digests (RFC 9530, `content-md5`), message signatures (RFC 9421), those of
 * webhooks (`x-hub-signature-256` and its many kin) and of object stores (`x-amz-content-sha256`).
 */
const BINDING = /signature|digest|content-md5|content-sha\d|-hmac/;
/** Credentials that are a signature over the request, body included. */
const SIGNING = /^(?:aws4-|signature |hmac)/i;

/** Whether somebody has signed or digested the body, so that a changed one is not what was sent. */
export function signsBody(headers: readonly HeaderField[]): boolean {
	return headers.some(
		({ name, value }) => BINDING.test(name) || (name === "authorization" && SIGNING.test(value)),
	);
}

/** What changes in the headers of a request whose body is judged: its length follows, its coding was undone, trailers go. */
export function changesFor(headers: readonly HeaderField[], judgement: Judgement): HeaderChanges {
	const names = [
		"content-length",
		"trailer",
		...(judgement.coding === undefined ? [] : ["content-encoding"]),
		// Messages that came compressed go on as they are.
		...(judgement.grpc === undefined ? [] : ["grpc-encoding"]),
	];
	return { remove: names.filter((name) => headers.some((field) => field.name === name)), set: [] };
}

/** None of a request's trailers goes on: whatever reads a trailer as a field would read what nobody judged. */
export function judgeRequestTrailers(trailers: readonly HeaderField[]): HeaderChanges {
	return { remove: [...new Set(trailers.map(({ name }) => name))], set: [] };
}
