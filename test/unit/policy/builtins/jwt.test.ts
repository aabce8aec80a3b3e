import { createHmac, generateKeyPairSync, type KeyObject, type SignKeyObjectInput, sign } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Builtin } from "../../../../src/policy/builtins/builtin.ts";
import { HOST_BUILTINS } from "../../../../src/policy/builtins/table.ts";
import type { Term } from "../../../../src/policy/term/term.ts";
import { type Call, callsOf, differences } from "../../../support/builtin-oracle.ts";
import { inputOf, policyOf } from "../../../support/policy.ts";
import { CLIENT, LEAF } from "../../../support/x509-samples.ts";

const part = (value: unknown): string =>
	Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

interface Pair {
	readonly publicKey: KeyObject;
	readonly privateKey: KeyObject;
}

const rsa: Pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const otherRsa: Pair = generateKeyPairSync("rsa", { modulusLength: 1024 });
const smallRsa: Pair = generateKeyPairSync("rsa", { modulusLength: 1016 });
const curves = Object.fromEntries(
	["P-224", "P-256", "P-384", "P-521", "secp256k1"].map((namedCurve) => [
		namedCurve,
		generateKeyPairSync("ec", { namedCurve }) as Pair,
	]),
) as Readonly<Record<string, Pair>>;
const p256 = curves["P-256"] as Pair;
const p384 = curves["P-384"] as Pair;
const p521 = curves["P-521"] as Pair;
const ed: Pair = generateKeyPairSync("ed25519");
const x25519: Pair = generateKeyPairSync("x25519");

const pem = (key: KeyObject): string => key.export({ format: "pem", type: "spki" }).toString();
const jwk = (key: KeyObject, more: object = {}): object => ({ ...key.export({ format: "jwk" }), ...more });
const text = (value: unknown): string => JSON.stringify(value);
const set = (...keys: readonly unknown[]): string => text({ keys });
const oct = (secret: string, more: object = {}): object => ({
	kty: "oct",
	k: Buffer.from(secret).toString("base64url"),
	...more,
});

const SECRET = "correct horse battery staple";
const LATER = 4_102_444_800;

function signature(alg: string, key: KeyObject | string, signed: string): Buffer {
	const digest = `sha${alg.slice(2)}`;
	if (typeof key === "string") return createHmac(digest, key).update(signed).digest();
	const options: SignKeyObjectInput = { key, dsaEncoding: "ieee-p1363" };
	if (alg.startsWith("PS")) Object.assign(options, { padding: 6, saltLength: -1 });
	return sign(alg === "EdDSA" || alg === "Ed25519" ? null : digest, Buffer.from(signed), options);
}

function token(
	alg: string,
	key: KeyObject | string,
	header: object = {},
	claims: unknown = { sub: "ann" },
): string {
	const signed = `${part({ alg, ...header })}.${part(claims)}`;
	return `${signed}.${signature(alg, key, signed).toString("base64url")}`;
}

