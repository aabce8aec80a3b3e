import { beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseKeySet } from "../../../src/identity/key-set.ts";
import { createTokenCache } from "../../../src/identity/token-cache.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTokenIssuer, type TokenIssuer } from "../../support/token-issuer.ts";

let one: TokenIssuer;
let two: TokenIssuer;
beforeAll(async () => {
	one = await createTokenIssuer();
	two = await createTokenIssuer({ kid: "key-2", alg: "RS256" });
});

function parse(keys: unknown): ReturnType<typeof parseKeySet> {
	return parseKeySet(Buffer.from(JSON.stringify({ keys })));
}

test("keys for signatures are counted, others ignored; the digest knows the keys alone", () => {
	const set = parse([
		one.publicJwk,
		{ ...two.publicJwk, use: "enc" },
		{ kty: "XYZ" },
		{ ...two.publicJwk, key_ops: ["encrypt"] },
	]);
	expect([set.size, set.ignored]).toEqual([1, 3]);
	expect(parse([one.publicJwk]).digest).toBe(set.digest);
	expect(parse([one.publicJwk, two.publicJwk]).digest).not.toBe(set.digest);
	expect(parse([{ ...one.publicJwk, kid: "other" }]).digest).not.toBe(set.digest);
});

test.each([
	["no JSON", "{", /not JSON/],
	["a list", "[]", /list "keys"/],
	["keys that are no list", '{"keys":{}}', /list "keys"/],
	["a key that is no object", '{"keys":[null]}', /list "keys"/],
	["no keys", '{"keys":[]}', /no public key/],
	["a symmetric key", '{"keys":[{"kty":"oct","k":"canary"}]}', /private or symmetric/],
	["a private key", '{"keys":[{"kty":"RSA","n":"x","e":"y","d":"canary"}]}', /private or symmetric/],
	[
		"a secret under another type",
		'{"keys":[{"kty":"RSA","n":"x","e":"y","k":"canary"}]}',
		/private or symmetric/,
	],
	["too many keys", JSON.stringify({ keys: Array(65).fill({ kty: "RSA" }) }), /more than 64/],
])("%s is refused, and nothing of it told", (_name, text, message) => {
	expect(() => parseKeySet(Buffer.from(text))).toThrow(message);
	expect(() => parseKeySet(Buffer.from(text))).not.toThrow(/canary/);
	expect(() => parseKeySet(Buffer.from([0xff, ...Buffer.from(text)]))).toThrow(/not JSON/);
});

test("whatever the document is, it is a key set or a plain error", () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.json(),
				fc.string(),
				fc
					.array(fc.dictionary(fc.constantFrom("kty", "use", "key_ops", "d", "kid"), fc.jsonValue()))
					.map((keys) => JSON.stringify({ keys })),
			),
			(text) => {
				try {
					expect(parseKeySet(Buffer.from(text)).size).toBeGreaterThan(0);
				} catch (thrown) {
					expect((thrown as Error).message).toMatch(/^the key set /);
				}
			},
		),
	);
});

test("a cached verdict belongs to one token, one verifier and one generation of keys", () => {
	const clock = createManualClock();
	const cacheOf = (revision: string) => createTokenCache({ entries: 10, refusedMs: 1000, revision, clock });
	const cache = cacheOf("a");
	const keys = [
		cache.keyOf("t.o.k", 1),
		cache.keyOf("t.o.k", 2),
		cache.keyOf("t.o.l", 1),
		cache.keyOf("1.t.o.k", 1),
		cache.keyOf("t.o.k", 11),
		cacheOf("b").keyOf("t.o.k", 1),
	];
	expect(new Set(keys).size).toBe(keys.length);
	expect(cacheOf("a").keyOf("t.o.k", 1)).toBe(keys[0]);
	expect(keys.join()).not.toContain("t.o.k");
});

test("refused tokens cannot push out good ones, and are forgotten after their time", () => {
	const clock = createManualClock();
	const cache = createTokenCache({ entries: 3, refusedMs: 1000, revision: "a", clock });
	const good = { ok: true, identity: { authenticated: true, method: "jwt" }, exp: 1 } as const;
	cache.put("good", good);
	for (let index = 0; index < 5000; index++)
		cache.put(`junk-${index}`, { ok: false, reason: "token_invalid" });
	expect(cache.get("good")).toBe(good);
	expect(cache.get("junk-0")).toBeUndefined();
	expect(cache.get("junk-4999")).toMatchObject({ ok: false });
	clock.advance(1001);
	expect(cache.get("junk-4999")).toBeUndefined();
	const none = createTokenCache({ entries: 0, refusedMs: 1000, revision: "a", clock });
	none.put("good", good);
	expect(none.get("good")).toBeUndefined();
});
