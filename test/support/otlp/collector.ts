import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import protobuf from "protobufjs";

const root = new protobuf.Root();
root.loadSync(join(import.meta.dirname, "traces.proto"), { keepCase: false });
const Request = root.lookupType("postern.test.otlp.ExportTraceServiceRequest");

export interface CollectedSpan {
	readonly traceId: string;
	readonly spanId: string;
	readonly parentSpanId: string;
	readonly name: string;
	readonly kind: number;
	readonly flags: number;
	/** Nanoseconds since 1970. */
	readonly start: bigint;
	readonly end: bigint;
	readonly attributes: Readonly<Record<string, string>>;
	/** 0: unset. */
	readonly statusCode: number;
	readonly resource: Readonly<Record<string, string>>;
	readonly scope: { readonly name: string; readonly version: string };
}

/** Ids stand in hexadecimal in OTLP's JSON, and have their one length. */
const HEX: Readonly<Record<string, number>> = { traceId: 16, spanId: 8, parentSpanId: 8 };

/** OTLP's JSON as protobufjs takes it; throws for what no receiver takes. */
function strict(value: unknown, type: protobuf.Type): Record<string, unknown> {
	if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`no ${type.name}`);
	const found: Record<string, unknown> = {};
	for (const [name, each] of Object.entries(value)) {
		const field = type.fields[name]?.resolve();
		if (field === undefined) throw new Error(`${type.name} has no ${name}`);
		const of = (one: unknown): unknown =>
			field.resolvedType instanceof protobuf.Type
				? strict(one, field.resolvedType)
				: scalar(name, field.type, one);
		if (field.repeated !== Array.isArray(each)) throw new Error(`${name} is a list, or is none`);
		found[name] = Array.isArray(each) ? each.map(of) : of(each);
	}
	return found;
}

function scalar(name: string, type: string, value: unknown): unknown {
	if (type === "bytes") {
		const length = HEX[name] ?? 0;
		if (typeof value !== "string" || !new RegExp(`^[0-9a-f]{${length * 2}}$`).test(value))
			throw new Error(`${name}: ${JSON.stringify(value)} is no id`);
		if (/^0+$/.test(value)) throw new Error(`${name} is zero`);
		return Buffer.from(value, "hex");
	}
	if (type === "fixed64") {
		if (typeof value !== "string" || !/^[1-9]\d{0,19}$/.test(value)) throw new Error(`${name} is no time`);
		return value;
	}
	const wanted = type === "string" ? "string" : type === "bool" ? "boolean" : "number";
	if (typeof value !== wanted) throw new Error(`${name} is no ${type}`);
	return value;
}

/** The spans of a body of JSON, after a way through protobuf's bytes. */
function readJson(body: string): readonly CollectedSpan[] {
	const message = Request.fromObject(strict(JSON.parse(body), Request));
	const problem = Request.verify(message);
	if (problem !== null) throw new Error(problem);
	return readBytes(Request.encode(message).finish());
}

function readBytes(bytes: Uint8Array): readonly CollectedSpan[] {
	// biome-ignore lint/suspicious/noExplicitAny: the shape is the proto's
	const plain: any = Request.toObject(Request.decode(bytes), { longs: String, defaults: true });
	const pairs = (list: { key: string; value: { stringValue: string } }[]): Record<string, string> => {
		const names = list.map(({ key }) => key);
		if (new Set(names).size !== names.length) throw new Error("an attribute twice");
		return Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue]));
	};
	const hex = (id: Uint8Array): string => Buffer.from(id).toString("hex");
	const found: CollectedSpan[] = [];
	for (const { resource, scopeSpans } of plain.resourceSpans) {
		for (const { scope, spans } of scopeSpans) {
			for (const span of spans) {
				const start = BigInt(span.startTimeUnixNano);
				const end = BigInt(span.endTimeUnixNano);
				if (end < start) throw new Error("a span that ends before it begins");
				found.push({
					traceId: hex(span.traceId),
					spanId: hex(span.spanId),
					parentSpanId: hex(span.parentSpanId),
					name: span.name,
					kind: span.kind,
					flags: span.flags,
					start,
					end,
					attributes: pairs(span.attributes),
					statusCode: span.status?.code ?? 0,
					resource: pairs(resource.attributes),
					scope,
				});
			}
		}
	}
	return found;
}

/** JSON as Postern sends it, or protobuf as Envoy does. */
function read(type: string | undefined, body: Buffer): readonly CollectedSpan[] {
	if (type === "application/json") return readJson(body.toString("utf8"));
	if (type === "application/x-protobuf") return readBytes(body);
	throw new Error(`${type} is no type of OTLP`);
}

export interface Collector {
	/** `http://127.0.0.1:PORT`. */
	readonly url: string;
	readonly spans: CollectedSpan[];
	/** Sizes of the requests that were taken. */
	readonly batches: number[];
	/** Paths of all requests. */
	readonly paths: string[];
	/** What was wrong with requests. */
	readonly faults: string[];
	/** The next answers: a status, and a body. Then 200 with `{}` again. */
	readonly script: { readonly status: number; readonly body?: string }[];
	/** While true, nobody is answered. */
	silent: boolean;
	close(): Promise<void>;
}

/** A collector on a loopback port, which takes nothing but what OTLP over HTTP allows. */
export async function startCollector(): Promise<Collector> {
	const spans: CollectedSpan[] = [];
	const batches: number[] = [];
	const paths: string[] = [];
	const faults: string[] = [];
	const script: { status: number; body?: string }[] = [];
	const server: Server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			paths.push(request.url ?? "");
			if (collector.silent) return;
			const { status, body } = script.shift() ?? { status: 200 };
			try {
				if (request.method !== "POST") throw new Error(`${request.method}`);
				const body = Buffer.concat(chunks);
				const found = read(request.headers["content-type"], body);
				if (status === 200) {
					spans.push(...found);
					batches.push(found.length);
				}
			} catch (thrown) {
				faults.push(String(thrown));
				response.writeHead(400).end();
				return;
			}
			response.writeHead(status, { "content-type": "application/json" });
			response.end(body ?? "{}");
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const collector: Collector = {
		url: `http://127.0.0.1:${port}`,
		spans,
		batches,
		paths,
		faults,
		script,
		silent: false,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
	return collector;
}