const TOKENS: Readonly<Record<string, string>> = {
	...Object.fromEntries(["HS256", "HS384", "HS512"].map((alg) => [alg, token(alg, SECRET)])),
	...Object.fromEntries(
		["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map((alg) => [alg, token(alg, rsa.privateKey)]),
	),
	ES256: token("ES256", p256.privateKey),
	ES384: token("ES384", p384.privateKey),
	ES512: token("ES512", p521.privateKey),
	"ES256 by P-384": token("ES256", p384.privateKey),
	"ES256 by P-224": token("ES256", (curves["P-224"] as Pair).privateKey),
	EdDSA: token("EdDSA", ed.privateKey),
	Ed25519: token("Ed25519", ed.privateKey),
	"RS256 of 1024 bits": token("RS256", otherRsa.privateKey),
	"RS256 of 1016 bits": token("RS256", smallRsa.privateKey),
	"RS256 named k1": token("RS256", rsa.privateKey, { kid: "k1" }),
	"RS256 named k2": token("RS256", rsa.privateKey, { kid: "k2" }),
	"HS256 over a public key": token("HS256", pem(rsa.publicKey)),
	"RS256 said to be HS256": `${part({ alg: "HS256" })}.${part({ sub: "ann" })}.${signature("RS256", rsa.privateKey, `${part({ alg: "HS256" })}.${part({ sub: "ann" })}`).toString("base64url")}`,
	none: `${part({ alg: "none" })}.${part({ sub: "ann" })}.`,
	None: `${part({ alg: "None" })}.${part({ sub: "ann" })}.`,
	"no alg": `${part({})}.${part({ sub: "ann" })}.c2ln`,
	"alg of no text": `${part({ alg: 1 })}.${part({ sub: "ann" })}.c2ln`,
	"zeros for ES256": `${part({ alg: "ES256" })}.${part({ sub: "ann" })}.${Buffer.alloc(64).toString("base64url")}`,
	"one byte for ES256": `${part({ alg: "ES256" })}.${part({ sub: "ann" })}.AQ`,
	"nothing signed": `${part({ alg: "RS256" })}.${part({ sub: "ann" })}.`,
	garbage: "garbage",
	dots: "..",
};

const KEYS: Readonly<Record<string, string>> = {
	rsaPem: pem(rsa.publicKey),
	rsaJwk: text(jwk(rsa.publicKey)),
	rsaPrivate: text(jwk(rsa.privateKey)),
	rsaNamed: set(jwk(otherRsa.publicKey, { kid: "k1" }), jwk(rsa.publicKey, { kid: "k2", alg: "RS256" })),
	rsaOtherAlg: set(jwk(rsa.publicKey, { alg: "RS512" })),
	rsaForKeys: set(jwk(rsa.publicKey, { alg: "RSA-OAEP" }), jwk(p256.publicKey)),
	small: pem(smallRsa.publicKey),
	middle: pem(otherRsa.publicKey),
	p256Pem: pem(p256.publicKey),
	p256Jwk: text(jwk(p256.publicKey)),
	p256Private: text(jwk(p256.privateKey)),
	p384Jwk: text(jwk(p384.publicKey)),
	p521Set: set(jwk(p521.publicKey)),
	p224Pem: pem((curves["P-224"] as Pair).publicKey),
	edPem: pem(ed.publicKey),
	edJwk: text(jwk(ed.publicKey)),
	edPrivate: text(jwk(ed.privateKey)),
	octJwk: text(oct(SECRET)),
	octPublicPem: text(oct(pem(rsa.publicKey))),
	all: set(jwk(rsa.publicKey), jwk(p256.publicKey), jwk(ed.publicKey), oct(SECRET)),
	none: set(),
};

const VERIFIERS: Readonly<Record<string, string>> = {
	HS256: "io.jwt.verify_hs256",
	HS384: "io.jwt.verify_hs384",
	HS512: "io.jwt.verify_hs512",
	RS256: "io.jwt.verify_rs256",
	RS384: "io.jwt.verify_rs384",
	RS512: "io.jwt.verify_rs512",
	PS256: "io.jwt.verify_ps256",
	PS384: "io.jwt.verify_ps384",
	PS512: "io.jwt.verify_ps512",
	ES256: "io.jwt.verify_es256",
	ES384: "io.jwt.verify_es384",
	ES512: "io.jwt.verify_es512",
	EdDSA: "io.jwt.verify_eddsa",
};
const ALGORITHMS = Object.keys(VERIFIERS);
const verifier = (alg: string): string => VERIFIERS[alg] ?? "";

/** Texts of keys that are not as they should be, and some odd ones that are. */
function oddKeys(): readonly string[] {
	const point = jwk(p256.publicKey) as { readonly x: string; readonly y: string };
	const pair = jwk(ed.privateKey) as object;
	const { p, ...withoutP } = jwk(rsa.privateKey) as Readonly<Record<string, string>>;
	const { dp, dq, qi, ...short } = jwk(rsa.privateKey) as Readonly<Record<string, string>>;
	const body = pem(rsa.publicKey);
	const modulus = (jwk(rsa.publicKey) as { readonly n: string }).n;
	return [
		"",
		"null",
		"{}",
		"[]",
		'"x"',
		"{",
		text({ keys: {} }),
		text({ keys: [null] }),
		set(jwk(rsa.publicKey), {}),
		set(jwk(rsa.publicKey), { kty: "XYZ" }),
		set(jwk(rsa.publicKey), jwk((curves["secp256k1"] as Pair).publicKey)),
		set(jwk(rsa.publicKey), jwk(x25519.publicKey)),
		set(jwk(rsa.publicKey), jwk(x25519.privateKey)),
		...["RS256", "none", "nope", "", null, 1, "ES256K", "A128KW", "dir"].map((alg) =>
			set(jwk(otherRsa.publicKey, { alg }), jwk(rsa.publicKey)),
		),
		...[1, null, "", "k"].map((kid) => set(jwk(rsa.publicKey, { kid }))),
		...["sig", "enc", 1, null, "x"].map((use) => set(jwk(rsa.publicKey, { use }))),
		...[["verify"], ["nope"], "verify", [1], null, []].map((key_ops) => set(jwk(rsa.publicKey, { key_ops }))),
		...[["AA"], [], "x", null, [1]].map((x5c) => set(jwk(rsa.publicKey, { x5c }))),
		...[1, "x"].map((x5t) => set(jwk(rsa.publicKey, { x5t }))),
		text(jwk(rsa.publicKey, { extra: { a: [1] } })),
		text({ kty: "RSA", n: modulus }),
		text({ kty: "RSA", n: modulus, e: "" }),
		text({ kty: "RSA", n: modulus, e: "Ag" }),
		text({ kty: "RSA", n: modulus, e: "AQ" }),
		text({ kty: "RSA", n: modulus, e: "AQAAAAE" }),
		text({ kty: "RSA", n: modulus, e: "AQAAAAAAAAAAAQ" }),
		text({ kty: "RSA", n: "", e: "AQAB" }),
		text({ kty: "RSA", n: "AQAB", e: "AQAB" }),
		text({ kty: "RSA", n: `AAAA${modulus}`, e: "AAEAAQ" }),
		text({ kty: "RSA", n: `${modulus}==`, e: "AQAB" }),
		text({ kty: "RSA", n: modulus.replaceAll("-", "+").replaceAll("_", "/"), e: "AQAB" }),
		text({ kty: "RSA", n: "***", e: "AQAB" }),
		text(withoutP),
		text(short),
		text({ ...short, dp: "*" }),
		text({ ...point, kty: "EC", crv: "P-256", y: point.x }),
		text({ ...point, kty: "EC", crv: "P-384" }),
		text({ ...point, kty: "EC", crv: "P-256", x: `AA${point.x}` }),
		text({ ...point, kty: "EC", crv: "P-256", d: "AQ" }),
		text({ ...point, kty: "EC" }),
		text({ ...pair, x: (jwk(x25519.publicKey) as { readonly x: string }).x }),
		text({ ...pair, d: "AQ" }),
		text({ kty: "OKP", crv: "Ed448", x: "AQ" }),
		text({ kty: "OKP", crv: "Ed25519", x: "AQ" }),
		text({ kty: "oct", k: "" }),
		text({ kty: "oct" }),
		text({ kty: "oct", k: 1 }),
		`  ${text(jwk(rsa.publicKey))}\n`,
		`text before\n${body}`,
		`${body}text after`,
		`${body}\n`,
		body.trimEnd(),
		body.replaceAll("\n", "\r\n"),
		body.replaceAll("\n", " \n"),
		body + body,
		CLIENT,
		LEAF,
		CLIENT + LEAF,
		body.replace("PUBLIC KEY", "PUBLIC  KEY"),
		body.replaceAll("PUBLIC KEY", "RSA PUBLIC KEY"),
		body.replaceAll("PUBLIC KEY", "CERTIFICATE"),
		body.replace("-----\n", "-----\nName: value\n\n"),
		body.replace("-----\n", "-----\nName: value\n"),
		`-----BEGIN X-----\n${body}`,
		"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		pem((curves["secp256k1"] as Pair).publicKey),
		pem(x25519.publicKey),
		rsa.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
		rsa.publicKey.export({ format: "pem", type: "pkcs1" }).toString(),
	];
}

const answer = (name: string, ...args: readonly Term[]): Term | undefined =>
	(HOST_BUILTINS.get(name) as Builtin)(args, { nowNs: () => 0n, remember: (_key, make) => make() });

describe("io.jwt.verify_*", () => {
	test.each(ALGORITHMS)("says of every token and key what OPA says, by %s", async (alg) => {
		const calls = Object.values(TOKENS).flatMap((given) =>
			[SECRET, "", ...Object.values(KEYS)].map((key): Call => [verifier(alg), [given, key]]),
		);
		expect(calls.length).toBeGreaterThan(400);
		expect(await differences(calls)).toEqual([]);
	});

	test("reads keys as OPA does, or not at all", async () => {
		const tokens = ["RS256", "ES256", "EdDSA"].map((alg) => [alg, TOKENS[alg] as string] as const);
		const calls = oddKeys().flatMap((key) =>
			tokens.flatMap(([alg, given]): Call[] => [
				[verifier(alg), [given, key]],
				["io.jwt.decode_verify", [given, { cert: key }]],
			]),
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("a public key is never a secret, and `none` is no signature", () => {
		const publicPem = pem(rsa.publicKey);
		const forged = TOKENS["HS256 over a public key"] as string;
		for (const alg of ALGORITHMS.filter((name) => !name.startsWith("HS"))) {
			for (const given of [forged, TOKENS["none"] as string, TOKENS["None"] as string]) {
				expect(answer(verifier(alg), given, publicPem)).toBe(false);
			}
		}
		const cert = { kind: "object", entries: [["cert", publicPem]] } as const;
		for (const given of [forged, TOKENS["none"] as string, TOKENS["RS256 said to be HS256"] as string]) {
			expect(answer("io.jwt.decode_verify", given, cert)).toMatchObject({ items: [false, {}, {}] });
		}
	});

	test("any other token of the same shape is refused without a throw", () => {
		const good = TOKENS["RS256"] as string;
		const changed = fc.tuple(fc.nat(good.length - 1), fc.constantFrom(..."AZaz09-_.=+/\u0000é".split("")));
		fc.assert(
			fc.property(changed, ([at, char]) => {
				const given = good.slice(0, at) + char + good.slice(at + 1);
				const said = answer("io.jwt.verify_rs256", given, KEYS["rsaPem"] as string);
				// The last character of a part has bits that decode to nothing.
				expect(given === good || said === false || said === undefined || given.length - at < 3).toBe(true);
			}),
		);
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), fc.string(), (given, key) => {
				for (const alg of ALGORITHMS) answer(verifier(alg), given, key);
				answer("io.jwt.decode", given);
				answer("io.jwt.decode_verify", given, { kind: "object", entries: [["cert", key]] });
				answer("io.jwt.encode_sign_raw", given, given, key);
			}),
		);
	});

	test("tokens and key sets of no reasonable size are refused unread", () => {
		const long = token("HS256", SECRET, {}, { pad: "x".repeat(2 << 20) });
		expect(answer("io.jwt.verify_hs256", long, SECRET)).toBeUndefined();
		expect(answer("io.jwt.decode", long)).toBeUndefined();
		const many = set(...Array.from({ length: 1001 }, () => oct("x")));
		expect(answer("io.jwt.verify_rs256", TOKENS["RS256"] as string, many)).toBeUndefined();
		const deep = `${part(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)}.${part({})}.`;
		expect(answer("io.jwt.decode", deep)).toBeUndefined();
	});
});

describe("io.jwt.decode_verify", () => {
	test("says what OPA says of every token and key", async () => {
		const asked = [...Object.values(KEYS).map((cert) => ({ cert })), { secret: SECRET }];
		const calls = Object.values(TOKENS).flatMap((given) =>
			asked.map((constraints): Call => ["io.jwt.decode_verify", [given, constraints]]),
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("holds the constraints against the claims", async () => {
		const claims: readonly unknown[] = [
			{},
			{ iss: "a" },
			{ iss: "" },
			{ aud: "x" },
			{ aud: "" },
			{ aud: ["y", "x"] },
			{ aud: [1, "x"] },
			{ aud: [] },
			{ aud: null },
			{ aud: { x: 1 } },
			...[0, 1, 999, 1000, 1001, 1000.5, 1e30, -1, LATER, "1", null, true].flatMap((time) => [
				{ exp: time },
				{ nbf: time },
			]),
			{ exp: 2000, nbf: 500 },
			[],
			"text",
			'{"exp": 1000.0000000000000000001}',
			'{"exp": 1, "exp": 4102444800}',
			'{"nbf": 1e400}',
			"{",
			"",
		];
		const asked: readonly object[] = [
			{},
			{ alg: "HS256" },
			{ alg: "RS256" },
			{ alg: "" },
			{ iss: "a" },
			{ iss: "b" },
			{ aud: "x" },
			{ aud: "" },
			{ time: 1000e9 },
			{ time: 1000.5e9 },
			{ time: 0 },
			{ time: 999_999_999_999 },
			{ time: -1 },
			{ time: 1e30 },
			{ time: "1" },
			{ alg: 1 },
			{ iss: 1 },
			{ aud: ["x"] },
			{ nope: 1 },
			{ secret: 1 },
			{ secret: "" },
			{ cert: KEYS["rsaPem"] },
			{ cert: 1 },
			{ secret: "", cert: KEYS["octJwk"] },
		];
		const calls = claims.flatMap((claim) =>
			asked.map(
				(more): Call => [
					"io.jwt.decode_verify",
					[token("HS256", SECRET, {}, claim), { secret: SECRET, ...more }],
				],
			),
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("a claim of the wrong type is no yes and no no", () => {
		const given = token("HS256", SECRET, {}, { iss: 1 });
		const asked = {
			kind: "object",
			entries: [
				["secret", SECRET],
				["iss", "a"],
			],
		} as const;
		expect(answer("io.jwt.decode_verify", given, asked)).toBeUndefined();
	});

	test("knows headers: extensions that are critical, types, tokens in tokens", async () => {
		const inner = token("HS256", SECRET);
		const headers: readonly object[] = [
			{ crit: ["x"] },
			{ crit: ["x"], x: 1 },
			{ crit: ["b64"], b64: false },
			{ crit: ["alg"] },
			{ crit: [] },
			{ crit: "x" },
			{ crit: [1] },
			{ crit: ["y", 1, "x"], x: 1 },
			{ crit: ["x", 1], x: 1 },
			{ typ: 1 },
			{ typ: "JWT" },
			{ cty: "JSON" },
			{ kid: 1 },
			{ kid: "x" },
			{ enc: "A128GCM" },
			{ jku: "https://evil.test/keys", jwk: oct("x") },
		];
		const tokens = [
			...headers.map((header) => token("HS256", SECRET, header)),
			...["JWT", "jwt", "Jwt"].flatMap((cty) => [
				token("HS256", SECRET, { cty }, inner),
				token("HS256", SECRET, { cty }, `"${inner}"`),
				token("HS256", SECRET, { cty }, token("HS256", "other")),
				token("HS256", SECRET, { cty }, token("HS256", SECRET, { cty }, inner)),
				token("HS256", SECRET, { cty }, { sub: "ann" }),
			]),
			`${inner}=`,
			`${inner}.x`,
			` ${inner}`,
			inner.replace(".", "=."),
		];
		const calls = tokens.flatMap((given): Call[] => [
			["io.jwt.decode_verify", [given, { secret: SECRET }]],
			["io.jwt.verify_hs256", [given, SECRET]],
			["io.jwt.verify_rs256", [given, KEYS["rsaPem"]]],
			["io.jwt.decode", [given]],
		]);
		expect(await differences(calls)).toEqual([]);
	});

	test("takes the evaluation's time where none is given", async () => {
		const rego = `package envoy.authz

allow := io.jwt.decode_verify(input.token, {"secret": input.secret})[0]
`;
		let now = 999_000;
		const policy = await policyOf(rego, { clock: { now: () => now, monotonic: () => 0 } });
		const ask = (claims: object): unknown => {
			const outcome = policy.evaluate(
				"envoy/authz/allow",
				inputOf({ token: token("HS256", SECRET, {}, claims), secret: SECRET }),
			);
			return outcome.kind === "value" ? outcome.value : outcome.kind;
		};
		expect([ask({ exp: 1000 }), ask({ nbf: 1000 })]).toEqual([true, false]);
		now = 1_000_000;
		expect([ask({ exp: 1000 }), ask({ nbf: 1000 })]).toEqual([false, true]);
	});
});

describe("io.jwt.encode_sign", () => {
	const SIGNERS: readonly (readonly [alg: string, key: object])[] = [
		...["HS256", "HS384", "HS512"].map((alg) => [alg, oct(SECRET)] as const),
		...["RS256", "RS384", "RS512"].map((alg) => [alg, jwk(rsa.privateKey)] as const),
		["EdDSA", jwk(ed.privateKey)],
	];

	test("signs as OPA does where signatures are not random", async () => {
		const payloads: readonly unknown[] = [
			{},
			{ b: 1, a: "<é&\u2028>", c: [1.5, 1e21, null] },
			[1],
			"text",
			"",
		];
		const calls = SIGNERS.flatMap(([alg, key]) =>
			payloads.flatMap((payload): Call[] => [
				["io.jwt.encode_sign_raw", [text({ alg }), text(payload), text(key)]],
				["io.jwt.encode_sign_raw", [text({ typ: "JOSE", alg }), String(payload), set(key, oct("x"))]],
				...(typeof payload === "object" && !Array.isArray(payload)
					? callsOf("io.jwt.encode_sign", [{ typ: "JWT", alg, z: "<" }, payload, key])
					: []),
			]),
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("refuses what OPA refuses", async () => {
		const key = text(oct(SECRET));
		const { p, ...withoutP } = jwk(rsa.privateKey) as Readonly<Record<string, string>>;
		const { dp, dq, qi, ...short } = jwk(rsa.privateKey) as Readonly<Record<string, string>>;
		const rs = text({ alg: "RS256", typ: "x" });
		const calls = callsOf(
			"io.jwt.encode_sign_raw",
			["{}", "{}", key],
			["{", "{}", key],
			["[]", "{}", key],
			[text({ alg: 1 }), "{}", key],
			[text({ alg: "none" }), "{}", key],
			[text({ alg: "Ed25519" }), "{}", text(jwk(ed.privateKey))],
			[text({ alg: "HS256" }), "no json", key],
			[text({ alg: "HS256", typ: "JWT" }), "no json", key],
			[text({ alg: "HS256", typ: "text" }), "no json", key],
			[text({ alg: "HS256", typ: 1 }), "no json", key],
			[text({ alg: "HS256" }), "{}", "{}"],
			[text({ alg: "HS256" }), "{}", set()],
			[text({ alg: "HS256" }), "{}", text(jwk(rsa.privateKey))],
			[text({ alg: "HS256" }), "{}", text(oct(""))],
			[rs, "{}", text(jwk(rsa.publicKey))],
			[rs, "{}", key],
			[rs, "{}", text(jwk(smallRsa.privateKey))],
			[rs, "{}", text(jwk(otherRsa.privateKey))],
			[rs, "{}", text(withoutP)],
			[rs, "{}", text(short)],
			[rs, "{}", text({ ...short, d: "AQ" })],
			[rs, "{}", text({ ...short, q: withoutP["n"] })],
			[rs, "{}", pem(rsa.publicKey)],
			[text({ alg: "PS512" }), "{}", text(oct("x"))],
			[text({ alg: "ES256" }), "{}", text(jwk(p256.publicKey))],
			[text({ alg: "EdDSA" }), "{}", text(jwk(ed.publicKey))],
			[text({ alg: "EdDSA" }), "{}", text(jwk(x25519.privateKey))],
		);
		expect(await differences(calls)).toEqual([]);
	});

	test("what it signs at random, OPA verifies", async () => {
		const signers: readonly (readonly [alg: string, pair: Pair])[] = [
			["PS256", rsa],
			["PS384", rsa],
			["PS512", rsa],
			["ES256", p256],
			["ES384", p384],
			["ES512", p521],
			["ES256", p521],
		];
		const calls = signers.flatMap(([alg, { privateKey, publicKey }]): Call[] => {
			const signed = answer("io.jwt.encode_sign_raw", text({ alg }), "{}", text(jwk(privateKey)));
			expect(answer(verifier(alg), signed as string, pem(publicKey))).toBe(true);
			return [
				[verifier(alg), [signed, pem(publicKey)]],
				["io.jwt.decode_verify", [signed, { cert: pem(publicKey) }]],
			];
		});
		expect(await differences(calls)).toEqual([]);
	});
});
