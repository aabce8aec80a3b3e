const full = process.env.POSTERN_TEST_SIZE === "full";
// What takes minutes, or more than this checkout has, is for full runs; these run the whole matrix by a script of its own.
const elsewhere = full ? "test/matrix/" : "test/full/";

export default {
	testEnvironment: "node",
	extensionsToTreatAsEsm: [".ts"],
	transform: {},
	testMatch: ["<rootDir>/test/**/*.test.ts"],
	testPathIgnorePatterns: ["/node_modules/", `<rootDir>/${elsewhere}`],
	modulePathIgnorePatterns: ["<rootDir>/.tools", "<rootDir>/.run", "<rootDir>/dist"],
	maxWorkers: 2,
	testTimeout: 60000,
};
