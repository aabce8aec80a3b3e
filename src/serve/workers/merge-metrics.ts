/** One family of an exposition: its head lines, and its series by their text. */
interface Family {
	readonly head: readonly string[];
	readonly kind: string;
	readonly series: Map<string, number>;
}

const SAMPLE = /^([A-Za-z_:][\w:]*)(\{.*\})? (\S+)$/;

/** Whether values of several processes mean something together. */
const adds = (kind: string): boolean => kind === "counter" || kind === "histogram";

/**
 * The expositions of several processes as one (Prometheus text format 0.0.4): counters and histograms are added up,
 * everything else is kept apart by a label `worker`. `retired`: what {@link retire} kept of processes that are gone.
 */
export function mergeExpositions(texts: ReadonlyMap<string, string>, retired = ""): string {
	const families = new Map<string, Family>();
	for (const [worker, text] of texts) readInto(families, text, worker);
	readInto(families, retired, undefined);
	return written(families);
}

/**
 * Keeps what a process had counted when it was last read, added to those before it: a counter that fell because a
 * process ended would look like one that began anew.
 */
export function retire(retired: string, text: string): string {
	const families = new Map<string, Family>();
	readInto(families, retired, undefined);
	readInto(families, text, undefined);
	return written(families);
}

/** Without a worker's name only what adds up is read. */
function readInto(families: Map<string, Family>, text: string, worker: string | undefined): void {
	let help: string | undefined;
	let family: Family | undefined;
	for (const line of text.split("\n")) {
		if (line.startsWith("# HELP ")) {
			help = line;
			family = undefined;
		} else if (line.startsWith("# TYPE ")) {
			const [, , name = "", kind = ""] = line.split(" ");
			const head = help === undefined ? [line] : [help, line];
			family = families.get(name) ?? { head, kind, series: new Map() };
			if (worker !== undefined || adds(kind)) families.set(name, family);
			else family = undefined;
			help = undefined;
		} else if (family !== undefined) {
			const [, name, labels = "", value = ""] = SAMPLE.exec(line) ?? [];
			if (name === undefined) continue;
			const key = name + (adds(family.kind) || worker === undefined ? labels : withWorker(labels, worker));
			family.series.set(key, (family.series.get(key) ?? 0) + numberOf(value));
		}
	}
}

function written(families: ReadonlyMap<string, Family>): string {
	return [...families.values()]
		.flatMap(({ head, series }) => [
			...head,
			...[...series].map(([name, value]) => `${name} ${textOf(value)}`),
			"",
		])
		.join("\n");
}

function withWorker(labels: string, worker: string): string {
	return labels === "" ? `{worker="${worker}"}` : `${labels.slice(0, -1)},worker="${worker}"}`;
}

function numberOf(text: string): number {
	if (text === "+Inf") return Number.POSITIVE_INFINITY;
	return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

function textOf(value: number): string {
	if (Number.isNaN(value)) return "NaN";
	if (value === Number.POSITIVE_INFINITY) return "+Inf";
	return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
