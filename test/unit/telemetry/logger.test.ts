import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createLogger } from "../../../src/telemetry/logger.ts";

let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "postern-logger-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("lines are JSON with level as text and an RFC 3339 time, from the configured level on", async () => {
	const path = join(folder, "a.log");
	const fd = openSync(path, "w");
	const log = createLogger({ level: "info", fd });
	log.debug({ n: 1 }, "not this");
	log.info({ n: 2 }, "this");
	log.error({ err: Object.assign(new Error("bad"), { code: "E_X", payload: "canary" }) }, "and this");
	// A flush while a write is under way may overtake it; lines that leave by themselves keep their order.
	for (let tries = 0; tries < 200 && readFileSync(path, "utf8").split("\n").length < 3; tries++)
		await sleep(10);
	log.flush();
	closeSync(fd);
	const lines = readFileSync(path, "utf8")
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line));
	expect(lines).toEqual([
		{ level: "info", time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), n: 2, msg: "this" },
		{
			level: "error",
			time: expect.anything(),
			err: { code: "E_X", message: "bad", stack: expect.any(String) },
			msg: "and this",
		},
	]);
});

test("values under names of secrets never reach the log, at the top or one level down", async () => {
	const path = join(folder, "b.log");
	const fd = openSync(path, "w");
	const log = createLogger({ level: "debug", fd });
	const names = [
		"authorization",
		"proxy-authorization",
		"cookie",
		"set-cookie",
		"x-api-key",
		"x_api_key",
		"token",
		"access_token",
		"refresh_token",
		"id_token",
		"client_secret",
		"password",
		"secret",
		"api_key",
		"body",
		"headers",
	];
	for (const name of names) {
		log.info({ [name]: "canary-1", inner: { [name]: "canary-2" } }, "line");
	}
	for (
		let tries = 0;
		tries < 200 && readFileSync(path, "utf8").split("\n").length < names.length + 1;
		tries++
	)
		await sleep(10);
	log.flush();
	closeSync(fd);
	const text = readFileSync(path, "utf8");
	expect(text.trimEnd().split("\n")).toHaveLength(names.length);
	expect(text).not.toContain("canary");
	expect(text.match(/\[redacted\]/g)).toHaveLength(names.length * 2);
});
