import {
	asBuffer,
	type Cursor,
	cursor,
	enter,
	LENGTH,
	leave,
	readBool,
	readInt32,
	readInt64,
	readLength,
	readTag,
	readUint32,
	requireUtf8,
	skipField,
	VARINT,
} from "../protobuf/reader.ts";
import { merged, open, type Piece, readPiece } from "../protobuf/struct.ts";
import type {
	AddressKind,
	CheckView,
	HttpView,
	InternalAddressView,
	MetadataEntry,
	MetadataView,
	PeerView,
	PipeView,
	PortView,
	SocketAddressView,
	Span,
} from "./check-view.ts";
import { type Entries, lastWins } from "./entries.ts";

const EMPTY: Span = { start: 0, end: 0 };
const tag = (field: number, type: number): number => (field << 3) | type;

/** @throws WireError when the bytes are no CheckRequest that Go's decoder would read */
export function readCheckRequest(message: Uint8Array): CheckView {
	const bytes = asBuffer(message);
	const view: CheckView = {
		bytes,
		hasAttributes: false,
		source: undefined,
		destination: undefined,
		hasRequest: false,
		time: undefined,
		http: undefined,
		contextExtensions: [],
		metadataContext: undefined,
		routeMetadataContext: undefined,
		tlsSession: undefined,
	};
	const c = cursor(bytes);
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next !== tag(1, LENGTH)) {
			skipField(c, next);
			continue;
		}
		view.hasAttributes = true;
		const outer = enter(c);
		readAttributes(c, view);
		leave(c, outer);
	}
	return view;
}

function readAttributes(c: Cursor, view: CheckView): void {
	while (c.pos < c.end) {
		const next = readTag(c);
		switch (next) {
			case tag(1, LENGTH):
				view.source = readPeer(c, view.source);
				break;
			case tag(2, LENGTH):
				view.destination = readPeer(c, view.destination);
				break;
			case tag(4, LENGTH):
				readRequest(c, view);
				break;
			case tag(10, LENGTH):
				view.contextExtensions = readEntries(c, next, view.contextExtensions);
				break;
			case tag(11, LENGTH):
				view.metadataContext = readMetadata(c, view.metadataContext);
				break;
			case tag(12, LENGTH):
				view.tlsSession = readTls(c, view.tlsSession);
				break;
			case tag(13, LENGTH):
				view.routeMetadataContext = readMetadata(c, view.routeMetadataContext);
				break;
			default:
				skipField(c, next);
		}
	}
	lastWins(view.bytes, view.contextExtensions);
}

/**
 * A string field. Its UTF-8 is checked where the document is complete, by one look at all of it; a value that is
 * replaced by a later one never gets there, and is checked here.
 */
function readText(c: Cursor, before: Span): Span {
	if (before.end > before.start) requireUtf8(c.bytes, before.start, before.end);
	return readSpan(c);
}

function readSpan(c: Cursor): Span {
	const length = readLength(c);
	const start = c.pos;
	c.pos = start + length;
	return { start, end: c.pos };
}

function readPeer(c: Cursor, before: PeerView | undefined): PeerView {
	const outer = enter(c);
	const peer: PeerView = before ?? {
		span: EMPTY,
		address: undefined,
		service: EMPTY,
		labels: [],
		principal: EMPTY,
		certificate: EMPTY,
	};
	peer.span = before === undefined ? { start: c.pos, end: c.end } : EMPTY;
	while (c.pos < c.end) {
		const next = readTag(c);
		switch (next) {
			case tag(1, LENGTH):
				peer.address ??= { kind: undefined };
				readAddress(c, peer.address);
				break;
			case tag(2, LENGTH):
				peer.service = readText(c, peer.service);
				break;
			case tag(3, LENGTH):
				peer.labels = readEntries(c, next, peer.labels);
				break;
			case tag(4, LENGTH):
				peer.principal = readText(c, peer.principal);
				break;
			case tag(5, LENGTH):
				peer.certificate = readText(c, peer.certificate);
				break;
			default:
				skipField(c, next);
		}
	}
	lastWins(c.bytes, peer.labels);
	leave(c, outer);
	return peer;
}

