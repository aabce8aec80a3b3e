import type { Url } from "../../go/url.ts";
import { parseAddress } from "../../net/ip.ts";
import type { Certificate } from "../certificate.ts";
import type { NameConstraints, Subtrees } from "../constraints.ts";
import { isDomain } from "../domain.ts";
import { type Mailbox, parseMailbox } from "../mailbox.ts";
import type { Chain } from "./chains.ts";
import { addressSet, domainSet, type NameSet } from "./name-sets.ts";

/** The names of one certificate that constraints are about. */
interface Names {
	readonly addresses: readonly Buffer[];
	readonly dns: readonly string[];
	/** Hosts of URIs. */
	readonly hosts: readonly string[];
	readonly mailboxes: readonly Mailbox[];
}

/** The host of a URI as constraints see it; `undefined` for none, for an address, and for more than a host and a port. */
function hostOf({ host }: Url): string | undefined {
	// What stands in brackets is an address.
	if (host === "" || host.startsWith("[")) return undefined;
	if (host.includes(":") && !/^[^:\]]*:[^:\]]*$/.test(host)) return undefined;
	const [name = ""] = host.split(":");
	return parseAddress(name) === undefined ? name : undefined;
}

/** `undefined` where a name cannot be held against any constraint. */
function namesOf({ fields }: Certificate): Names | undefined {
	const { addresses = [], dns = [], emails = [], uris = [] } = fields.names ?? {};
	const hosts = uris.map(hostOf);
	const mailboxes = emails.map(parseMailbox);
	if (hosts.includes(undefined) || mailboxes.includes(undefined)) return undefined;
	return { addresses, dns, hosts: hosts as string[], mailboxes: mailboxes as Mailbox[] };
}

const mailboxKey = ({ local, domain }: Mailbox): string => `${domain.toLowerCase()}@${local}`;

function mailboxSet(constraints: readonly string[], side: "permitted" | "excluded"): NameSet<Mailbox> {
	const whole = new Set<string>();
	for (const one of constraints) {
		const mailbox = one.includes("@") ? parseMailbox(one) : undefined;
		if (mailbox !== undefined) whole.add(mailboxKey(mailbox));
	}
	const domains = domainSet(
		constraints.filter((one) => !one.includes("@")),
		side,
	);
	return (mailbox) => whole.has(mailboxKey(mailbox)) || domains(mailbox.domain.toLowerCase());
}

/** What a constraint says of one kind of name; nothing where it names none of that kind. */
function allows<C, N>(
	permitted: readonly C[] | undefined,
	excluded: readonly C[] | undefined,
	create: (constraints: readonly C[], side: "permitted" | "excluded") => NameSet<N>,
): NameSet<N> {
	const inside = permitted === undefined ? undefined : create(permitted, "permitted");
	const outside = excluded === undefined ? undefined : create(excluded, "excluded");
	return (name) => (inside?.(name) ?? true) && !(outside?.(name) ?? false);
}

/** Names that a certificate's constraints let pass; `undefined` for a certificate without any. */
function constraintOf({ fields }: Certificate): ((names: Names) => boolean) | undefined {
	const constraints: NameConstraints | undefined = fields.constraints;
	if (constraints === undefined) return undefined;
	const { permitted, excluded } = constraints;
	const of = <K extends keyof Subtrees>(kind: K) => [permitted[kind], excluded[kind]] as const;
	const addresses = allows(...of("ranges"), addressSet);
	const dns = allows(...of("dns"), domainSet);
	const hosts = allows(...of("uris"), domainSet);
	const mailboxes = allows(...of("emails"), mailboxSet);
	return (names) =>
		names.addresses.every(addresses) &&
		names.dns.every((name) => isDomain(name, false) && dns(name)) &&
		names.hosts.every((name) => isDomain(name, false) && hosts(name)) &&
		names.mailboxes.every((mailbox) => isDomain(mailbox.domain, false) && mailboxes(mailbox));
}

/**
 * Says whether every name of a chain is one that the certificates above it may vouch for (RFC 5280, 4.2.1.10), as Go
 * does: a certificate's own constraints do not bind its own names.
 */
export function namesHold(chain: Chain): boolean {
	const constraints = chain.map(constraintOf);
	for (const [i, certificate] of chain.entries()) {
		if (certificate.fields.names === undefined) continue;
		const above = constraints.slice(i + 1).filter((one) => one !== undefined);
		if (above.length === 0) continue;
		const names = namesOf(certificate);
		if (names === undefined || !above.every((allow) => allow(names))) return false;
	}
	return true;
}
