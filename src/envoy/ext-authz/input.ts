import { Buffer, isUtf8 } from "node:buffer";
import {
	again,
	ascii,
	base64,
	char,
	escaped,
	type JsonOut,
	number,
	plainMember,
	quoted,
	raw,
	reset,
	text,
	textMember,
	written,
} from "../../lib/json-out.ts";
import type { Body, JsonSpan } from "../../request/body.ts";
import { goText } from "../../request/go-text.ts";
import type { Fields } from "../../request/query.ts";
import { WireError } from "../protobuf/reader.ts";
import { openEntry } from "./check-request.ts";
import { isEmptyMetadata, requireTexts } from "./check-texts.ts";
import type { CheckView, HttpView, MetadataView, PeerView, Span } from "./check-view.ts";
import { groupByName, hasRepeatedName } from "./entries.ts";
import { closeList, closeObject, comma, key, name } from "./json-parts.ts";
import { type HeaderNames, isNamed, type Projection, WHOLE } from "./projection.ts";
import { anyJson, structJson } from "./struct-json.ts";

/** What of the input document is not in the CheckRequest's own bytes. */
export interface InputParts {
	readonly view: CheckView;
	readonly segments: readonly string[];
	readonly query: Fields;
	/** Undefined where bodies are not read: `parsed_body` and `truncated_body` are left out then. */
	readonly body: Body | undefined;
	/** Postern's own keys, `identity` (a JSON text in UTF-8), `headers_list` and `body_state`; undefined leaves them out. */
	readonly own: { readonly identity: Buffer } | undefined;
}

const N = {
	attributes: name("attributes"),
	source: name("source"),
	destination: name("destination"),
	request: name("request"),
	contextExtensions: name("contextExtensions"),
	metadataContext: name("metadataContext"),
	routeMetadataContext: name("routeMetadataContext"),
	tlsSession: name("tlsSession"),
	address: name("address"),
	service: name("service"),
	labels: name("labels"),
	principal: name("principal"),
	certificate: name("certificate"),
	socketAddress: name("socketAddress"),
	pipe: name("pipe"),
	envoyInternalAddress: name("envoyInternalAddress"),
	protocol: name("protocol"),
	portValue: name("portValue"),
	namedPort: name("namedPort"),
	resolverName: name("resolverName"),
	ipv4Compat: Buffer.from('"ipv4Compat":true,', "latin1"),
	networkNamespaceFilepath: name("networkNamespaceFilepath"),
	path: name("path"),
	mode: name("mode"),
	serverListenerName: name("serverListenerName"),
	endpointId: name("endpointId"),
	time: name("time"),
	seconds: name("seconds"),
	nanos: name("nanos"),
	http: name("http"),
	id: name("id"),
	method: name("method"),
	headers: name("headers"),
	headerMap: Buffer.from('"headerMap":{"headers":[', "latin1"),
	key: name("key"),
	rawValue: name("rawValue"),
	host: name("host"),
	scheme: name("scheme"),
	query: name("query"),
	fragment: name("fragment"),
	size: name("size"),
	body: name("body"),
	rawBody: name("rawBody"),
	sni: name("sni"),
	filterMetadata: name("filterMetadata"),
	typedFilterMetadata: name("typedFilterMetadata"),
	parsedPath: Buffer.from('"parsed_path":[', "latin1"),
	parsedQuery: name("parsed_query"),
	parsedBody: name("parsed_body"),
	truncated: Buffer.from('"truncated_body":true,', "latin1"),
	notTruncated: Buffer.from('"truncated_body":false,', "latin1"),
	sourcePrincipal: name("source_principal"),
	version: Buffer.from('"version":{"ext_authz":"v3","encoding":"protojson"},', "latin1"),
	identity: name("identity"),
	headersList: Buffer.from('"headers_list":[', "latin1"),
	bodyState: Buffer.from('"body_state":"', "latin1"),
	null: Buffer.from("null", "latin1"),
	replacement: Buffer.from("\\ufffd", "latin1"),
} as const;

