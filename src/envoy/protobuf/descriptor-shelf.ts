import { createHash } from "node:crypto";
import { type Descriptors, readDescriptors } from "./descriptors.ts";

/** A descriptor set and its name: the hex SHA-256 of its bytes. */
export interface NamedDescriptors {
	readonly digest: string;
	readonly descriptors: Descriptors;
}

/** A descriptor set as a bundle carries it. */
export interface DescriptorBytes {
	readonly digest: string;
	readonly bytes: Uint8Array;
}

/** The descriptor sets that decisions in force or under way were made with. */
export interface DescriptorShelf {
	/** Keeps the set of a policy that takes over. @throws PosternError `descriptors_invalid` */
	keep(set: DescriptorBytes): void;
	/** The set of a policy, or where it carries none that of the configuration. */
	of(set: DescriptorBytes | undefined): NamedDescriptors | undefined;
	/** The set by which a decision was made, here or by another replica; undefined: unknown here. */
	byDigest(digest: string): Descriptors | undefined;
}

/** Sets of policies that were replaced: answers to calls that they let through may still be on their way. */
const KEPT_SETS = 4;

/** `configured`: the bytes of the set that the configuration names. @throws PosternError `descriptors_invalid` */
export function createDescriptorShelf(configured: Uint8Array | undefined): DescriptorShelf {
	const own =
		configured === undefined
			? undefined
			: { digest: digestOf(configured), descriptors: readDescriptors(configured) };
	const kept = new Map<string, NamedDescriptors>();
	return {
		keep({ digest, bytes }) {
			const known = kept.get(digest) ?? { digest, descriptors: readDescriptors(bytes) };
			kept.delete(digest);
			kept.set(digest, known);
			for (const oldest of kept.keys()) if (kept.size > KEPT_SETS) kept.delete(oldest);
		},
		of: (set) => (set === undefined ? own : kept.get(set.digest)),
		byDigest: (digest) => (digest === own?.digest ? own.descriptors : kept.get(digest)?.descriptors),
	};
}

function digestOf(bytes: Uint8Array): string {
	return createHash("sha256").update(bytes).digest("hex");
}
