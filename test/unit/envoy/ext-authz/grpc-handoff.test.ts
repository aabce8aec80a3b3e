import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { readHandoff } from "../../../../src/decision/handoff.ts";
import { createCheckService } from "../../../../src/envoy/ext-authz/check-service.ts";
import { createDescriptorShelf } from "../../../../src/envoy/protobuf/descriptor-shelf.ts";
import { checkDeps, fakePolicy } from "../../../support/check-deps.ts";
import { schemaOf } from "../../../support/descriptors.ts";
import { headersOf, httpCheck, readAnswer } from "../../../support/ext-authz-messages.ts";

const schema = (field: string) =>
	schemaOf(`
		syntax = "proto3";
		package t;
		message Q { int32 ${field} = 1; }
		service S { rpc Get(Q) returns (Q); }
	`).bytes;
const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const CONFIGURED = schema("a");
const BUNDLED = schema("b");

async function check(path: string, response: object, bundled: boolean, key = "response") {
	const shelf = createDescriptorShelf(CONFIGURED);
	const descriptors = { digest: digestOf(BUNDLED), bytes: BUNDLED };
	shelf.keep(descriptors);
	const plain = fakePolicy(() => ({ kind: "value", value: { allowed: true, [key]: response } as never }), {
		all: false,
		children: new Map(),
	});
	const policy = bundled ? { ...plain, descriptors } : plain;
	const service = createCheckService(checkDeps(policy, { descriptors: shelf }));
	const answer = readAnswer(
		await service.check(
			httpCheck({ method: "POST", path, headers: { "content-type": "application/grpc" } }),
			{},
		),
	);
	const text = answer.metadata["directive"];
	return { handoff: readHandoff(String(text)), headers: headersOf(answer.okResponse?.headers) };
}

const DIRECTIVE = { release: ["$"], media_types: ["application/grpc"] };

test("the method that is called and the set that has it are handed on", async () => {
	const own = await check("/t.S/Get", DIRECTIVE, true);
	expect(own.handoff).toMatchObject({ method: "t.S/Get", digests: { descriptors: digestOf(BUNDLED) } });
	const configured = await check("/t.S/Get", DIRECTIVE, false);
	expect(configured.handoff).toMatchObject({
		method: "t.S/Get",
		digests: { descriptors: digestOf(CONFIGURED) },
	});
});

test("also where the directive is the request's", async () => {
	const { handoff } = await check("/t.S/Get", DIRECTIVE, true, "request");
	expect(handoff).toMatchObject({ method: "t.S/Get", digests: { descriptors: digestOf(BUNDLED) } });
	expect(handoff).not.toHaveProperty("response");
});

test("the upstream is asked for messages that are not compressed", async () => {
	expect((await check("/t.S/Get", DIRECTIVE, true)).headers).toMatchObject({
		"accept-encoding": "identity",
		"grpc-accept-encoding": "identity",
	});
	expect((await check("/t.S/Get", { release: ["$"] }, true)).headers).not.toHaveProperty(
		"grpc-accept-encoding",
	);
});

test("neither is handed on for another path, or a directive that is not for gRPC", async () => {
	for (const path of ["/t.S/Other", "/t.S/Get/", "/x/t.S/Get", "/t.S/Get?x=1", "/T.S/Get"]) {
		const { handoff } = await check(path, DIRECTIVE, true);
		expect([path, handoff?.method, handoff?.digests.descriptors]).toEqual([path, undefined, undefined]);
	}
	const { handoff } = await check(
		"/t.S/Get",
		{ release: ["$"], media_types: ["application/x-ndjson"] },
		true,
	);
	expect(handoff).not.toHaveProperty("method");
	for (const type of ["application/grpc-web", "application/grpc-web-text+proto", "application/grpc+proto"])
		expect((await check("/t.S/Get", { release: [], media_types: [type] }, true)).handoff?.method).toBe(
			"t.S/Get",
		);
});
