import { Buffer } from "node:buffer";
import type { CheckView } from "./check-view.ts";

const PATH = Buffer.from("postern.path", "latin1");
const ALLOW_PATHS = Buffer.from("postern.allow_paths", "latin1");

/** `context_extensions["postern.path"]`: the decision path that the route asks for. */
export function askedPath(view: CheckView): string | undefined {
	return extension(view, PATH)?.replace(/^\/+|\/+$/g, "");
}

/** `context_extensions["postern.allow_paths"]`: kinds of ambiguity that the route asks to be allowed. */
export function askedAllowances(view: CheckView): string | undefined {
	return extension(view, ALLOW_PATHS);
}

/** Envoy's configuration alone writes these. */
function extension({ bytes, contextExtensions }: CheckView, name: Buffer): string | undefined {
	for (let at = 0; at < contextExtensions.length; at += 4) {
		const start = contextExtensions[at] as number;
		const end = contextExtensions[at + 1] as number;
		if (end - start !== name.length || name.compare(bytes, start, end) !== 0) continue;
		return bytes.toString("utf8", contextExtensions[at + 2], contextExtensions[at + 3]);
	}
	return undefined;
}
