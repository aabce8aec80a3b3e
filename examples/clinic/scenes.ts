/** Who calls. */
export interface Caller {
	readonly name: string;
	/** What the caller shows. */
	readonly credential: string;
	readonly token?: "support" | "marketing" | "expired";
	readonly certificate?: true;
}

export const SUPPORT: Caller = { name: "support agent", credential: "token, role support", token: "support" };
export const MARKETING: Caller = {
	name: "marketing service",
	credential: "token, role marketing",
	token: "marketing",
};
export const BILLING: Caller = {
	name: "billing service",
	credential: "client certificate spiffe://clinic.example/billing",
	certificate: true,
};
export const EXPIRED: Caller = {
	name: "former agent",
	credential: "token that expired an hour ago",
	token: "expired",
};
export const NOBODY: Caller = { name: "somebody", credential: "no credential" };

/** What must come back. The demo fails where it does not. */
export interface Expected {
	readonly status: number;
	/** Reason in the decision record; absent where Postern cannot be asked. */
	readonly reason?: string;
	/** JSON text of the body, white space aside; absent: not looked at. */
	readonly body?: string;
	/** Whether the call may reach the service at all. */
	readonly reachesUpstream: boolean;
	/** Outcome of the release record, where there is one. */
	readonly outcome?: "released" | "replaced";
}

export interface Scene {
	readonly title: string;
	readonly caller: Caller;
	readonly path: string;
	readonly expected: Expected;
}

/** While Postern runs. */
export const SCENES: readonly Scene[] = [
	{
		title: "Allowed by role: an agent sees what support needs, and no more",
		caller: SUPPORT,
		path: "/people/7",
		expected: {
			status: 200,
			reason: "allowed",
			reachesUpstream: true,
			outcome: "released",
		},
	},
];

/** With Postern stopped: whoever asks for whatever, nothing passes. */
export const OUTAGE: readonly Scene[] = [SUPPORT, BILLING, NOBODY].map((caller) => ({
	title: "Postern is down",
	caller,
	path: caller === NOBODY ? "/healthz" : "/people/7",
	expected: { status: 503, reachesUpstream: false },
}));
