import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createCertificates } from "../support/envoy/certificates.ts";
import { SECRET } from "../support/envoy/client.ts";
import { type EnvoyProcess, startEnvoy } from "../support/envoy/envoy-process.ts";
import { startPosternProcess } from "../support/envoy/postern-process.ts";
import { type Client, clientsOf } from "../support/strangers/clients.ts";
import { fetchPackages } from "../support/strangers/packages.ts";
import { type Stranger, startHttpbin, startJsonServer } from "../support/strangers/services.ts";

/** Services and clients that nobody here wrote, with Envoy and Postern between them. */
const POLICY = `package envoy.authz

default allow := false

# json-server
allow := {"allowed": true, "response": {"release": ["$.id", "$.name", "$[*].id", "$[*].name"], "mask": masks}} if {
	input.attributes.request.http.method in {"GET", "HEAD"}
	input.parsed_path[0] == "people"
}

allow := {
	"allowed": true,
	"response": {"release": ["$.id", "$.name"], "mask": masks},
	"request": {"release": ["$.name", "$.email"]},
} if {
	input.attributes.request.http.method in {"POST", "PUT", "PATCH"}
	input.parsed_path[0] == "people"
}

masks := [{"select": "$.email", "as": "email"}, {"select": "$[*].email", "as": "email"}]

# httpbin
allow := {
	"allowed": true,
	"response": {
		"release": ["$.url", "$.gzipped", "$.deflated", "$.brotli", "$.json", "$.form", "$.slideshow"],
		"mask": [{"select": "$.origin", "as": "redact"}],
		"withhold": ["$..author"],
	},
	"request": {"release": ["$.name"], "media_types": ["application/x-www-form-urlencoded"]},
} if {
	input.parsed_path[0] != "people"
}
`;

const PEOPLE = Array.from({ length: 30 }, (_, at) => ({
	id: at + 1,
	name: `Ada Moreau ${at + 1}`,
	email: `ada${at + 1}@mail.example`,
	ssn: SECRET,
	notes: [{ text: SECRET }],
}));

// Before the tests are named: what cannot be had is skipped, and counted as skipped.
const packages = await fetchPackages();
const had = "missing" in packages ? undefined : packages;
if ("missing" in packages)
	process.stderr.write(`\nSKIPPED: services and clients that nobody here wrote: ${packages.missing}\n\n`);

let postern: Awaited<ReturnType<typeof startPosternProcess>>;
const strangers: Stranger[] = [];
const envoys: EnvoyProcess[] = [];
let people = "";
let httpbin = "";
let calls = 0;
let leaked = 0;

beforeAll(async () => {
	if (had === undefined) return;
	const file = join(await mkdtemp(join(tmpdir(), "postern-records-")), "db.json");
	await writeFile(file, JSON.stringify({ people: PEOPLE }));
	strangers.push(await startJsonServer(had, file), await startHttpbin(had));
	postern = await startPosternProcess(POLICY, {
		drainSeconds: 0,
		fields: "{ request: true }",
	});
	const certificates = await createCertificates();
	for (const { address } of strangers)
		envoys.push(
			await startEnvoy({
				template: "authz-and-fields-streaming",
				postern: postern.address,
				upstream: address,
				certificates,
			}),
		);
	people = `http://127.0.0.1:${envoys[0]?.port}/people`;
	httpbin = `http://127.0.0.1:${envoys[1]?.port}`;
}, 400_000);
afterAll(async () => {
	if (had === undefined) return;
	postern.kill("SIGKILL");
	await Promise.all(envoys.map((envoy) => envoy.stop()));
	for (const stranger of strangers) stranger.stop();
	process.stdout.write(`strangers: ${calls} calls through Envoy, ${leaked} unmasked marks at the caller\n`);
	expect(leaked).toBe(0);
}, 30_000);

const clients: readonly (readonly [string, Client])[] =
	had === undefined
		? [["any client", () => Promise.reject(new Error("absent"))]]
		: Object.entries(clientsOf(had));

