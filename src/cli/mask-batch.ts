import { once } from "node:events";
import type { CommandIo } from "./command.ts";
import { inputLines } from "./input-lines.ts";
import { prepareMask } from "./mask-job.ts";

interface BatchRequest {
	readonly id: string | number;
	readonly directive: unknown;
	readonly content_type: string;
	readonly body_base64: string;
	readonly chunk_size?: number;
	readonly consumer?: string;
	readonly hash_key_base64?: string;
}

const isText = (value: unknown): boolean => typeof value === "string";
const isBase64 = (value: unknown): boolean =>
	typeof value === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(value);

/** What a request may hold: a test, what it asks for, and whether the key is required. */
const KEYS: ReadonlyMap<
	string,
	{ readonly fits: (value: unknown) => boolean; readonly what: string; readonly required: boolean }
> = new Map([
	[
		"id",
		{
			fits: (v: unknown) => isText(v) || typeof v === "number",
			what: "a string or a number",
			required: true,
		},
	],
	["directive", { fits: () => true, what: "a directive", required: true }],
	["content_type", { fits: isText, what: "a string", required: true }],
	["body_base64", { fits: isBase64, what: "base64", required: true }],
	[
		"chunk_size",
		{
			fits: (v: unknown) => Number.isSafeInteger(v) && Number(v) > 0,
			what: "an integer of 1 or more",
			required: false,
		},
	],
	["consumer", { fits: isText, what: "a string", required: false }],
	["hash_key_base64", { fits: isBase64, what: "base64", required: false }],
	["contract", { fits: () => false, what: "absent: contracts are not built in yet", required: false }],
	["operation", { fits: () => false, what: "absent: contracts are not built in yet", required: false }],
]);

/** Answers one request a line, in order, each as soon as it is known; a refusal does not end the run. */
export async function runMaskBatch(io: CommandIo): Promise<number> {
	let line = 0;
	for await (const text of inputLines(io.stdin)) {
		line++;
		const request = parseRequest(text);
		if (typeof request === "string") {
			io.stderr.write(`line ${line}: ${request}\n`);
			return 2;
		}
		if (!io.stdout.write(`${oneLine(answer(request))}\n`)) await once(io.stdout, "drain");
	}
	return 0;
}

function answer(request: BatchRequest): object {
	const { id } = request;
	const prepared = prepareMask({
		directive: request.directive,
		contentType: request.content_type,
		...(request.consumer !== undefined && { consumer: request.consumer }),
		...(request.hash_key_base64 !== undefined && { hashKey: Buffer.from(request.hash_key_base64, "base64") }),
	});
	if (!prepared.ok) return { id, refused: prepared.code };
	const out: Uint8Array[] = [];
	const body = Buffer.from(request.body_base64, "base64");
	const refusal = prepared.job.write(body, request.chunk_size, out) ?? prepared.job.end(out);
	if (refusal !== undefined) return { id, refused: refusal };
	return { id, body_base64: Buffer.concat(out).toString("base64"), report: prepared.job.report() };
}

/** JSON on one line, also for readers that end lines at U+2028 and U+2029 as node:readline does. */
function oneLine(value: object): string {
	return JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

/** The request of a line, or what is wrong with it. */
function parseRequest(text: string): BatchRequest | string {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return "not JSON";
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) return "not an object";
	for (const [key, given] of Object.entries(value)) {
		const known = KEYS.get(key);
		if (known === undefined) return `unknown key ${JSON.stringify(key)}`;
		if (!known.fits(given)) return `${key} must be ${known.what}`;
	}
	for (const [key, { required }] of KEYS) {
		if (required && !Object.hasOwn(value, key)) return `${key} is required`;
	}
	return value as BatchRequest;
}
