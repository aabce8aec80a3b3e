import { HOST_BUILTINS } from "../../src/policy/builtins/table.ts";
import { termFromJson } from "../../src/policy/term/from-json.ts";
import type { Term } from "../../src/policy/term/term.ts";
import { type Answer, answers, type Call } from "./builtin-oracle.ts";

/** The failures sorted: OPA goes through the members of objects in an order that is another each time. */
function unordered(answer: string): unknown {
	if (answer === "undefined") return answer;
	const [result] = JSON.parse(answer) as [[boolean, readonly object[] | string | null]];
	const [valid, failures] = result;
	return [valid, Array.isArray(failures) ? failures.map((one) => JSON.stringify(one)).sort() : failures];
}

/** The calls to which the host and the real `opa` answer otherwise, the order of failures left aside. */
export async function schemaDifferences(calls: readonly Call[]): Promise<readonly Answer[]> {
	return (await answers(calls)).filter(
		({ ours, opa }) => JSON.stringify(unordered(ours)) !== JSON.stringify(unordered(opa)),
	);
}

/** Every schema verified, and every document held to every schema of its group. */
export const callsFor = (
	groups: readonly (readonly [schemas: readonly unknown[], documents: readonly unknown[]])[],
): readonly Call[] =>
	groups.flatMap(([schemas, documents]) =>
		schemas.flatMap((schema): readonly Call[] => [
			["json.verify_schema", [schema]],
			...documents.map((document): Call => ["json.match_schema", [document, schema]]),
		]),
	);

const term = (value: unknown): Term => termFromJson(JSON.stringify(value)) as Term;

/** Why a call is given up here, as for what crashes OPA; `undefined` for one that has an answer. */
export function givenUp([name, args]: Call): string | undefined {
	try {
		HOST_BUILTINS.get(name)?.(args.map(term), { nowNs: () => 0n, remember: (_key, make) => make() });
		return undefined;
	} catch (thrown) {
		if (thrown instanceof RangeError) return thrown.message;
		throw thrown;
	}
}
