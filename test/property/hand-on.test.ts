import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { denial } from "../../src/decision/deny.ts";
import type { Allow, Decision } from "../../src/decision/types.ts";
import { createHandOn } from "../../src/envoy/ext-authz/hand-on.ts";
import type { RequestFacts } from "../../src/envoy/ext-authz/request-facts.ts";
import { createDescriptorShelf } from "../../src/envoy/protobuf/descriptor-shelf.ts";
import { readDirective } from "../../src/fields/directive.ts";
import { DECISION_RULES } from "../../src/fields/directive-rules.ts";
import type { Directive } from "../../src/fields/types.ts";
import type { ActivePolicy } from "../../src/policy/types.ts";
import { schemaOf } from "../support/descriptors.ts";

const schema = (field: string) =>
	schemaOf(
		`syntax = "proto3"; package t; message Q { int32 ${field} = 1; } service S { rpc A(Q) returns (Q); rpc B(Q) returns (Q); }`,
	).bytes;
const shelf = createDescriptorShelf(schema("a"));
const BUNDLED = { digest: createHash("sha256").update(schema("b")).digest("hex"), bytes: schema("b") };
shelf.keep(BUNDLED);

function directive(release: string, mediaTypes?: string): Directive {
	const given = { release: [release], ...(mediaTypes === undefined ? {} : { media_types: [mediaTypes] }) };
	const read = readDirective(given, DECISION_RULES);
	if (!("directive" in read)) throw new Error(JSON.stringify(read));
	return read.directive;
}

const DIRECTIVES = [undefined, directive("$.a"), directive("$.b"), directive("$.a", "application/grpc")];
const allow = (response: Directive | undefined, request: Directive | undefined): Allow => ({
	kind: "allow",
	headers: [],
	removeHeaders: [],
	responseHeaders: [],
	setQuery: [],
	removeQuery: [],
	metadata: {},
	notes: { rules: [] },
	...(response === undefined ? {} : { response }),
	...(request === undefined ? {} : { request }),
});
const DECISIONS: readonly Decision[] = [
	denial("policy_denied"),
	...DIRECTIVES.flatMap((response) => DIRECTIVES.map((request) => allow(response, request))),
];
const POLICIES = [{ revision: "r1" }, { revision: "r2" }, { revision: "r1", descriptors: BUNDLED }].map(
	(policy) => policy as unknown as ActivePolicy,
);
const PATHS = ["/a", "/t.S/A", "/t.S/B"];

interface Call {
	readonly path: string;
	readonly consumer: string;
	readonly policy: ActivePolicy | undefined;
	readonly decision: Decision;
	readonly known: boolean;
}

/** What differs from the call before: most of it stays. */
const change = fc.oneof(
	fc.record({ path: fc.constantFrom(...PATHS) }),
	fc.record({ consumer: fc.constantFrom("", "3:jwt0:3:ann", "3:jwt0:3:bob", "x".repeat(17_000)) }),
	fc.record({ policy: fc.constantFrom(undefined, ...POLICIES) }),
	fc.record({ decision: fc.constantFrom(...DECISIONS) }),
	fc.record({ known: fc.boolean() }),
);

test("what is handed on is the call's own, whatever was handed on before", () => {
	const deps = { descriptors: shelf, hashKeyId: "k1", trusted: true };
	fc.assert(
		fc.property(fc.array(change, { maxLength: 100 }), (changes) => {
			const handOn = createHandOn(deps);
			let call: Call = {
				path: "/t.S/A",
				consumer: "",
				policy: POLICIES[0],
				decision: allow(DIRECTIVES[3], undefined),
				known: true,
			};
			for (const each of changes) {
				call = { ...call, ...each };
				const { path, consumer, policy, decision, known } = call;
				const facts = known ? ({ method: "POST", host: "h", path } as RequestFacts) : undefined;
				const first = createHandOn(deps)({ facts, consumer, policy }, decision);
				expect(handOn({ facts, consumer, policy }, decision)).toEqual(first);
			}
		}),
		{ numRuns: 500 },
	);
});
