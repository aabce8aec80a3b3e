import type { Certificate } from "../certificate.ts";
import { oidText } from "../values.ts";
import { isSignedBy } from "./signature.ts";

/** Leaf first, root last. */
export type Chain = readonly Certificate[];

/** Certificates to build chains of, by subject; the same bytes count once. */
export interface Pool {
	readonly has: (certificate: Certificate) => boolean;
	/** Those whose subject is a certificate's issuer, the likeliest first. */
	readonly parentsOf: (certificate: Certificate) => readonly Certificate[];
}

const NONE = Buffer.alloc(0);

/** Go tries a parent whose key has the identifier that a certificate names before one that says nothing of it. */
function likelihood({ fields }: Certificate, child: Certificate): number {
	const own = fields.subjectKeyId ?? NONE;
	const wanted = child.fields.authorityKeyId ?? NONE;
	if (own.equals(wanted)) return 0;
	return own.length === 0 || wanted.length === 0 ? 1 : 2;
}

export function createPool(certificates: readonly Certificate[]): Pool {
	const known = new Map(certificates.map((one) => [one.raw.toString("latin1"), one] as const));
	const bySubject = new Map<string, Certificate[]>();
	for (const one of known.values()) {
		const subject = one.rawSubject.toString("latin1");
		bySubject.set(subject, [...(bySubject.get(subject) ?? []), one]);
	}
	return {
		has: ({ raw }) => known.has(raw.toString("latin1")),
		parentsOf(child) {
			const found = bySubject.get(child.rawIssuer.toString("latin1")) ?? [];
			return [...found].sort((a, b) => likelihood(a, child) - likelihood(b, child));
		},
	};
}

const SUBJECT_ALT_NAME = "2.5.29.17";

const otherNames = ({ extensions }: Certificate): Buffer | undefined =>
	extensions.find(({ id }) => oidText(id) === SUBJECT_ALT_NAME)?.value;

/** The same subject and key, and the same other names: what cross-signing makes go in circles. */
function alreadyIn(chain: Chain, candidate: Certificate): boolean {
	const names = otherNames(candidate);
	for (const one of chain) {
		if (!one.rawSubject.equals(candidate.rawSubject) || !one.keyInfo.raw.equals(candidate.keyInfo.raw))
			continue;
		const others = otherNames(one);
		if (names === undefined || others === undefined) return names === others;
		if (names.equals(others)) return true;
	}
	return false;
}

/** A certificate's place in the chain that it may join. */
type Place = "leaf" | "intermediate" | "root";

/** Go's conditions for a certificate that is to follow a chain, which is empty for the leaf. */
export function mayFollow(chain: Chain, certificate: Certificate, place: Place, nowNs: bigint): boolean {
	const { fields, notBefore, notAfter } = certificate;
	if (fields.unhandled.length > 0) return false;
	const ns = (second: number): bigint => BigInt(second) * 1_000_000_000n;
	if (nowNs < ns(notBefore.second) || nowNs > ns(notAfter.second)) return false;
	if (place === "intermediate" && fields.basic?.isCa !== true) return false;
	const maxPath = fields.basic?.maxPath ?? -1;
	return maxPath < 0 || chain.length - 1 <= maxPath;
}

/** Candidates that Go looks at for one leaf, however they turn out. */
const MAX_CANDIDATES = 100;

/** Every chain from a leaf to a root, in Go's order, as far as it looks. */
export function buildChains(leaf: Certificate, roots: Pool, between: Pool, nowNs: bigint): readonly Chain[] {
	let looked = 0;
	const chains: Chain[] = [];
	/** False where no further candidate is looked at. */
	const follow = (chain: Chain, last: Certificate, place: Place): boolean => {
		for (const parent of (place === "root" ? roots : between).parentsOf(last)) {
			if (++looked > MAX_CANDIDATES) return false;
			if (parent.keyInfo.key === undefined || alreadyIn(chain, parent)) continue;
			if (!isSignedBy(last, parent) || !mayFollow(chain, parent, place, nowNs)) continue;
			if (place === "root") chains.push([...chain, parent]);
			else if (!extend([...chain, parent], parent)) return false;
		}
		return true;
	};
	const extend = (chain: Chain, last: Certificate): boolean =>
		follow(chain, last, "root") && follow(chain, last, "intermediate");
	extend([leaf], leaf);
	return chains;
}
