import { isArray, isNumber, isSet, type ObjectTerm, type Term } from "../../../term/term.ts";
import { intOperand } from "../../numbers.ts";

/** What a policy asks of a verification; absent where it does not say. */
export interface VerifyOptions {
	/** Empty for no name in particular. */
	readonly host: string;
	readonly timeNs?: bigint;
	/** Go's numbers. */
	readonly usages: readonly number[];
}

/** Go's numbers are the places. */
const USAGES: readonly string[] = [
	"KeyUsageAny",
	"KeyUsageServerAuth",
	"KeyUsageClientAuth",
	"KeyUsageCodeSigning",
	"KeyUsageEmailProtection",
	"KeyUsageIPSECEndSystem",
	"KeyUsageIPSECTunnel",
	"KeyUsageIPSECUser",
	"KeyUsageTimeStamping",
	"KeyUsageOCSPSigning",
	"KeyUsageMicrosoftServerGatedCrypto",
	"KeyUsageNetscapeServerGatedCrypto",
	"KeyUsageMicrosoftCommercialCodeSigning",
	"KeyUsageMicrosoftKernelCodeSigning",
];

/** OPA takes quotes off a text, however many. */
const unquoted = (text: string): string => text.replace(/^"+|"+$/g, "");

/** Elements that are no strings count for nothing. */
function readUsages(term: Term): readonly number[] | undefined {
	if (!isArray(term) && !isSet(term)) return undefined;
	const names = term.items.filter((item) => typeof item === "string").map(unquoted);
	const numbers = names.map((name) => USAGES.indexOf(name));
	return numbers.includes(-1) ? undefined : numbers;
}

type Reader = (term: Term) => Partial<VerifyOptions> | undefined;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
	["DNSName", (term) => (typeof term === "string" ? { host: unquoted(term) } : undefined)],
	[
		"CurrentTime",
		(term) => {
			const timeNs = intOperand(term);
			return timeNs === undefined ? undefined : { timeNs };
		},
	],
	// Go has no use for it any more: its comparisons are few whatever a certificate holds.
	["MaxConstraintComparisons", (term) => (isNumber(term) && intOperand(term) !== undefined ? {} : undefined)],
	[
		"KeyUsages",
		(term) => {
			const usages = readUsages(term);
			return usages === undefined ? undefined : { usages };
		},
	],
]);

/** Reads options as OPA does: keys that are no strings are passed over; `undefined` for an unknown key or a wrong value. */
export function readVerifyOptions({ entries }: ObjectTerm): VerifyOptions | undefined {
	let options: VerifyOptions = { host: "", usages: [] };
	for (const [key, value] of entries) {
		if (typeof key !== "string") continue;
		const read = READERS.get(key)?.(value);
		if (read === undefined) return undefined;
		options = { ...options, ...read };
	}
	return options;
}
