import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the ports that systems give to connections that go out: one of those may take a port before it is listened on. */
const LOWEST = 12_000;
const HIGHEST = 32_000;

/** `count` TCP ports of the loopback address that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
	const ports = new Set<number>();
	while (ports.size < count) {
		const port = randomInt(LOWEST, HIGHEST);
		if (await isFree(port)) ports.add(port);
	}
	return [...ports];
}

function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
	});
}
