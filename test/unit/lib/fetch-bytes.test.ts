import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { fetchBytes } from "../../../src/lib/fetch-bytes.ts";
import { isUrl, remoteUrlProblem } from "../../../src/lib/remote-url.ts";
import { type KeyServer, startKeyServer } from "../../support/key-server.ts";

let server: KeyServer;
beforeEach(async () => {
	server = await startKeyServer("0123456789");
});
afterEach(() => server.close());

function read(maxBytes: number): Promise<string> {
	const options = { maxBytes, signal: AbortSignal.timeout(2000), accept: "*/*" };
	return fetchBytes(server.url, options).then((bytes) => Buffer.from(bytes).toString());
}

test("a body up to the limit is read, one byte more is refused, announced or not", async () => {
	expect(await read(10)).toBe("0123456789");
	await expect(read(9)).rejects.toThrow(/larger than 9/);
	server.answer((_request, response) => {
		response.write("01234");
		response.end("56789");
	});
	expect(await read(10)).toBe("0123456789");
	await expect(read(9)).rejects.toThrow(/larger than 9/);
});

test("only 200 counts, and a redirect is not followed", async () => {
	for (const status of [201, 204, 301, 302, 307, 404, 500]) {
		server.answer((_request, response) => response.writeHead(status, { location: "/elsewhere" }).end());
		await expect(read(10)).rejects.toThrow(`status ${status}`);
	}
	expect(server.requests()).toBe(7);
});

test("what others could change on its way is not asked for", async () => {
	const options = { maxBytes: 1, signal: AbortSignal.timeout(100), accept: "*/*" };
	await expect(fetchBytes("http://key.example/", options)).rejects.toThrow(/https/);
	await expect(fetchBytes("file:///etc/passwd", options)).rejects.toThrow(/https/);
	expect(remoteUrlProblem("http://127.0.0.1@evil.example/")).toMatch(/credentials/);
	expect(remoteUrlProblem("http://127.1/")).toBeUndefined();
	expect(remoteUrlProblem("http://2130706433/")).toBeUndefined();
	expect(remoteUrlProblem("http://127.0.0.1.nip.example/")).toMatch(/loopback/);
	expect([isUrl("https://x"), isUrl("/a/b"), isUrl("C:\\x"), isUrl("a:b")]).toEqual([
		true,
		false,
		false,
		false,
	]);
});