function readAddress(c: Cursor, address: { kind: AddressKind | undefined }): void {
	const outer = enter(c);
	while (c.pos < c.end) {
		const next = readTag(c);
		const { kind } = address;
		if (next === tag(1, LENGTH)) {
			address.kind = readSocketAddress(c, kind?.kind === "socketAddress" ? kind : undefined);
		} else if (next === tag(2, LENGTH)) address.kind = readPipe(c, kind?.kind === "pipe" ? kind : undefined);
		else if (next === tag(3, LENGTH)) {
			address.kind = readInternal(c, kind?.kind === "envoyInternalAddress" ? kind : undefined);
		} else skipField(c, next);
	}
	leave(c, outer);
}

const NO_PORT: PortView = { kind: "none" };

function readSocketAddress(c: Cursor, before: SocketAddressView | undefined): SocketAddressView {
	const address: SocketAddressView = before ?? {
		kind: "socketAddress",
		protocol: 0,
		address: EMPTY,
		port: NO_PORT,
		resolverName: EMPTY,
		ipv4Compat: false,
		networkNamespace: EMPTY,
	};
	const outer = enter(c);
	while (c.pos < c.end) {
		const next = readTag(c);
		switch (next) {
			case tag(1, VARINT):
				address.protocol = readInt32(c);
				break;
			case tag(2, LENGTH):
				address.address = readText(c, address.address);
				break;
			case tag(3, VARINT):
				address.port = { kind: "value", port: readUint32(c) };
				break;
			case tag(4, LENGTH):
				address.port = { kind: "name", name: readText(c, EMPTY) };
				break;
			case tag(5, LENGTH):
				address.resolverName = readText(c, address.resolverName);
				break;
			case tag(6, VARINT):
				address.ipv4Compat = readBool(c);
				break;
			case tag(7, LENGTH):
				address.networkNamespace = readText(c, address.networkNamespace);
				break;
			default:
				skipField(c, next);
		}
	}
	leave(c, outer);
	return address;
}

function readPipe(c: Cursor, before: PipeView | undefined): PipeView {
	const pipe: PipeView = before ?? { kind: "pipe", path: EMPTY, mode: 0 };
	const outer = enter(c);
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === tag(1, LENGTH)) pipe.path = readText(c, pipe.path);
		else if (next === tag(2, VARINT)) pipe.mode = readUint32(c);
		else skipField(c, next);
	}
	leave(c, outer);
	return pipe;
}

function readInternal(c: Cursor, before: InternalAddressView | undefined): InternalAddressView {
	const address: InternalAddressView = before ?? {
		kind: "envoyInternalAddress",
		listener: undefined,
		endpointId: EMPTY,
	};
	const outer = enter(c);
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === tag(1, LENGTH)) address.listener = readText(c, address.listener ?? EMPTY);
		else if (next === tag(2, LENGTH)) address.endpointId = readText(c, address.endpointId);
		else skipField(c, next);
	}
	leave(c, outer);
	return address;
}

function readRequest(c: Cursor, view: CheckView): void {
	view.hasRequest = true;
	const outer = enter(c);
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === tag(1, LENGTH)) readTime(c, view);
		else if (next === tag(2, LENGTH)) view.http = readHttp(c, view.http);
		else skipField(c, next);
	}
	leave(c, outer);
}

function readTime(c: Cursor, view: CheckView): void {
	view.time ??= { seconds: 0, nanos: 0 };
	const outer = enter(c);
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === tag(1, VARINT)) view.time.seconds = readInt64(c);
		else if (next === tag(2, VARINT)) view.time.nanos = readInt32(c);
		else skipField(c, next);
	}
	leave(c, outer);
}

