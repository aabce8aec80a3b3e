import { createServer, request } from "node:http";
import { EDGE, LOOPBACK, UPSTREAM } from "./addresses.mjs";
import { until } from "./stage.mjs";

/** What every gateway of the run is asked about. */
export const POLICY = `package envoy.authz

default allow := false

allow := {"allowed": true, "headers": {"x-added": "yes"}} if input.parsed_path == ["open"]

allow := {"allowed": true, "response": {"release": ["$.id"]}} if input.parsed_path == ["masked"]
`;

/** The same as calls of `helm test`. */
export const CALLS = [
	{ path: "/open", expect: "allow" },
	{ path: "/other", expect: "deny", status: 403 },
	{ path: "/masked", expect: "allow", answer: { body: { id: 7, notes: "x" }, shown: { id: 7 } } },
];

/**
 * The service behind the gateway. It tells which headers reached it, and a secret.
 *
 * @param {string} address
 */
export function startUpstream(address) {
	const server = createServer((request, response) => {
		response.setHeader("content-type", "application/json");
		response.end(
			JSON.stringify({
				id: 7,
				notes: "secret",
				added: request.headers["x-added"] ?? null,
				forged: request.headers["x-postern-id"] ?? null,
			}),
		);
	});
	server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
	server.listen(UPSTREAM, address);
	return () => {
		server.closeAllConnections();
		server.close();
	};
}

/**
 * @param {string} edge address and port
 * @param {string} path
 * @param {Record<string, string>} [headers]
 */
async function ask(edge, path, headers = {}) {
	const begun = Date.now();
	const response = await fetch(`http://${edge}${path}`, { headers, signal: AbortSignal.timeout(5000) });
	return { status: response.status, body: await response.text(), ms: Date.now() - begun };
}

/** What an allowed call for a WebSocket gets. @param {string} edge @returns {Promise<number | undefined>} */
function askToUpgrade(edge) {
	return new Promise((resolve, reject) => {
		const headers = {
			connection: "Upgrade",
			upgrade: "websocket",
			"sec-websocket-version": "13",
			"sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
		};
		const asked = request(`http://${edge}/open`, { headers, timeout: 5000 }, (response) => {
			response.resume();
			resolve(response.statusCode);
		});
		asked.on("upgrade", (response, socket) => {
			socket.destroy();
			resolve(response.statusCode);
		});
		asked.on("timeout", () => asked.destroy(new Error("no answer to a WebSocket")));
		asked.on("error", reject);
		asked.end();
	});
}

/**
 * Waits for an Envoy to be told everything, and asks it: allowed, with a header changed; masked; denied.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {string} [edge] address and port
 */
export async function servedCases({ verdict }, edge = `${LOOPBACK}:${EDGE}`) {
	const open = await until(
		() => ask(edge, "/open", { "x-postern-id": "forged" }),
		({ status }) => status === 200,
	);
	verdict("an allowed call passes", open.status === 200, open);
	if (open.status !== 200) throw new Error("the Envoy does not get ready");
	verdict("with the header that the decision adds", open.body?.includes('"added":"yes"') === true, open);
	verdict("and without a caller's own identity header", open.body?.includes('"forged":null') === true, open);
	const masked = await ask(edge, "/masked");
	verdict("an answer is masked", masked.status === 200 && masked.body === '{"id":7}', masked);
	const denied = await ask(edge, "/other");
	verdict("a denied call is 403", denied.status === 403 && denied.body === "", denied);
	const escaped = await ask(edge, "/open%2fdoor");
	verdict("an escaped slash is refused", escaped.status === 400, escaped);
	const upgraded = await askToUpgrade(edge);
	verdict("a WebSocket is refused", upgraded === 403, upgraded);
}

/**
 * What the same Envoy answers when Postern is gone.
 *
 * @param {import("./stage.mjs").Stage} stage
 * @param {string} [edge] address and port
 */
export async function downCases({ verdict }, edge = `${LOOPBACK}:${EDGE}`) {
	for (const path of ["/open", "/masked"]) {
		const down = await ask(edge, path);
		// 503 is ext_authz's own; 502 would be ext_proc's, and show that its matcher is not there.
		const good = down.status === 503 && !down.body.includes("secret") && down.ms < 2000;
		verdict(`with Postern down ${path} is 503, and soon`, good, down);
	}
}
