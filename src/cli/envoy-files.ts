import { createReadStream, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { FIXED_LIMITS } from "../config/limits.ts";
import { readSmallFile } from "../config/small-file.ts";
import { type DocumentsReading, readDocuments } from "../config/yaml-documents.ts";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError } from "../lib/errors.ts";
import type { CommandIo } from "./command.ts";

/** What findings call standard input. */
const STDIN = "<stdin>";

export interface EnvoyFiles extends DocumentsReading {
	/** Names as findings show them, in order, each once. */
	readonly files: readonly string[];
}

/** Reads the files of `--envoy`; `-` is standard input. Throws `file_unreadable`. */
export async function readEnvoyFiles(names: readonly string[], io: CommandIo): Promise<EnvoyFiles> {
	const files = [...new Set(names)];
	const readings = [];
	for (const name of files) {
		const text = name === "-" ? await readStdin(io) : await readNamed(name);
		if (text.includes("\0")) throw unreadable(`${shown(name)} is no text`);
		readings.push(readDocuments(text, shown(name)));
	}
	return {
		files: files.map(shown),
		documents: readings.flatMap(({ documents }) => documents),
		problems: readings.flatMap(({ problems }) => problems),
	};
}

function shown(name: string): string {
	return name === "-" ? STDIN : name;
}

async function readNamed(name: string): Promise<string> {
	const stat = statSync(name, { throwIfNoEntry: false });
	if (stat?.isDirectory() === true) {
		const inside = `${name.replace(/\/+$/, "")}/*.yaml`;
		throw unreadable(`${name} is a folder; name the files in it, for example ${inside}`);
	}
	// What a shell makes of <(helm template CHART).
	if (stat?.isFIFO() === true) return readStream(createReadStream(name), name);
	try {
		return readSmallFile(name, FIXED_LIMITS.envoy_file_bytes.value);
	} catch (thrown) {
		throw unreadable(errorMessage(thrown), thrown);
	}
}

function readStdin({ stdin, stderr }: CommandIo): Promise<string> {
	if ("isTTY" in stdin && stdin.isTTY === true) stderr.write("reading from standard input; Ctrl-D ends it\n");
	return readStream(stdin, "standard input");
}

async function readStream(stream: Readable, name: string): Promise<string> {
	const limit = FIXED_LIMITS.envoy_file_bytes.value;
	const pieces: Uint8Array[] = [];
	let length = 0;
	for await (const piece of stream) {
		const chunk = piece as Uint8Array;
		length += chunk.length;
		if (length > limit) throw unreadable(`${name} is larger than ${limit} bytes`);
		pieces.push(chunk);
	}
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
	} catch (thrown) {
		throw unreadable(`${name} is not UTF-8`, thrown);
	}
}

function unreadable(message: string, cause?: unknown): PosternError {
	return new PosternError("file_unreadable", message, { cause });
}
