import { readdirSync, readFileSync } from "node:fs";
import { constants, monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";
import process from "node:process";
import { getHeapSpaceStatistics } from "node:v8";
import { createHistogram, createReading, type Rendered } from "./instruments.ts";
import type { Labels } from "./label-index.ts";
import type { MetricSpec } from "./metric-table.ts";

type Readings = readonly (readonly [value: number | undefined, labels?: Labels])[];

const GC_BUCKETS = [0.001, 0.01, 0.1, 1, 2, 5];

const GC_KINDS: ReadonlyMap<unknown, string> = new Map([
	[constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
	[constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
	[constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
	[constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"],
]);

interface Collection {
	readonly duration: number;
	readonly detail?: { readonly kind?: number };
}

/** Not documented, and there for years: what Node's own documentation offers instead names other things. */
interface Handles {
	_getActiveHandles?(): readonly object[];
	_getActiveRequests?(): readonly object[];
}

/**
 * CPU, memory, file descriptors, event loop and garbage collection of this process, by the names, labels and words under
 * which `prom-client` and dashboards for Node know them; all but the collections are read when they are asked for.
 */
export function createProcessMetrics(prefix: string): readonly Rendered[] {
	const node: Handles = process as Handles;
	const [version, major = "", minor = "", patch = ""] = [
		process.version,
		...process.version.slice(1).split("."),
	];
	const gauge = (name: string, help: string, read: () => number | undefined): Rendered =>
		createReading({ name: prefix + name, kind: "gauge", help, labels: [] }, () => [[read()]]);
	const gauges = (name: string, help: string, labels: readonly string[], read: () => Readings): Rendered =>
		createReading({ name: prefix + name, kind: "gauge", help, labels }, read);
	const seconds = (name: string, help: string, read: () => number): Rendered =>
		createReading({ name: prefix + name, kind: "counter", help, labels: [] }, () => [[read() / 1e6]]);
	const counted = (name: string, what: string, total: string, list: () => readonly string[]): Rendered[] => [
		gauges(name, what, ["type"], () => byType(list())),
		gauge(`${name}_total`, total, () => list().length),
	];

	return [
		seconds(
			"process_cpu_user_seconds_total",
			"Total user CPU time spent in seconds.",
			() => process.cpuUsage().user,
		),
		seconds(
			"process_cpu_system_seconds_total",
			"Total system CPU time spent in seconds.",
			() => process.cpuUsage().system,
		),
		seconds("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", () => {
			const { user, system } = process.cpuUsage();
			return user + system;
		}),
		gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", () =>
			Math.round(performance.timeOrigin / 1000),
		),
		gauge("process_resident_memory_bytes", "Resident memory size in bytes.", () => kernelBytes("VmRSS")),
		gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", () => kernelBytes("VmSize")),
		gauge("process_heap_bytes", "Process heap size in bytes.", () => kernelBytes("VmData")),
		gauge("process_open_fds", "Number of open file descriptors.", openDescriptors),
		gauge("process_max_fds", "Maximum number of open file descriptors.", mostDescriptors),
		...eventLoop(gauge),
		...counted(
			"nodejs_active_resources",
			"Number of active resources that are currently keeping the event loop alive, grouped by async resource type.",
			"Total number of active resources.",
			() => process.getActiveResourcesInfo(),
		),
		...counted(
			"nodejs_active_handles",
			"Number of active libuv handles grouped by handle type. Every handle type is C++ class name.",
			"Total number of active handles.",
			() => classes(node._getActiveHandles?.()),
		),
		...counted(
			"nodejs_active_requests",
			"Number of active libuv requests grouped by request type. Every request type is C++ class name.",
			"Total number of active requests.",
			() => classes(node._getActiveRequests?.()),
		),
		gauge(
			"nodejs_heap_size_total_bytes",
			"Process heap size from Node.js in bytes.",
			() => process.memoryUsage().heapTotal,
		),
		gauge(
			"nodejs_heap_size_used_bytes",
			"Process heap size used from Node.js in bytes.",
			() => process.memoryUsage().heapUsed,
		),
		gauge(
			"nodejs_external_memory_bytes",
			"Node.js external memory size in bytes.",
			() => process.memoryUsage().external,
		),
		...heapSpaces(gauges),
		gauges("nodejs_version_info", "Node.js version info.", ["version", "major", "minor", "patch"], () => [
			[1, { version, major, minor, patch }],
		]),
		collections({
			name: `${prefix}nodejs_gc_duration_seconds`,
			kind: "histogram",
			help: "Garbage collection duration by kind, one of major, minor, incremental or weakcb.",
			labels: ["kind"],
			buckets: GC_BUCKETS,
		}),
	];
}

function eventLoop(gauge: (name: string, help: string, read: () => number) => Rendered): readonly Rendered[] {
	const delays = monitorEventLoopDelay();
	delays.enable();
	const delay = (name: string, help: string, read: () => number): Rendered =>
		gauge(`nodejs_eventloop_lag${name}_seconds`, help, () => read() / 1e9);
	let lag = 0;
	return [
		// What was measured after the last look: this one's answer does not wait for the loop.
		gauge("nodejs_eventloop_lag_seconds", "Lag of event loop in seconds.", () => {
			const start = process.uptime();
			setImmediate(() => {
				lag = process.uptime() - start;
			});
			return lag;
		}),
		delay("_min", "The minimum recorded event loop delay.", () => delays.min),
		delay("_max", "The maximum recorded event loop delay.", () => delays.max),
		delay("_mean", "The mean of the recorded event loop delays.", () => delays.mean),
		delay("_stddev", "The standard deviation of the recorded event loop delays.", () => delays.stddev),
		delay("_p50", "The 50th percentile of the recorded event loop delays.", () => delays.percentile(50)),
		delay("_p90", "The 90th percentile of the recorded event loop delays.", () => delays.percentile(90)),
		delay("_p99", "The 99th percentile of the recorded event loop delays.", () => {
			const value = delays.percentile(99);
			// The last that is read: from one look to the next.
			delays.reset();
			return value;
		}),
	];
}

function heapSpaces(
	gauges: (name: string, help: string, labels: readonly string[], read: () => Readings) => Rendered,
): readonly Rendered[] {
	const sizes = {
		total: "space_size",
		used: "space_used_size",
		available: "space_available_size",
	} as const;
	return Object.entries(sizes).map(([type, key]) =>
		gauges(
			`nodejs_heap_space_size_${type}_bytes`,
			`Process heap space size ${type} from Node.js in bytes.`,
			["space"],
			() =>
				getHeapSpaceStatistics().map((space) => [
					space[key],
					{ space: space.space_name.replace(/_space.*$/, "") },
				]),
		),
	);
}

function collections(spec: MetricSpec): Rendered {
	const histogram = createHistogram(spec);
	const observer = new PerformanceObserver((list) => {
		for (const entry of list.getEntries() as readonly Collection[]) {
			histogram.observe(entry.duration / 1000, { kind: GC_KINDS.get(entry.detail?.kind) ?? "" });
		}
	});
	observer.observe({ entryTypes: ["gc"] });
	return histogram;
}

function byType(types: readonly string[]): Readings {
	const counts = new Map<string, number>();
	for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
	return [...counts].map(([type, count]) => [count, { type }]);
}

function classes(objects: readonly object[] = []): readonly string[] {
	return objects.map((each) => each.constructor?.name ?? "");
}

/** A size of `/proc/self/status`; undefined where there is none. */
function kernelBytes(name: string): number | undefined {
	const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(read("/proc/self/status"))?.[1];
	return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

function openDescriptors(): number | undefined {
	try {
		// One of them is the look itself.
		return readdirSync("/proc/self/fd").length - 1;
	} catch {
		return undefined;
	}
}

function mostDescriptors(): number | undefined {
	const most = /^Max open files\s+(\d+)/m.exec(read("/proc/self/limits"))?.[1];
	return most === undefined ? undefined : Number(most);
}

function read(path: string): string {
	try {
		return readFileSync(path, "latin1");
	} catch {
		return "";
	}
}
