import { goQuote } from "../go/quote.ts";

/** What is wrong with an address, and from where on. */
interface Fault {
	readonly what: string;
	readonly at?: string;
}

function octetsFault(text: string): Fault | undefined {
	let octets = 0;
	let digits = "";
	for (const [i, char] of [...text].entries()) {
		if (char === ".") {
			if (digits === "" || i === text.length - 1) {
				return { what: "IPv4 field must have at least one digit", at: text.slice(i) };
			}
			if (octets === 3) return { what: "IPv4 address too long" };
			octets++;
			digits = "";
			continue;
		}
		if (char < "0" || char > "9") return { what: "unexpected character", at: text.slice(i) };
		if (digits === "0") return { what: "IPv4 field has octet with leading zero" };
		digits += char;
		if (Number(digits) > 255) return { what: "IPv4 field has value >255" };
	}
	return octets < 3 ? { what: "IPv4 address too short" } : undefined;
}

const HEX = /^[0-9a-fA-F]*/;

function groupsFault(text: string): Fault | undefined {
	let rest = text;
	let groups = 0;
	let gap = rest.startsWith("::");
	if (gap) rest = rest.slice(2);
	while (rest !== "" && groups < 8) {
		const digits = (HEX.exec(rest) as RegExpExecArray)[0].length;
		if (digits > 4) return { what: "each group must have 4 or less digits", at: rest };
		if (digits === 0) return { what: "each colon-separated field must have at least one digit", at: rest };
		if (rest[digits] === ".") {
			if (!gap && groups !== 6) {
				return { what: "embedded IPv4 address must replace the final 2 fields of the address", at: rest };
			}
			if (groups > 6) {
				return {
					what: "too many hex fields to fit an embedded IPv4 at the end of the address",
					at: rest,
				};
			}
			const fault = octetsFault(rest);
			if (fault !== undefined) return fault;
			groups += 2;
			rest = "";
			break;
		}
		groups++;
		rest = rest.slice(digits);
		if (rest === "") break;
		if (!rest.startsWith(":")) return { what: "unexpected character, want colon", at: rest };
		if (rest === ":") return { what: "colon must be followed by more characters", at: rest };
		rest = rest.slice(1);
		if (!rest.startsWith(":")) continue;
		if (gap) return { what: "multiple :: in address", at: rest };
		gap = true;
		rest = rest.slice(1);
	}
	if (rest !== "") return { what: "trailing garbage after address", at: rest };
	if (!gap && groups < 8) return { what: "address string too short" };
	if (gap && groups === 8) return { what: "the :: must expand to at least one field of zeros" };
	return undefined;
}

function faultOf(text: string): Fault | undefined {
	const first = /[.:%]/.exec(text)?.[0];
	if (first === undefined) return { what: "unable to parse IP" };
	if (first === "%") return { what: "missing IPv6 address" };
	if (first === ".") return octetsFault(text);
	const percent = text.indexOf("%");
	if (percent === text.length - 1) return { what: "zone must be a non-empty string" };
	return groupsFault(percent < 0 ? text : text.slice(0, percent));
}

/** What Go's `netip.ParseAddr` says of an address, which may have a zone; `undefined` for a good one. */
export function addressFault(text: string): string | undefined {
	const fault = faultOf(text);
	if (fault === undefined) return undefined;
	const at = fault.at === undefined || fault.at === "" ? "" : ` (at ${goQuote(fault.at)})`;
	return `ParseAddr(${goQuote(text)}): ${fault.what}${at}`;
}
