import type { DecisionRecord } from "../../audit/types.ts";
import type { Decision } from "../../decision/types.ts";
import type { Identity } from "../../identity/types.ts";
import type { ActivePolicy } from "../../policy/types.ts";
import type { CallTrace } from "../call-trace.ts";
import { textOf } from "./check-request.ts";
import type { CheckView, PeerView } from "./check-view.ts";
import type { RequestFacts } from "./request-facts.ts";

export interface RecordSource {
	readonly view: CheckView | undefined;
	readonly facts: RequestFacts | undefined;
	readonly identity: Identity | undefined;
	readonly policy: ActivePolicy | undefined;
	readonly decision: Decision;
	readonly decisionId: string;
	readonly trace: CallTrace | undefined;
	/** Wall clock, milliseconds since 1970. */
	readonly time: number;
	readonly durationMs: number;
	/** Absent without ext_proc: nothing is said about fields then. */
	readonly released: "whole" | "fields" | undefined;
	/** A dry run answered otherwise. */
	readonly overruled: boolean;
}

const MAX_TEXT = 512;
/** A peer may bring its certificate. */
const MAX_KEPT_PEER = 16 * 1024;
const NO_PEER = {};
const NOBODY: DecisionRecord["caller"] = { authenticated: false, method: "none" };

let lastTime = -1;
let lastText = "";

/** RFC 3339; many records fall into one millisecond. */
function timeText(time: number): string {
	if (time !== lastTime) {
		lastText = new Date(time).toISOString();
		lastTime = time;
	}
	return lastText;
}

type Draft<V> = { -readonly [key in keyof V]: V[key] };

/** The audit record of one Check: who, what, the verdict and why; no value of a body, no token, no query. */
export function decisionRecord(source: RecordSource): DecisionRecord {
	const { view, facts, identity, policy, decision } = source;
	const { notes } = decision;
	const record: Draft<DecisionRecord> = {
		type: "decision",
		time: timeText(source.time),
		decision_id: source.decisionId,
		source: peerOf(view, view?.source, facts?.principal),
		destination: destinationOf(view),
		caller: identity === undefined ? NOBODY : callerOf(identity),
		operation: {
			method: cut(facts?.method ?? ""),
			host: cut(facts?.host ?? ""),
			path: cut(withoutQuery(facts?.path ?? "")),
		},
		verdict: decision.kind,
		reason: decision.kind === "allow" ? "allowed" : decision.reason,
		rules: notes.rules,
		policy: policyOf(policy),
		duration_us: Math.round(source.durationMs * 1000),
	};
	if (source.trace !== undefined) {
		record.trace_id = source.trace.traceId;
		record.span_id = source.trace.spanId;
	}
	if (notes.reason !== undefined) record.policy_reason = notes.reason;
	if (decision.kind === "deny") record.status = decision.status;
	if (source.released !== undefined) record.released = source.released;
	if (source.overruled) record.dry_run = true;
	if (notes.obligations !== undefined) record.obligations = notes.obligations;
	return record;
}

let lastCaller: { readonly identity: Identity; readonly caller: DecisionRecord["caller"] } | undefined;

/** The same object for the same caller, who comes again more often than not: what is written of it is kept. */
function callerOf(identity: Identity): DecisionRecord["caller"] {
	if (lastCaller?.identity !== identity) {
		const caller: Draft<DecisionRecord["caller"]> = {
			authenticated: identity.authenticated,
			method: identity.method,
		};
		if (identity.id !== undefined) caller.id = identity.id;
		if (identity.issuer !== undefined) caller.issuer = identity.issuer;
		lastCaller = { identity, caller };
	}
	return lastCaller.caller;
}

let lastPolicy: DecisionRecord["policy"] = { revision: "", serial: 0 };

/** The same, and not the policy itself, which would be kept when another has taken over. */
function policyOf(policy: ActivePolicy | undefined): DecisionRecord["policy"] {
	const { revision = "", serial = 0 } = policy ?? {};
	if (lastPolicy.revision !== revision || lastPolicy.serial !== serial) lastPolicy = { revision, serial };
	return lastPolicy;
}

function withoutQuery(path: string): string {
	const query = path.indexOf("?");
	return query < 0 ? path : path.slice(0, query);
}

function cut(text: string): string {
	return text.length <= MAX_TEXT ? text : text.slice(0, MAX_TEXT);
}

let lastDestination: { readonly bytes: Buffer; readonly peer: DecisionRecord["destination"] } | undefined;

/** Most calls of an Envoy are for the same destination, whose octets are the same then. */
function destinationOf(view: CheckView | undefined): DecisionRecord["destination"] {
	if (view?.destination === undefined) return NO_PEER;
	const { start, end } = view.destination.span;
	if (lastDestination !== undefined && end > start) {
		const { bytes, peer } = lastDestination;
		if (isAt(view.bytes, start, end, bytes)) return peer;
	}
	const peer = peerOf(view, view.destination, undefined);
	if (end > start && end - start <= MAX_KEPT_PEER)
		lastDestination = { bytes: Buffer.from(view.bytes.subarray(start, end)), peer };
	return peer;
}

/** By hand: it is some dozens of octets. */
function isAt(bytes: Buffer, start: number, end: number, octets: Buffer): boolean {
	if (octets.length !== end - start) return false;
	for (let at = 0; at < octets.length; at++) if (bytes[start + at] !== octets[at]) return false;
	return true;
}

function peerOf(
	view: CheckView | undefined,
	peer: PeerView | undefined,
	known: string | undefined,
): { readonly address?: string; readonly principal?: string } {
	if (view === undefined || peer === undefined) return NO_PEER;
	const found: { address?: string; principal?: string } = {};
	const address = addressOf(view, peer);
	const principal = cut(known ?? textOf(view, peer.principal));
	if (address !== "") found.address = address;
	if (principal !== "") found.principal = principal;
	return found;
}

function addressOf(view: CheckView, peer: PeerView): string {
	const kind = peer.address?.kind;
	switch (kind?.kind) {
		case "socketAddress": {
			const text = cut(textOf(view, kind.address));
			return kind.port.kind === "value"
				? `${text.includes(":") ? `[${text}]` : text}:${kind.port.port}`
				: text;
		}
		case "pipe":
			return cut(textOf(view, kind.path));
		case "envoyInternalAddress":
			return kind.listener === undefined ? "" : cut(textOf(view, kind.listener));
		default:
			return "";
	}
}
