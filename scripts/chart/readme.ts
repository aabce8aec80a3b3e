import { readValues, type ValueEntry } from "./values-file.ts";

const HEAD = `# Chart \`postern\`

Postern for Kubernetes: the service, and what Istio or Envoy Gateway need to call it. How to install it, step by step, is
in [docs/guides/install-with-helm.md](../../../docs/guides/install-with-helm.md); what each mesh needs, in
[istio.md](../../../docs/guides/istio.md) and [envoy-gateway.md](../../../docs/guides/envoy-gateway.md).

\`\`\`sh
postern build policy -o bundle.tar.gz
helm install gate deploy/helm/postern --namespace postern --create-namespace \\
  --set tls.certManager.enabled=true \\
  --set 'callers={spiffe://cluster.local/ns/shop/sa/shop}' \\
  --set-file policy.inline=<(base64 -w0 bundle.tar.gz)
helm test gate --namespace postern --logs
\`\`\`

It needs Kubernetes 1.30 and no rights in the cluster: no role is made, and no token is mounted. Pods meet the
\`restricted\` pod security standard (\`daemonset\` does not: its socket is in a folder of the node). Keys that are not
listed here are refused.

This page is made from \`values.yaml\` by \`npm run docs\`.
`;

/** The chart's README: its head, then a table of all values by section. */
export function chartReadme(): string {
	const entries = readValues().filter(({ isSection }) => !isSection);
	const sections = [...new Set(entries.map(({ key }) => sectionOf(key)))];
	const parts = sections.map((name) => {
		const rows = entries.filter(({ key }) => sectionOf(key) === name).map(row);
		return `## ${name === "" ? "The release and its pods" : `\`${name}\``}\n\n| key | default | meaning |\n|---|---|---|\n${rows.join("\n")}\n`;
	});
	return `${[HEAD, ...parts].join("\n")}`;
}

function sectionOf(key: string): string {
	return key.includes(".") ? (key.split(".")[0] ?? "") : "";
}

function row({ key, value, description }: ValueEntry): string {
	return `| \`${key}\` | \`${JSON.stringify(value)}\` | ${description.replaceAll("|", "\\|")} |`;
}