/**
 * Writes the input document straight from the message's bytes: what opa-envoy-plugin gives (names in lowerCamelCase,
 * int64 and enums as numbers, a Timestamp as its two fields, bytes as base64, a Struct as plain JSON, an Any as it came,
 * default scalars left out), and Postern's own keys beside it. Where Envoy encodes raw headers, `headers` is filled from
 * `header_map`, repeats joined by a comma and invalid UTF-8 as `!`, which is what Envoy itself makes of them otherwise:
 * policies need not know the setting. The document is valid until the next one is written. What the projection leaves
 * out is not written, and is looked at as strictly as if it were.
 * @throws WireError for metadata that is unreadable, JsonTooLarge
 */
export function writeInput(out: JsonOut, parts: InputParts, projection: Projection = WHOLE): Buffer {
	reset(out);
	if (!projection.whole) requireLeftOut(out, parts.view, projection);
	const { view } = parts;
	let members: Members = NONE;
	char(out, 0x7b);
	if (view.hasAttributes && projection.attributes) {
		raw(out, N.attributes);
		members = writeAttributes(out, view, parts.own === undefined, projection);
	}
	if (projection.version) raw(out, N.version);
	if (projection.parsedPath) {
		raw(out, N.parsedPath);
		for (const segment of parts.segments) {
			text(out, segment);
			comma(out);
		}
		closeList(out);
		comma(out);
	}
	if (projection.parsedQuery) {
		raw(out, N.parsedQuery);
		writeFields(out, parts.query);
	}
	if (parts.body !== undefined) writeBody(out, parts.body, projection);
	if (view.source !== undefined && projection.sourcePrincipal) {
		stringMember(out, N.sourcePrincipal, view, view.source.principal);
	}
	if (parts.own !== undefined) writeOwn(out, parts, parts.own.identity, members, projection);
	closeObject(out);
	const document = written(out);
	// Every string of the message stands in it between ASCII: one look finds what protobuf forbids in any of them.
	if (!isUtf8(document)) throw new WireError("invalid UTF-8 in a string field");
	return document;
}

/** @throws WireError as it would be thrown if everything were written */
function requireLeftOut(out: JsonOut, view: CheckView, projection: Projection): void {
	requireTexts(view);
	// Nobody has read these yet: they are written to be looked at, and then taken back.
	if (!projection.metadataContext) requireMetadata(out, view, view.metadataContext);
	if (!projection.routeMetadataContext) requireMetadata(out, view, view.routeMetadataContext);
}

function requireMetadata(out: JsonOut, view: CheckView, metadata: MetadataView | undefined): void {
	if (metadata === undefined || isEmptyMetadata(metadata)) return;
	writeMetadata(out, N.metadataContext, view, metadata);
	if (!isUtf8(written(out))) throw new WireError("invalid UTF-8 in a string field");
	reset(out);
}

/** Positions of the `"name":"value"` of each header in the document: start, colon, end. */
type Members = number[];
const NONE: Members = [];

function writeOwn(
	out: JsonOut,
	parts: InputParts,
	identity: Buffer,
	members: Members,
	projection: Projection,
): void {
	const { body } = parts;
	if (projection.identity) {
		raw(out, N.identity);
		raw(out, identity);
		comma(out);
	}
	if (projection.headersList) writeHeadersList(out, parts.view, members);
	if (!projection.bodyState) return;
	raw(out, N.bodyState);
	ascii(out, body === undefined || body.kind === "malformed" ? "unparsed" : body.state);
	char(out, 0x22);
	comma(out);
}

function writeHeadersList(out: JsonOut, view: CheckView, members: Members): void {
	raw(out, N.headersList);
	const entries = view.http?.headerMap ?? view.http?.headers ?? [];
	if (members.length * 4 === entries.length * 3) {
		for (let at = 0; at < members.length; at += 3) {
			const start = members[at] as number;
			char(out, 0x5b);
			const copy = out.pos;
			again(out, start, members[at + 2] as number);
			out.buffer[copy + (members[at + 1] as number) - start] = 0x2c;
			char(out, 0x5d);
			comma(out);
		}
	} else writeList(out, view.bytes, entries);
	closeList(out);
	comma(out);
}

