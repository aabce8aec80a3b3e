import { parseUrl, resolveUrl, type Url, urlText } from "../go/url.ts";
import { textOf, UrlError } from "../go/url-escape.ts";
import { SchemaError } from "./schema-error.ts";

/** A JSON reference: a URL whose fragment may be a JSON pointer. */
export interface Reference {
	readonly url: Url;
	/** By which documents and schemas are known. */
	readonly text: string;
}

const referenceOf = (url: Url): Reference => ({ url, text: urlText(url) });

/** @throws {SchemaError} for what is no URL. */
export function parseReference(text: string): Reference {
	try {
		return referenceOf(parseUrl(text));
	} catch (thrown) {
		if (thrown instanceof UrlError) throw new SchemaError(thrown.message);
		throw thrown;
	}
}

/** The reference to the document at hand. */
export const HERE: Reference = parseReference("#");

export const withoutFragment = ({ url }: Reference): Reference =>
	referenceOf({ ...url, fragment: "", rawFragment: "" });

/**
 * What `reference` means inside of what `base` refers to.
 * @throws {SchemaError} for what is no URL when written out.
 */
export const resolved = (base: Reference, reference: Reference): Reference =>
	parseReference(urlText(resolveUrl(withoutFragment(base).url, reference.url)));

/** Whether it says where its document is to be fetched from. */
export function isAbsolute({ url }: Reference): boolean {
	return url.scheme === "file" ? url.path.startsWith("/") : url.scheme !== "" && url.host !== "";
}

/** The names and indexes of the fragment, still escaped as in a pointer; none where it is no pointer. */
export function pointerOf({ url }: Reference): readonly string[] {
	const fragment = textOf(url.fragment);
	return fragment.startsWith("/") ? fragment.slice(1).split("/") : [];
}
