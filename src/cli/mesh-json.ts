import { type MeshResult, pageOf } from "./mesh-result.ts";

/** One line of JSON. */
export function meshJson({ findings, config, ...result }: MeshResult): string {
	return `${JSON.stringify({
		ok: result.ok,
		counts: result.counts,
		postern: { clusters: result.postern },
		files: result.files,
		findings: findings.map((finding) => ({ ...finding, page: pageOf(finding.code) })),
		...(config.length === 0 ? {} : { config }),
		ignored: result.ignored,
	})}\n`;
}
