import { existsSync } from "node:fs";
import type { Finding } from "../config/finding.ts";
import { LIMITS } from "../config/limits.ts";
import { DEFAULT_CONFIG_FILE, readConfig } from "../config/load.ts";
import type { FlagValue } from "../config/overlay.ts";
import type { Config } from "../config/types.ts";
import { readInner } from "../config/yaml-documents.ts";
import { PosternError } from "../lib/errors.ts";
import { didYouMean } from "../lib/nearest.ts";
import { checkMesh } from "../mesh/check-mesh.ts";
import { isMeshCode, MESH_CODES } from "../mesh/codes.ts";
import type { PosternFacts } from "../mesh/types.ts";
import type { CommandIo } from "./command.ts";
import { readEnvoyFiles } from "./envoy-files.ts";
import { meshJson } from "./mesh-json.ts";
import type { MeshResult } from "./mesh-result.ts";
import { meshSarif } from "./mesh-sarif.ts";
import { meshText } from "./mesh-text.ts";

export interface EnvoyOptions {
	/** Files, and `-` for standard input. */
	readonly files: readonly string[];
	readonly clusters: readonly string[];
	readonly ignored: readonly string[];
	readonly strict: boolean;
	readonly format: "text" | "json" | "sarif";
	readonly config?: string;
	readonly flags: readonly FlagValue[];
}

/** `postern check --envoy`: answers the exit code. */
export async function checkEnvoy(options: EnvoyOptions, io: CommandIo): Promise<number> {
	for (const code of options.ignored) {
		if (isMeshCode(code)) continue;
		const guess = didYouMean(code, Object.keys(MESH_CODES));
		throw new PosternError("usage", `check: --ignore knows no code ${JSON.stringify(code)}${guess}`);
	}
	const { facts, findings: own } = readFacts(options);
	const { files, documents, problems } = await readEnvoyFiles(options.files, io);
	const report = checkMesh({
		files,
		documents,
		problems,
		readText: readInner,
		facts,
		clusters: options.clusters,
	});
	const kept = report.findings.filter(({ code }) => !options.ignored.includes(code));
	const count = (severity: string): number => kept.filter((each) => each.severity === severity).length;
	const errors = count("error") + own.length;
	const failed = errors > 0 || (options.strict && count("warning") > 0);
	const result: MeshResult = {
		ok: !failed,
		files,
		findings: kept,
		config: own,
		ignored: report.findings.length - kept.length,
		postern: report.postern,
		counts: { error: errors, warning: count("warning"), note: count("note") },
	};
	const write = options.format === "json" ? meshJson : options.format === "sarif" ? meshSarif : meshText;
	io.stdout.write(write(result, io));
	return failed ? 1 : 0;
}

/** What Postern's configuration says; a configuration that does not load is told, and its defaults stand in. */
function readFacts({ config, flags }: EnvoyOptions): { facts: PosternFacts; findings: readonly Finding[] } {
	if (config === undefined && flags.length === 0 && !existsSync(DEFAULT_CONFIG_FILE)) {
		return { facts: DEFAULT_FACTS, findings: [] };
	}
	const reading = readConfig({ ...(config === undefined ? {} : { file: config }), flags });
	return reading.ok
		? { facts: factsOf(reading.config), findings: [] }
		: { facts: DEFAULT_FACTS, findings: reading.findings };
}

const DEFAULT_FACTS: PosternFacts = {
	known: false,
	maxMessageBytes: LIMITS["serve.max_message_bytes"].default,
	maxBodyBytes: LIMITS["fields.max_body_bytes"].default,
	fields: true,
	requestFields: false,
	readsBodies: false,
	identityHeaders: ["x-postern-id", "x-postern-issuer"],
};

function factsOf({ serve, request, fields, identity }: Config): PosternFacts {
	return {
		known: true,
		maxMessageBytes: serve.max_message_bytes,
		maxBodyBytes: fields.max_body_bytes,
		fields: fields.enabled,
		requestFields: "request" in fields && fields.request === true,
		readsBodies: request.proto_descriptor !== undefined,
		identityHeaders: [identity.headers.id, identity.headers.issuer].map((name) => name.toLowerCase()),
	};
}
