import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";

/** Events come in bursts while a file is written; the last one counts. Milliseconds. */
const DEBOUNCE_MS = 100;

/**
 * Calls `look` when something changes in the file's folder, and every `pollMs`: network and overlay file systems
 * give no events, and mounted configuration is swapped by links. The folder is watched rather than the file because
 * a file that is replaced takes its watch along.
 * @returns stops watching.
 */
export function watchFile(path: string, pollMs: number, look: () => void): () => void {
	let pending: NodeJS.Timeout | undefined;
	let watcher: FSWatcher | undefined;
	const soon = (): void => {
		clearTimeout(pending);
		pending = setTimeout(look, DEBOUNCE_MS);
		pending.unref();
	};
	const close = (): void => {
		watcher?.close();
		watcher = undefined;
	};
	const open = (): void => {
		try {
			watcher = watch(dirname(path), { persistent: false }, soon);
			watcher.on("error", close);
		} catch {
			// No folder yet, or no watches left: the poll finds the file, and tries again.
			close();
		}
	};
	open();
	const poll = setInterval(() => {
		if (watcher === undefined) open();
		look();
	}, pollMs);
	poll.unref();
	return () => {
		clearTimeout(pending);
		clearInterval(poll);
		close();
	};
}
