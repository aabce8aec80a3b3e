import { relative } from "node:path";
import type { Stage } from "./stage.ts";

/** Lines to paste into another terminal in the checkout; the last ones change the policy and see what happens. */
export function curlLines({ ports, keys }: Stage): readonly string[] {
	const here = (file: string) => relative(process.cwd(), file);
	const edge = `http://127.0.0.1:${ports.edge}`;
	const bearer = (file: string) => `-H "authorization: Bearer $(cat ${here(file)})"`;
	const certificate = `--cacert ${here(keys.ca)} --cert ${here(keys.billingCertificate)} --key ${here(keys.billingKey)}`;
	return [
		`curl -i ${bearer(keys.tokenFiles.support)} ${edge}/people/7`,
		`curl -i ${bearer(keys.tokenFiles.marketing)} ${edge}/people/7`,
		`curl -i ${certificate} https://127.0.0.1:${ports.edgeTls}/cards/7`,
		`curl -i -X PATCH ${bearer(keys.tokenFiles.support)} -H 'content-type: application/json' -d '{"phone": "1", "ssn": "2"}' ${edge}/people/7`,
		`curl -i ${bearer(keys.tokenFiles.expired)} ${edge}/people/7`,
		`curl -i ${edge}/people`,
		`curl -s http://127.0.0.1:${ports.upstream}/people/7   # the service itself, without a gate`,
		`curl -s http://127.0.0.1:${ports.posternAdmin}/metrics`,
	];
}
