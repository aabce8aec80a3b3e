import { PosternError } from "../../lib/errors.ts";
import { type BundleBinding, DESCRIPTORS_FILE, readManifest } from "./manifest.ts";
import { sha256 } from "./sha256.ts";
import { unpack } from "./unpack.ts";

/** A bundle whose shape was checked; the module in it was not looked at yet. */
export interface Bundle {
	/** Hex SHA-256 of the bundle's bytes. */
	readonly digest: string;
	/** As the manifest says; may be empty. */
	readonly revision: string;
	readonly wasm: Buffer;
	/** A JSON object. */
	readonly data: Buffer;
	readonly plan?: Buffer;
	/** A FileDescriptorSet: the types of the gRPC services that the policy is about. Not looked at yet. */
	readonly descriptors?: Buffer;
	/** Decision path → the module's name of it; empty: the module's own list counts. */
	readonly entrypoints: ReadonlyMap<string, string>;
	/** The manifest binds the digest of every file, the plan's among them. */
	readonly bound: boolean;
}

const invalid = (what: string): PosternError => new PosternError("bundle_invalid", `bundle: ${what}`);

/** Signed and delta bundles are never taken for plain ones: what goes unchecked must not look checked. */
function refuseUnknown(files: ReadonlyMap<string, Buffer>): void {
	if (files.has(".signatures.json")) throw invalid("it is signed, and signatures are not verified yet");
	if (files.has("patch.json")) throw invalid("it is a delta bundle; a whole one is needed");
	for (const path of files.keys()) {
		const name = path.slice(path.lastIndexOf("/") + 1);
		const nested =
			path.includes("/") && /^(?:data\.json|data\.ya?ml|policy\.wasm|plan\.json|descriptors\.pb)$/.test(name);
		if (nested || /^data\.ya?ml$/.test(name)) {
			throw invalid(`${path}: data is read from data.json and the policy from policy.wasm, both at the top`);
		}
	}
}

function checkBinding(files: ReadonlyMap<string, Buffer>, binding: BundleBinding): void {
	const corrupt = (what: string): PosternError => new PosternError("bundle_corrupt", `bundle: ${what}`);
	for (const [path, digest] of Object.entries(binding.digests)) {
		const bytes = files.get(path);
		if (bytes === undefined) throw corrupt(`${path} is missing`);
		if (sha256(bytes) !== digest) throw corrupt(`${path} is not the file that was built`);
	}
	for (const path of files.keys()) {
		if (path !== ".manifest" && !Object.hasOwn(binding.digests, path)) throw corrupt(`${path} was not built`);
	}
	if (!Object.hasOwn(binding.digests, "plan.json")) throw corrupt("plan.json is not bound");
}

/** Where `opa build -O1` puts the rules that it worked out. */
const OPTIMIZED = /^optimized\/.*\.rego$/;

/**
 * OPA's optimiser takes data that it does not see for absent, and works out what follows: data that comes later
 * changes no answer any more, without a word.
 */
function checkOptimized(files: ReadonlyMap<string, Buffer>, data: object): void {
	if (Object.keys(data).length > 0) return;
	if ([...files.keys()].some((path) => OPTIMIZED.test(path))) {
		throw invalid(
			"it was optimised (opa build -O) without data, so whatever the policy asks of data was taken for absent; build it without -O, or with the data",
		);
	}
}

function checkData(data: Buffer): object {
	let value: unknown;
	try {
		value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
	} catch {
		throw invalid("data.json is no JSON");
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw invalid("data.json is no object");
	}
	return value;
}

/**
 * Reads a bundle as `postern build` makes it, or as `opa build -t wasm` does (then without plan and binding).
 * @throws {PosternError} `bundle_too_large`, `bundle_invalid`, or `bundle_corrupt` where a bound file differs.
 */
export async function readBundle(bytes: Uint8Array, maxBytes: number): Promise<Bundle> {
	const files = await unpack(bytes, maxBytes);
	refuseUnknown(files);
	const manifestBytes = files.get(".manifest");
	if (manifestBytes === undefined) throw invalid("no .manifest");
	const manifest = readManifest(manifestBytes);
	const binding = manifest.metadata?.postern;
	if (binding !== undefined) checkBinding(files, binding);
	const wasm = files.get("policy.wasm");
	if (wasm === undefined) throw invalid("no policy.wasm; build it with `postern build`");
	const data = files.get("data.json") ?? Buffer.from("{}");
	checkOptimized(files, checkData(data));
	for (const { entrypoint, module } of manifest.wasm) {
		if (module !== "/policy.wasm" && module !== "policy.wasm") {
			throw invalid(`entrypoint ${entrypoint} is in ${module}; one policy.wasm at the top is read`);
		}
	}
	const plan = files.get("plan.json");
	const descriptors = files.get(DESCRIPTORS_FILE);
	return {
		digest: sha256(bytes),
		revision: manifest.revision,
		wasm,
		data,
		...(plan === undefined ? {} : { plan }),
		...(descriptors === undefined ? {} : { descriptors }),
		entrypoints: new Map(
			binding === undefined
				? manifest.wasm.map(({ entrypoint }) => [entrypoint, entrypoint] as const)
				: Object.entries(binding.entrypoints),
		),
		bound: binding !== undefined,
	};
}
