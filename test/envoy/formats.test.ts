import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { SECRET } from "../support/envoy/client.ts";
import { type Mesh, startMesh } from "../support/envoy/mesh.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { whole } from "../support/envoy/upstream.ts";
import { until } from "../support/until.ts";

const RELEASE = { release: ["$.id", "$.name", "$.f", "$[*].id"] };
const RS = "\x1e";

interface Case {
	readonly type: string;
	readonly body: string;
	readonly masked: string;
	/** Beside the media type itself. */
	readonly keys?: object;
}

const part = (head: readonly string[], content: string): string =>
	`--b\r\n${head.map((line) => `${line}\r\n`).join("")}\r\n${content}\r\n`;
const field = (name: string, content: string, ...more: readonly string[]): string =>
	part([`Content-Disposition: form-data; name="${name}"`, ...more], content);
const file = part(
	['Content-Disposition: form-data; name="f"; filename="a.png"', "Content-Type: image/png"],
	"PNG",
);

const CASES: readonly Case[] = [
	{ type: "application/json", body: `{"id":1,"ssn":"${SECRET}"}`, masked: '{"id":1}' },
	{ type: "application/problem+json", body: `{"id":1,"ssn":"${SECRET}"}`, masked: '{"id":1}' },
	{
		type: "application/x-ndjson",
		body: `{"id":1,"ssn":"${SECRET}"}\n\n{"id":2}\n`,
		masked: '{"id":1}\n\n{"id":2}\n',
	},
	{
		type: "application/json-seq",
		body: `${RS}{"id":1,"ssn":"${SECRET}"}\n${RS}{"ssn":"${SECRET}"}\n`,
		masked: `${RS}{"id":1}\n${RS}{}\n`,
	},
	{
		type: "application/geo+json-seq",
		body: `${RS}{"id":1,"ssn":"${SECRET}"}\n`,
		masked: `${RS}{"id":1}\n`,
	},
	{ type: "application/x-www-form-urlencoded", body: `id=1&ssn=${SECRET}`, masked: "id=1" },
	{
		type: "multipart/form-data; boundary=b",
		body: `${field("id", "1")}${field("name", `{"ssn":"${SECRET}"}`, "Content-Type: application/json")}${field("ssn", SECRET)}--b--\r\n`,
		masked: `${field("id", "1")}${field("name", '{"ssn":"[redacted]"}', "Content-Type: application/json")}--b--\r\n`,
		keys: { mask: [{ select: "$..ssn", as: "redact" }], withhold: ["$.ssn"] },
	},
	{
		type: 'multipart/mixed; boundary="b"',
		body: `${part(["Content-Type: application/json", `X-Ssn: ${SECRET}`], `{"id":1,"ssn":"${SECRET}"}`)}${part([], SECRET)}--b--`,
		masked: `${part(["Content-Type: application/json"], '{"id":1}')}--b--`,
	},
	{
		type: "multipart/form-data; boundary=b",
		body: `${file}${field("ssn", SECRET)}--b--\r\n`,
		masked: `${file}--b--\r\n`,
		keys: { files: "pass" },
	},
	{ type: "text/csv; header=present", body: `id,ssn\r\n1,${SECRET}\r\n`, masked: "id\r\n1\r\n" },
	{
		type: "text/csv",
		body: `ssn,name\n"${SECRET}","A ""B"""\n`,
		masked: 'name\n"A ""B"""\n',
		keys: { csv_header: "present" },
	},
];

let mesh: Mesh;
let streaming: Mesh;
let next = 0;

beforeAll(async () => {
	[mesh, streaming] = await Promise.all([startMesh(), startMesh({ template: "authz-and-fields-streaming" })]);
}, 60_000);
afterAll(async () => {
	await closeAndCount("media types", mesh);
	await closeAndCount("media types that flow", streaming);
}, 30_000);
beforeEach(() => {
	mesh.reset();
	streaming.reset();
});

const essence = (type: string): string => type.split(";")[0] as string;

function at(type: string, body: string | Buffer, response: object): string {
	const path = `/m/${next++}`;
	mesh.upstream.reply(path, whole({ body, headers: [["content-type", type]] }));
	mesh.decide(path, { allowed: true, response: response as never });
	return path;
}

