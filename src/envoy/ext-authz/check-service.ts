import { Buffer } from "node:buffer";
import type { AuditRecord } from "../../audit/types.ts";
import { denial } from "../../decision/deny.ts";
import type { HandoffKeys } from "../../decision/handoff.ts";
import type { Reason } from "../../decision/reasons.ts";
import type { Decision, Deny, HeaderEntry } from "../../decision/types.ts";
import type { Identity, IdentityOutcome } from "../../identity/types.ts";
import { createJsonOut, JsonTooLarge } from "../../lib/json-out.ts";
import type { TraceHeaders } from "../../lib/trace-context.ts";
import type { ActivePolicy } from "../../policy/types.ts";
import { type Body, readBody } from "../../request/body.ts";
import { authorizationOf } from "../../request/headers.ts";
import { parsePath } from "../../request/path.ts";
import { type CallTrace, callTrace, type TraceNames, traceNames } from "../call-trace.ts";
import { WireError } from "../protobuf/reader.ts";
import { createCallerTexts } from "./caller-texts.ts";
import { readCheckRequest } from "./check-request.ts";
import { createEncoder, isUnreadable } from "./check-response.ts";
import { checkSpan } from "./check-span.ts";
import type { CheckView, Span } from "./check-view.ts";
import { askedPath } from "./context-extensions.ts";
import { decisionRecord } from "./decision-record.ts";
import { createDecisions, targetOf } from "./decisions.ts";
import type { CheckDeps } from "./deps.ts";
import { createDryRun } from "./dry-run.ts";
import { refuseGraphql } from "./graphql-request.ts";
import { createGrpcReaders } from "./grpc-body.ts";
import { createHandOn } from "./hand-on.ts";
import type { InputParts } from "./input.ts";
import { createPathAllowances } from "./path-allowances.ts";
import { createProjecting } from "./projecting.ts";
import { readsBody } from "./projection.ts";
import { type RequestFacts, readFacts, refuseRequest } from "./request-facts.ts";

export interface CheckCall {
	/** Wall clock at which Envoy stops waiting, milliseconds since 1970; absent or Infinity: it says nothing. */
	readonly deadlineMs?: number;
	/** What the call's metadata say of a trace. */
	readonly trace?: TraceHeaders | undefined;
}

/**
 * Answers one CheckRequest, whose bytes may be overwritten as soon as it has returned. Never throws and never rejects;
 * answers at once when the caller's identity does.
 */
export type Check = (request: Uint8Array, call: CheckCall) => Buffer | Promise<Buffer>;

export interface CheckService {
	readonly check: Check;
	/** A complete answer for a request that was not looked at. */
	readonly deny: (reason: Reason) => Buffer;
}

/** What is known of one call so far. The policy is the one that was active when it came in. */
interface Call {
	readonly id: string;
	readonly started: number;
	readonly deadlineMs: number;
	readonly policy: ActivePolicy | undefined;
	view: CheckView | undefined;
	facts: RequestFacts | undefined;
	identity: Identity | undefined;
	readonly named: TraceHeaders | undefined;
	trace: CallTrace | undefined;
}

const NOBODY: Identity = { authenticated: false, method: "none" };
const EMPTY_SPAN: Span = { start: 0, end: 0 };

