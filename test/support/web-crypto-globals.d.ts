// The certificate library's types name the browser's WebCrypto types as globals. Node has the same types inside a
// module; this makes them global, instead of a whole DOM library that would let the sources name windows and documents.
type AlgorithmIdentifier = import("node:crypto").webcrypto.AlgorithmIdentifier;
type Algorithm = import("node:crypto").webcrypto.Algorithm;
type BufferSource = import("node:crypto").webcrypto.BufferSource;
type Crypto = import("node:crypto").webcrypto.Crypto;
type CryptoKey = import("node:crypto").webcrypto.CryptoKey;
type CryptoKeyPair = import("node:crypto").webcrypto.CryptoKeyPair;
type EcKeyGenParams = import("node:crypto").webcrypto.EcKeyGenParams;
type EcKeyImportParams = import("node:crypto").webcrypto.EcKeyImportParams;
type EcdsaParams = import("node:crypto").webcrypto.EcdsaParams;
type KeyUsage = import("node:crypto").webcrypto.KeyUsage;
type RsaHashedImportParams = import("node:crypto").webcrypto.RsaHashedImportParams;
