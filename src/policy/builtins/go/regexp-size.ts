/** Repeats beyond this, those inside of others multiplied, make no pattern in RE2. */
const MAX_REPEAT = 1000;

const REPEAT = /\{(\d{1,5})(?:,(\d{0,5}))?\}/y;

/** Where a class that starts at `at` ends; the end of the pattern for one that does not. */
function classEnd(pattern: string, at: number): number {
	for (let i = at + 1; i < pattern.length; i++) {
		if (pattern[i] === "\\") i++;
		else if (pattern[i] === "]" && i > at + 1) return i;
	}
	return pattern.length;
}

function countAt(pattern: string, at: number): { readonly count: number; readonly end: number } | undefined {
	REPEAT.lastIndex = at;
	const match = REPEAT.exec(pattern);
	if (match === null) return undefined;
	return { count: Math.max(Number(match[1]), Number(match[2] ?? 0)), end: at + match[0].length - 1 };
}

/**
 * About how many instructions a pattern becomes when it is compiled: `a{1000}` is short and becomes a thousand. Of what
 * RE2 refuses for its repeats it is the length, for that is seen before anything is made of it.
 */
export function patternSize(pattern: string): number {
	// Sizes of what is around the group at hand, and how often its parts are repeated at most.
	const outer: (readonly [size: number, repeated: number])[] = [];
	let [size, repeated] = [0, 1];
	let [lastSize, lastRepeated] = [1, 1];
	for (let at = 0; at < pattern.length; at++) {
		const char = pattern[at];
		const repeat = char === "{" ? countAt(pattern, at) : undefined;
		if (repeat !== undefined) {
			const times = lastRepeated * Math.max(repeat.count, 1);
			if (times > MAX_REPEAT) return pattern.length;
			repeated = Math.max(repeated, times);
			size += lastSize * Math.max(repeat.count - 1, 0);
			at = repeat.end;
		} else if (char === "(") {
			outer.push([size, repeated]);
			[size, repeated] = [2, 1];
		} else if (char === ")") {
			const [before, most] = outer.pop() ?? [0, 1];
			[lastSize, lastRepeated] = [size, repeated];
			size += before;
			repeated = Math.max(repeated, most);
		} else {
			[lastSize, lastRepeated] = [1, 1];
			size++;
			if (char === "\\") at++;
			else if (char === "[") at = classEnd(pattern, at);
		}
	}
	return outer.reduce((sum, [before]) => sum + before, size);
}