/** `headers_list` where not every header was written before, once and alone: nothing can be copied. */
function writeList(out: JsonOut, bytes: Buffer, entries: readonly number[]): void {
	for (let at = 0; at < entries.length; at += 4) {
		char(out, 0x5b);
		quoted(out, bytes, entries[at] as number, entries[at + 1] as number);
		comma(out);
		char(out, 0x22);
		headerText(out, bytes, entries[at + 2] as number, entries[at + 3] as number);
		char(out, 0x22);
		char(out, 0x5d);
		comma(out);
	}
}

function stringMember(out: JsonOut, member: Buffer, view: CheckView, span: Span): void {
	if (span.end > span.start) presentString(out, member, view, span);
}

function presentString(out: JsonOut, member: Buffer, view: CheckView, span: Span): void {
	textMember(out, member, view.bytes, span.start, span.end);
}

function numberMember(out: JsonOut, member: Buffer, value: number | bigint): void {
	if (value === 0) return;
	raw(out, member);
	number(out, value);
	comma(out);
}

function writeAttributes(out: JsonOut, view: CheckView, asPeer: boolean, projection: Projection): Members {
	let members: Members = NONE;
	char(out, 0x7b);
	if (view.source !== undefined && projection.source) writePeer(out, N.source, view, view.source);
	if (view.destination !== undefined && projection.destination) {
		writePeer(out, N.destination, view, view.destination);
	}
	if (view.hasRequest && projection.request) {
		raw(out, N.request);
		char(out, 0x7b);
		if (view.time !== undefined && projection.time) {
			raw(out, N.time);
			char(out, 0x7b);
			numberMember(out, N.seconds, view.time.seconds);
			numberMember(out, N.nanos, view.time.nanos);
			closeObject(out);
			comma(out);
		}
		if (view.http !== undefined && projection.http !== undefined) {
			members = writeHttp(out, view, view.http, asPeer, projection.http, projection.headerNames);
		}
		closeObject(out);
		comma(out);
	}
	if (view.contextExtensions.length > 0 && projection.contextExtensions)
		writeMap(out, N.contextExtensions, view.bytes, view.contextExtensions);
	if (view.metadataContext !== undefined && projection.metadataContext) {
		writeMetadata(out, N.metadataContext, view, view.metadataContext);
	}
	if (view.tlsSession !== undefined && projection.tlsSession) {
		raw(out, N.tlsSession);
		char(out, 0x7b);
		stringMember(out, N.sni, view, view.tlsSession.sni);
		closeObject(out);
		comma(out);
	}
	if (view.routeMetadataContext !== undefined && projection.routeMetadataContext) {
		writeMetadata(out, N.routeMetadataContext, view, view.routeMetadataContext);
	}
	closeObject(out);
	comma(out);
	return members;
}

function writePeer(out: JsonOut, member: Buffer, view: CheckView, peer: PeerView): void {
	raw(out, member);
	char(out, 0x7b);
	if (peer.address !== undefined) {
		raw(out, N.address);
		char(out, 0x7b);
		if (peer.address.kind !== undefined) writeAddress(out, view, peer.address.kind);
		closeObject(out);
		comma(out);
	}
	stringMember(out, N.service, view, peer.service);
	if (peer.labels.length > 0) writeMap(out, N.labels, view.bytes, peer.labels);
	stringMember(out, N.principal, view, peer.principal);
	stringMember(out, N.certificate, view, peer.certificate);
	closeObject(out);
	comma(out);
}

function writeAddress(
	out: JsonOut,
	view: CheckView,
	address: NonNullable<NonNullable<PeerView["address"]>["kind"]>,
): void {
	raw(out, N[address.kind]);
	char(out, 0x7b);
	if (address.kind === "socketAddress") {
		numberMember(out, N.protocol, address.protocol);
		stringMember(out, N.address, view, address.address);
		if (address.port.kind === "value") {
			raw(out, N.portValue);
			number(out, address.port.port);
			comma(out);
		} else if (address.port.kind === "name") presentString(out, N.namedPort, view, address.port.name);
		stringMember(out, N.resolverName, view, address.resolverName);
		if (address.ipv4Compat) raw(out, N.ipv4Compat);
		stringMember(out, N.networkNamespaceFilepath, view, address.networkNamespace);
	} else if (address.kind === "pipe") {
		stringMember(out, N.path, view, address.path);
		numberMember(out, N.mode, address.mode);
	} else {
		if (address.listener !== undefined) presentString(out, N.serverListenerName, view, address.listener);
		stringMember(out, N.endpointId, view, address.endpointId);
	}
	closeObject(out);
	comma(out);
}