function readHttp(c: Cursor, before: HttpView | undefined): HttpView {
	const http: HttpView = before ?? {
		id: EMPTY,
		method: EMPTY,
		headers: [],
		headerMap: undefined,
		path: EMPTY,
		host: EMPTY,
		scheme: EMPTY,
		query: EMPTY,
		fragment: EMPTY,
		size: 0,
		protocol: EMPTY,
		body: EMPTY,
		rawBody: EMPTY,
	};
	const outer = enter(c);
	while (c.pos < c.end) {
		const next = readTag(c);
		switch (next) {
			case tag(1, LENGTH):
				http.id = readText(c, http.id);
				break;
			case tag(2, LENGTH):
				http.method = readText(c, http.method);
				break;
			case tag(3, LENGTH):
				http.headers = readEntries(c, next, http.headers);
				break;
			case tag(4, LENGTH):
				http.path = readText(c, http.path);
				break;
			case tag(5, LENGTH):
				http.host = readText(c, http.host);
				break;
			case tag(6, LENGTH):
				http.scheme = readText(c, http.scheme);
				break;
			case tag(7, LENGTH):
				http.query = readText(c, http.query);
				break;
			case tag(8, LENGTH):
				http.fragment = readText(c, http.fragment);
				break;
			case tag(9, VARINT):
				http.size = readInt64(c);
				break;
			case tag(10, LENGTH):
				http.protocol = readText(c, http.protocol);
				break;
			case tag(11, LENGTH):
				http.body = readText(c, http.body);
				break;
			case tag(12, LENGTH):
				http.rawBody = readSpan(c);
				break;
			case tag(13, LENGTH):
				http.headerMap ??= [];
				readHeaderMap(c, http.headerMap);
				break;
			default:
				skipField(c, next);
		}
	}
	lastWins(c.bytes, http.headers);
	leave(c, outer);
	return http;
}

/** `HeaderMap`: repeated HeaderValue headers = 1. */
function readHeaderMap(c: Cursor, headers: Entries): void {
	const outer = enter(c);
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === tag(1, LENGTH)) readHeader(c, headers);
		else skipField(c, next);
	}
	leave(c, outer);
}

/** `HeaderValue`: key = 1, value = 2, raw_value = 3. */
function readHeader(c: Cursor, headers: Entries): void {
	const outer = enter(c);
	let key = EMPTY;
	let value = EMPTY;
	let raw = EMPTY;
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === tag(1, LENGTH)) key = readText(c, key);
		else if (next === tag(2, LENGTH)) value = readText(c, value);
		else if (next === tag(3, LENGTH)) raw = readSpan(c);
		else skipField(c, next);
	}
	const used = raw.end > raw.start ? raw : value;
	headers.push(key.start, key.end, used.start, used.end);
	leave(c, outer);
}

/** Entries of a `map<string, string>`, as many as follow each other: a list that grows one by one takes three times the memory. */
function readEntries(c: Cursor, ownTag: number, before: Entries): Entries {
	if (before.length > 0) {
		readEntry(c, before, before.length);
		return before;
	}
	const end = 4 * countEntries(c, ownTag);
	const entries = new Array<number>(end);
	for (let at = 0; ; c.pos++) {
		readEntry(c, entries, at);
		at += 4;
		if (at === end) return entries;
	}
}

/**
 * How many entries there are from here on, one behind the other with the tag of one byte between. What follows one of
 * 16 KiB or more, or one that is cut off, is not looked at.
 */
function countEntries(c: Cursor, ownTag: number): number {
	const { bytes } = c;
	let pos = c.pos;
	for (let count = 1; ; count++) {
		let length = bytes[pos++] as number;
		if (length > 0x7f) {
			const high = bytes[pos++] as number;
			if (!(high < 0x80)) return count;
			length = (length & 0x7f) | (high << 7);
		}
		pos += length;
		if (!(pos < c.end) || bytes[pos++] !== ownTag) return count;
	}
}

/** One entry, to be put where `at` says. */
function readEntry(c: Cursor, entries: Entries, at: number): void {
	if (readPlainEntry(c, entries, at)) return;
	const outer = enter(c);
	let key = EMPTY;
	let value = EMPTY;
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === tag(1, LENGTH)) key = readText(c, key);
		else if (next === tag(2, LENGTH)) value = readText(c, value);
		else skipField(c, next);
	}
	put(entries, at, key.start, key.end, value.start, value.end);
	leave(c, outer);
}

