import { z } from "zod";
import { PosternError } from "../../lib/errors.ts";

/** Version of `metadata.postern`; a bundle of another is refused rather than half understood. */
export const BUNDLE_FORMAT = 1;

/** Where a bundle carries a FileDescriptorSet. OPA passes over files that it does not know. */
export const DESCRIPTORS_FILE = "descriptors.pb";

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What binds the files of a bundle to each other: `metadata.postern` of the manifest. */
const bindingSchema = z.strictObject({
	format: z.literal(BUNDLE_FORMAT),
	/** Builder and its version. */
	builder: z.string().max(64),
	/** Version of the `opa` that compiled. */
	opa: z.string().max(64),
	/** SHA-256 of the capabilities that the policy was checked against. */
	capabilities: digest,
	/** SHA-256 of every other file of the bundle. */
	digests: z.record(z.string(), digest),
	/** Decision path → the name of it in the module, which differs where no rule stands at the path. */
	entrypoints: z.record(z.string(), z.string()),
});

/** OPA's own manifest; see "Bundle File Format" of OPA's documentation. */
const manifestSchema = z.strictObject({
	revision: z
		.string()
		.max(256)
		.regex(/^\P{Cc}*$/u)
		.default(""),
	roots: z.array(z.string()).default([""]),
	wasm: z
		.array(
			z.strictObject({ entrypoint: z.string(), module: z.string(), annotations: z.unknown().optional() }),
		)
		.default([]),
	rego_version: z.number().optional(),
	file_rego_versions: z.record(z.string(), z.number()).optional(),
	metadata: z.looseObject({ postern: bindingSchema.optional() }).optional(),
});

export type BundleBinding = z.infer<typeof bindingSchema>;
type BundleManifest = z.infer<typeof manifestSchema>;

/** @throws {PosternError} `bundle_invalid`, naming the first key that is wrong. */
export function readManifest(bytes: Uint8Array): BundleManifest {
	let json: unknown;
	try {
		json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch (thrown) {
		throw new PosternError("bundle_invalid", "bundle: .manifest is no JSON", { cause: thrown });
	}
	const result = manifestSchema.safeParse(json);
	if (result.success) return result.data;
	const [issue] = result.error.issues;
	const where = issue?.path.join(".") ?? "";
	throw new PosternError(
		"bundle_invalid",
		`bundle: .manifest: ${where === "" ? "" : `${where}: `}${issue?.message}`,
	);
}
