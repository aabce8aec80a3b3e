import { arrayTerm, numberTerm, type Term } from "../term/term.ts";
import { MAX_ITEMS, tooLarge } from "./bounds.ts";
import type { Builtin } from "./builtin.ts";
import { bigIntOperand } from "./numbers.ts";

const rangeStep: Builtin = ([first, last, by]) => {
	const from = bigIntOperand(first);
	const to = bigIntOperand(last);
	const step = bigIntOperand(by);
	if (from === undefined || to === undefined || step === undefined || step <= 0n) return undefined;
	const steps = (from <= to ? to - from : from - to) / step;
	if (steps >= MAX_ITEMS) throw tooLarge("numbers.range_step");
	const items: Term[] = [];
	const signed = from <= to ? step : -step;
	for (let i = 0n; i <= steps; i++) items.push(numberTerm(from + i * signed));
	return arrayTerm(items);
};

export const rangeBuiltins: Readonly<Record<string, Builtin>> = { "numbers.range_step": rangeStep };
