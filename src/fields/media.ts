import { type MediaType, parseMediaType } from "../lib/media-type.ts";
import type { BodyFormat, Directive, GrpcFraming, MultipartFormat } from "./types.ts";

const FORMATS: ReadonlyMap<string, BodyFormat> = new Map([
	["application/json", "json"],
	["application/x-ndjson", "ndjson"],
	["application/ndjson", "ndjson"],
	["application/jsonl", "ndjson"],
	["application/x-jsonlines", "ndjson"],
	["application/json-seq", "json-seq"],
	["text/event-stream", "sse"],
	["application/x-www-form-urlencoded", "form"],
	["application/grpc", "grpc"],
	["application/grpc+proto", "grpc"],
	["application/grpc-web", "grpc-web"],
	["application/grpc-web+proto", "grpc-web"],
	["application/grpc-web-text", "grpc-web-text"],
	["application/grpc-web-text+proto", "grpc-web-text"],
]);

const GRAPHQL = "application/graphql-response+json";

/** How a body of this content type is read; `undefined` is `body_unsupported`. */
export function formatOf(contentType: string | undefined): BodyFormat | undefined {
	return read(contentType, "unknown")?.format;
}

/**
 * As `formatOf`, for a directive that came with a decision: it applies to JSON, and to another type only
 * where it names it, because who chooses the shape of a body must not choose what the selectors meet.
 */
export function formatUnder(directive: Directive, contentType: string | undefined): BodyFormat | undefined {
	const found = read(contentType, directive.csvHeader);
	if (found === undefined) return undefined;
	// The members of such an answer have the names that the caller gave them, unless the request was held to give none.
	if (found.essence === GRAPHQL && directive.shape !== "graphql") return undefined;
	if (directive.shape === "graphql" && found.format !== "json") return undefined;
	const named =
		found.format === "json" ||
		directive.mediaTypes.includes(found.essence) ||
		// The messages are the same in every framing of gRPC, so naming the plain one names them all.
		(isGrpc(found.format) && directive.mediaTypes.includes("application/grpc"));
	return named ? found.format : undefined;
}

/** Whether a directive applies to gRPC in some framing. */
export function coversGrpc(directive: Directive): boolean {
	return directive.mediaTypes.some((type) => isGrpc(FORMATS.get(type)));
}

/** Whether bodies of this format are messages of a gRPC method. */
export function isGrpc(format: BodyFormat | undefined): format is GrpcFraming {
	return format === "grpc" || format === "grpc-web" || format === "grpc-web-text";
}

interface Found {
	readonly format: BodyFormat;
	readonly essence: string;
}

function read(contentType: string | undefined, csvHeader: Directive["csvHeader"]): Found | undefined {
	const media = contentType === undefined ? undefined : parseMediaType(contentType);
	if (media === undefined) return undefined;
	const charset = media.parameters.get("charset");
	if (charset !== undefined && charset.toLowerCase() !== "utf-8") return undefined;
	const essence = `${media.type}/${media.subtype}`;
	if (media.type === "application" && media.subtype.startsWith("grpc")) return framed(essence);
	const suffixed: BodyFormat | undefined =
		media.suffix === "json" ? "json" : media.suffix === "json-seq" ? "json-seq" : undefined;
	const format = FORMATS.get(essence) ?? multipart(media) ?? csv(media, csvHeader) ?? suffixed;
	return format === undefined ? undefined : { format, essence };
}

/** Types of gRPC hold frames of messages, whatever their suffix says of these. */
function framed(essence: string): Found | undefined {
	const format = FORMATS.get(essence);
	return format === undefined ? undefined : { format, essence };
}

/** Without a header nobody knows the columns' names (RFC 7111, section 5.1). */
function csv({ type, subtype, parameters }: MediaType, header: Directive["csvHeader"]): "csv" | undefined {
	if (type !== "text" || subtype !== "csv") return undefined;
	return (parameters.get("header")?.toLowerCase() ?? header) === "present" ? "csv" : undefined;
}

/** RFC 2046, section 5.1.1. */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;

function multipart({ type, subtype, parameters }: MediaType): MultipartFormat | undefined {
	if (type !== "multipart" || (subtype !== "form-data" && subtype !== "mixed")) return undefined;
	const boundary = parameters.get("boundary") ?? "";
	return BOUNDARY.test(boundary) ? { kind: subtype, boundary } : undefined;
}
