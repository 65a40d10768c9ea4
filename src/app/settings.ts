/** What each part of the server is given, made of the configuration: the only place where one's names meet the other's. */
import type { Config } from "../config/config.ts";
import { originList } from "../gateway/origin-list.ts";
import type { PipelineSettings } from "../gateway/pipeline.ts";
import type { Upstreams, UpstreamsSpec } from "../gateway/upstreams.ts";
import type { TransportLimits } from "../http/transport-limits.ts";
import type { SignatureSettings } from "../keys/signed/signature-ring.ts";
import type { PolicySpec } from "../model/policy-spec.ts";
import { BUILT_IN_ROLES } from "../policy/built-in-roles.ts";
import { compilePolicy, type Policy } from "../policy/compile.ts";
import type { AdmissionSpec } from "../quota/admission.ts";
import type { WireLimits } from "../wire/message.ts";

/** Of the memory that the operator allows, the part that request bodies may fill; the rest is for streams, the runtime and the log. */
const BODY_SHARE = 0.5;
/** An upstream's heads are ours to bound too; they are small, and a larger one is not Ollama. */
const UPSTREAM_WIRE: WireLimits = { maxHeadBytes: 64 * 1024, maxFields: 100, maxTargetBytes: 4096 };

export function transportLimitsOf({ limits }: Config): TransportLimits {
	return {
		wire: { maxHeadBytes: limits.headBytes, maxFields: limits.headFields, maxTargetBytes: limits.targetBytes },
		headTimeoutMs: limits.headerTimeoutMs,
		bodyTimeoutMs: limits.bodyTimeoutMs,
		bodyMinimumBytesPerSecond: limits.bodyMinimumBytesPerSecond,
		writeStallTimeoutMs: limits.writeStallTimeoutMs,
		keepAliveTimeoutMs: limits.keepAliveTimeoutMs,
		requestsPerConnection: limits.requestsPerConnection,
		connections: limits.connections,
		bufferedBytes: Math.floor(limits.memoryBytes * BODY_SHARE),
	};
}

export function signatureSettingsOf({ identities }: Config): SignatureSettings {
	return identities.ollama;
}

export function admissionSpecOf({ admission }: Config): AdmissionSpec {
	return {
		rate: { perMinute: admission.requestsPerMinute, burst: admission.burst },
		concurrency: admission.concurrency,
		queueSize: admission.queue.size,
		queueTimeoutMs: admission.queue.timeoutMs,
		keepAliveMs: admission.queue.keepAliveMs,
	};
}

export function upstreamsSpecOf({ upstreams, upstream, wedge }: Config): UpstreamsSpec {
	return {
		targets: upstreams.map(({ name, url }) => ({
			name,
			host: url.host,
			port: url.port,
			tls: url.secure,
			authority: `${url.host.includes(":") ? `[${url.host}]` : url.host}:${url.port}`,
		})),
		timeouts: {
			connectMs: upstream.connectTimeoutMs,
			idleMs: upstream.idleTimeoutMs,
			keepAliveMs: upstream.keepAliveMs,
			maxIdle: upstream.maxIdleConnections,
		},
		wire: UPSTREAM_WIRE,
		healthIntervalMs: upstream.healthIntervalMs,
		healthTimeoutMs: upstream.healthTimeoutMs,
		wedge,
	};
}

/** The built-in roles with the operator's own laid over them, whole by whole. */
export function policySpecOf({ policy }: Config): PolicySpec {
	return { ...policy, roles: { ...BUILT_IN_ROLES, ...policy.roles } };
}

export function policyOf(config: Config): Policy {
	return compilePolicy(policySpecOf(config));
}

/** `names` are those of the certificate and the machine; the configured ones are added. */
export function pipelineSettingsOf(config: Config, policy: Policy, upstreams: Upstreams, names: readonly string[]): PipelineSettings {
	const { limits, gateway, upstream } = config;
	return {
		policy,
		upstreams,
		names: new Set([...names, ...gateway.names].map((name) => name.toLowerCase())),
		origins: originList(gateway.origins),
		limits: {
			maxDepth: limits.jsonDepth,
			maxMembers: limits.jsonMembers,
			bodyBytes: limits.bodyBytes,
			bodyWithImagesBytes: limits.bodyWithImagesBytes,
		},
		bufferBytes: limits.responseBufferBytes,
		uploadBytes: limits.uploadBytes,
		firstByteTimeoutMs: upstream.firstByteTimeoutMs,
	};
}