function writeHttp(
	out: JsonOut,
	view: CheckView,
	http: HttpView,
	asPeer: boolean,
	wanted: NonNullable<Projection["http"]>,
	names: HeaderNames | undefined,
): Members {
	const { bytes } = view;
	const members: Members = [];
	raw(out, N.http);
	char(out, 0x7b);
	if (wanted.id) stringMember(out, N.id, view, http.id);
	if (wanted.method) stringMember(out, N.method, view, http.method);
	if (http.headerMap !== undefined) {
		if (wanted.headers) writeJoined(out, bytes, http.headerMap, members, names);
		if (asPeer && wanted.headerMap) writeHeaderMap(out, bytes, http.headerMap);
	} else if (http.headers.length > 0 && wanted.headers) {
		if (names === undefined) writeHeaders(out, bytes, http.headers, members);
		else writeNamedHeaders(out, bytes, http.headers, names);
	}
	if (wanted.path) stringMember(out, N.path, view, http.path);
	if (wanted.host) stringMember(out, N.host, view, http.host);
	if (wanted.scheme) stringMember(out, N.scheme, view, http.scheme);
	if (wanted.query) stringMember(out, N.query, view, http.query);
	if (wanted.fragment) stringMember(out, N.fragment, view, http.fragment);
	if (wanted.size) numberMember(out, N.size, http.size);
	if (wanted.protocol) stringMember(out, N.protocol, view, http.protocol);
	if (wanted.body) stringMember(out, N.body, view, http.body);
	if (wanted.rawBody && http.rawBody.end > http.rawBody.start) {
		raw(out, N.rawBody);
		base64(out, bytes, http.rawBody.start, http.rawBody.end);
		comma(out);
	}
	closeObject(out);
	comma(out);
	return members;
}

function writeMap(out: JsonOut, member: Buffer, bytes: Buffer, entries: readonly number[]): void {
	raw(out, member);
	char(out, 0x7b);
	for (let at = 0; at < entries.length; at += 4) {
		key(out, bytes, entries[at] as number, entries[at + 1] as number);
		quoted(out, bytes, entries[at + 2] as number, entries[at + 3] as number);
		comma(out);
	}
	closeObject(out);
	comma(out);
}

/** `headers` as Envoy sends them unless told otherwise. */
function writeHeaders(out: JsonOut, bytes: Buffer, entries: readonly number[], members: Members): void {
	raw(out, N.headers);
	char(out, 0x7b);
	for (let at = 0; at < entries.length; at += 4) {
		const nameStart = entries[at] as number;
		const nameEnd = entries[at + 1] as number;
		const start = entries[at + 2] as number;
		const end = entries[at + 3] as number;
		members.push(out.pos);
		let colon = plainMember(out, bytes, nameStart, nameEnd, start, end);
		if (colon < 0) {
			key(out, bytes, nameStart, nameEnd);
			colon = out.pos - 1;
			quoted(out, bytes, start, end);
		}
		members.push(colon, out.pos);
		comma(out);
	}
	closeObject(out);
	comma(out);
}

/** Of `headers` those that are read. */
function writeNamedHeaders(
	out: JsonOut,
	bytes: Buffer,
	entries: readonly number[],
	names: HeaderNames,
): void {
	raw(out, N.headers);
	char(out, 0x7b);
	for (let at = 0; at < entries.length; at += 4) {
		const start = entries[at] as number;
		const end = entries[at + 1] as number;
		if (!isNamed(names, bytes, start, end)) continue;
		key(out, bytes, start, end);
		quoted(out, bytes, entries[at + 2] as number, entries[at + 3] as number);
		comma(out);
	}
	closeObject(out);
	comma(out);
}

