import { MAX_REPORT_ENTRIES } from "./limits.ts";
import type { Plan } from "./plan.ts";
import { buildReport } from "./report.ts";
import type { BodyReader } from "./scan/body-reader.ts";
import { readCsv } from "./scan/csv.ts";
import { readEvents } from "./scan/events.ts";
import { readForm } from "./scan/form.ts";
import { readGrpc } from "./scan/grpc.ts";
import type { GrpcMessages } from "./scan/grpc-messages.ts";
import { createJsonScanner } from "./scan/json.ts";
import type { MaskContext } from "./scan/json-scanner.ts";
import { readJson, readRecords } from "./scan/lines.ts";
import { readMultipart } from "./scan/multipart.ts";
import { beginChunk, createOutput, flushOutput } from "./scan/output.ts";
import { createTally } from "./tally.ts";
import type { BodyFormat, Masker, MaskerOptions, Refusal } from "./types.ts";

const NOTHING = new Uint8Array(0);

/**
 * Makes a masker for one body. A plan with `hash` needs `options.hmac` and a consumer without U+0000;
 * without them every call is refused, so check both when the directive is read. `grpc` tells what the messages of a
 * gRPC body are; without it such a body is refused.
 */
export function createMasker(
	plan: Plan,
	format: BodyFormat,
	options: MaskerOptions,
	grpc?: GrpcMessages,
): Masker {
	const tree = plan.tree();
	const tally = createTally(tree, plan.automaton.strategies, MAX_REPORT_ENTRIES);
	const output = createOutput();
	const found = createReader(format, { plan, tree, tally, output, options }, grpc);
	const reader = found ?? NO_READER;
	const hashless = plan.usesHash && (options.hmac === undefined || options.consumer?.includes("\0"));
	let refusal: Refusal | undefined = plan.unclassified
		? "body_unclassified"
		: hashless || found === undefined
			? "body_unsupported"
			: undefined;
	let ended = false;
	let carried: Uint8Array | undefined;

	function write(given: Uint8Array, out: Uint8Array[]): Refusal | undefined {
		const chunk = carried === undefined ? given : Buffer.concat([carried, given]);
		carried = undefined;
		beginChunk(output, chunk, out);
		const before = out.length;
		refusal = reader.write(chunk);
		if (refusal !== undefined) {
			out.length = before;
			return refusal;
		}
		flushOutput(output);
		if (reader.unread > 0) carried = Uint8Array.from(chunk.subarray(chunk.length - reader.unread));
		return undefined;
	}

	return {
		write(chunk, out) {
			if (refusal !== undefined || chunk.length === 0) return refusal;
			if (ended) throw new TypeError("write after end");
			return write(chunk, out);
		},
		end(out) {
			if (refusal !== undefined || ended) return refusal;
			ended = true;
			const before = out.length;
			beginChunk(output, NOTHING, out);
			refusal = reader.end();
			if (refusal !== undefined) out.length = before;
			else flushOutput(output);
			return refusal;
		},
		report: () => buildReport(tally),
	};
}

const NO_READER: BodyReader = {
	unread: 0,
	write: () => "body_unsupported",
	end: () => "body_unsupported",
};

function createReader(
	format: BodyFormat,
	context: MaskContext,
	grpc: GrpcMessages | undefined,
): BodyReader | undefined {
	if (typeof format === "object") return readMultipart(context, format);
	switch (format) {
		case "json":
			return readJson(createJsonScanner(context));
		case "ndjson":
			return readRecords(createJsonScanner(context), "lf");
		case "json-seq":
			return readRecords(createJsonScanner(context), "rs");
		case "sse":
			return readEvents(createJsonScanner(context), context.output, context.plan.eventLines);
		case "csv":
			return readCsv(context);
		case "form":
			return readForm(context);
		case "grpc":
		case "grpc-web":
		case "grpc-web-text":
			return grpc === undefined ? undefined : readGrpc(context, grpc, format);
	}
}
