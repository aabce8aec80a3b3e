/** Tokens for what a peer may do without being served by it; they come back with time and with calls. */
export interface Budget {
	tokens: number;
	readonly burst: number;
	readonly perSecond: number;
	/** Monotonic milliseconds at which tokens were counted last. */
	at: number;
}

/** A full one. A burst is what ten seconds give back. */
export function createBudget(perSecond: number, now: number): Budget {
	return { tokens: perSecond * 10, burst: perSecond * 10, perSecond, at: now };
}

/** Takes `cost` tokens; false when there are not so many. */
export function spend(budget: Budget, cost: number, now: number): boolean {
	earn(budget, ((now - budget.at) / 1000) * budget.perSecond);
	budget.at = now;
	if (budget.tokens < cost) return false;
	budget.tokens -= cost;
	return true;
}

/** Gives tokens back, up to the burst. */
export function earn(budget: Budget, tokens: number): void {
	budget.tokens = Math.min(budget.burst, budget.tokens + tokens);
}
