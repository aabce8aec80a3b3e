import { LRUCache } from "lru-cache";
import type { HandoffKeys } from "../../decision/handoff.ts";
import { HANDOFF_VERSION } from "../../decision/handoff-types.ts";
import type { Allow, Decision, Deny, HeaderEntry } from "../../decision/types.ts";
import { coversGrpc } from "../../fields/media.ts";
import { LENGTH, VARINT } from "../protobuf/reader.ts";
import { memberKey, writeMember, writeTextMember } from "../protobuf/struct.ts";
import {
	beginMessage,
	createWriter,
	endMessage,
	finish,
	restart,
	type Writer,
	writeBytes,
	writeStringField,
	writeUintField,
} from "../protobuf/writer.ts";

export interface EncoderConfig {
	/** Answers as opa-envoy-plugin does where that is safe: no bodies or content types of our own, headers as given. */
	readonly compat: boolean;
	/** The hand-off goes with every answer. */
	readonly fields: boolean;
	/** `cache-control` of allowed answers while `fields`; empty: left alone. */
	readonly cacheControl: string;
	/** Names of the identity headers that are ours; `off` is none. */
	readonly identityHeaders: { readonly id: string; readonly issuer: string };
}

export interface Answer {
	readonly decision: Decision;
	/** Empty: no metadata at all, as the peer answers what it cannot read. */
	readonly decisionId: string;
	readonly handoff: HandoffKeys | undefined;
	/** Values of the identity headers. */
	readonly identity: { readonly id?: string; readonly issuer?: string };
}

const tag = (field: number, type: number): number => (field << 3) | type;

/** `google.rpc.Code`. Envoy denies by every code but 0, and shows none of them to the client. */
const OK = 0;
const PERMISSION_DENIED = 7;

const OVERWRITE_IF_EXISTS_OR_ADD = 2;
const APPEND_IF_EXISTS_OR_ADD = 0;

/** Headers by which a client asks for a part of the answer, or for none: both would show what masking hides. */
const CONDITIONAL = [
	"if-match",
	"if-modified-since",
	"if-none-match",
	"if-range",
	"if-unmodified-since",
	"range",
];

/** The text that the peer puts in front of what it cannot read; ours stops there, and tells the client nothing. */
const PARSE_ERROR = "request_parse_error";

const EMPTY_STATUSES: ReadonlySet<number> = new Set([204, 205, 304]);

/** How many decisions it is remembered for. */
const DECISIONS = 256;

/** What is the same in every answer that a decision gives. */
interface Fixed {
	/** Status, and what is done to the request of a caller without a name. */
	readonly head: Buffer;
	/** The policy's own metadata. */
	readonly members: Buffer;
}

/**
 * The one encoder of answers. It has no default: an allow says code 0, a denial says code 7 and which status the client
 * gets (an absent status would be an allow, an absent `denied_response.status` a guess of Envoy's). The only denial
 * without `denied_response` is the plain `false` of the compatibility profile, which the peer answers so too: Envoy makes
 * an empty 403 of it. What a decision says by itself is encoded once.
 */
export function createEncoder(config: EncoderConfig): (answer: Answer) => Buffer {
	const w = createWriter();
	const owned = [config.identityHeaders.id, config.identityHeaders.issuer].filter((name) => name !== "off");
	const known = new LRUCache<Decision, Fixed>({ max: DECISIONS });

	function fixedOf(decision: Decision): Fixed {
		let fixed = known.get(decision);
		if (fixed === undefined) {
			writeHead(w, decision, NO_IDENTITY, config, owned);
			const head = finish(w);
			writeOwnMembers(w, decision);
			fixed = { head, members: finish(w) };
			known.set(decision, fixed);
		}
		return fixed;
	}

	return ({ decision, decisionId, handoff, identity }) => {
		restart(w);
		const { head, members } = fixedOf(decision);
		const isNamed = decision.kind === "allow" && (hasText(identity.id) || hasText(identity.issuer));
		if (isNamed) writeHead(w, decision, identity, config, owned);
		else writeBytes(w, head, 0, head.length);
		if (decisionId !== "") writeMetadata(w, members, decisionId, handoff);
		return finish(w);
	};
}

const NO_IDENTITY: Answer["identity"] = {};

function hasText(value: string | undefined): boolean {
	return value !== undefined && value !== "";
}

