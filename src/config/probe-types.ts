/** One call that `postern probe` makes, and what must come of it. */
export interface ProbeCall {
	/** Shown to a person. */
	readonly name: string;
	readonly method: string;
	/** With the query. */
	readonly path: string;
	readonly host: string;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
	/** What Envoy would have read from the caller's certificate; empty: none. */
	readonly principal: string;
	readonly context: Readonly<Record<string, string>>;
	readonly expect: "allow" | "deny";
	/** Status of the denial; absent: any. */
	readonly status?: number;
	/** An answer of the service, and what this caller must see of it. */
	readonly answer?: ProbeAnswer;
}

export interface ProbeAnswer {
	readonly contentType: string;
	readonly body: string;
	/** A text, compared to the byte. */
	readonly shown: string;
}
