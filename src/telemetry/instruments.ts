import { createLabelIndex, type Labels, labelsText } from "./label-index.ts";
import type { MetricSpec } from "./metric-table.ts";
import type { Counter, Gauge, Histogram } from "./types.ts";

/** A metric that can be written down in the Prometheus text format. */
export interface Rendered {
	/** Without the line feed behind it. */
	render(): string;
}

const NO_LABELS = {};

/** Counting is adding to a number in an array; texts are made at the scrape. */
export function createCounter(spec: MetricSpec): Counter & Rendered {
	const index = createLabelIndex(spec.labels);
	let values = new Float64Array(4);
	return {
		inc(labels = NO_LABELS, by = 1) {
			const slot = index.slotOf(labels);
			if (slot >= values.length) values = widened(values, slot + 1);
			values[slot] = (values[slot] as number) + by;
		},
		render: () =>
			lines(
				spec,
				index.texts.map((text, slot) => sample(spec.name, text, values[slot] as number)),
			),
	};
}

export function createGauge(spec: MetricSpec): Gauge & Rendered {
	const index = createLabelIndex(spec.labels);
	let values = new Float64Array(4);
	return {
		set(value, labels = NO_LABELS) {
			const slot = index.slotOf(labels);
			if (slot >= values.length) values = widened(values, slot + 1);
			values[slot] = value;
		},
		render: () =>
			lines(
				spec,
				index.texts.map((text, slot) => sample(spec.name, text, values[slot] as number)),
			),
	};
}

/** A gauge of which only the last set of labels stands: the revision before is gone. */
export function createInfoGauge(spec: MetricSpec): Gauge & Rendered {
	const index = createLabelIndex(spec.labels);
	let last = 0;
	return {
		set(value, labels = NO_LABELS) {
			index.clear();
			index.slotOf(labels);
			last = value;
		},
		render: () =>
			lines(
				spec,
				index.texts.map((text) => sample(spec.name, text, last)),
			),
	};
}

/** Per set of labels: how many fell into each bucket, then into none, and the sum of all. */
export function createHistogram(spec: MetricSpec): Histogram & Rendered {
	const index = createLabelIndex(spec.labels);
	const bounds = Float64Array.from(spec.buckets ?? []);
	const width = bounds.length + 2;
	let values = new Float64Array(4 * width);

	function render(text: string, slot: number): string[] {
		const start = slot * width;
		const rest = text === "" ? "" : `,${text}`;
		let count = 0;
		const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, at) => {
			count += values[start + at] as number;
			return sample(`${spec.name}_bucket`, `le="${number(bound)}"${rest}`, count);
		});
		const sum = values[start + width - 1] as number;
		return [...buckets, sample(`${spec.name}_sum`, text, sum), sample(`${spec.name}_count`, text, count)];
	}

	return {
		observe(value, labels = NO_LABELS) {
			const start = index.slotOf(labels) * width;
			if (start + width > values.length) values = widened(values, start + width);
			let at = 0;
			while (at < bounds.length && value > (bounds[at] as number)) at++;
			values[start + at] = (values[start + at] as number) + 1;
			values[start + width - 1] = (values[start + width - 1] as number) + value;
		},
		render: () => lines(spec, index.texts.flatMap(render)),
	};
}

/** A metric whose values are read when it is written down; undefined where there is nothing to read. */
export function createReading(
	spec: MetricSpec,
	read: () => readonly (readonly [value: number | undefined, labels?: Labels])[],
): Rendered {
	return {
		render() {
			const samples: string[] = [];
			for (const [value, labels] of read()) {
				if (value !== undefined) samples.push(sample(spec.name, labelsText(spec.labels, labels), value));
			}
			return lines(spec, samples);
		},
	};
}

function widened(values: Float64Array<ArrayBuffer>, least: number): Float64Array<ArrayBuffer> {
	const wide = new Float64Array(Math.max(least, values.length * 2));
	wide.set(values);
	return wide;
}

function lines({ name, help, kind }: MetricSpec, samples: readonly string[]): string {
	return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...samples, ""].join("\n");
}

function sample(name: string, labels: string, value: number): string {
	return `${name}${labels === "" ? "" : `{${labels}}`} ${number(value)}`;
}

/** Go's names for what has no digits. */
function number(value: number): string {
	if (Number.isNaN(value)) return "Nan";
	return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
}