/** Everything but the metadata. */
function writeHead(
	w: Writer,
	decision: Decision,
	identity: Answer["identity"],
	config: EncoderConfig,
	owned: readonly string[],
): void {
	if (decision.kind === "allow") {
		writeStatus(w, OK, "");
		writeAllow(w, decision, identity, config, owned);
		return;
	}
	writeStatus(w, PERMISSION_DENIED, config.compat && isUnreadable(decision) ? PARSE_ERROR : "");
	if (!(config.compat && decision.plain)) writeDeny(w, decision, config);
}

/** Denials of requests that could not be read. */
export function isUnreadable(decision: Deny): boolean {
	return decision.reason === "request_malformed" || decision.reason === "body_malformed";
}

/** `status` (1): google.rpc.Status. The code is written even when it is 0. */
function writeStatus(w: Writer, code: number, message: string): void {
	const mark = beginMessage(w, tag(1, LENGTH));
	writeUintField(w, tag(1, VARINT), code);
	if (message !== "") writeStringField(w, tag(2, LENGTH), message);
	endMessage(w, mark);
}

/** `ok_response` (3). */
function writeAllow(
	w: Writer,
	decision: Allow,
	identity: Answer["identity"],
	config: EncoderConfig,
	owned: readonly string[],
): void {
	const masked = config.fields && decision.response !== undefined;
	const plain = masked ? codingsOf(decision) : [];
	const cached = config.fields && config.cacheControl !== "";
	if (config.compat && decision.plain && owned.length === 0 && !cached) return;
	const mark = beginMessage(w, tag(3, LENGTH));
	const named: string[] = [];
	for (const header of decision.headers) {
		const name = header.name.toLowerCase();
		if (masked && (plain.includes(name) || CONDITIONAL.includes(name))) continue;
		// The first value replaces the caller's own; what the policy says of the same name after it comes beside it.
		writeHeader(w, 2, header, named.includes(name));
		named.push(name);
	}
	const removed = decision.removeHeaders.map((name) => name.toLowerCase());
	writeIdentity(w, config.identityHeaders.id, identity.id, named, removed);
	writeIdentity(w, config.identityHeaders.issuer, identity.issuer, named, removed);
	for (const name of plain) writeHeader(w, 2, { name, value: "identity" }, false);
	for (const name of decision.removeHeaders) {
		if (!plain.includes(name.toLowerCase())) writeStringField(w, tag(5, LENGTH), name);
	}
	const always = masked ? [...owned, ...CONDITIONAL] : owned;
	for (const name of always)
		if (!named.includes(name) && !removed.includes(name)) writeStringField(w, tag(5, LENGTH), name);
	const repeated: string[] = [];
	for (const header of decision.responseHeaders) {
		const name = header.name.toLowerCase();
		if (cached && name === "cache-control") continue;
		// What was given once replaces what the upstream says; `set-cookie`, and whatever the peer would add, comes beside it.
		writeHeader(w, 6, header, config.compat || name === "set-cookie" || repeated.includes(name));
		repeated.push(name);
	}
	if (cached) writeHeader(w, 6, { name: "cache-control", value: config.cacheControl }, false);
	for (const { key, value } of decision.setQuery) {
		const entry = beginMessage(w, tag(7, LENGTH));
		writeStringField(w, tag(1, LENGTH), key);
		writeStringField(w, tag(2, LENGTH), value);
		endMessage(w, entry);
	}
	for (const name of decision.removeQuery) writeStringField(w, tag(8, LENGTH), name);
	endMessage(w, mark);
}

/** Headers that ask for an answer, or for messages of gRPC, as they are. */
function codingsOf({ response }: Allow): readonly string[] {
	const grpc = response !== undefined && coversGrpc(response);
	return grpc ? ["accept-encoding", "grpc-accept-encoding"] : ["accept-encoding"];
}

function writeIdentity(
	w: Writer,
	name: string,
	value: string | undefined,
	named: string[],
	removed: readonly string[],
): void {
	if (name === "off" || value === undefined || value === "" || named.includes(name) || removed.includes(name))
		return;
	named.push(name);
	writeHeader(w, 2, { name, value: headerText(value) }, false);
}

/** Identities may hold any character; a header's value holds visible ASCII. The percent sign is encoded too. */
function headerText(value: string): string {
	return /^[!-$&-~]*$/.test(value)
		? value
		: Buffer.from(value)
				.toString()
				.replaceAll(/[^!-$&-~]/gu, encodeURIComponent);
}