describe("an answer of a type that a directive names", () => {
	test.each(CASES)("$type", async ({ type, body, masked, keys }) => {
		const directive = { ...RELEASE, media_types: [essence(type)], ...keys };
		for (const by of ["get", "get2"] as const) {
			const answer = await mesh[by](at(type, body, directive));
			expect(answer).toMatchObject({ status: 200, body: masked, complete: true, leaked: 0 });
		}
		expect(mesh.releases()).toMatchObject([{ outcome: "released" }, { outcome: "released" }]);
	});

	test.each(CASES)("$type with bytes that are no text is replaced", async ({ type, body, keys }) => {
		const directive = { ...RELEASE, media_types: [essence(type)], ...keys };
		const bad = Buffer.of(0xff);
		for (const given of [Buffer.concat([bad, Buffer.from(body)]), Buffer.concat([Buffer.from(body), bad])])
			expect(await mesh.get(at(type, given, directive))).toMatchObject({ status: 502, leaked: 0 });
	});
});

describe("an answer that may flow", () => {
	const flowing = (type: string, body: string | Buffer, keys: object | undefined, pieces: number): string => {
		const path = `/m/${next++}`;
		const response = { ...RELEASE, media_types: [essence(type)], ...keys, stream: true };
		streaming.upstream.reply(path, whole({ body, chunked: pieces, headers: [["content-type", type]] }));
		streaming.decide(path, { allowed: true, response: response as never });
		return path;
	};

	test.each(CASES)("$type is the same in pieces of any size", async ({ type, body, masked, keys }) => {
		for (const pieces of [1, 7, 1000]) {
			const answer = await streaming.get(flowing(type, body, keys, pieces));
			expect(answer).toMatchObject({ status: 200, body: masked, complete: true, leaked: 0 });
		}
		const outcomes = streaming.releases().map(({ outcome }) => outcome);
		expect(outcomes).toEqual(["flowing", "released", "flowing", "released", "flowing", "released"]);
	});

	test.each(CASES)("$type with bytes that are no text is cut", async ({ type, body, keys }) => {
		const bad = Buffer.concat([Buffer.from(body), Buffer.of(0xff)]);
		const answer = await streaming.get(flowing(type, bad, keys, 7));
		expect([answer.leaked, answer.status === 200 && answer.complete]).toEqual([0, false]);
		await until(() => streaming.releases().length > 1);
		expect(streaming.releases()).toMatchObject([{ outcome: "flowing" }, { outcome: "cut" }]);
	});

	test.each(["application/xml", "text/html", "application/octet-stream", "multipart/related; boundary=b"])(
		"%s does not",
		async (type) => {
			const answer = await streaming.get(flowing(type, `<ssn>${SECRET}</ssn>`, undefined, 7));
			expect(answer).toMatchObject({ status: 502, complete: true, leaked: 0 });
			expect(streaming.releases()).toMatchObject([{ outcome: "replaced", reason: "body_unsupported" }]);
		},
	);
});

describe("any other type under a directive is replaced, and the record says why", () => {
	test.each([
		...CASES.map(({ type }) => type).filter((type) => !/json$/.test(essence(type))),
		"application/grpc",
		"application/xml",
		"text/xml; charset=utf-8",
		"application/soap+xml",
		"text/html",
		"text/plain",
		"application/yaml",
		"application/octet-stream",
		"application/pdf",
		"application/cbor",
		"application/x-protobuf",
		"multipart/related; boundary=b",
		"application/graphql-response+json",
	])("%s", async (type) => {
		const path = at(type, `<ssn>${SECRET}</ssn>`, RELEASE);
		expect(await mesh.get(path)).toMatchObject({ status: 502, leaked: 0 });
		expect(mesh.releases()).toMatchObject([{ outcome: "replaced", reason: "body_unsupported" }]);
	});

	test("naming a type that nobody here reads does not make it readable", async () => {
		for (const type of ["application/xml", "text/html", "application/octet-stream"]) {
			const path = at(type, `<ssn>${SECRET}</ssn>`, { ...RELEASE, media_types: [type] });
			expect(await mesh.get(path)).toMatchObject({ status: 502, leaked: 0 });
		}
	});

	test("nor does a file pass where files are blocked, nor a column without a name", async () => {
		const blocked = at("multipart/form-data; boundary=b", `${file}--b--\r\n`, {
			...RELEASE,
			media_types: ["multipart/form-data"],
		});
		expect(await mesh.get(blocked)).toMatchObject({ status: 502, leaked: 0 });
		const nameless = at("text/csv", `1,${SECRET}\n`, { ...RELEASE, media_types: ["text/csv"] });
		expect(await mesh.get(nameless)).toMatchObject({ status: 502, leaked: 0 });
	});
});