(had === undefined ? describe.skip : describe).each(clients)("%s", (_name, client) => {
	const call: Client = async (url, asked) => {
		const answer = await client(url, asked);
		calls++;
		leaked += JSON.stringify(answer).split(SECRET).length - 1;
		return answer;
	};

	test("reads records of json-server: one, all, a page, what is not there", async () => {
		const one = await call(`${people}/7`);
		expect(one.status).toBe(200);
		expect(JSON.parse(one.body)).toEqual({ id: 7, name: "Ada Moreau 7", email: "a***@mail.example" });
		expect(one.headers["etag"]).toBeUndefined();
		const all = await call(people);
		expect((JSON.parse(all.body) as unknown[]).length).toBeGreaterThanOrEqual(PEOPLE.length);
		const page = await call(`${people}?_page=2&_limit=5`);
		expect(JSON.parse(page.body)).toHaveLength(5);
		expect(page.headers["link"]).toContain('rel="next"');
		expect(page.headers["x-total-count"]).toBeDefined();
		expect((await call(`${people}/9999`)).status).toBe(404);
	});

	test("may not ask for a stale view or a part, by any header", async () => {
		for (const headers of [
			{ "if-none-match": "*" },
			{ range: "bytes=0-20" },
			{ "accept-encoding": "br, zstd" },
		] as Record<string, string>[])
			expect((await call(`${people}/7`, { headers })).status).toBe(200);
	});

	test("writes what it may, and sees of the answer what it may", async () => {
		const json = { name: "Bo Lindqvist", email: "bo@post.example", role: "admin" };
		const made = await call(people, { method: "POST", json });
		expect(made.status).toBe(201);
		const { id, ...rest } = JSON.parse(made.body);
		expect(rest).toEqual({ name: "Bo Lindqvist", email: "b***@post.example" });
		const own = strangers[0]?.address;
		const stored = await (await fetch(`http://${own}/people/${id}`)).json();
		expect(stored).toEqual({ id, name: "Bo Lindqvist", email: "bo@post.example" });
		const back = await call(`${people}/${id}`, { method: "PATCH", json: JSON.parse(made.body) });
		expect(back.status).toBe(422);
		const changed = await call(`${people}/${id}`, { method: "PATCH", json: { name: "Bo L.", ssn: "1" } });
		expect(JSON.parse(changed.body)).toEqual({ id, name: "Bo L.", email: "b***@post.example" });
		expect((await call(`${people}/${id}`, { method: "DELETE" })).status).toBe(403);
	});

	test("gets of httpbin's answers what the directive releases, however they are coded", async () => {
		for (const [path, flag] of [
			["gzip", "gzipped"],
			["deflate", "deflated"],
			["brotli", "brotli"],
		]) {
			const answer = await call(`${httpbin}/${path}`);
			expect([answer.status, JSON.parse(answer.body)]).toEqual([
				200,
				{ [flag ?? ""]: true, origin: "[redacted]" },
			]);
		}
		const got = await call(`${httpbin}/get?a=1`, { headers: { "x-secret": "1" } });
		expect(JSON.parse(got.body)).toMatchObject({ origin: "[redacted]" });
		expect(JSON.parse(got.body)).not.toHaveProperty("headers");
		const slides = JSON.parse((await call(`${httpbin}/json`)).body) as { slideshow: object };
		expect(slides.slideshow).toHaveProperty("title");
		expect(slides.slideshow).not.toHaveProperty("author");
	});

	test("sees that httpbin got its body without what it may not send", async () => {
		const json = { name: "Ada", role: "admin" };
		for (const method of ["POST", "PUT", "PATCH"]) {
			const echo = await call(`${httpbin}/${method.toLowerCase()}`, { method, json });
			expect((JSON.parse(echo.body) as { json: unknown }).json).toEqual({ name: "Ada" });
		}
	});

	test("gets nothing of what cannot be masked", async () => {
		for (const path of ["html", "xml", "image/png", "stream/3", "bytes/100", "robots.txt", "encoding/utf8"])
			expect([path, (await call(`${httpbin}/${path}`)).status]).toEqual([path, 502]);
		const headers = await call(`${httpbin}/response-headers?x-secret=${SECRET}&link=a`);
		expect(headers.status).toBe(200);
		expect(headers.headers["x-secret"]).toBeUndefined();
		expect((await call(`${httpbin}/status/418`)).status).toBe(418);
		expect((await call(`${httpbin}/cookies/set?a=${SECRET}`)).headers["set-cookie"]).toBeUndefined();
	});
});
