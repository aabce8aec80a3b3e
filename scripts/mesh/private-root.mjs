import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * A program that finds the files of `root` at their places from `/` on, and beside them the machine's libraries and the
 * folders that are named: what a container sees. Everything is mounted in a namespace that ends with the program.
 *
 * @param {string} root files that are its own, such as `ROOT/etc/postern/config/postern.yaml`
 * @param {readonly string[]} folders of this machine, at their own places
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {{ program: string, args: readonly string[] }}
 */
export function inPrivateRoot(root, folders, program, args) {
	const mounts = ["/usr", "/lib", "/lib64", "/bin", "/dev", "/proc", ...folders];
	for (const each of mounts) mkdirSync(join(root, each), { recursive: true });
	for (const each of ["/tmp", "/run", "/var/lib"]) mkdirSync(join(root, each), { recursive: true });
	const script = `
set -e
root=$1
shift
while [ "$1" != -- ]; do
	[ ! -d "$1" ] || mount --rbind "$1" "$root$1"
	shift
done
shift
exec chroot "$root" "$@"
`;
	return {
		program: "unshare",
		args: ["--mount", "sh", "-c", script, "sh", root, ...mounts, "--", program, ...args],
	};
}

/** @param {string} file */
export function folderFor(file) {
	mkdirSync(dirname(file), { recursive: true });
	return file;
}