/** Builds the `Authorization` service; what does not change from call to call is done here, once. */
export function createCheckService(deps: CheckDeps): CheckService {
	const { config, clock, log } = deps;
	const { request: requestRules, fields } = config;
	const compat = config.policy.compat === "opa-envoy-plugin";
	const own = !compat || config.policy.extensions;
	const defaultPath = config.policy.path.replace(/^\/+|\/+$/g, "");
	const targets = new Map(
		[defaultPath, ...config.policy.paths.map((path) => path.replace(/^\/+|\/+$/g, ""))].map((path) => [
			path,
			targetOf(path),
		]),
	);
	const answerFor = createDryRun(config, deps.readDirective);
	const decisionOf = createDecisions(
		{
			compat,
			extensions: config.policy.extensions,
			readDirective: deps.readDirective,
			hash: deps.trusted && deps.hashKeyId !== undefined,
			request: fields.enabled && fields.request,
		},
		deps.metrics,
	);
	const handOn = createHandOn(deps);
	const bodyRules = {
		maxDepth: requestRules.max_body_depth,
		maxParts: requestRules.max_parts,
		maxPartHeaderBytes: requestRules.max_part_header_bytes,
		lenient: compat,
		gunzip: deps.gunzip,
	};
	const readerOf = createGrpcReaders({
		maxDepth: requestRules.max_body_depth,
		maxLength: config.policy.max_input_bytes,
	});
	const out = createJsonOut(config.policy.max_input_bytes);
	const projecting = createProjecting(deps, out);
	const allowancesOf = createPathAllowances(requestRules.path_allowances);
	const encode = createEncoder({
		compat,
		fields: fields.enabled,
		cacheControl: fields.cache_control,
		identityHeaders: config.identity.headers,
	});
	const textsOf = createCallerTexts();

	function check(
		request: Uint8Array,
		{ deadlineMs = Number.POSITIVE_INFINITY, trace: named }: CheckCall,
	): Buffer | Promise<Buffer> {
		const call: Call = {
			id: deps.newId(),
			started: clock.monotonic(),
			deadlineMs,
			policy: deps.policy.current(),
			view: undefined,
			facts: undefined,
			identity: undefined,
			named,
			trace: undefined,
		};
		let outcome: Decision | Promise<Buffer>;
		try {
			outcome = begin(call, request);
		} catch (thrown) {
			outcome = denialOf(call, thrown);
		}
		return outcome instanceof Promise ? outcome : answer(call, outcome);
	}

	/** Never throws: what cannot be answered is denied without looking at anything that may have broken. */
	function answer(call: Call, decision: Decision): Buffer {
		try {
			return finish(call, decision);
		} catch (thrown) {
			log.error({ ...names(call), err: thrown }, "a decision could not be answered");
			return deny("internal");
		}
	}

	/** The one place where an exception becomes a denial. */
	function denialOf(call: Call, thrown: unknown): Deny {
		if (thrown instanceof WireError) return denial("request_malformed", thrown.message);
		if (thrown instanceof JsonTooLarge) return denial("input_too_large", thrown.message);
		log.error({ ...names(call), err: thrown }, "a check failed unexpectedly");
		return denial("internal");
	}

	/** By which a call is found again, in log lines. */
	function names(call: Call): { readonly decision_id: string } & TraceNames {
		return { decision_id: call.id, ...traceNames(traceOf(call)) };
	}

	function traceOf(call: Call): CallTrace | undefined {
		call.trace ??= callTrace(deps.spans, call.named, call.facts?.headers.trace);
		return call.trace;
	}

	function begin(call: Call, request: Uint8Array): Decision | Promise<Buffer> {
		if (deps.draining()) return denial("draining");
		const view = readCheckRequest(request);
		call.view = view;
		const facts = readFacts(view);
		call.facts = facts;
		const allowed = allowancesOf(view);
		if ("kind" in allowed) return allowed;
		const refused = refuseRequest(view, facts, requestRules, compat, fields.enabled, allowed);
		if (refused !== undefined) return refused;
		if (deps.identify === undefined) return decide(call, view, facts, NOBODY);
		const principal = deps.trusted ? facts.principal : "";
		const authorization = authorizationOf(facts.headers, view.bytes);
		const outcome = deps.identify({ authorization, principal });
		if (!(outcome instanceof Promise)) return identified(call, view, facts, outcome);
		// Its bytes are the transport's again when this returns.
		const keptView = readCheckRequest(Buffer.from(request));
		const keptFacts = readFacts(keptView);
		call.view = keptView;
		call.facts = keptFacts;
		return outcome.then(
			(later) => {
				let decision: Decision;
				try {
					decision = identified(call, keptView, keptFacts, later);
				} catch (thrown) {
					decision = denialOf(call, thrown);
				}
				return answer(call, decision);
			},
			(thrown: unknown) => answer(call, denialOf(call, thrown)),
		);
	}

	function identified(call: Call, view: CheckView, facts: RequestFacts, outcome: IdentityOutcome): Decision {
		if (outcome.ok) return decide(call, view, facts, outcome.identity);
		const headers: HeaderEntry[] =
			outcome.status === 401 ? [{ name: "www-authenticate", value: 'Bearer error="invalid_token"' }] : [];
		return { ...denial(outcome.reason), status: outcome.status, headers };
	}

	function decide(call: Call, view: CheckView, facts: RequestFacts, identity: Identity): Decision {
		call.identity = identity;
		const { policy } = call;
		if (policy === undefined) return denial("no_policy");
		const asked = askedPath(view) ?? defaultPath;
		const target = targets.get(asked);
		if (target === undefined) {
			return denial("policy_missing", `the route asks for decision path ${JSON.stringify(asked)}`);
		}
		const path = parsePath(view.bytes, view.http?.path.start ?? 0, view.http?.path.end ?? 0);
		if (!path.ok) return denial("request_malformed", path.message);
		const projection = projecting.of(policy, target.entrypoint);
		// The peer refuses what it cannot read, whether its policy looks at it or not.
		const body = compat || readsBody(projection) ? bodyOf(view, facts, path.segments, policy) : undefined;
		if (body?.kind === "malformed") return denial("body_malformed", body.message);
		if (requestRules.unread_bodies === "refuse" && projection.parsedBody && body !== undefined) {
			if (body.state !== "absent" && body.state !== "parsed") return denial("body_unread", body.state);
		}
		const parts: InputParts = {
			view,
			segments: path.segments,
			query: path.query,
			body,
			own: own ? { identity: textsOf(identity).input } : undefined,
		};
		const wholeParts = (): InputParts => ({
			...parts,
			body: body ?? bodyOf(view, facts, path.segments, policy),
		});
		const outcome = projecting.evaluate(policy, target.entrypoint, parts, wholeParts, call.deadlineMs);
		if (outcome.kind === "deny") return outcome;
		const decision = decisionOf(outcome, target);
		if (decision.kind !== "allow" || !fields.enabled) return decision;
		if (isTunnel(facts) && holdsDirective(decision))
			return denial("unmaskable_protocol", facts.headers.upgrade ? "an upgrade" : "CONNECT");
		if (decision.response?.shape !== "graphql") return decision;
		return refuseGraphql(facts, body ?? bodyOf(view, facts, path.segments, policy)) ?? decision;
	}

	function bodyOf(
		view: CheckView,
		facts: RequestFacts,
		segments: readonly string[],
		policy: ActivePolicy,
	): Body | undefined {
		if (requestRules.skip_body_parse) return undefined;
		const { http } = view;
		const text = http?.body ?? EMPTY_SPAN;
		const raw = text.end === text.start;
		const { start, end } = raw ? (http?.rawBody ?? EMPTY_SPAN) : text;
		const framed = http === undefined || startsWithHttp1(view.bytes, http.protocol);
		return readBody(
			{ bytes: view.bytes, start, end, headers: facts.headers, framed, raw, segments },
			{ ...bodyRules, grpc: readerOf(deps.descriptors?.of(policy.descriptors)?.descriptors) },
		);
	}

	/** Records, counts and encodes. A decision that cannot be handed on, or must be recorded and cannot, is denied. */
	function finish(call: Call, given: Decision): Buffer {
		let decision = given;
		let answered = answerFor(decision);
		let handoff = fields.enabled ? handoffOf(call, answered) : undefined;
		if (fields.enabled && handoff === undefined) {
			decision = denial("directive_too_large", "the hand-off is over its limit");
			answered = answerFor(decision);
			handoff = handoffOf(call, answered);
			// Only a denial can do without what does not fit.
			if (handoff === undefined) {
				answered = decision;
				handoff = handoffOf(call, answered);
			}
		}
		const durationMs = clock.monotonic() - call.started;
		if (!record(call, decision, answered, handoff, durationMs) && config.audit.overflow === "deny") {
			decision = denial("audit_full");
			answered = decision;
			handoff = fields.enabled ? handoffOf(call, decision) : undefined;
		}
		const reason = decision.kind === "allow" ? "allowed" : decision.reason;
		deps.metrics.checks.inc({ verdict: decision.kind, reason });
		deps.metrics.checkSeconds.observe(durationMs / 1000, { verdict: decision.kind });
		if (decision.kind === "deny" && (decision.detail !== undefined || decision.status === 503)) {
			log.info({ ...names(call), reason, detail: decision.detail }, "denied");
		}
		const trace = traceOf(call);
		if (trace?.sink !== undefined) {
			const revision = call.policy?.revision;
			const span = { decisionId: call.id, decision, reason, answered, revision, durationMs };
			trace.sink.record(checkSpan(trace, { ...span, endMs: clock.now() }));
		}
		// What the peer cannot read it answers without metadata.
		const bare = compat && !fields.enabled && answered.kind === "deny" && isUnreadable(answered);
		const { identity } = call;
		return encode({
			decision: answered,
			decisionId: bare ? "" : call.id,
			handoff,
			identity: identity?.authenticated ? identity : NOBODY,
		});
	}

	function handoffOf({ facts, identity, policy }: Call, decision: Decision): HandoffKeys | undefined {
		const consumer = identity === undefined ? "" : textsOf(identity).consumer;
		return handOn({ facts, consumer, policy }, decision);
	}

	function record(
		call: Call,
		decision: Decision,
		answered: Decision,
		handoff: HandoffKeys | undefined,
		durationMs: number,
	): boolean {
		const released =
			handoff === undefined || answered.kind === "deny"
				? undefined
				: handoff.fields === "all"
					? "whole"
					: "fields";
		const entry: AuditRecord = decisionRecord({
			view: call.view,
			facts: call.facts,
			identity: call.identity,
			policy: call.policy,
			decision,
			decisionId: call.id,
			trace: traceOf(call),
			time: clock.now(),
			durationMs,
			released,
			overruled: decision.kind !== answered.kind,
		});
		return deps.audit.write(entry);
	}

	/** Denials of calls that nothing was read of: under an overload, what they cost is what is left for the others. */
	const unread = new Map<Reason, { readonly decision: Deny; readonly handoff: HandoffKeys | undefined }>();

	/** Without looking at anything that may have broken. */
	function deny(reason: Reason): Buffer {
		deps.metrics.checks.inc({ verdict: "deny", reason });
		let known = unread.get(reason);
		if (known === undefined) {
			const decision = denial(reason);
			const handoff = fields.enabled
				? handOn({ facts: undefined, consumer: "", policy: undefined }, decision)
				: undefined;
			known = { decision, handoff };
			unread.set(reason, known);
		}
		return encode({ ...known, decisionId: deps.newId(), identity: {} });
	}

	return { check, deny };
}

function holdsDirective(decision: Decision): boolean {
	return decision.kind === "allow" && (decision.response !== undefined || decision.request !== undefined);
}

/** What follows the headers is no body of HTTP, so nobody can mask it: WebSocket and other upgrades, CONNECT (RFC 8441 too). */
function isTunnel(facts: RequestFacts): boolean {
	return facts.headers.upgrade || facts.method.toUpperCase() === "CONNECT";
}

/** `HTTP/1.0` or `HTTP/1.1`; Envoy writes no other form of them. */
function startsWithHttp1(bytes: Buffer, { start, end }: Span): boolean {
	return end - start === 8 && bytes[start + 5] === 0x31;
}
