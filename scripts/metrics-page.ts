import { METRICS, type MetricSpec } from "../src/telemetry/metric-table.ts";

/** The page about `/metrics`, made from the table that declares them. */
export function metricsPage(): string {
	const rows = Object.values(METRICS).map((spec: MetricSpec) => {
		const labels = spec.labels.length === 0 ? "none" : spec.labels.map((label) => `\`${label}\``).join(", ");
		return `| \`${spec.name}\` | ${spec.kind} | ${labels} | ${spec.help} |`;
	});
	return `# Metrics

Made from the table of metrics by \`npm run docs\`. The admin port serves them on \`/metrics\` as Prometheus text. Label values
come from closed sets or from what is loaded, never from a caller. Base units are seconds and bytes.

| name | kind | labels | meaning |
|---|---|---|---|
${rows.join("\n")}

Besides these, the process's own: \`postern_process_…\` (CPU, memory, file descriptors) and \`postern_nodejs_…\` (event-loop
lag, garbage collection, heap).
`;
}
