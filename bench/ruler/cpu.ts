import { readdirSync, readFileSync } from "node:fs";
import { cpuOf } from "../../test/support/process-cpu.ts";

/** Ticks of the kernel per second, as `/proc` counts them on every Linux that is met in practice. */
const TICKS = 100;

/** Undefined for one that has ended since its folder was listed. */
function parentOf(pid: number): number | undefined {
	try {
		return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
	} catch {
		return undefined;
	}
}

function spentBy(pid: number): number {
	try {
		return cpuOf(pid) * 1000;
	} catch {
		// It has ended.
		return 0;
	}
}

/** A process and all that descend from it. */
function family(pid: number): readonly number[] {
	const members = new Set([pid]);
	const parents = new Map<number, number>();
	for (const name of readdirSync("/proc")) {
		if (!/^\d+$/.test(name)) continue;
		const parent = parentOf(Number(name));
		if (parent !== undefined) parents.set(Number(name), parent);
	}
	for (let grown = true; grown; ) {
		grown = false;
		for (const [child, parent] of parents)
			if (members.has(parent) && !members.has(child)) {
				members.add(child);
				grown = true;
			}
	}
	return [...members];
}

/** CPU time of a process and its descendants, microseconds. */
export const cpuOfFamily = (pid: number): number => family(pid).reduce((sum, each) => sum + spentBy(each), 0);

/** Resident memory of a process and its descendants, bytes. */
export function memoryOfFamily(pid: number): number {
	let total = 0;
	for (const each of family(pid)) {
		try {
			const [, kilobytes = "0"] =
				/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${each}/status`, "utf8")) ?? [];
			total += Number(kilobytes) * 1024;
		} catch {
			// It has ended.
		}
	}
	return total;
}

/** Time for which any core was busy, microseconds, since the machine started. */
export function busyOfMachine(): number {
	const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
	const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
	return ((user + nice + system + irq + softirq) * 1e6) / TICKS;
}
