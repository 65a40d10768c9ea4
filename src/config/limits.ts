/**
 * What a caller may take: time, bytes, connections, memory.
 *
 * Liveness of a stream is judged by progress (`write_stall_timeout`, the body's least rate), never by its whole length: answers of a model take long.
 */
import type * as z from "zod";

import { byteSize } from "./values/byte-size.ts";
import { duration } from "./values/duration.ts";
import { count } from "./values/plain.ts";
import { section } from "./values/section.ts";

const connectionsSection = section({
	total: count({ min: 1, max: 1_000_000 })
		.prefault(1_024)
		.meta({ description: "Open connections, all callers together. Each needs a file descriptor, and another one upstream." }),
	per_address: count({ min: 1, max: 1_000_000 })
		.prefault(64)
		.meta({ description: "Open connections from one address. Raise it where many callers come from behind one address." }),
	unauthenticated_per_address: count({ min: 1, max: 1_000_000 }).prefault(8).meta({
		description: "Open connections from one address that have shown no valid credential yet.",
		risk: "A higher number lets strangers hold more of the server.",
	}),
}).transform((written) => ({
	total: written.total,
	perAddress: written.per_address,
	unauthenticatedPerAddress: written.unauthenticated_per_address,
}));

export const limitsSection = section({
	header_timeout: duration({ max: "10m" }).prefault("10s").meta({
		description: "How long the head of a request may take, from its first byte, and the TLS handshake before it.",
		risk: "A longer time lets slow senders hold connections (Slowloris).",
	}),
	body_timeout: duration({ max: "24h" }).prefault("30s").meta({
		description: "How long the body of a request may take; longer only while each further stretch of this length brings body_minimum_rate.",
	}),
	body_minimum_rate: byteSize({ min: "0B", max: "1GiB" }).prefault("500B").meta({
		description: "Bytes a second that a body must bring once body_timeout is over, as an upload's does. 0B asks for no rate.",
		risk: "Without a rate, an upload that trickles holds its connection for ever.",
	}),
	write_stall_timeout: duration({ max: "24h" }).prefault("60s").meta({
		description:
			"How long a caller may read nothing of an answer that waits for it. The connection is closed then and the generation cancelled.",
	}),
	keep_alive_timeout: duration({ max: "1h" })
		.prefault("30s")
		.meta({ description: "How long a connection may stay open between two requests." }),
	head_size: byteSize({ min: "1KiB", max: "1MiB" })
		.prefault("16KiB")
		.meta({ description: "Bytes of a request's head: request line and fields." }),
	head_fields: count({ min: 8, max: 1_000 }).prefault(64).meta({ description: "Fields of a request's head." }),
	target_size: byteSize({ min: "256B", max: "64KiB" })
		.prefault("4KiB")
		.meta({ description: "Bytes of a request's target: path and query." }),
	body: byteSize({ min: "1KiB", max: "1GiB" })
		.prefault("8MiB")
		.meta({ description: "Bytes of a body that is read whole, without images." }),
	body_with_images: byteSize({ min: "1KiB", max: "1GiB" })
		.prefault("64MiB")
		.meta({ description: "Bytes of a body whose operation takes images or audio." }),
	upload: byteSize({ min: "1KiB" })
		.prefault("200GiB")
		.meta({ description: "Bytes of a blob that is uploaded. It is streamed through, never held in memory." }),
	response_buffer: byteSize({ min: "64KiB", max: "1GiB" }).prefault("16MiB").meta({
		description:
			"Bytes of an upstream's answer that has to be read whole because what the caller may not see is taken out of it, such as the list of models.",
	}),
	json_depth: count({ min: 4, max: 512 }).prefault(64).meta({ description: "How deep a JSON body may be nested." }),
	json_members: count({ min: 16, max: 10_000_000 })
		.prefault(100_000)
		.meta({ description: "How many members and elements a JSON body may have, all levels together." }),
	connections: connectionsSection.prefault({}).meta({ description: "How many connections may be open." }),
	requests_per_connection: count({ min: 1, max: 1_000_000 })
		.prefault(1_000)
		.meta({ description: "Requests after which a connection is closed, so that load spreads again." }),
	memory: byteSize({ min: "64MiB", max: "1TiB" }).prefault("1GiB").meta({
		description:
			"Memory that the server may use. New requests are refused (503) above nine tenths of it. Keep it below the limit of the container or service.",
	}),
	drain_timeout: duration({ min: "0s", max: "24h" }).prefault("120s").meta({
		description:
			"How long a server that was told to stop lets running requests finish. What is left is ended with an error that the client understands.",
	}),
}).transform((written) => ({
	headerTimeoutMs: written.header_timeout,
	bodyTimeoutMs: written.body_timeout,
	bodyMinimumBytesPerSecond: written.body_minimum_rate,
	writeStallTimeoutMs: written.write_stall_timeout,
	keepAliveTimeoutMs: written.keep_alive_timeout,
	headBytes: written.head_size,
	headFields: written.head_fields,
	targetBytes: written.target_size,
	bodyBytes: written.body,
	bodyWithImagesBytes: written.body_with_images,
	uploadBytes: written.upload,
	responseBufferBytes: written.response_buffer,
	jsonDepth: written.json_depth,
	jsonMembers: written.json_members,
	connections: written.connections,
	requestsPerConnection: written.requests_per_connection,
	memoryBytes: written.memory,
	drainTimeoutMs: written.drain_timeout,
}));

export type LimitsConfig = Readonly<z.output<typeof limitsSection>>;
