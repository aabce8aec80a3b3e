import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createAccess } from "../../../src/admin/access.ts";
import { type AdminDeps, type AdminServer, startAdmin } from "../../../src/admin/http.ts";
import { parseAddress } from "../../../src/lib/address.ts";
import { memoryLog, memoryMetrics } from "../../support/quiet.ts";

const open: Pick<AdminDeps, "access" | "setLogLevel" | "log" | "refused"> = {
	access: createAccess({
		tokens: { read: () => undefined, write: () => undefined },
		guarded: false,
		maxFailures: 1,
		maxTotalFailures: 1,
		maxAddresses: 1,
		monotonic: () => 0,
	}),
	setLogLevel: () => true,
	log: memoryLog(),
	refused: memoryMetrics().metrics.adminRefused,
};
let missing: string[] = [];
let admin: AdminServer;
let base = "";
beforeEach(async () => {
	missing = [];
	admin = await startAdmin(
		parseAddress("127.0.0.1:0")!,
		{
			missing: () => missing,
			metrics: { render: async () => "m 1\n", contentType: "text/plain; version=0.0.4" },
			status: () => ({ policy: { revision: "r" } }),
			...open,
		},
		(_path, bind) => bind(),
	);
	base = `http://${admin.address}`;
});
afterEach(() => admin.stop());

test("readiness says what is missing, liveness does not care", async () => {
	expect(await (await fetch(`${base}/readyz`)).text()).toBe("ready\n");
	missing = ["no policy is active", "draining"];
	const unready = await fetch(`${base}/readyz?verbose`);
	expect(unready.status).toBe(503);
	expect(await unready.text()).toBe("not ready:\n- no policy is active\n- draining\n");
	expect((await fetch(`${base}/livez`)).status).toBe(200);
});

test("metrics and status come with neutral headers", async () => {
	const metrics = await fetch(`${base}/metrics`);
	expect([metrics.headers.get("content-type"), await metrics.text()]).toEqual([
		"text/plain; version=0.0.4",
		"m 1\n",
	]);
	const status = await fetch(`${base}/status`);
	expect(await status.json()).toEqual({ policy: { revision: "r" } });
	expect(status.headers.get("x-content-type-options")).toBe("nosniff");
	expect(status.headers.get("cache-control")).toBe("no-store");
	expect(status.headers.get("server")).toBeNull();
	expect(status.headers.get("x-powered-by")).toBeNull();
});

test("only GET and HEAD, only known paths", async () => {
	const codes = await Promise.all(
		[
			["POST", "/readyz"],
			["DELETE", "/status"],
			["HEAD", "/livez"],
			["GET", "/"],
			["GET", "/metrics/../secret"],
			["GET", "/log-level"],
			["PUT", "/log-level"],
		].map(async ([method, path]) => (await fetch(base + path, { method: method! })).status),
	);
	expect(codes).toEqual([405, 405, 200, 404, 404, 405, 403]);
});

test("a client that sends its request byte by byte, or too much of it, is cut off", async () => {
	const { port } = new URL(base);
	const large = connect(Number(port), "127.0.0.1");
	large.on("error", () => undefined);
	large.write(`GET /livez HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`);
	const [answer] = await once(large, "data");
	expect(String(answer)).toMatch(/^HTTP\/1\.1 431/);
	const slow = connect(Number(port), "127.0.0.1");
	slow.on("error", () => undefined);
	slow.write("GET /livez HTTP/1.1\r\n");
	const [late] = await once(slow, "data");
	expect(String(late)).toMatch(/^HTTP\/1\.1 408/);
});

test("a port in use is told as such", async () => {
	const again = startAdmin(
		parseAddress(admin.address)!,
		{ missing: () => [], metrics: { render: async () => "", contentType: "" }, status: () => ({}), ...open },
		(_path, bind) => bind(),
	);
	await expect(again).rejects.toMatchObject({ code: "address_in_use" });
});
