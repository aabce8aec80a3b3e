import { type ActivationOptions, createActivation, type PolicySource } from "./activation.ts";
import { onChangedFile, readBundleFile } from "./changed-file.ts";

interface FilePolicyOptions extends ActivationOptions {
	readonly path: string;
	readonly pollSeconds: number;
}

interface FilePolicySource extends PolicySource {
	/** Looks at the file now, changed or not. Never rejects. */
	reload(): Promise<void>;
}

/** A bundle file as the source of the policy in force: a changed file is loaded aside, and takes over when it works. */
export function filePolicySource(options: FilePolicyOptions): FilePolicySource {
	const { path, limits } = options;
	const activation = createActivation(options);
	const file = onChangedFile(path, options.pollSeconds, (signal) =>
		activation.load(() => readBundleFile(path, limits.max_bundle_bytes), signal),
	);
	return {
		current: activation.current,
		state: activation.state,
		start: file.start,
		reload: file.look,
		stop: file.stop,
	};
}
