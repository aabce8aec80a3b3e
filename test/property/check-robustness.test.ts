import { expect, test } from "@jest/globals";
import { createCheckService } from "../../src/envoy/ext-authz/check-service.ts";
import { checkDeps, fakePolicy, STRICT } from "../support/check-deps.ts";
import { httpCheck, readAnswer, structOf } from "../support/ext-authz-messages.ts";

/** A small, fast generator with a seed (mulberry32): the same mutations on every machine. */
function random(seed: number): (bound: number) => number {
	let state = seed;
	return (bound) => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return (((mixed ^ (mixed >>> 14)) >>> 0) % bound) | 0;
	};
}

function mutate(bytes: Buffer, next: (bound: number) => number): Buffer {
	let out = Buffer.from(bytes);
	for (let count = 1 + next(2); count > 0; count--) {
		const at = next(out.length || 1);
		const kind = next(6);
		if (kind === 0) out[at] = next(256);
		else if (kind === 1) out = Buffer.concat([out.subarray(0, at), out.subarray(at + 1 + next(8))]);
		else if (kind === 2)
			out = Buffer.concat([out.subarray(0, at), Buffer.from([next(256)]), out.subarray(at)]);
		else if (kind === 3) out = out.subarray(0, at);
		else if (kind === 4) out = Buffer.concat([out, out.subarray(at)]);
		else if (out.length > 0) out[at] = (out[at] as number) ^ (1 << next(8));
	}
	return out;
}

const SAMPLES = [
	httpCheck({ path: "/people?a=1&b=%20", headers: { accept: "*/*", cookie: "a=1" } }),
	httpCheck({
		raw: [
			["x-role", "guest"],
			["authorization", "Bearer x"],
		],
		path: "/caf%C3%A9",
	}),
	httpCheck(
		{
			method: "POST",
			headers: { "content-type": "application/json" },
			body: '{"a":[1,{"b":"\\u00e9"}],"c":null}',
		},
		{
			contextExtensions: { k: "v" },
			metadataContext: { filterMetadata: { f: structOf({ a: [1, { b: "x" }], d: true, n: null }) } },
			tlsSession: { sni: "api.test" },
		},
	),
	httpCheck({
		method: "POST",
		headers: { "content-type": "application/x-www-form-urlencoded" },
		rawBody: Buffer.from("a=1&b=%41"),
	}),
];

/** Allows one caller alone; every document that reaches it must be JSON. */
const policy = fakePolicy((input) => {
	const document = JSON.parse(input.toString());
	return {
		kind: "value",
		value: document.attributes?.request?.http?.headers?.["x-role"] === "administrator-0f3a",
	};
});

test("10,000 mutations of valid messages: no crash, no allow, no hang", () => {
	const open = {
		...STRICT.request,
		ambiguous_paths: "allow",
		unread_bodies: "allow",
		repeated_headers: "allow",
	} as const;
	const services = [STRICT, { ...STRICT, request: open }].map((config) =>
		createCheckService(checkDeps(policy, { config })),
	);
	const next = random(20_261_124);
	const outcomes = new Map<number, number>();
	const started = performance.now();
	for (let count = 0; count < 10_000; count++) {
		const bytes = mutate(SAMPLES[count % SAMPLES.length] as Buffer, next);
		const before = performance.now();
		const answer = readAnswer((services[count % 2] as (typeof services)[0]).check(bytes, {}) as Buffer);
		expect(answer.status?.code).toBe(7);
		expect(answer.deniedResponse?.status?.code).toBeGreaterThanOrEqual(400);
		expect(answer.metadata["fields"]).toBe("some");
		expect(performance.now() - before).toBeLessThan(10_000);
		const status = answer.deniedResponse?.status?.code ?? 0;
		outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
	}
	// Mutations reach both the reader's refusals and the policy, or this test shows nothing.
	expect(outcomes.get(400)).toBeGreaterThan(1000);
	expect(outcomes.get(403)).toBeGreaterThan(1000);
	expect(outcomes.get(503) ?? 0).toBe(0);
	expect(performance.now() - started).toBeLessThan(60_000);
}, 90_000);

const check = createCheckService(checkDeps(policy)).check;
const timed = (bytes: Buffer) => {
	const started = performance.now();
	const answer = readAnswer(check(bytes, {}) as Buffer);
	return {
		code: answer.status?.code,
		status: answer.deniedResponse?.status?.code,
		ms: performance.now() - started,
	};
};
const json = (body: string) =>
	httpCheck({ method: "POST", headers: { "content-type": "application/json" }, body });

test.each([
	["arrays 100,000 deep", json("[".repeat(100_000) + "]".repeat(100_000)), 400],
	["objects 100,000 deep", json(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`), 400],
	["a number of 2 MB", json("9".repeat(2_000_000)), 403],
	["an exponent out of range", json("1e999999999"), 403],
	[
		"100,000 members",
		json(`{${Array.from({ length: 100_000 }, (_, index) => `"${index}":0`).join(",")}}`),
		403,
	],
	["100,000 members of one name", json(`{${Array(100_000).fill('"a":0').join(",")}}`), 403],
	["500,000 escapes", json(`"${"\\u0001".repeat(500_000)}"`), 403],
	["a megabyte of quotes in the path's query", httpCheck({ path: `/?a=${'"'.repeat(1_000_000)}` }), 403],
	["100,000 path segments", httpCheck({ path: "/a".repeat(100_000) }), 403],
	["200,000 query parameters", httpCheck({ path: `/?${"a=1&".repeat(200_000)}` }), 403],
	[
		"100,000 headers",
		httpCheck({ raw: Array.from({ length: 100_000 }, (_, index) => [`x-${index}`, "v"] as const) }),
		403,
	],
	["100,000 headers of one name", httpCheck({ raw: Array(100_000).fill(["x-a", "v"]) }), 403],
	[
		"50,000 namespaces",
		httpCheck(
			{},
			{
				metadataContext: {
					filterMetadata: Object.fromEntries(
						Array.from({ length: 50_000 }, (_, index) => [`n${index}`, structOf({})]),
					),
				},
			},
		),
		403,
	],
])("%s end in a denial, and soon", (_name, bytes, status) => {
	const outcome = timed(bytes);
	expect(outcome).toMatchObject({ code: 7, status });
	expect(outcome.ms).toBeLessThan(20_000);
});

test("values nested 3,000 deep in metadata are refused", () => {
	let value: Buffer = Buffer.from([0x08, 0x00]);
	const wrap = (tag: number, inner: Buffer): Buffer => {
		const length: number[] = [];
		let rest = inner.length;
		for (; rest > 0x7f; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80);
		length.push(rest);
		return Buffer.concat([Buffer.from([tag, ...length]), inner]);
	};
	// Value → list_value (6) → values (1)
	for (let depth = 0; depth < 3000; depth++) value = wrap(0x32, wrap(0x0a, value));
	const struct = wrap(0x0a, wrap(0x12, value));
	const bytes = wrap(
		0x0a,
		Buffer.concat([
			wrap(0x22, wrap(0x12, wrap(0x22, Buffer.from("/")))),
			wrap(0x5a, wrap(0x0a, wrap(0x12, struct))),
		]),
	);
	expect(timed(bytes)).toMatchObject({ code: 7, status: 400 });
});
