import { readFile, stat } from "node:fs/promises";
import { errorMessage } from "../../lib/error-message.ts";
import { PosternError } from "../../lib/errors.ts";
import { watchFile } from "./watch-file.ts";

/** Looks at a file that may change. */
export interface ChangedFile {
	/** Watches from now on, and looks at once. Settles when that look has ended; never rejects. */
	start(): Promise<void>;
	/** Looks now, changed or not. Never rejects. */
	look(): Promise<void>;
	/** Settles when no look is under way. */
	stop(): Promise<void>;
}

/** What tells one state of the file from another without reading it. */
async function signature(path: string): Promise<string> {
	try {
		const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
		return `${dev}:${ino}:${size}:${mtimeNs}`;
	} catch (thrown) {
		return errorMessage(thrown);
	}
}

/** The bundle's bytes. @throws {PosternError} `file_unreadable`, `bundle_too_large` */
export async function readBundleFile(path: string, maxBytes: number): Promise<Buffer> {
	try {
		const { size } = await stat(path);
		if (size > maxBytes) {
			throw new PosternError("bundle_too_large", `${path}: ${size} bytes, more than ${maxBytes}`);
		}
		return await readFile(path);
	} catch (thrown) {
		if (thrown instanceof PosternError) throw thrown;
		throw new PosternError("file_unreadable", `policy bundle: ${errorMessage(thrown)}`, { cause: thrown });
	}
}

/** Calls `load`, which never rejects, for every state of the file that is new; calls never overlap. */
export function onChangedFile(
	path: string,
	pollSeconds: number,
	load: (signal: AbortSignal) => Promise<void>,
): ChangedFile {
	const stopping = new AbortController();
	let seen: string | undefined;
	let unwatch: (() => void) | undefined;
	let running: Promise<void> | undefined;
	let again = false;

	const loop = async (force: boolean): Promise<void> => {
		let forced = force;
		do {
			again = false;
			const now = await signature(path);
			if (forced || now !== seen) {
				forced = false;
				seen = now;
				await load(stopping.signal);
				// A file written to while it was read is looked at once more.
				again ||= (await signature(path)) !== seen;
			}
		} while (again && !stopping.signal.aborted);
	};

	const look = (force: boolean): Promise<void> => {
		if (stopping.signal.aborted) return Promise.resolve();
		if (running !== undefined) {
			again = true;
			if (force) seen = undefined;
			return running;
		}
		running = loop(force).finally(() => {
			running = undefined;
		});
		return running;
	};

	return {
		async start() {
			unwatch ??= watchFile(path, pollSeconds * 1000, () => void look(false));
			await look(true);
		},
		look: () => look(true),
		async stop() {
			stopping.abort();
			unwatch?.();
			await running;
		},
	};
}