function put(entries: Entries, at: number, key: number, keyEnd: number, value: number, end: number): void {
	entries[at] = key;
	entries[at + 1] = keyEnd;
	entries[at + 2] = value;
	entries[at + 3] = end;
}

/**
 * An entry as every encoder writes it: key, then value, and nothing else; the key shorter than 128 bytes, entry and
 * value shorter than 16 KiB. Most of a message is such entries. Touches nothing when it finds another form.
 */
function readPlainEntry(c: Cursor, entries: Entries, at: number): boolean {
	const { bytes } = c;
	let pos = c.pos;
	let length = bytes[pos++] as number;
	if (length > 0x7f) {
		const high = bytes[pos++] as number;
		if (!(high < 0x80)) return false;
		length = (length & 0x7f) | (high << 7);
	}
	const end = pos + length;
	if (!(end <= c.end) || bytes[pos] !== tag(1, LENGTH)) return false;
	const keyLength = bytes[pos + 1] as number;
	const key = pos + 2;
	const keyEnd = key + keyLength;
	if (!(keyLength < 0x80) || !(keyEnd + 1 < end) || bytes[keyEnd] !== tag(2, LENGTH)) return false;
	let value = keyEnd + 2;
	let valueLength = bytes[keyEnd + 1] as number;
	if (valueLength > 0x7f) {
		const high = bytes[value++] as number;
		if (!(high < 0x80)) return false;
		valueLength = (valueLength & 0x7f) | (high << 7);
	}
	if (value + valueLength !== end) return false;
	put(entries, at, key, keyEnd, value, end);
	c.pos = end;
	return true;
}

function readTls(c: Cursor, before: { sni: Span } | undefined): { sni: Span } {
	const session = before ?? { sni: EMPTY };
	const outer = enter(c);
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === tag(1, LENGTH)) session.sni = readText(c, session.sni);
		else skipField(c, next);
	}
	leave(c, outer);
	return session;
}

/** Most metadata are empty, and every Check brings some. */
const NO_ENTRIES: ReadonlyMap<string, MetadataEntry> = new Map();

/** `Metadata`: map<string, Struct> filter_metadata = 1, map<string, Any> typed_filter_metadata = 2. */
function readMetadata(c: Cursor, before: MetadataView | undefined): MetadataView {
	const metadata = before ?? { filter: NO_ENTRIES, typed: NO_ENTRIES };
	const outer = enter(c);
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === tag(1, LENGTH)) metadata.filter = readNamespace(c, metadata.filter);
		else if (next === tag(2, LENGTH)) metadata.typed = readNamespace(c, metadata.typed);
		else skipField(c, next);
	}
	leave(c, outer);
	return metadata;
}

function readNamespace(
	c: Cursor,
	before: ReadonlyMap<string, MetadataEntry>,
): ReadonlyMap<string, MetadataEntry> {
	const outer = enter(c);
	let key = EMPTY;
	let value: Piece | undefined;
	while (c.pos < c.end) {
		const next = readTag(c);
		if (next === tag(1, LENGTH)) key = readText(c, key);
		else if (next === tag(2, LENGTH)) value = merged(value, readPiece(c));
		else skipField(c, next);
	}
	const name = c.bytes.toString("latin1", key.start, key.end);
	const entries =
		before === NO_ENTRIES ? new Map<string, MetadataEntry>() : (before as Map<string, MetadataEntry>);
	entries.set(name, { key, value: value ?? { bytes: c.bytes, start: c.pos, end: c.pos } });
	leave(c, outer);
	return entries;
}

/** A cursor over a namespace's Struct or Any. */
export function openEntry(entry: MetadataEntry): Cursor {
	// check request → attributes → metadata → entry → value
	return open(entry.value, 4);
}

/** Text of a span. */
export function textOf(view: CheckView, span: Span): string {
	return span.end === span.start ? "" : view.bytes.toString("utf8", span.start, span.end);
}
