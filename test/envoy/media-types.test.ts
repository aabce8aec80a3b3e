import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { readProcessingRequest } from "../../src/envoy/ext-proc/messages.ts";
import { createProcess } from "../../src/envoy/ext-proc/session.ts";
import { header, SECRET } from "../support/envoy/client.ts";
import { withoutMatcher } from "../support/envoy/envoy-process.ts";
import { type Mesh, type ProcessCall, startMesh } from "../support/envoy/mesh.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";
import { whole } from "../support/envoy/upstream.ts";
import { processDeps } from "../support/process-deps.ts";
import { partOf } from "../support/test-size.ts";

const essence = (type: string): string => type.split(";")[0] as string;

/** A body of a type that can be masked, what of it is released, and one that is malformed. */
interface Kind {
	readonly type: string;
	readonly body: string;
	readonly masked: string;
	readonly malformed: string;
}

const part = (head: string, content: string): string => `--b\r\n${head}\r\n\r\n${content}\r\n`;
const field = (name: string, content: string): string =>
	part(`Content-Disposition: form-data; name="${name}"`, content);
const TEXT = "Content-Type: text/plain";

const MASKABLE: readonly Kind[] = [
	{
		type: "application/json",
		body: `{"id":1, "ssn":"${SECRET}"}`,
		masked: '{"id":1}',
		malformed: `{"id":1,"ssn":"${SECRET}"`,
	},
	{
		type: "application/problem+json; charset=utf-8",
		body: `{"ssn":"${SECRET}","id":"a"}`,
		masked: '{"id":"a"}',
		malformed: `{"id":1}{"ssn":"${SECRET}"}`,
	},
	{
		type: "application/x-ndjson",
		body: `{"id":1,"ssn":"${SECRET}"}\n\n{"ssn":"${SECRET}"}\r\n{"id":2}`,
		masked: '{"id":1}\n\n{}\r\n{"id":2}',
		malformed: `{"id":1}\n{"ssn":\n"${SECRET}"}`,
	},
	{
		type: "application/json-seq",
		body: `\x1e{"id":1,"ssn":"${SECRET}"}\n\x1e{"ssn":"${SECRET}"}\n`,
		masked: '\x1e{"id":1}\n\x1e{}\n',
		malformed: `{"ssn":"${SECRET}"}\n`,
	},
	{
		type: "text/event-stream",
		body: `:${SECRET}\r\nid: 4\r\ndata: {"id":1,\r\ndata: "ssn":"${SECRET}"}\r\n\r\ndata: [DONE]\n\n`,
		masked: 'id: 4\r\ndata: {"id":1\r\ndata: }\r\n\r\ndata: [DONE]\n\n',
		malformed: `data: {"id":1}\n\nsecret: ${SECRET}\n\n`,
	},
	{
		type: "application/x-www-form-urlencoded",
		body: `id=1&ssn=${SECRET}&id=a+b`,
		masked: "id=1&id=a+b",
		malformed: `id=%zz&ssn=${SECRET}`,
	},
	{
		type: "multipart/form-data; boundary=b",
		body: `${field("id", "1")}${field("ssn", SECRET)}--b--\r\n`,
		masked: `${field("id", "1")}--b--\r\n`,
		malformed: `${field("id", "1")}${field("ssn", SECRET)}`,
	},
	{
		type: "multipart/mixed; boundary=b",
		body: `${part("Content-Type: application/json", `{"id":1,"ssn":"${SECRET}"}`)}${part(TEXT, SECRET)}--b--\r\n`,
		masked: `${part("Content-Type: application/json", '{"id":1}')}--b--\r\n`,
		malformed: `${part("Content-Type: application/json", `{"ssn":"${SECRET}"`)}--b--\r\n`,
	},
	{
		type: "text/csv; header=present",
		body: `id,ssn\r\n1,${SECRET}\r\n`,
		masked: "id\r\n1\r\n",
		malformed: `id,ssn\r\n1\r\n2,${SECRET}\r\n`,
	},
];
/** What only another directive or a set of descriptors can mask; released whole it is like all others. */
const ELSEWHERE = [
	"application/graphql-response+json",
	"application/grpc",
	"application/grpc-web+proto",
	"application/grpc-web-text",
];
const UNMASKABLE = [
	"text/html",
	"application/xml",
	"image/png",
	"application/octet-stream",
	"application/vnd.of.nobody",
];
/** JSON and `+json` need no name in a directive. */
const MEDIA_TYPES = MASKABLE.map(({ type }) => essence(type)).filter((type) => !/[/+]json$/.test(type));
// The parts of multipart/mixed are an array.
const RELEASING = { release: ["$.id", "$[*].id"], media_types: MEDIA_TYPES };
const TEMPLATES = ["authz-and-fields", "authz-and-fields-streaming"];

/** What a processor may do instead of its work, and what a client then gets of an answer that is to be masked. */
const FAULTS: readonly (readonly [string, (call: ProcessCall) => void, number])[] = [
	["cannot be reached", (call) => call.emit("error", { code: 14, details: "scripted" }), 502],
	["ends with an error", (call) => call.emit("error", { code: 13, details: "scripted" }), 502],
	["answers what is no message", (call) => call.write(Buffer.from("ffff", "hex")), 502],
	["says nothing", () => {}, 504],
];

/** Does Postern's work up to the body, and then fails. */
function failingAtBody(fault: (call: ProcessCall) => void): (call: ProcessCall) => void {
	const service = createProcess(processDeps().deps);
	return (call) => {
		const stream = service.open();
		call.on("error", () => {});
		call.on("data", async (bytes: Buffer) => {
			const step = await stream.receive(bytes);
			if (readProcessingRequest(bytes).phase === "response_body") fault(call);
			else if (step.kind === "answer") call.write(step.message);
		});
	};
}

describe.each(TEMPLATES)("%s", (template) => {
	let mesh: Mesh;
	let next = 0;
	beforeAll(async () => {
		mesh = await startMesh({ template, variants: { unmatched: withoutMatcher } });
	}, 30_000);
	afterAll(() => closeAndCount(`media types, ${template}`, mesh), 30_000);
	beforeEach(() => mesh.reset());

	function at(type: string, body: string, response?: object, chunked?: number): string {
		const path = `/t/${next++}`;
		const headers = [
			["content-type", type],
			["etag", '"v1"'],
		] as const;
		mesh.upstream.reply(path, whole({ body, headers, ...(chunked === undefined ? {} : { chunked }) }));
		mesh.decide(path, { allowed: true, ...(response === undefined ? {} : { response: { ...response } }) });
		return path;
	}
	async function streams(): Promise<number> {
		const stats = await mesh.envoy.stats("ext_proc.streams_started");
		return [...stats.matchAll(/streams_started: (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
	}

	describe.each(MASKABLE)("under a directive $type", ({ type, body, masked, malformed }) => {
		test("is masked, whole and in pieces; a stream without an end only where it is granted", async () => {
			const endless = type === "text/event-stream";
			for (const by of ["get", "get2"] as const)
				for (const chunked of [undefined, 1, 7]) {
					const answer = await mesh[by](at(type, body, RELEASING, chunked));
					if (endless && chunked !== undefined) expect(answer).toMatchObject({ status: 502, complete: true });
					else {
						expect(answer).toMatchObject({ status: 200, body: masked, complete: true });
						expect([header(answer, "content-type"), header(answer, "etag")]).toEqual([type, undefined]);
					}
				}
		});

		test("is refused as a whole when it is malformed, or not named", async () => {
			for (const by of ["get", "get2"] as const) {
				const refused = await mesh[by](at(type, malformed, RELEASING));
				expect(refused).toMatchObject({ status: 502, complete: true });
				if (!MEDIA_TYPES.includes(essence(type))) continue;
				const unnamed = { ...RELEASING, media_types: MEDIA_TYPES.filter((each) => each !== essence(type)) };
				expect((await mesh[by](at(type, body, unnamed))).status).toBe(502);
			}
		});
	});

	test.each(
		partOf(
			MASKABLE.flatMap(({ type, body }) =>
				FAULTS.map(([name, fault, status]) => [type, name, body, fault, status] as const),
			),
			8,
		),
	)(
		"under a directive %s is refused as a whole where ext_proc %s",
		async (type, _name, body, fault, status) => {
			const path = at(type, body, RELEASING);
			for (const process of [(call: ProcessCall) => failing(call, fault), failingAtBody(fault)]) {
				mesh.processBy(process);
				for (const by of ["get", "get2"] as const)
					expect(await mesh[by](path)).toMatchObject({ status, complete: true });
			}
		},
	);

	test.each(UNMASKABLE)("under a directive %s is refused", async (type) => {
		for (const by of ["get", "get2"] as const)
			expect((await mesh[by](at(type, SECRET, RELEASING))).status).toBe(502);
	});

	describe.each([...MASKABLE.map(({ type }) => type), ...ELSEWHERE, ...UNMASKABLE])(
		"released whole %s",
		(type) => {
			const body = `{"id":1}, or whatever ${type} holds`;
			const whole = { status: 200, body, complete: true };

			test("passes byte for byte, without ext_proc, whatever becomes of that", async () => {
				const path = at(type, body);
				const before = await streams();
				const ends = (call: ProcessCall): void => void call.end();
				for (const fault of [undefined, ends, ...FAULTS.map(([, each]) => each)]) {
					mesh.processBy(fault === undefined ? undefined : (call) => failing(call, fault));
					for (const by of ["get", "get2"] as const) {
						const answer = await mesh[by](path);
						expect(answer).toMatchObject(whole);
						expect([header(answer, "content-type"), header(answer, "etag")]).toEqual([type, '"v1"']);
					}
				}
				expect(await streams()).toBe(before);
				expect(mesh.releases()).toEqual([]);
			});

			test("passes byte for byte through ext_proc, where no matcher leaves it out", async () => {
				const before = await streams();
				for (const by of ["get", "get2"] as const)
					expect(await mesh[by](at(type, body, undefined, 5), { via: "unmatched" })).toMatchObject(whole);
				expect(await streams()).toBe(before + 2);
			});
		},
	);
});

function failing(call: ProcessCall, fault: (call: ProcessCall) => void): void {
	call.on("error", () => {});
	call.on("data", () => fault(call));
}
