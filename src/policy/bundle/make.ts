import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEFAULT_ENTRYPOINT, normalizeEntrypoint } from "../entrypoint.ts";
import { CAPABILITIES_PATH } from "./capabilities.ts";
import { compile } from "./compile.ts";
import { stageLibrary } from "./library.ts";
import { BUNDLE_FORMAT, type BundleBinding, DESCRIPTORS_FILE } from "./manifest.ts";
import { findOpa } from "./opa.ts";
import { pack } from "./pack.ts";
import { sha256 } from "./sha256.ts";
import { stageSources } from "./stage.ts";

const PACKAGE_PATH = fileURLToPath(new URL("../../../package.json", import.meta.url));

export interface BuildOptions {
	/**
	 * Folders and files with Rego and data, loaded as `opa build` loads them; tests and hidden files are left out. The
	 * policy library is added where they refer to it.
	 */
	readonly dirs: readonly string[];
	/** Decision paths; `envoy/authz/allow` when none is given. */
	readonly entrypoints?: readonly string[];
	readonly revision?: string;
	/** A FileDescriptorSet that goes into the bundle. */
	readonly descriptors?: Uint8Array;
	/** OPA's command; found by `findOpa` when absent. */
	readonly opa?: string;
	readonly signal?: AbortSignal;
}

export interface BuiltBundle {
	readonly bytes: Buffer;
	/** Hex SHA-256 of the bytes. */
	readonly digest: string;
	readonly revision: string;
	readonly entrypoints: readonly string[];
	/** Entrypoints at which no rule stands: their decision is undefined, so every call is denied. */
	readonly absent: readonly string[];
	/** Version of the `opa` that compiled. */
	readonly opa: string;
}

async function builderName(): Promise<string> {
	const { version } = JSON.parse(await readFile(PACKAGE_PATH, "utf8")) as { version?: unknown };
	return `postern ${String(version)}`;
}

/**
 * Builds a bundle in memory: WASM, plan and data from the same sources, bound to each other in the manifest. The
 * same sources, `opa` and builder give the same bytes, wherever they lie.
 * @throws {PosternError} `policy_build_failed`, `opa_missing`, `entrypoint_invalid`, `file_unreadable`
 */
export async function makeBundle(options: BuildOptions): Promise<BuiltBundle> {
	const given = options.entrypoints?.length ? options.entrypoints : [DEFAULT_ENTRYPOINT];
	const entrypoints = [...new Set(given.map(normalizeEntrypoint))].sort();
	const opa = await findOpa(options.opa, options.signal);
	const folder = await mkdtemp(join(tmpdir(), "postern-build-"));
	try {
		const sources = await stageLibrary(await stageSources(options.dirs, folder), folder);
		const compiled = await compile({ opa, folder, sources, entrypoints, capabilities: CAPABILITIES_PATH });
		const files = new Map<string, Buffer>([
			["data.json", compiled.data],
			["plan.json", compiled.plan],
			["policy.wasm", compiled.wasm],
		]);
		if (options.descriptors !== undefined) files.set(DESCRIPTORS_FILE, Buffer.from(options.descriptors));
		const binding: BundleBinding = {
			format: BUNDLE_FORMAT,
			builder: await builderName(),
			opa: opa.version,
			capabilities: sha256(await readFile(CAPABILITIES_PATH)),
			digests: Object.fromEntries([...files].map(([path, bytes]) => [path, sha256(bytes)])),
			entrypoints: Object.fromEntries(compiled.entrypoints),
		};
		const revision = options.revision ?? "";
		const wasm = [...compiled.entrypoints.values()].map((entrypoint) => ({
			entrypoint,
			module: "/policy.wasm",
		}));
		const manifest = { revision, roots: [""], wasm, rego_version: 1, metadata: { postern: binding } };
		files.set(".manifest", Buffer.from(JSON.stringify(manifest)));
		const bytes = await pack(files);
		return { bytes, digest: sha256(bytes), revision, entrypoints, absent: compiled.absent, opa: opa.version };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
