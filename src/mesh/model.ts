import type { Place, Placed, PlacedMap } from "../lib/placed.ts";
import type { Flavour } from "./types.ts";

/** One HTTP filter of a chain, or one that stands alone in a fragment. */
export interface Filter {
	readonly name: string;
	/** Of its name, or of the map. */
	readonly at: Place;
	/** The HttpFilter message. */
	readonly entry: PlacedMap;
	/** Full name of the message that configures it; of what a matcher wraps, the inner one. Empty: nobody says. */
	readonly type: string;
	readonly config?: PlacedMap;
	/** The ExtensionWithMatcher around it. */
	readonly wrapper?: PlacedMap;
	readonly flavour: Flavour;
	/** False for a patch, which says only what it changes. */
	readonly whole: boolean;
}

/** A list of filters with all that surrounds it, as far as the files say. */
export interface Chain {
	readonly flavour: Flavour;
	readonly at: Place;
	readonly filters: readonly Filter[];
	/** The HttpConnectionManager. */
	readonly manager?: PlacedMap;
	/** False where the manager is a patch. */
	readonly managerWhole: boolean;
	readonly listener?: PlacedMap;
	readonly filterChain?: PlacedMap;
	readonly routes: readonly Routes[];
}

export interface Routes {
	/** A RouteConfiguration. */
	readonly config: PlacedMap;
	readonly at: Place;
	/** False for parts of one: whether a route catches all cannot be seen there. */
	readonly whole: boolean;
	readonly flavour: Flavour;
}

export interface Cluster {
	readonly config: PlacedMap;
	readonly at: Place;
}

export interface KubeResource {
	readonly kind: string;
	/** `security.istio.io/v1` → `security.istio.io`. */
	readonly group: string;
	readonly node: PlacedMap;
}

/** Everything of interest that the files hold. */
export interface Collected {
	readonly chains: Chain[];
	/** Filters outside of any chain. */
	readonly filters: Filter[];
	/** Filters of upstream clusters. */
	readonly upstream: Filter[];
	readonly routes: Routes[];
	/** By name. */
	readonly clusters: Map<string, Cluster>;
	readonly bootstraps: PlacedMap[];
	/** Settings that `config_discovery` may ask for, by name. */
	readonly extensions: Map<string, PlacedMap>;
	readonly resources: KubeResource[];
	/** Mesh configurations of Istio. */
	readonly meshes: PlacedMap[];
	/** Documents in which nothing was recognised. */
	readonly unknown: Placed[];
	/** What is wrong with YAML that stands as text in a resource. */
	readonly problems: TextProblem[];
}

/** One thing that is wrong with a text. */
export interface TextProblem {
	readonly place: Place;
	readonly message: string;
}
