import type { Place, PlacedMap } from "../lib/placed.ts";

/** `error`: leaks, allows wrongly, or nothing works; `warning`: outages, weaker than need be; `note`: wasteful, or not checked. */
export type Severity = "error" | "warning" | "note";

/** Whose resources a finding is about: what is possible there, and how it is written. */
export type Flavour = "envoy" | "istio" | "gateway";

/** What the table says about one code. */
export interface CodeText {
	readonly severity: Severity;
	/** What is wrong, a few words. */
	readonly title: string;
	/** One sentence. */
	readonly why: string;
	/** One sentence, for Envoy's own configuration. */
	readonly fix: string;
	/** The same for Istio's resources, where it is another; what they cannot express is said. */
	readonly istio?: string;
	/** The same for Envoy Gateway's. */
	readonly gateway?: string;
	/** For the page: what was observed on the real Envoy, or where the fact comes from. */
	readonly seen: string;
	/** A test through the real Envoy that shows it. */
	readonly proof?: { readonly file: string; readonly test: string };
}

/** What Postern's own configuration says, where it matters to Envoy's. */
export interface PosternFacts {
	/** Whether these come from a configuration, or are Postern's defaults. */
	readonly known: boolean;
	/** `serve.max_message_bytes` */
	readonly maxMessageBytes: number;
	/** `fields.max_body_bytes` */
	readonly maxBodyBytes: number;
	/** `fields.enabled` */
	readonly fields: boolean;
	/** `fields.request` */
	readonly requestFields: boolean;
	/** `request.proto_descriptor` is set: policies read bodies. */
	readonly readsBodies: boolean;
	/** `identity.headers` */
	readonly identityHeaders: readonly string[];
}

/** A rule says here what it found; `detail` is what is special about this case, for the title. */
export type Tell<Code extends string = string> = (code: Code, at: Place, detail?: string) => void;

/** A map that rules look at, and where to point when something is missing from it. */
export interface Subject {
	readonly config: PlacedMap;
	readonly at: Place;
	/** Whether what is missing is missing: a patch says only what it changes. */
	readonly whole: boolean;
	readonly flavour: Flavour;
}
