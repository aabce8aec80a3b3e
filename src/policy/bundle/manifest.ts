import { PosternError } from "../../lib/errors.ts";
import {
	anything,
	exactly,
	listOf,
	number,
	objectOf,
	optional,
	recordOf,
	ShapeError,
	text,
	withDefault,
} from "./shape.ts";

/** Version of `metadata.postern`; a bundle of another is refused rather than half understood. */
export const BUNDLE_FORMAT = 1;

/** Where a bundle carries a FileDescriptorSet. OPA passes over files that it does not know. */
export const DESCRIPTORS_FILE = "descriptors.pb";

const digest = text({ pattern: /^[0-9a-f]{64}$/ });

/** What binds the files of a bundle to each other: `metadata.postern` of the manifest. */
const bindingShape = objectOf({
	format: exactly(BUNDLE_FORMAT),
	/** Builder and its version. */
	builder: text({ max: 64 }),
	/** Version of the `opa` that compiled. */
	opa: text({ max: 64 }),
	/** SHA-256 of the capabilities that the policy was checked against. */
	capabilities: digest,
	/** SHA-256 of every other file of the bundle. */
	digests: recordOf(digest),
	/** Decision path → the name of it in the module, which differs where no rule stands at the path. */
	entrypoints: recordOf(text()),
});

/** OPA's own manifest; see "Bundle File Format" of OPA's documentation. */
const manifestShape = objectOf({
	revision: withDefault(text({ max: 256, pattern: /^\P{Cc}*$/u }), ""),
	roots: withDefault(listOf(text()), [""]),
	wasm: withDefault(
		listOf(objectOf({ entrypoint: text(), module: text(), annotations: optional(anything) })),
		[],
	),
	rego_version: optional(number),
	file_rego_versions: optional(recordOf(number)),
	metadata: optional(objectOf({ postern: optional(bindingShape) }, { open: true })),
});

export type BundleBinding = ReturnType<typeof bindingShape>;
type BundleManifest = ReturnType<typeof manifestShape>;

/** @throws {PosternError} `bundle_invalid`, naming the first key that is wrong. */
export function readManifest(bytes: Uint8Array): BundleManifest {
	let json: unknown;
	try {
		json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch (thrown) {
		throw new PosternError("bundle_invalid", "bundle: .manifest is no JSON", { cause: thrown });
	}
	try {
		return manifestShape(json, "");
	} catch (thrown) {
		if (thrown instanceof ShapeError)
			throw new PosternError("bundle_invalid", `bundle: .manifest: ${thrown.message}`);
		throw thrown;
	}
}
