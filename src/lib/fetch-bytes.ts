import { remoteUrlProblem } from "./remote-url.ts";

export interface FetchOptions {
	readonly maxBytes: number;
	readonly signal: AbortSignal;
	readonly accept: string;
}

/**
 * The body of a 200 answer. Rejects for any other status, redirects too (they would leave the configured host), for
 * a body over `maxBytes` as soon as that is known, and for what `remoteUrlProblem` refuses.
 */
export async function fetchBytes(url: string, options: FetchOptions): Promise<Uint8Array> {
	const problem = remoteUrlProblem(url);
	if (problem !== undefined) throw new Error(`the URL ${problem}`);
	const response = await fetch(url, {
		redirect: "manual",
		signal: options.signal,
		headers: { accept: options.accept },
		credentials: "omit",
		cache: "no-store",
	});
	if (response.status !== 200) {
		await response.body?.cancel();
		throw new Error(`the server answered with status ${response.status}`);
	}
	const declared = Number(response.headers.get("content-length") ?? 0);
	const chunks: Uint8Array[] = [];
	let size = 0;
	if (response.body !== null && declared <= options.maxBytes) {
		for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
			size += chunk.length;
			if (size > options.maxBytes) break;
			chunks.push(chunk);
		}
	}
	if (declared > options.maxBytes || size > options.maxBytes) {
		if (!response.bodyUsed) await response.body?.cancel();
		throw new Error(`the answer is larger than ${options.maxBytes} bytes`);
	}
	return Buffer.concat(chunks);
}
