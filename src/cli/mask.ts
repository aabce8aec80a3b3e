import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import type { GrpcMessages } from "../fields/scan/grpc-messages.ts";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";
import { readMethodMessages } from "../serve/method-messages.ts";
import type { Command, CommandIo } from "./command.ts";
import { noPositionals, parseFlags } from "./flags.ts";
import { runMaskBatch } from "./mask-batch.ts";
import { type MaskJob, type MaskRefusal, prepareMask } from "./mask-job.ts";

const HELP = `usage: postern mask --directive FILE [options] < body
       postern mask --batch < requests

Writes the body on stdin as a caller under the directive would see it to stdout.

      --directive FILE      field directive, JSON
      --content-type TYPE   of the body; application/json when absent
      --consumer NAME       whose pseudonyms \`hash\` makes
      --hash-key-file FILE  key for \`hash\`; one final line end is not part of it
      --chunk-size N        feed the scanner pieces of N bytes; the output is the same for every N
      --report FILE         write the report: paths and counts of what was released, masked and withheld
      --decision            the directive stands in a decision: with the keys that only decisions know
                            (media_types and those of single types), and under the stricter rules of decisions
      --descriptors FILE    for gRPC: FileDescriptorSet of the service
      --method NAME         for gRPC: /package.Service/Method
      --request             for gRPC: the body holds the method's requests, not its answers
      --grpc-encoding NAME  for gRPC: how its messages are compressed: identity, gzip or deflate
      --batch               one JSON request a line on stdin, one answer a line on stdout:
                            {"id", "directive", "content_type", "body_base64", "chunk_size"?, "consumer"?,
                            "hash_key_base64"?} → {"id", "body_base64", "report"} or {"id", "refused"}
      --contract FILE, --operation ID   not built in yet

exit codes: 0 the body is masked; 1 it is refused (\`refused: CODE\` on stderr, nothing on stdout); 2 a bad
directive or usage; 3 a file cannot be used
`;

const FLAGS = {
	directive: { type: "string" },
	contract: { type: "string" },
	operation: { type: "string" },
	"content-type": { type: "string" },
	consumer: { type: "string" },
	"hash-key-file": { type: "string" },
	"chunk-size": { type: "string" },
	report: { type: "string" },
	decision: { type: "boolean" },
	descriptors: { type: "string" },
	method: { type: "string" },
	request: { type: "boolean" },
	"grpc-encoding": { type: "string" },
	batch: { type: "boolean" },
} as const;

const usage = (message: string): PosternError =>
	new PosternError("usage", `mask: ${message}; \`postern mask --help\` tells more`);

export const maskCommand: Command = {
	name: "mask",
	summary: "a directive and a body → the masked body and a report of its fields",
	help: HELP,
	async run(argv, io) {
		const { values, positionals } = parseFlags("mask", argv, FLAGS);
		noPositionals("mask", positionals);
		if (values.batch === true) {
			const others = Object.keys(values).filter((name) => name !== "batch");
			if (others.length > 0) throw usage(`--batch goes with no other option, not with --${others[0]}`);
			return runMaskBatch(io);
		}
		if (values.directive === undefined) throw usage("no --directive given");
		if (values.contract !== undefined || values.operation !== undefined) {
			throw usage("contracts are not built in yet");
		}
		const chunkSize = readChunkSize(values["chunk-size"]);
		const keyFile = values["hash-key-file"];
		const grpc = await readGrpcFlags(values);
		const prepared = prepareMask({
			directive: parseDirective(await read(values.directive)),
			contentType: values["content-type"] ?? "application/json",
			...(values.consumer !== undefined && { consumer: values.consumer }),
			...(keyFile !== undefined && { hashKey: await read(keyFile) }),
			...(values.decision === true && { decision: true }),
			...(grpc !== undefined && { grpc }),
		});
		if (!prepared.ok) return refused(prepared.code, prepared.message, io);
		return maskBody(prepared.job, chunkSize, values.report, io);
	},
};

interface GrpcFlags {
	readonly descriptors?: string | undefined;
	readonly method?: string | undefined;
	readonly request?: boolean | undefined;
	readonly "grpc-encoding"?: string | undefined;
}

/** What the messages are, if the flags for gRPC are given: all that is needed, or none. */
async function readGrpcFlags(flags: GrpcFlags): Promise<GrpcMessages | undefined> {
	const { descriptors, method, request, "grpc-encoding": encoding } = flags;
	if (descriptors === undefined || method === undefined) {
		const given = ["descriptors", "method", "request", "grpc-encoding"] as const;
		if (given.some((name) => flags[name] !== undefined))
			throw usage("for gRPC both --descriptors and --method are needed");
		return undefined;
	}
	const messages = await readMethodMessages(descriptors, {
		method: method.replace(/^\//, ""),
		direction: request === true ? "request" : "response",
		...(encoding === undefined ? {} : { encoding }),
	});
	if (messages === undefined) {
		throw usage(
			`${descriptors} has no method ${method}, or its messages are compressed by none of gzip, deflate`,
		);
	}
	return messages;
}

/** Nothing is written before the body is known to be good as a whole. */
async function maskBody(
	job: MaskJob,
	chunkSize: number | undefined,
	reportFile: string | undefined,
	io: CommandIo,
): Promise<number> {
	const out: Uint8Array[] = [];
	for await (const chunk of io.stdin) {
		const refusal = job.write(chunk as Uint8Array, chunkSize, out);
		if (refusal !== undefined) return refused(refusal, undefined, io);
	}
	const refusal = job.end(out);
	if (refusal !== undefined) return refused(refusal, undefined, io);
	if (reportFile !== undefined) {
		try {
			await writeFile(reportFile, `${JSON.stringify(job.report(), null, 2)}\n`);
		} catch (thrown) {
			throw new PosternError("file_unwritable", errorMessage(thrown), { cause: thrown });
		}
	}
	for (const piece of out) if (!io.stdout.write(piece)) await once(io.stdout, "drain");
	return 0;
}

function refused(code: MaskRefusal, message: string | undefined, io: CommandIo): number {
	const why = message ?? (code === "directive_invalid" ? "hash: no key is given" : undefined);
	io.stderr.write(`refused: ${code}${why === undefined ? "" : `: ${oneLine(why)}`}\n`);
	return code === "directive_invalid" ? 2 : 1;
}

function readChunkSize(text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const size = /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : 0;
	if (size === 0) throw usage(`--chunk-size is a number of bytes of 1 or more, not ${JSON.stringify(text)}`);
	return size;
}

/** A file that is no JSON is a directive that cannot be read: `undefined` is refused like any other non-object. */
function parseDirective(bytes: Uint8Array): unknown {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
	} catch {
		return undefined;
	}
}

async function read(path: string): Promise<Uint8Array> {
	try {
		return await readFile(path);
	} catch (thrown) {
		throw new PosternError("file_unreadable", errorMessage(thrown), { cause: thrown });
	}
}

/** A name from the directive may hold line ends; the answer is one line. */
function oneLine(text: string): string {
	return text.replaceAll(/\s+/g, " ");
}
