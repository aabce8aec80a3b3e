import type { MeshCode } from "../codes.ts";
import { fieldAt, isOpen, placeAt, truthOf } from "../read-node.ts";
import type { Subject, Tell } from "../types.ts";

/** A boolean field that has one safe value. */
export interface Switch {
	readonly path: readonly string[];
	readonly safe: boolean;
	/** What Envoy takes where the field is absent. */
	readonly absent: boolean;
	readonly code: MeshCode;
}

/** Tells of every switch that does not stand on its safe side. What is filled in later counts as safe. */
export function checkSwitches(subject: Subject, switches: readonly Switch[], tell: Tell<MeshCode>): void {
	for (const { path, safe, absent, code } of switches) {
		const entry = fieldAt(subject.config, ...path);
		if (isOpen(entry?.value) || (entry === undefined && !subject.whole)) continue;
		if ((truthOf(entry?.value) ?? absent) !== safe) {
			tell(code, entry?.place ?? placeAt(subject.config, subject.at, ...path));
		}
	}
}
