import type { PolicySource } from "../policy/source/activation.ts";

export interface ReadinessSources {
	readonly policy: Pick<PolicySource, "current" | "state">;
	readonly identityReady: () => boolean;
	readonly draining: () => boolean;
}

/** What keeps the process from taking calls, in words for an operator; empty when nothing does. */
export function missingForReadiness(sources: ReadinessSources): readonly string[] {
	const missing: string[] = [];
	if (sources.draining()) missing.push("draining: the process is on its way out");
	if (sources.policy.current() === undefined) {
		const error = sources.policy.state().lastError;
		missing.push(`no policy is active${error === undefined ? "" : `: ${error.message} (${error.code})`}`);
	}
	if (!sources.identityReady()) missing.push("the key set was not read yet, or is older than it may be");
	return missing;
}
