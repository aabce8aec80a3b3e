import { Buffer } from "node:buffer";
import type { InputReads } from "../../policy/types.ts";
import type { HttpView } from "./check-view.ts";

/** Which parts of the input document are written. What is not told apart here is written whole, or not at all. */
export interface Projection {
	/** Everything: the other members say so too. */
	readonly whole: boolean;
	readonly attributes: boolean;
	readonly source: boolean;
	readonly destination: boolean;
	readonly request: boolean;
	readonly contextExtensions: boolean;
	readonly metadataContext: boolean;
	readonly routeMetadataContext: boolean;
	readonly tlsSession: boolean;
	readonly time: boolean;
	readonly http: Readonly<Record<HttpField, boolean>> | undefined;
	/** Names of the headers that are written; undefined: all. */
	readonly headerNames: HeaderNames | undefined;
	readonly version: boolean;
	readonly parsedPath: boolean;
	readonly parsedQuery: boolean;
	readonly parsedBody: boolean;
	readonly truncatedBody: boolean;
	readonly sourcePrincipal: boolean;
	readonly identity: boolean;
	readonly headersList: boolean;
	readonly bodyState: boolean;
}

type HttpField = keyof HttpView;

/** Names by their bytes; most headers differ from all of them in length already. */
export interface HeaderNames {
	readonly lengths: Uint8Array;
	readonly names: readonly Buffer[];
}

const EVERYTHING: InputReads = { all: true, children: new Map() };

function under(reads: InputReads | undefined, key: string): InputReads | undefined {
	return reads?.all ? EVERYTHING : reads?.children.get(key);
}

/** What is to be written where so much is read. Made once per activation. */
export function projectionOf(reads: InputReads): Projection {
	const at = (key: string): boolean => under(reads, key) !== undefined;
	const attributes = under(reads, "attributes");
	const request = under(attributes, "request");
	const http = under(request, "http");
	const headers = under(http, "headers");
	const attribute = (key: string): boolean => under(attributes, key) !== undefined;
	const field = (key: HttpField): boolean => under(http, key) !== undefined;
	return {
		whole: reads.all,
		attributes: attributes !== undefined,
		source: attribute("source"),
		destination: attribute("destination"),
		request: request !== undefined,
		contextExtensions: attribute("contextExtensions"),
		metadataContext: attribute("metadataContext"),
		routeMetadataContext: attribute("routeMetadataContext"),
		tlsSession: attribute("tlsSession"),
		time: under(request, "time") !== undefined,
		http:
			http === undefined
				? undefined
				: {
						id: field("id"),
						method: field("method"),
						headers: headers !== undefined,
						headerMap: field("headerMap"),
						path: field("path"),
						host: field("host"),
						scheme: field("scheme"),
						query: field("query"),
						fragment: field("fragment"),
						size: field("size"),
						protocol: field("protocol"),
						body: field("body"),
						rawBody: field("rawBody"),
					},
		headerNames: headers === undefined || headers.all ? undefined : headerNames(headers.children.keys()),
		version: at("version"),
		parsedPath: at("parsed_path"),
		parsedQuery: at("parsed_query"),
		parsedBody: at("parsed_body"),
		truncatedBody: at("truncated_body"),
		sourcePrincipal: at("source_principal"),
		identity: at("identity"),
		headersList: at("headers_list"),
		bodyState: at("body_state"),
	};
}

/** The whole document. */
export const WHOLE: Projection = projectionOf(EVERYTHING);

/** Whether the body has to be read for the document. */
export function readsBody(projection: Projection): boolean {
	return projection.parsedBody || projection.truncatedBody || projection.bodyState;
}

const LENGTHS = 256;

function headerNames(texts: Iterable<string>): HeaderNames {
	const names = [...texts].map((text) => Buffer.from(text, "utf8"));
	const lengths = new Uint8Array(LENGTHS);
	for (const { length } of names) lengths[length % LENGTHS] = 1;
	return { lengths, names };
}

/** Whether the name between two offsets is one of them. */
export function isNamed({ lengths, names }: HeaderNames, bytes: Buffer, start: number, end: number): boolean {
	if (lengths[(end - start) % LENGTHS] === 0) return false;
	for (const name of names) {
		if (name.length === end - start && name.compare(bytes, start, end) === 0) return true;
	}
	return false;
}
