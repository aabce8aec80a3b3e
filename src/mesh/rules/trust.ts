import type { Place, PlacedMap } from "../../lib/placed.ts";
import { CHAIN_VERIFICATION } from "../messages.ts";
import { enumAt, fieldAt, fieldOf, itemsAt, placeAt } from "../read-node.ts";

/** What a TLS context does with the other side's certificate. */
export interface Trust {
	/** There is a validation context, written here or elsewhere. */
	readonly any: boolean;
	/** The chain, or the certificate itself, is verified; one that comes from elsewhere is taken for good. */
	readonly verified: boolean;
	/** The certificate's name is compared; of one that comes from elsewhere nobody knows. */
	readonly named: boolean;
	/** Where untrusted chains are accepted. */
	readonly untrusted: readonly Place[];
}

const CONTEXTS = [
	["common_tls_context", "validation_context"],
	["common_tls_context", "combined_validation_context", "default_validation_context"],
];
const ELSEWHERE = [
	["common_tls_context", "validation_context_sds_secret_config"],
	["common_tls_context", "combined_validation_context", "validation_context_sds_secret_config"],
	["common_tls_context", "validation_context_certificate_provider"],
	["common_tls_context", "validation_context_certificate_provider_instance"],
	["common_tls_context", "custom_handshaker"],
];
const AUTHORITIES = [
	"trusted_ca",
	"ca_certificate_provider_instance",
	"system_root_certs",
	"custom_validator_config",
];
const PINS = ["verify_certificate_spki", "verify_certificate_hash"];
const NAMES = ["match_typed_subject_alt_names", "match_subject_alt_names"];

/** Of an UpstreamTlsContext or a DownstreamTlsContext. */
export function trustOf(context: PlacedMap): Trust {
	const contexts = CONTEXTS.flatMap((path) => fieldAt(context, ...path)?.value ?? []);
	const elsewhere = ELSEWHERE.some((path) => fieldAt(context, ...path) !== undefined);
	const pinned = contexts.some((each) => PINS.some((name) => itemsAt(each, name).length > 0));
	const authority = contexts.some((each) => AUTHORITIES.some((name) => fieldOf(each, name) !== undefined));
	const named = contexts.some((each) => NAMES.some((name) => itemsAt(each, name).length > 0));
	const custom = contexts.some((each) => fieldOf(each, "custom_validator_config") !== undefined);
	// A combined context says the names itself; one that comes as a whole may hold them.
	const whole =
		fieldAt(context, "common_tls_context", "combined_validation_context") === undefined && elsewhere;
	return {
		any: contexts.length > 0 || elsewhere,
		verified: elsewhere || authority || pinned,
		named: named || pinned || custom || whole,
		untrusted: contexts
			.filter((each) => enumAt(each, CHAIN_VERIFICATION, "trust_chain_verification") === "ACCEPT_UNTRUSTED")
			.map((each) => placeAt(each, each.place, "trust_chain_verification")),
	};
}
