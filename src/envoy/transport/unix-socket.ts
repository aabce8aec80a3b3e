import { chmod, lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { PosternError } from "../../lib/errors.ts";

/** Path of a `unix:PATH` or `unix:///PATH` address; undefined for any other address. */
export function socketPath(address: string): string | undefined {
	if (!address.startsWith("unix:")) return undefined;
	const path = address.slice("unix:".length);
	return path.startsWith("//") ? path.slice(2) : path;
}

/**
 * Makes way for a socket at `path`. Only what a dead process left behind is removed: a socket on which nobody
 * listens.
 *
 * @throws PosternError `address_in_use`: somebody listens there, or it is no socket.
 */
export async function clearStaleSocket(path: string): Promise<void> {
	const found = await lstat(path).catch(() => undefined);
	if (found === undefined) return;
	if (!found.isSocket())
		throw new PosternError("address_in_use", `${path} exists and is not a socket; it was left alone`);
	if (await hasListener(path))
		throw new PosternError("address_in_use", `another process listens on the socket ${path}`);
	await unlink(path);
}

/** Runs `bind` so that the socket it creates is the owner's alone until its mode is set. */
export async function bindWithMode(path: string, mode: number, bind: () => Promise<void>): Promise<void> {
	const before = process.umask(0o177);
	try {
		await bind();
	} finally {
		process.umask(before);
	}
	await chmod(path, mode);
}

function hasListener(path: string): Promise<boolean> {
	return new Promise((resolve) => {
		const probe = connect(path);
		probe.once("connect", () => {
			probe.destroy();
			resolve(true);
		});
		// Whatever else is wrong with it, only a refused connection proves that nobody listens.
		probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
	});
}
