import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { awsBuiltins } from "../../../../src/policy/builtins/aws/sign-req.ts";
import { printTerm } from "../../../../src/policy/term/print.ts";
import { numberTerm, objectTerm, type Term } from "../../../../src/policy/term/term.ts";
import { type Call, differences } from "../../../support/builtin-oracle.ts";
import { opaEval } from "../../../support/opa-eval.ts";

const CONFIG = {
	aws_access_key: "AKIDEXAMPLE",
	aws_secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	aws_region: "us-east-1",
	aws_service: "s3",
};
const REQUEST = { method: "get", url: "https://bucket.s3.test/key" };
const TIME = 1_700_000_000_000_000_000;

const call = (request: unknown, config: unknown = CONFIG, time: unknown = TIME): Call => [
	"providers.aws.sign_req",
	[request, config, time],
];

/** The same without one member. */
const without = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
	Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

test("what OPA refuses to sign is refused", async () => {
	const calls = [
		...Object.keys(REQUEST).map((name) => call(without(REQUEST, name))),
		...Object.keys(CONFIG).map((name) => call(REQUEST, without(CONFIG, name))),
		...Object.keys(CONFIG).map((name) => call(REQUEST, { ...CONFIG, [name]: 1 })),
		call({ ...REQUEST, other: 1 }),
		call({ ...REQUEST, timeout: 1, raise_error: "x", tls_ca_cert: null }),
		call({ ...REQUEST, url: 1 }),
		call({ ...REQUEST, method: null }),
		call({ ...REQUEST, headers: [] }),
		call({ ...REQUEST, url: "http://a b/" }),
		call({ ...REQUEST, url: "%" }),
		call({ ...REQUEST, url: "" }),
		call(REQUEST, { ...CONFIG, disable_payload_signing: "true" }),
		call(REQUEST, { ...CONFIG, disable_payload_signing: false, other: 1 }),
		call(REQUEST, { ...CONFIG, aws_session_token: 1 }),
		call(REQUEST, CONFIG, 1.5),
		call(REQUEST, CONFIG, -1),
		call(REQUEST, CONFIG, 1e30),
		call(REQUEST, CONFIG, "1"),
		call([], CONFIG),
		call(REQUEST, []),
	];
	expect(await differences(calls)).toEqual([]);
});

test("what it signs is signed the same", async () => {
	const texts = fc.constantFrom(
		"",
		"a",
		"A",
		"é",
		"İΣ",
		"\u{1f600}",
		"a b",
		"<&>\u2028",
		'say "hi"',
		"x:y,z",
	);
	const value = fc.oneof(texts, fc.constantFrom<unknown>(null, 1, 1.5, true, [], { b: ["x", { a: 1 }] }));
	const body = fc.oneof(value, fc.constant({ $set: [3, 1, "a"] }), fc.constant(undefined));
	const headers = fc.uniqueArray(
		fc.tuple(
			fc.constantFrom(
				"Host",
				"X-One",
				"user-AGENT",
				"authorization",
				"İ",
				"x-amz-date",
				"X-Amzn-Trace-Id",
				"é",
				"",
				"ÄÖ",
			),
			value,
		),
		{ maxLength: 4, selector: ([name]) => name },
	);
	const url = fc.constantFrom(
		"https://bucket.s3.test/key",
		"https://user:pw@b.test:8443/a%2Fb/ü?x=1&y=%20 z#f",
		"/only/path?q",
		"mailto:a@b",
		"http://[::1]:80/*",
		"HTTP://ÄÖ.test/a b",
		"*",
		"//h/p",
		"http://h?",
		"http://%C3%A4.test/%C3%A4",
	);
	const config = fc.record({
		aws_service: fc.constantFrom("s3", "glacier", "ec2", "", "é/s"),
		aws_region: texts,
		aws_secret_access_key: texts,
		aws_access_key: texts,
		aws_session_token: fc.constantFrom(undefined, "", "token", "é"),
		disable_payload_signing: fc.constantFrom(undefined, true, false),
	});
	const request = fc
		.record({ method: texts, url, body, raw_body: body, headers: fc.option(headers) })
		.map(({ headers: given, ...rest }) => ({
			...rest,
			...(given === null ? {} : { headers: Object.fromEntries(given) }),
		}));
	const time = fc.constantFrom(
		0,
		-1,
		-1_000_000_001,
		TIME,
		951_782_400_000_000_000,
		9_000_000_000_000_000_000,
	);
	const samples = fc.sample(fc.tuple(request, config, time), { numRuns: 600, seed: 8 });
	expect(await differences(samples.map(([one, as, at]) => call(one, as, at)))).toEqual([]);
}, 120_000);

test("a name or a value that is no UTF-8 is signed the same", async () => {
	const query = (headers: string): string => `providers.aws.sign_req(
		{"method": base64.decode("Qf9C"), "url": "http://h/", "headers": ${headers}},
		{"aws_access_key": "a", "aws_secret_access_key": base64.decode("Qf9C"), "aws_region": "r", "aws_service": "s"},
		0,
	).headers.Authorization`;
	// As the host has such strings: a lone surrogate for the byte.
	const bytes = "A\udcffB";
	const object = (members: Readonly<Record<string, Term>>): Term => objectTerm(Object.entries(members));
	for (const [name, value, headers] of [
		[bytes, "v", '{base64.decode("Qf9C"): "v"}'],
		["n", bytes, '{"n": base64.decode("Qf9C")}'],
	] as const) {
		const answer = awsBuiltins["providers.aws.sign_req"]?.(
			[
				object({ method: bytes, url: "http://h/", headers: object({ [name]: value }) }),
				object({ aws_access_key: "a", aws_secret_access_key: bytes, aws_region: "r", aws_service: "s" }),
				numberTerm(0),
			],
			{ nowNs: () => 0n, remember: (_key, make) => make() },
		);
		const theirs = await opaEval("package p", query(headers), {});
		expect(theirs).toMatch(/^AWS4-HMAC-SHA256 /);
		expect(printTerm(answer ?? null)).toContain(`"Authorization":${JSON.stringify(theirs)}`);
	}
});