/** `headers` from a list: names once, values joined. `members` stays empty where not all are written. */
function writeJoined(
	out: JsonOut,
	bytes: Buffer,
	entries: readonly number[],
	members: Members,
	names: HeaderNames | undefined,
): void {
	raw(out, N.headers);
	char(out, 0x7b);
	const groups = hasRepeatedName(bytes, entries) ? groupByName(bytes, entries) : undefined;
	const count = groups === undefined ? entries.length / 4 : groups.length;
	for (let index = 0; index < count; index++) {
		const group = groups?.[index];
		const first = group === undefined ? index * 4 : (group[0] as number);
		const nameStart = entries[first] as number;
		const nameEnd = entries[first + 1] as number;
		if (names !== undefined && !isNamed(names, bytes, nameStart, nameEnd)) continue;
		const member = out.pos;
		key(out, bytes, nameStart, nameEnd);
		const colon = out.pos - 1;
		char(out, 0x22);
		headerText(out, bytes, entries[first + 2] as number, entries[first + 3] as number);
		for (const at of group?.slice(1) ?? []) {
			char(out, 0x2c);
			headerText(out, bytes, entries[at + 2] as number, entries[at + 3] as number);
		}
		char(out, 0x22);
		if (names === undefined) members.push(member, colon, out.pos);
		comma(out);
	}
	closeObject(out);
	comma(out);
}

/** The inside of a JSON string from a header's raw value. */
function headerText(out: JsonOut, bytes: Buffer, start: number, end: number): void {
	for (let pos = start; pos < end; pos++) {
		if ((bytes[pos] as number) < 0x80) continue;
		const clean = Buffer.from(goText(bytes.subarray(start, end), "!"), "utf8");
		escaped(out, clean, 0, clean.length);
		return;
	}
	escaped(out, bytes, start, end);
}

/** `header_map` as the peer shows it. */
function writeHeaderMap(out: JsonOut, bytes: Buffer, entries: readonly number[]): void {
	raw(out, N.headerMap);
	for (let at = 0; at < entries.length; at += 4) {
		char(out, 0x7b);
		raw(out, N.key);
		quoted(out, bytes, entries[at] as number, entries[at + 1] as number);
		comma(out);
		raw(out, N.rawValue);
		base64(out, bytes, entries[at + 2] as number, entries[at + 3] as number);
		closeObject(out);
		comma(out);
	}
	closeList(out);
	closeObject(out);
	comma(out);
}

function writeMetadata(out: JsonOut, member: Buffer, view: CheckView, metadata: MetadataView): void {
	raw(out, member);
	char(out, 0x7b);
	if (metadata.filter.size > 0) {
		raw(out, N.filterMetadata);
		char(out, 0x7b);
		for (const entry of metadata.filter.values()) {
			key(out, view.bytes, entry.key.start, entry.key.end);
			structJson(out, openEntry(entry));
			comma(out);
		}
		closeObject(out);
		comma(out);
	}
	if (metadata.typed.size > 0) {
		raw(out, N.typedFilterMetadata);
		char(out, 0x7b);
		for (const entry of metadata.typed.values()) {
			key(out, view.bytes, entry.key.start, entry.key.end);
			anyJson(out, openEntry(entry));
			comma(out);
		}
		closeObject(out);
		comma(out);
	}
	closeObject(out);
	comma(out);
}

function writeFields(out: JsonOut, fields: Fields): void {
	char(out, 0x7b);
	for (const [field, values] of fields) {
		text(out, field);
		char(out, 0x3a);
		char(out, 0x5b);
		for (const value of values) {
			text(out, value);
			comma(out);
		}
		closeList(out);
		comma(out);
	}
	closeObject(out);
	comma(out);
}

function writeBody(out: JsonOut, body: Body, projection: Projection): void {
	if (projection.parsedBody) {
		raw(out, N.parsedBody);
		if (body.kind === "json") {
			writeJson(out, body.json);
			comma(out);
		} else if (body.kind === "form") writeFields(out, body.fields);
		else {
			raw(out, N.null);
			comma(out);
		}
	}
	if (!projection.truncatedBody) return;
	raw(out, body.kind === "none" && body.state === "truncated" ? N.truncated : N.notTruncated);
}

/** Splices a checked JSON text in; half a surrogate pair, which would stop the policy engine, becomes U+FFFD. */
function writeJson(out: JsonOut, { bytes, start, end, surrogates }: JsonSpan): void {
	let pos = start;
	for (const at of surrogates) {
		raw(out, bytes.subarray(pos, at));
		raw(out, N.replacement);
		pos = at + 6;
	}
	raw(out, bytes.subarray(pos, end));
}