/** `denied_response` (2): DeniedHttpResponse. */
function writeDeny(w: Writer, decision: Deny, config: EncoderConfig): void {
	const mark = beginMessage(w, tag(2, LENGTH));
	const status = beginMessage(w, tag(1, LENGTH));
	writeUintField(w, tag(1, VARINT), decision.status);
	endMessage(w, status);
	const named = new Set<string>();
	for (const header of decision.headers) {
		// Envoy adds each header of a denial as one of its own, and leaves out those that ask to be appended.
		writeHeader(w, 2, header, false);
		named.add(header.name.toLowerCase());
	}
	const body = bodyOf(decision, config);
	if (body !== "") {
		if (!config.compat && !named.has("content-type")) writeHeader(w, 2, contentType(decision), false);
		writeStringField(w, tag(3, LENGTH), body);
	}
	endMessage(w, mark);
}

function contentType(decision: Deny): HeaderEntry {
	const value =
		decision.reason === "policy_denied" ? "text/plain; charset=utf-8" : "application/problem+json";
	return { name: "content-type", value };
}

/** Denials of our own say their status and nothing else. */
function bodyOf(decision: Deny, config: EncoderConfig): string {
	// A body behind one of these would be read as the start of the next answer.
	if (EMPTY_STATUSES.has(decision.status)) return "";
	if (config.compat) return isUnreadable(decision) ? PARSE_ERROR : decision.body;
	return decision.reason === "policy_denied" ? decision.body : problem(decision.status);
}

const TITLES: Readonly<Record<number, string>> = {
	400: "Bad Request",
	401: "Unauthorized",
	403: "Forbidden",
	503: "Service Unavailable",
};

function problem(status: number): string {
	return `{"type":"about:blank","title":"${TITLES[status] ?? "Denied"}","status":${status}}`;
}

/**
 * HeaderValueOption. Both `append` and `append_action` are always given, for which of them counts depends on Envoy's
 * version and on the list (`append` has its BoolValue written even when false).
 */
function writeHeader(w: Writer, field: number, header: HeaderEntry, append: boolean): void {
	const option = beginMessage(w, tag(field, LENGTH));
	const value = beginMessage(w, tag(1, LENGTH));
	writeStringField(w, tag(1, LENGTH), header.name);
	writeStringField(w, tag(2, LENGTH), header.value);
	endMessage(w, value);
	const flag = beginMessage(w, tag(2, LENGTH));
	if (append) writeUintField(w, tag(1, VARINT), 1);
	endMessage(w, flag);
	writeUintField(w, tag(3, VARINT), append ? APPEND_IF_EXISTS_OR_ADD : OVERWRITE_IF_EXISTS_OR_ADD);
	endMessage(w, option);
}

const DECISION_ID = "decision_id";
const DECISION_ID_KEY = memberKey(DECISION_ID);
const DIRECTIVE_KEY = memberKey("directive");
const POSTERN_MEMBER = member("postern", HANDOFF_VERSION);
const FIELDS_MEMBERS = { all: member("fields", "all"), some: member("fields", "some") } as const;

function member(key: string, value: string): Buffer {
	const w = createWriter();
	writeMember(w, key, value);
	return finish(w);
}

/** `dynamic_metadata` (4): the policy's own keys, the decision's id, and the hand-off. */
function writeMetadata(w: Writer, own: Buffer, decisionId: string, handoff: HandoffKeys | undefined): void {
	const mark = beginMessage(w, tag(4, LENGTH));
	writeBytes(w, own, 0, own.length);
	writeTextMember(w, DECISION_ID_KEY, decisionId);
	if (handoff !== undefined) {
		const fields = FIELDS_MEMBERS[handoff.fields];
		writeBytes(w, POSTERN_MEMBER, 0, POSTERN_MEMBER.length);
		writeBytes(w, fields, 0, fields.length);
		writeTextMember(w, DIRECTIVE_KEY, handoff.directive);
	}
	endMessage(w, mark);
}

function writeOwnMembers(w: Writer, { metadata }: Decision): void {
	if (metadata === undefined) return;
	for (const key of Object.keys(metadata)) {
		if (key !== DECISION_ID) writeMember(w, key, metadata[key] ?? null);
	}
}
