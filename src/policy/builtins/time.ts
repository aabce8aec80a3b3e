import { arrayTerm, isArray, isNumber, numberTerm, type Term } from "../term/term.ts";
import { type Builtin, ofString } from "./builtin.ts";
import { MAX_INT64, MIN_INT64, parseRfc3339 } from "./rfc3339.ts";
import { type LocalTime, localTime } from "./zone.ts";

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

const LITERAL = /^(-?\d+)(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,2}))?$/;

/** A whole number within 64 bits, however it is written: `1.7e18` and `5.0` are whole. */
function int64(term: Term | undefined): bigint | undefined {
	if (!isNumber(term)) return undefined;
	const match = LITERAL.exec(term.text);
	if (match === null) return undefined;
	const [, whole = "", fraction = "", exponent = "0"] = match;
	const digits = BigInt(whole + fraction);
	const shift = Number(exponent) - fraction.length;
	const scale = 10n ** BigInt(Math.abs(shift));
	if (shift < 0 && digits % scale !== 0n) return undefined;
	const value = shift < 0 ? digits / scale : digits * scale;
	return value < MIN_INT64 || value > MAX_INT64 ? undefined : value;
}

/** `ns`, or `[ns, zone]`. */
function ofTime(run: (time: LocalTime) => Term): Builtin {
	return ([when]) => {
		const [ns, zone] = isArray(when) && when.items.length === 2 ? when.items : [when, ""];
		const value = int64(ns);
		if (value === undefined || typeof zone !== "string") return undefined;
		const time = localTime(value, zone);
		return time === undefined ? undefined : run(time);
	};
}

const numbers = (...values: number[]): Term => arrayTerm(values.map(numberTerm));

export const timeBuiltins: Readonly<Record<string, Builtin>> = {
	"time.now_ns": (_args, context) => numberTerm(context.nowNs()),
	"time.parse_rfc3339_ns": ofString((text) => {
		const ns = parseRfc3339(text);
		return ns === undefined ? undefined : numberTerm(ns);
	}),
	"time.date": ofTime((time) => numbers(time.year, time.month, time.day)),
	"time.clock": ofTime((time) => numbers(time.hour, time.minute, time.second)),
	"time.weekday": ofTime((time) => WEEKDAYS[time.weekday] ?? null),
};
