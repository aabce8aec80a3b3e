import { lookup } from "node:dns/promises";
import type { AddressInfo, Server } from "node:net";
import { parseAddress } from "../../lib/address.ts";
import { errorMessage, hasErrorCode } from "../../lib/error-message.ts";
import { PosternError } from "../../lib/errors.ts";
import { bindWithMode, clearStaleSocket, socketPath } from "./unix-socket.ts";

/** Binds one address, by as many servers as its name has addresses; answers it as bound. @throws PosternError */
export async function listenAt(
	address: string,
	socketMode: number,
	makeServer: () => Server,
): Promise<string> {
	const path = socketPath(address);
	if (path !== undefined) {
		await clearStaleSocket(path);
		await bindWithMode(path, socketMode, () => bind(makeServer(), address, { path }));
		return address;
	}
	const parsed = parseAddress(address);
	if (parsed?.kind !== "tcp") throw new PosternError("address_unusable", `cannot listen on ${address}`);
	let { port } = parsed;
	for (const host of await hostsOf(parsed.host, address)) {
		const server = makeServer();
		await bind(server, address, { host, port });
		port = (server.address() as AddressInfo).port;
	}
	return `${address.slice(0, address.lastIndexOf(":"))}:${port}`;
}

/** `localhost` may be two addresses, and callers may take either. */
async function hostsOf(host: string, address: string): Promise<readonly string[]> {
	try {
		const found = await lookup(host, { all: true });
		return [...new Set(found.map((each) => each.address))];
	} catch (thrown) {
		throw new PosternError("address_unusable", `cannot listen on ${address}: ${errorMessage(thrown)}`, {
			cause: thrown,
		});
	}
}

function bind(
	server: Server,
	address: string,
	where: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once("error", (error) => {
			reject(
				hasErrorCode(error, "EADDRINUSE")
					? new PosternError("address_in_use", `another process listens on ${address}`, { cause: error })
					: new PosternError("address_unusable", `cannot listen on ${address}: ${errorMessage(error)}`, {
							cause: error,
						}),
			);
		});
		server.listen(where, resolve);
	});
}
