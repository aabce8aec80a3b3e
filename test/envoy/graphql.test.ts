import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { buildSchema, GraphQLError, graphql } from "graphql";
import { type ClientAnswer, SECRET } from "../support/envoy/client.ts";
import { type EnvoyConfig, filterOf } from "../support/envoy/envoy-process.ts";
import { type Mesh, type ProcessCall, startMesh } from "../support/envoy/mesh.ts";
import { closeAndCount } from "../support/envoy/unmasked-count.ts";

const PATH = "/graphql";
const SCHEMA = buildSchema(`
	type Person { id: ID! name: String ssn: String friends: [Person!] broken: String }
	type Query { person(id: ID): Person people: [Person!] }
`);
const ada = {
	id: "7",
	name: "Ada",
	ssn: SECRET,
	friends: [{ id: "8", name: "Bea", ssn: SECRET }],
	broken: () => {
		throw new GraphQLError(`no row for ${SECRET}`, { extensions: { row: SECRET } });
	},
};
const DIRECTIVE = {
	release: ["$.data.person.id", "$.data.person.name", "$.data..friends[*].name"],
	shape: "graphql",
};

/** A server of GraphQL over HTTP by the reference implementation: POST and GET, parameters of the URL first. */
function serve(): Server {
	return createServer(async (request, response) => {
		const url = new URL(request.url ?? "", "http://upstream");
		const body = await text(request);
		const given = { ...(body === "" ? {} : JSON.parse(body)), ...Object.fromEntries(url.searchParams) };
		const result = await graphql({
			schema: SCHEMA,
			source: String(given.query),
			rootValue: { person: ada, people: [ada] },
			variableValues: given.variables,
			operationName: given.operationName,
		});
		response.setHeader("content-type", "application/graphql-response+json; charset=utf-8");
		response.end(JSON.stringify({ ...result, extensions: { cost: SECRET } }));
	});
}

/** The policy sees bodies, as `envoy/` says for whoever needs them. */
function showBodies(config: EnvoyConfig): void {
	for (const listener of config.static_resources.listeners) {
		const manager = listener.filter_chains[0].filters[0].typed_config;
		filterOf(manager, "ext_authz").typed_config.with_request_body = {
			max_request_bytes: 65_536,
			allow_partial_message: false,
			pack_as_bytes: true,
		};
	}
}

let server: Server;
let mesh: Mesh;

beforeAll(async () => {
	server = serve();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	mesh = await startMesh({ upstreamAddress: `127.0.0.1:${port}`, change: showBodies });
}, 60_000);
afterAll(async () => {
	server.closeAllConnections();
	server.close();
	await closeAndCount("GraphQL", mesh);
}, 30_000);
beforeEach(() => {
	mesh.reset();
	mesh.decide(PATH, { allowed: true, response: DIRECTIVE });
});

function ask(query: string, more: object = {}, path = PATH): Promise<ClientAnswer> {
	return mesh.get(path, {
		method: "POST",
		headers: [["content-type", "application/json"]],
		body: JSON.stringify({ query, ...more }),
	});
}

describe("a GraphQL answer under a directive", () => {
	test("shows of data what is named, of any document that renames nothing", async () => {
		const answer = await ask(
			"query Q($id: ID) { person(id: $id) { id name ssn friends { ...F } } } fragment F on Person { name ssn }",
			{
				variables: { id: 7 },
			},
		);
		expect(answer).toMatchObject({ status: 200, complete: true, leaked: 0 });
		expect(JSON.parse(answer.body)).toEqual({
			data: { person: { id: "7", name: "Ada", friends: [{ name: "Bea" }] } },
		});
	});

	test("shows of errors where they are, not what they say", async () => {
		const answer = await ask("{person{name broken}}");
		expect(JSON.parse(answer.body)).toEqual({
			errors: [{ message: "[redacted]", locations: [{ line: 1, column: 14 }] }],
			data: { person: { name: "Ada" } },
		});
	});

	test.each([
		["an alias with the name of a released field", () => ask("{person{id: ssn}}")],
		["one in a fragment", () => ask("{person{...F}} fragment F on Person{name: ssn}")],
		[
			"one in the operation that is not asked for",
			() => ask("query A{person{id}} query B{person{id: ssn}}", { operationName: "A" }),
		],
		[
			"a document in the URL beside one in the body",
			() => ask("{person{id}}", {}, `${PATH}?query=%7Bperson%7Bid:ssn%7D%7D`),
		],
		["a document in the URL alone", () => mesh.get(`${PATH}?query=%7Bperson%7Bid:ssn%7D%7D`)],
		["a broken document", () => ask("{person{id}")],
	])("is not even asked for by %s", async (_name, call) => {
		const answer = await call();
		expect(answer).toMatchObject({ status: 403, leaked: 0 });
		expect(answer.body).not.toContain("Ada");
		expect(mesh.decisions()).toMatchObject([
			{ verdict: "deny", reason: expect.stringMatching(/^graphql_(?:renamed|unread)$/) },
		]);
	});

	test.each<[string, (call: ProcessCall) => void, number]>([
		["cannot be reached", (call) => call.emit("error", { code: 14, details: "scripted" }), 502],
		["ends with an error", (call) => call.emit("error", { code: 13, details: "scripted" }), 502],
		["answers what is no message", (call) => call.write(Buffer.from("ffff", "hex")), 502],
		["says nothing", () => {}, 504],
	])("is refused as a whole where ext_proc %s", async (_name, fault, status) => {
		mesh.processBy((call) => {
			call.on("error", () => {});
			call.on("data", () => fault(call));
		});
		expect(await ask("{person{id ssn}}")).toMatchObject({ status, complete: true, leaked: 0 });
	});

	test("under a directive that does not say so is replaced", async () => {
		mesh.decide(PATH, { allowed: true, response: { release: ["$.data"] } });
		expect(await ask("{person{id: ssn}}")).toMatchObject({ status: 502, leaked: 0 });
		expect(mesh.releases()).toMatchObject([{ outcome: "replaced", reason: "body_unsupported" }]);
	});
});
