import { type Buffer, isAscii, isUtf8 } from "node:buffer";
import { requireUtf8, WireError } from "../protobuf/reader.ts";
import type { CheckView, MetadataView, PeerView, Span } from "./check-view.ts";

/** From here on a native look costs less than a loop. */
const LONG_BYTES = 256;

/**
 * Looks at every string of the message that the whole document holds outside of metadata, so that what is left out of
 * a document is still refused where protobuf forbids it.
 * @throws WireError
 */
export function requireTexts(view: CheckView): void {
	const { bytes, http } = view;
	if (view.source !== undefined) requirePeer(bytes, view.source);
	if (view.destination !== undefined) requirePeer(bytes, view.destination);
	if (http !== undefined) {
		requireText(bytes, http.id);
		requireText(bytes, http.method);
		// Raw values are bytes; beside them nothing is taken from `headers`.
		if (http.headerMap === undefined) requireEntries(bytes, http.headers);
		else requireNames(bytes, http.headerMap);
		requireText(bytes, http.path);
		requireText(bytes, http.host);
		requireText(bytes, http.scheme);
		requireText(bytes, http.query);
		requireText(bytes, http.fragment);
		requireText(bytes, http.protocol);
		requireText(bytes, http.body);
	}
	requireEntries(bytes, view.contextExtensions);
	if (view.tlsSession !== undefined) requireText(bytes, view.tlsSession.sni);
}

/** Whether a Metadata holds anything. */
export function isEmptyMetadata(metadata: MetadataView | undefined): boolean {
	return metadata === undefined || (metadata.filter.size === 0 && metadata.typed.size === 0);
}

function requirePeer(bytes: Buffer, peer: PeerView): void {
	requireText(bytes, peer.service);
	requireEntries(bytes, peer.labels);
	requireText(bytes, peer.principal);
	requireText(bytes, peer.certificate);
	const kind = peer.address?.kind;
	switch (kind?.kind) {
		case "socketAddress":
			requireText(bytes, kind.address);
			if (kind.port.kind === "name") requireText(bytes, kind.port.name);
			requireText(bytes, kind.resolverName);
			requireText(bytes, kind.networkNamespace);
			break;
		case "pipe":
			requireText(bytes, kind.path);
			break;
		case "envoyInternalAddress":
			if (kind.listener !== undefined) requireText(bytes, kind.listener);
			requireText(bytes, kind.endpointId);
	}
}

function requireText(bytes: Buffer, { start, end }: Span): void {
	requireSpan(bytes, start, end);
}

function requireEntries(bytes: Buffer, entries: readonly number[]): void {
	for (let at = 0; at < entries.length; ) {
		const next = endOfRun(entries, at);
		if (!isAscii(bytes.subarray(entries[at], entries[next - 1]))) requireEach(bytes, entries, at, next);
		at = next;
	}
}

/** Octets between two texts of a map: tags and lengths, which are ASCII while they are small. */
const MAP_GAP = 4;
const ONE_OCTET = 128;

/** Where short texts no longer lie one behind the other with nothing but ASCII between them. One look tells of a run. */
function endOfRun(entries: readonly number[], first: number): number {
	let at = first + 2;
	while (at < entries.length) {
		const start = entries[at] as number;
		const gap = start - (entries[at - 1] as number);
		if (gap < 0 || gap > MAP_GAP || (entries[at + 1] as number) - start >= ONE_OCTET) break;
		at += 2;
	}
	return at;
}

function requireEach(bytes: Buffer, entries: readonly number[], from: number, to: number): void {
	for (let at = from; at < to; at += 2) requireSpan(bytes, entries[at] as number, entries[at + 1] as number);
}

function requireNames(bytes: Buffer, entries: readonly number[]): void {
	for (let at = 0; at < entries.length; at += 4) {
		requireSpan(bytes, entries[at] as number, entries[at + 1] as number);
	}
}

function requireSpan(bytes: Buffer, start: number, end: number): void {
	if (end - start < LONG_BYTES) requireUtf8(bytes, start, end);
	else if (!isUtf8(bytes.subarray(start, end))) throw new WireError("invalid UTF-8 in a string field");
}
