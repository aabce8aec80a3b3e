import { opaEval } from "./opa-eval.ts";
import { inputOf, policyOf } from "./policy.ts";

/** A builtin's name and its arguments as JSON; `{"$set": […]}` as an argument, or inside one, stands for a set. */
export type Call = readonly [name: string, args: readonly unknown[]];

function source(calls: readonly Call[]): string {
	const arities = new Map(calls.map(([name, args]) => [name, args.length]));
	const rules = [...arities].map(([name, arity]) => {
		const args = Array.from({ length: arity }, (_, i) => `a${i}`);
		const given = args.map((arg, i) => `\t${arg} := term(args[${i}])`).join("\n");
		return `answer("${name}", args) := sprintf("%v", [[value]]) if {
${given}
	value := ${name}(${args.join(", ")})
}`;
	});
	return `package envoy.authz

allow := [text | some call in input.calls; text := answer(call[0], call[1])]

default answer(_, _) := "undefined"

term(x) := x if not holds_set(x)

term(x) := {term1(e) | some e in x["$set"]} if is_set_term(x)

term(x) := [term1(e) | some e in x] if { is_array(x); holds_set(x) }

term(x) := {k: term1(v) | some k, v in x} if { is_object(x); holds_set(x); not is_set_term(x) }

term1(x) := {e | some e in x["$set"]} if is_set_term(x)

term1(x) := x if not is_set_term(x)

is_set_term(x) if { is_object(x); x["$set"] }

holds_set(x) if is_set_term(x)

holds_set(x) if { some e in x; is_set_term(e) }

${rules.join("\n\n")}
`;
}

/** Of all calls together, and of all answers. */
const MAX_BYTES = 64 * 1024 * 1024;

/** A call with both answers to it as Rego text: `[value]` or `undefined`. */
export interface Answer {
	readonly call: Call;
	readonly ours: string;
	readonly opa: string;
}

/** What the host and the real `opa` answer. Each call goes through a compiled policy, as it would in a request. */
export async function answers(calls: readonly Call[]): Promise<readonly Answer[]> {
	const rego = source(calls);
	const policy = await policyOf(rego, {
		limits: { max_input_bytes: MAX_BYTES, max_result_bytes: MAX_BYTES },
	});
	const outcome = policy.evaluate("envoy/authz/allow", inputOf({ calls }));
	const theirs = (await opaEval(rego, "data.envoy.authz.allow", { calls })) as readonly string[];
	if (outcome.kind !== "value") throw new Error(JSON.stringify(outcome));
	const ours = outcome.value as readonly string[];
	if (ours.length !== calls.length || theirs.length !== calls.length) {
		throw new Error(`${calls.length} calls, ${ours.length} of our answers, ${theirs.length} of OPA's`);
	}
	return calls.map((call, i) => ({ call, ours: ours[i] as string, opa: theirs[i] as string }));
}

/** The calls to which the host and the real `opa` answer otherwise. */
export const differences = async (calls: readonly Call[]): Promise<readonly Answer[]> =>
	(await answers(calls)).filter(({ ours, opa }) => ours !== opa);

/** Every argument list for one builtin. */
export const callsOf = (name: string, ...args: readonly (readonly unknown[])[]): readonly Call[] =>
	args.map((list) => [name, list]);
