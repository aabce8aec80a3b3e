import { readFile, stat } from "node:fs/promises";
import type { Finding } from "../config/finding.ts";
import type { Config } from "../config/types.ts";
import { readDecisionPath } from "../decision/decision-path.ts";
import { parseKeySet } from "../identity/key-set.ts";
import { readKeySet } from "../identity/key-source.ts";
import type { Clock } from "../lib/clock.ts";
import { errorMessage } from "../lib/error-message.ts";
import { PosternError, toPosternError } from "../lib/errors.ts";
import { lintBundle } from "../policy/lint/lint.ts";
import { type LoadedPolicy, loadPolicy } from "../policy/load.ts";
import { checkDescriptors, readDescriptorFile } from "./descriptor-set.ts";
import { readHashKey } from "./hash-key.ts";
import { inspectTls } from "./tls/findings.ts";

/** What a check of the surroundings found: each with the key that it concerns. */
export interface Inspection {
	readonly findings: readonly Finding[];
	readonly policy?: {
		readonly revision: string;
		readonly digest: string;
		readonly entrypoints: readonly string[];
	};
}

/**
 * Tries what a start would need, without opening a port: the bundle loads, the decision path exists, the key set, the
 * hash key and the descriptor set can be read. Finds everything at once; `placeOf` tells where a key's value was written.
 */
export async function inspect(
	config: Config,
	clock: Clock,
	placeOf: (key: string) => Partial<Finding>,
): Promise<Inspection> {
	const [policy, ...others] = await Promise.all([
		inspectPolicy(config, clock),
		inspectKeySet(config),
		inspectHashKey(config),
		inspectDescriptors(config),
		inspectTls(config, clock),
	]);
	const findings = [...policy.findings, ...others.flat()];
	return { ...policy, findings: findings.map((finding) => ({ ...placeOf(finding.key ?? ""), ...finding })) };
}

async function inspectPolicy(config: Config, clock: Clock): Promise<Inspection> {
	const { policy } = config;
	try {
		const bytes = await readBundleFile(policy.bundle, policy.max_bundle_bytes);
		const loaded = await loadPolicy(bytes, policy, clock, 1, { checkDescriptors });
		const { revision, digest, entrypoints } = loaded;
		const found = { revision, digest, entrypoints };
		const names = entrypoints.map((name) => name.replace(/^\/+|\/+$/g, ""));
		const findings = [policy.path, ...policy.paths].flatMap((path, index): Finding[] => {
			if (names.includes(readDecisionPath(path).entrypoint)) return [];
			const key = index === 0 ? "policy.path" : `policy.paths.${index - 1}`;
			const message = `the bundle has no decision path ${path}; it has ${entrypoints.join(", ")}`;
			return [{ code: "decision_path_missing", key, message }];
		});
		return {
			findings: [...findings, ...differences(loaded), ...(await advice(bytes, policy.max_bundle_bytes))],
			policy: found,
		};
	} catch (thrown) {
		const { code, message } = toPosternError(thrown);
		const named = message.includes(policy.bundle) ? message : `${policy.bundle}: ${message}`;
		return { findings: [{ code, message: named, key: "policy.bundle" }] };
	}
}

/** A module that is served with what it has answers otherwise than OPA here and there. */
function differences({ mayDiffer }: LoadedPolicy): Finding[] {
	if (mayDiffer === undefined) return [];
	const message = `answers may differ from OPA's: ${mayDiffer}; build the bundle with \`postern build\``;
	return [{ code: "policy_may_differ", severity: "warning", key: "policy.bundle", message }];
}

/** What the policy does that its author may not mean, at its place in the sources. */
async function advice(bytes: Buffer, maxBytes: number): Promise<Finding[]> {
	const found = await lintBundle(bytes, maxBytes);
	return found.map((finding) => ({ ...finding, severity: "warning" }));
}

async function readBundleFile(path: string, maxBytes: number): Promise<Buffer> {
	try {
		const { size } = await stat(path);
		if (size > maxBytes) throw new PosternError("bundle_too_large", `${size} bytes, more than ${maxBytes}`);
		return await readFile(path);
	} catch (thrown) {
		if (thrown instanceof PosternError) throw thrown;
		throw new PosternError("file_unreadable", errorMessage(thrown), { cause: thrown });
	}
}

async function inspectKeySet(config: Config): Promise<Finding[]> {
	const { jwt } = config.identity;
	if (jwt === undefined) return [];
	try {
		const signal = AbortSignal.timeout(jwt.fetch_timeout_seconds * 1000);
		parseKeySet(await readKeySet(jwt.jwks, jwt.max_key_set_bytes, signal));
		return [];
	} catch (thrown) {
		return [{ code: "key_set_unreadable", key: "identity.jwt.jwks", message: errorMessage(thrown) }];
	}
}

async function inspectDescriptors(config: Config): Promise<Finding[]> {
	const { proto_descriptor: file } = config.request;
	const key = "request.proto_descriptor";
	if (file === undefined) return [];
	try {
		await readDescriptorFile(file, key);
		return [];
	} catch (thrown) {
		const { code, message } = toPosternError(thrown);
		return [{ code, message, key }];
	}
}

async function inspectHashKey(config: Config): Promise<Finding[]> {
	if (config.fields.hash_key_file === undefined) return [];
	try {
		await readHashKey(config.fields.hash_key_file);
		return [];
	} catch (thrown) {
		const { code, message } = toPosternError(thrown);
		return [{ code, message, key: "fields.hash_key_file" }];
	}
}
