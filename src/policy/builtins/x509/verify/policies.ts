import type { Certificate } from "../certificate.ts";
import type { Chain } from "./chains.ts";

/** anyPolicy, 2.5.29.32.0. */
const ANY = "551d2000";

/**
 * The policies that are valid down to one certificate, each with those that the next certificate may claim for it.
 * RFC 9618 has a graph of all certificates; whether a policy is left at its end shows in its last row alone.
 */
type Row = ReadonlyMap<string, ReadonlySet<string>>;

interface Counters {
	/** Certificates to go until a policy must be there, none may be mapped, and `ANY` counts no more. */
	explicit: number;
	mapping: number;
	any: number;
}

const selfIssued = ({ rawIssuer, rawSubject }: Certificate): boolean => rawIssuer.equals(rawSubject);

/** What a certificate claims, as far as the row before it expects that (6.1.3 d of RFC 5280). */
function claimed(row: Row, certificate: Certificate, anyCounts: boolean): Map<string, ReadonlySet<string>> {
	const keys = (certificate.fields.policies ?? []).map(({ key }) => key);
	const expected = new Set([...row.values()].flatMap((of) => [...of]));
	const next = new Map<string, ReadonlySet<string>>();
	for (const key of keys) {
		if (key !== ANY && (expected.has(key) || row.has(ANY))) next.set(key, new Set([key]));
	}
	if (!anyCounts || !keys.includes(ANY)) return next;
	for (const key of expected) if (!next.has(key)) next.set(key, new Set([key]));
	return next;
}

/** Applies a certificate's mappings (6.1.4 b); false for one from or to any policy. */
function map(row: Map<string, ReadonlySet<string>>, certificate: Certificate, allowed: boolean): boolean {
	const mappings = new Map<string, Set<string>>();
	for (const { issuer, subject } of certificate.fields.policyMappings ?? []) {
		if (!allowed) row.delete(issuer.key);
		else if (issuer.key === ANY || subject.key === ANY) return false;
		else mappings.set(issuer.key, (mappings.get(issuer.key) ?? new Set()).add(subject.key));
	}
	for (const [issuer, subjects] of mappings) if (row.has(issuer) || row.has(ANY)) row.set(issuer, subjects);
	return true;
}

/** A limit that a certificate sets; negative ones count for nothing. */
function lowered(counter: number, limit: number | undefined): number {
	return limit !== undefined && limit >= 0 && limit < counter ? limit : counter;
}

function count(counters: Counters, certificate: Certificate): void {
	const { explicitPolicy, policyMapping, anyPolicy } = certificate.fields;
	const step = selfIssued(certificate) ? 0 : 1;
	counters.explicit = lowered(Math.max(counters.explicit - step, 0), explicitPolicy);
	counters.mapping = lowered(Math.max(counters.mapping - step, 0), policyMapping);
	counters.any = lowered(Math.max(counters.any - step, 0), anyPolicy);
}

/** Says whether a chain keeps to what its certificates say of policies (RFC 5280, 6.1, and RFC 9618); any is wanted. */
export function policiesHold(chain: Chain): boolean {
	const below = chain.slice(0, -1);
	const [leaf] = below;
	if (leaf === undefined) return true;
	const start = below.length + 1;
	const counters: Counters = { explicit: start, mapping: start, any: start };
	let row: Row | undefined = new Map([[ANY, new Set([ANY])]]);
	for (const certificate of [...below].reverse()) {
		if ((certificate.fields.policies ?? []).length === 0) row = undefined;
		if (counters.explicit === 0 && row === undefined) return false;
		const isLeaf = certificate === leaf;
		if (row !== undefined) {
			const anyCounts = counters.any > 0 || (!isLeaf && selfIssued(certificate));
			const next = claimed(row, certificate, anyCounts);
			if (!isLeaf && !map(next, certificate, counters.mapping > 0)) return false;
			row = next;
		}
		if (!isLeaf) count(counters, certificate);
	}
	const explicit = leaf.fields.explicitPolicy === 0 ? 0 : Math.max(counters.explicit - 1, 0);
	return explicit > 0 || (row?.size ?? 0) > 0;
}
