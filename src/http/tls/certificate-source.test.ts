import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect as connectTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ConnectionOptions, connect, createServer, type Server, type TLSSocket } from "node:tls";

import { HintedError } from "../../std/hinted-error.ts";
import { type CertificateSource, openCertificates } from "./certificate-source.ts";
import { localCertificate } from "./local-ca.ts";

const DAY_MS = 86_400_000;
const MACHINE = () => ["box", "box.local"];
const OWN = { files: null, names: () => ["ollama.example.org"] };
const HAS_OPENSSL = spawnSync("openssl", ["version"]).status === 0;

const refusals: readonly (readonly [what: string, options: ConnectionOptions, message: RegExp])[] = [
	// SECLEVEL=0: otherwise our own library refuses to speak so badly, and the server is never asked.
	["TLS 1.1", { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" }, /protocol version/i],
	["a cipher without AEAD", { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA" }, /handshake failure/i],
	["a key exchange without forward secrecy", { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" }, /handshake failure/i],
	["a client that offers HTTP/2 alone", { ALPNProtocols: ["h2"] }, /no application protocol/i],
	["a client that trusts public roots alone", { ca: [] }, /self-signed|unable to/i],
	["a name that the certificate does not cover", { servername: "other.example" }, /does not match/i],
];

for (const [what, options, message] of refusals) {
	test(`no connection with ${what}`, async (t) => {
		const { server, source } = await listen(t);
		await assert.rejects(handshake(server, source, options), message);
	});
}

for (const [what, sni] of [
	["256 bytes", Buffer.alloc(256, "a")],
	["65,000 bytes", Buffer.alloc(65_000, "a")],
	["bytes outside ASCII", Buffer.from("ol\u00e9\u0000lama\u{1f999}", "utf8")],
	["no byte at all", Buffer.alloc(0)],
] as const) {
	test(`a server name of ${what} does not end the process (CVE-2026-21637)`, async (t) => {
		const { server, source } = await listen(t);
		const socket = connectTcp(portOf(server), "127.0.0.1");
		socket.on("error", () => undefined);
		await once(socket, "connect");
		// OpenSSL as a client refuses to send these, so the hello is written by hand.
		socket.end(clientHello(sni));
		socket.resume();
		await once(socket, "close");
		assert.equal((await handshake(server, source)).authorized, true);
	});
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
	test(`speaks ${version} with AEAD and chooses http/1.1`, async (t) => {
		const { server, source } = await listen(t);
		const met = await handshake(server, source, { minVersion: version, maxVersion: version, ALPNProtocols: ["h2", "http/1.1"] });
		assert.equal(met.protocol, version);
		// Said twice, because OpenSSL's own security level would hide that the floor is gone.
		assert.equal(source.secureContextOptions().minVersion, "TLSv1.2");
		assert.match(met.cipher, /GCM|POLY1305/);
		assert.equal(met.alpn, "http/1.1");
		assert.equal(met.authorized, true);
	});
}

test("takes a client that offers HTTP/1.0 alone, and prefers 1.1 where both are offered", async (t) => {
	const { server, source } = await listen(t);
	assert.equal((await handshake(server, source, { ALPNProtocols: ["http/1.0"] })).alpn, "http/1.0");
	assert.equal((await handshake(server, source, { ALPNProtocols: ["http/1.0", "http/1.1"] })).alpn, "http/1.1");
});

test("the local CA's certificate comes along, so that its fingerprint can be checked on first contact", async (t) => {
	const { server, source } = await listen(t);
	const met = await handshake(server, source);
	assert.equal(met.issuerSha256, source.ca?.sha256);
	assert.ok(source.names.includes("ollama.example.org") && source.names.includes("::1"));
});

test("openssl s_client verifies the chain and the name", { skip: !HAS_OPENSSL && "openssl is not on this machine" }, async (t) => {
	const { server, source } = await listen(t);
	const path = source.ca?.path ?? "";
	const child = spawn("openssl", [
		"s_client",
		"-connect",
		`127.0.0.1:${portOf(server)}`,
		"-CAfile",
		path,
		"-verify_return_error",
		"-verify_hostname",
		"box.local",
	]);
	child.stdin.end();
	const chunks: Buffer[] = [];
	child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
	await once(child, "close");
	assert.match(Buffer.concat(chunks).toString(), /Verify return code: 0 \(ok\)/);
});

test("a certificate that was replaced is used for new connections and leaves old ones alone", async (t) => {
	const directory = await folder(t);
	const files = await pairIn(directory, "one");
	const { server, source } = await listen(t, { files, names: () => [] }, directory);
	const trust = await readFile(join(directory, "one/tls/ca.pem"));
	const old = await handshakeKept(server, { ca: trust });
	assert.deepEqual(await source.check(), { outcome: "unchanged" });

	await replacePair(files, await pairIn(directory, "two"));
	assert.deepEqual(await source.check(), { outcome: "changed" });
	server.setSecureContext(source.secureContextOptions());

	const fresh = await handshake(server, source, { ca: await readFile(join(directory, "two/tls/ca.pem")) });
	assert.equal(fresh.authorized, true);
	await assert.rejects(handshake(server, source, { ca: trust }));
	assert.equal(old.destroyed, false);
	old.destroy();
});

for (const [what, spoil, complaint] of [
	["the key belongs to another certificate", "key", /does not belong/],
	["the certificate is garbage", "garbage", /holds no certificate/],
	["the key is garbage", "garbage-key", /holds no private key/],
	["the file is gone", "missing", /cannot be read \(ENOENT\)/],
] as const) {
	test(`a file that went bad keeps the last good pair and says so: ${what}`, async (t) => {
		const directory = await folder(t);
		const files = await pairIn(directory, "one");
		const { server, source } = await listen(t, { files, names: () => [] }, directory);
		const before = source.secureContextOptions();
		const good = await readFile(files.certificate);
		const goodKey = await readFile(files.key);
		if (spoil === "key") await writeFile(files.key, await readFile((await pairIn(directory, "two")).key));
		if (spoil === "garbage") await writeFile(files.certificate, "garbage");
		if (spoil === "garbage-key") await writeFile(files.key, "garbage");
		if (spoil === "missing") await rm(files.certificate);

		const first = await source.check();
		assert.ok(first.outcome === "rejected" && !first.again);
		assert.match(first.detail, complaint);
		const second = await source.check();
		assert.ok(second.outcome === "rejected" && second.again);
		assert.deepEqual(source.secureContextOptions(), before);
		assert.equal((await handshake(server, source, { ca: await readFile(join(directory, "one/tls/ca.pem")) })).authorized, true);
		await assert.rejects(openCertificates({ files, names: () => [] }, directory, Date.now), HintedError);

		await writeFile(files.certificate, good);
		await writeFile(files.key, goodKey);
		assert.deepEqual(await source.check(), { outcome: "unchanged" });
	});
}

test("an expired file is refused at start and kept out later", async (t) => {
	const directory = await folder(t);
	const files = await pairIn(directory, "one");
	let now = Date.now();
	const source = await openCertificates({ files, names: () => [] }, directory, () => now);
	now += 500 * DAY_MS;
	const met = await source.check();
	assert.ok(met.outcome === "rejected" && /expired/.test(met.detail));
	await assert.rejects(
		openCertificates({ files, names: () => [] }, directory, () => now),
		/expired/,
	);
	now -= 600 * DAY_MS;
	await assert.rejects(
		openCertificates({ files, names: () => [] }, directory, () => now),
		/not valid before/,
	);
});

test("the local CA's certificate follows the machine's names, one check at a time", async (t) => {
	const directory = await folder(t);
	let names = ["box"];
	const source = await openCertificates(OWN, directory, Date.now, () => names);
	assert.deepEqual(await source.check(), { outcome: "unchanged" });
	names = ["box", "10.1.1.1"];
	assert.deepEqual(await Promise.all([source.check(), source.check()]), [{ outcome: "changed" }, { outcome: "unchanged" }]);
	assert.ok(source.names.includes("10.1.1.1"));
});

interface Met {
	readonly protocol: string | null;
	readonly cipher: string;
	readonly alpn: string | false | null;
	readonly authorized: boolean;
	readonly issuerSha256: string | undefined;
}

async function handshake(server: Server, source: CertificateSource, options: ConnectionOptions = {}): Promise<Met> {
	const ca = source.ca === null ? undefined : await readFile(source.ca.path);
	const socket = await handshakeKept(server, { ...(ca === undefined ? {} : { ca }), ...options });
	const met = {
		protocol: socket.getProtocol(),
		cipher: socket.getCipher().name,
		alpn: socket.alpnProtocol,
		authorized: socket.authorized,
		issuerSha256: socket.getPeerCertificate(true).issuerCertificate?.fingerprint256.replaceAll(":", "").toLowerCase(),
	};
	socket.destroy();
	return met;
}

async function handshakeKept(server: Server, options: ConnectionOptions): Promise<TLSSocket> {
	const socket = connect({ port: portOf(server), host: "127.0.0.1", servername: "localhost", ...options });
	// The server's first byte: under TLS 1.3 a client believes itself connected before the server has agreed.
	await Promise.race([once(socket, "data"), once(socket, "close").then(() => Promise.reject(new Error("closed without a word")))]);
	return socket;
}

async function listen(
	t: { after(clean: () => Promise<void> | void): void },
	settings: Parameters<typeof openCertificates>[0] = OWN,
	directory?: string,
): Promise<{ server: Server; source: CertificateSource }> {
	const source = await openCertificates(settings, directory ?? (await folder(t)), Date.now, MACHINE);
	const open = new Set<Socket>();
	const server = createServer(source.secureContextOptions(), (socket) => {
		socket.on("error", () => undefined);
		socket.write("x");
	});
	server.on("connection", (socket: Socket) => open.add(socket));
	server.on("tlsClientError", () => undefined);
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	t.after(() => {
		server.close();
		for (const socket of open) socket.destroy();
	});
	return { server, source };
}

function portOf(server: Server): number {
	const address = server.address() as AddressInfo; // A TCP listener's address is never a string.
	return address.port;
}

/** A TLS 1.2 ClientHello whose server_name extension holds these very bytes (RFC 8446 §4.1.2, RFC 6066 §3). */
function clientHello(name: Buffer): Buffer {
	const u16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
	const sized = (bytes: Buffer) => Buffer.concat([u16(bytes.length), bytes]);
	const sni = Buffer.concat([u16(0), sized(sized(Buffer.concat([Buffer.from([0]), sized(name)])))]);
	const body = Buffer.concat([
		Buffer.from([3, 3]),
		Buffer.alloc(32, 7),
		Buffer.from([0]),
		sized(Buffer.from([0xc0, 0x2b, 0x13, 0x01])),
		Buffer.from([1, 0]),
		sized(sni),
	]);
	const handshakeMessage = Buffer.concat([Buffer.from([1, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff]), body]);
	const records: Buffer[] = [];
	for (let at = 0; at < handshakeMessage.length; at += 16_000) {
		records.push(Buffer.from([0x16, 3, 1]), sized(handshakeMessage.subarray(at, at + 16_000)));
	}
	return Buffer.concat(records);
}

/** A pair of another CA, as an operator would bring it. */
async function pairIn(directory: string, name: string): Promise<{ certificate: string; key: string }> {
	const folderOfPair = join(directory, name);
	await localCertificate(folderOfPair, ["127.0.0.1", "localhost"], Date.now());
	return { certificate: join(folderOfPair, "tls/server.pem"), key: join(folderOfPair, "tls/server-key.pem") };
}

async function replacePair(to: { certificate: string; key: string }, from: { certificate: string; key: string }): Promise<void> {
	await rename(from.certificate, to.certificate);
	await rename(from.key, to.key);
}

async function folder(t: { after(clean: () => Promise<void>): void }): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), "rempart-tls-"));
	t.after(() => rm(directory, { recursive: true, force: true }));
	return directory;
}
