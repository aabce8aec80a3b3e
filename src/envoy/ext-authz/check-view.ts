import type { Buffer } from "node:buffer";
import type { Piece } from "../protobuf/struct.ts";
import type { Entries } from "./entries.ts";

/** Where a string lies in the message; `start === end` when it is empty or absent, which proto3 cannot tell apart. */
export interface Span {
	readonly start: number;
	readonly end: number;
}

export type PortView =
	| { readonly kind: "none" }
	| { readonly kind: "value"; readonly port: number }
	| { readonly kind: "name"; readonly name: Span };

export interface SocketAddressView {
	readonly kind: "socketAddress";
	protocol: number;
	address: Span;
	port: PortView;
	resolverName: Span;
	ipv4Compat: boolean;
	networkNamespace: Span;
}

export interface PipeView {
	readonly kind: "pipe";
	path: Span;
	mode: number;
}

export interface InternalAddressView {
	readonly kind: "envoyInternalAddress";
	/** Present even when empty: a member of a oneof. */
	listener: Span | undefined;
	endpointId: Span;
}

export type AddressKind = SocketAddressView | PipeView | InternalAddressView;

export interface PeerView {
	/** Where the whole of it lies; nowhere when it came twice. */
	span: Span;
	/** Present when the message was; `kind` when one of the forms was given. */
	address: { kind: AddressKind | undefined } | undefined;
	service: Span;
	labels: Entries;
	principal: Span;
	certificate: Span;
}

export interface HttpView {
	id: Span;
	method: Span;
	headers: Entries;
	/** From `header_map`: every header apart, in order; the value is `raw_value` where that is given. */
	headerMap: Entries | undefined;
	path: Span;
	host: Span;
	scheme: Span;
	query: Span;
	fragment: Span;
	size: number | bigint;
	protocol: Span;
	body: Span;
	rawBody: Span;
}

/** One namespace of a Metadata: its key and the Struct or Any under it, which nobody has read yet. */
export interface MetadataEntry {
	readonly key: Span;
	readonly value: Piece;
}

export interface MetadataView {
	/** By the key's bytes, one character per byte: no key is special. */
	filter: ReadonlyMap<string, MetadataEntry>;
	typed: ReadonlyMap<string, MetadataEntry>;
}

/**
 * A CheckRequest as one strict walk over its bytes found it: offsets, no copies. A singular message that comes twice is
 * merged, of a scalar the last one counts, map keys are whatever they are (`__proto__` too).
 */
export interface CheckView {
	readonly bytes: Buffer;
	hasAttributes: boolean;
	source: PeerView | undefined;
	destination: PeerView | undefined;
	hasRequest: boolean;
	time: { seconds: number | bigint; nanos: number } | undefined;
	http: HttpView | undefined;
	contextExtensions: Entries;
	metadataContext: MetadataView | undefined;
	routeMetadataContext: MetadataView | undefined;
	tlsSession: { sni: Span } | undefined;
}
