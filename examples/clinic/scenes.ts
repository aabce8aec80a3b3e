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

/** Stands for any pseudonym in an expected body: the key it is made with is new in every run. */
export const PSEUDONYM = "hmac:...";

/** What must come back. The demo fails where it does not. */
export interface Expected {
	readonly status: number;
	/** Reason in the decision record; absent where Postern cannot be asked. */
	readonly reason?: string;
	/** JSON text of the body, white space aside; absent: not looked at. */
	readonly body?: string;
	/** Whether the call may reach the service at all. */
	readonly reachesUpstream: boolean;
	/** Outcome of the answer's release record, where there is one. */
	readonly outcome?: "released" | "replaced";
	/** Outcome of the request's release record, where there is one. */
	readonly request?: "released" | "replaced";
	/** JSON text of the body that the service got. */
	readonly sent?: string;
}

export interface Scene {
	readonly title: string;
	readonly caller: Caller;
	/** GET when absent. */
	readonly method?: "PATCH";
	readonly path: string;
	/** What the caller sends, JSON text. */
	readonly body?: string;
	readonly expected: Expected;
}

const REFUSED = { reachesUpstream: false } as const;
const SHOWN = { status: 200, reason: "allowed", reachesUpstream: true, outcome: "released" } as const;

/** While Postern runs. */
export const SCENES: readonly Scene[] = [
	{
		title: "Allowed by role: support sees how to reach a person",
		caller: SUPPORT,
		path: "/people/7",
		expected: {
			...SHOWN,
			body: `{"id": 7, "name": "Ada Moreau", "email": "ada.moreau@mail.example",
				"phone": "+44 20 7946 0011", "birth_date": "1984"}`,
		},
	},
	{
		title: "The same address, another caller: marketing gets the email and nothing else",
		caller: MARKETING,
		path: "/people/7",
		expected: { ...SHOWN, body: `{"id": 7, "email": "ada.moreau@mail.example"}` },
	},
	{
		title: "A third caller, known by its certificate: billing gets a pseudonym to join by",
		caller: BILLING,
		path: "/people/7",
		expected: { ...SHOWN, body: `{"id": 7, "name": "Ada Moreau", "email": "${PSEUDONYM}"}` },
	},
	{
		title: "A list is masked element by element",
		caller: MARKETING,
		path: "/people",
		expected: {
			...SHOWN,
			body: `[{"id": 7, "email": "ada.moreau@mail.example"}, {"id": 8, "email": "bo@post.example"}]`,
		},
	},
	{
		title: "A card number keeps its end, the notes stay inside",
		caller: BILLING,
		path: "/cards/7",
		expected: { ...SHOWN, body: `{"id": 7, "holder": "Ada Moreau", "number": "***************1111"}` },
	},
	{
		title: "What stays is the service's own bytes, beyond what a double holds",
		caller: SUPPORT,
		path: "/orders",
		expected: {
			...SHOWN,
			body: `[{"id": 501, "person": 7, "total": 129.50, "currency": "EUR"},
				{"id": 502, "person": 8, "total": 9007199254740993, "currency": "JPY"}]`,
		},
	},
	{
		title: "A field that is new and in no rule (ai_summary) is withheld",
		caller: SUPPORT,
		path: "/notes/7",
		expected: { ...SHOWN, body: `{"person": 7, "author": "dr.osei"}` },
	},
	{
		title: "A write: of what support sends, the service gets what support may change",
		caller: SUPPORT,
		method: "PATCH",
		path: "/people/7",
		body: `{"phone": "+44 20 7946 0099", "credit_limit": 100000, "name": "Somebody Else"}`,
		expected: {
			...SHOWN,
			request: "released",
			sent: `{"phone": "+44 20 7946 0099"}`,
			body: `{"id": 7, "name": "Ada Moreau", "email": "ada.moreau@mail.example",
				"phone": "+44 20 7946 0099", "birth_date": "1984"}`,
		},
	},
	{
		title: "A masked view written back would destroy what it hides: refused",
		caller: BILLING,
		method: "PATCH",
		path: "/people/7",
		body: `{"id": 7, "name": "Ada M. Moreau", "email": "hmac:Gq2Zy3vR0cXc1mYtq8bW5A"}`,
		expected: { ...REFUSED, status: 422, reason: "allowed", request: "replaced" },
	},
	{
		title: "An answer that cannot be masked is replaced, whole",
		caller: SUPPORT,
		path: "/people/13",
		expected: { ...SHOWN, status: 502, outcome: "replaced" },
	},
	{
		title: "Nothing to hide: released whole, Postern never touches the body",
		caller: NOBODY,
		path: "/healthz",
		expected: { status: 200, reason: "allowed", reachesUpstream: true, body: `{"status": "ok"}` },
	},
	{
		title: "Denied by path: nobody comes in here",
		caller: MARKETING,
		path: "/admin",
		expected: { ...REFUSED, status: 403, reason: "policy_denied", body: `{"error": "not from here"}` },
	},
	{
		title: "An expired token is no token: refused before the policy is asked",
		caller: EXPIRED,
		path: "/people/7",
		expected: { ...REFUSED, status: 401, reason: "token_expired" },
	},
	{
		title: "No credential at all: the policy wants one",
		caller: NOBODY,
		path: "/people/7",
		expected: { ...REFUSED, status: 401, reason: "policy_denied", body: `{"error": "log in first"}` },
	},
];

/** With Postern stopped: whoever asks for whatever, nothing passes. */
export const OUTAGE: readonly Scene[] = [SUPPORT, BILLING, NOBODY].map((caller) => ({
	title: "Postern is down",
	caller,
	path: caller === NOBODY ? "/healthz" : "/people/7",
	expected: { status: 503, reachesUpstream: false },
}));
