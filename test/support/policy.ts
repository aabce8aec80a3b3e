import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { type BuiltBundle, makeBundle } from "../../src/policy/bundle/make.ts";
import { DEFAULT_POLICY_LIMITS, type PolicyLimits } from "../../src/policy/limits.ts";
import { type LoadedPolicy, loadPolicy } from "../../src/policy/load.ts";

/** Runs `use` in a folder that is gone afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), "postern-test-"));
	try {
		return await use(folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

export type Sources = Readonly<Record<string, string>>;

/** Writes files below a folder, making what folders they need. */
export async function writeSources(folder: string, sources: Sources): Promise<void> {
	for (const [name, text] of Object.entries(sources)) {
		await mkdir(dirname(join(folder, name)), { recursive: true });
		await writeFile(join(folder, name), text);
	}
}

/** Builds a bundle from Rego (one text: `policy.rego`) and data given as text. */
export async function bundleOf(
	sources: Sources | string,
	entrypoints?: readonly string[],
	revision?: string,
	descriptors?: Uint8Array,
): Promise<BuiltBundle> {
	return inFolder(async (folder) => {
		await writeSources(folder, typeof sources === "string" ? { "policy.rego": sources } : sources);
		return makeBundle({
			dirs: [folder],
			...(entrypoints === undefined ? {} : { entrypoints }),
			...(revision === undefined ? {} : { revision }),
			...(descriptors === undefined ? {} : { descriptors }),
		});
	});
}

export async function policyOf(
	sources: Sources | string,
	options: {
		readonly entrypoints?: readonly string[];
		readonly limits?: Partial<PolicyLimits>;
		readonly clock?: Clock;
	} = {},
): Promise<LoadedPolicy> {
	const { bytes } = await bundleOf(sources, options.entrypoints);
	const limits = { ...DEFAULT_POLICY_LIMITS, ...options.limits };
	return loadPolicy(bytes, limits, options.clock ?? systemClock);
}

/** An input document as bytes. */
export const inputOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), "utf8");
