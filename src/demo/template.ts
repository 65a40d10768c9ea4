/**
 * Renders a conversation the way Ollama's prompt templates do, as far as the demonstration's own templates go.
 *
 *  - A template that names `.Messages` writes `role: content` lines; others write `.System` and `.Prompt` of each turn, then the answer.
 *  - The literal after the last action closes the prompt; its special token picks the script.
 */
export interface Message {
	readonly role: string;
	readonly content: string;
	readonly thinking?: string;
	readonly toolCalls?: readonly { readonly name: string; readonly arguments: unknown }[];
	/** Images came with it, which no demonstration model understands. */
	readonly media?: boolean;
}

export interface Template {
	readonly text: string;
	readonly takesTools: boolean;
	readonly takesThinking: boolean;
	render(messages: readonly Message[], tools: string | null): string;
}

/** What a model without a template of its own has. */
export const BARE_TEMPLATE = "{{ .Prompt }}";

export function templateOf(text: string): Template {
	const tail = text.slice(text.lastIndexOf("}}") + 2);
	const takesTools = text.includes(".Tools");
	const render = text.includes(".Messages")
		? (messages: readonly Message[], tools: string | null) =>
				`${takesTools ? (tools ?? "") : ""}${collate(messages).map(line).join("")}${tail}`
		: (messages: readonly Message[]) => turns(collate(messages), text);
	return { text, takesTools, takesThinking: text.includes(".Thinking"), render };
}

function line({ role, content, thinking, toolCalls = [] }: Message): string {
	const thought = thinking === undefined || thinking === "" ? "" : `<think>${thinking}</think>`;
	const calls = toolCalls.map((call) => `<tool_call>{"name": "${call.name}", "arguments": ${JSON.stringify(call.arguments)}}</tool_call>`);
	return `${role}: ${content}${thought}${calls.join("")}\n`;
}

/** Neighbours of one role become one message. */
function collate(messages: readonly Message[]): readonly Message[] {
	const collated: Message[] = [];
	for (const message of messages) {
		const last = collated.at(-1);
		if (last !== undefined && last.role === message.role && message.role !== "tool") collated.splice(-1, 1, joined(last, message));
		else collated.push(message);
	}
	return collated;
}

function joined(first: Message, second: Message): Message {
	return { ...first, ...second, content: `${first.content}\n\n${second.content}` };
}

function turns(messages: readonly Message[], text: string): string {
	let rendered = "";
	let turn = { system: "", prompt: "", answer: "" };
	const finish = () => {
		rendered += filled(text, turn.system, turn.prompt) + turn.answer;
		turn = { system: "", prompt: "", answer: "" };
	};
	for (const { role, content } of messages) {
		if (role === "system") {
			if (turn.prompt !== "" || turn.answer !== "") finish();
			turn.system = content;
		} else if (role === "user") {
			if (turn.answer !== "") finish();
			turn.prompt = content;
		} else if (role === "assistant") {
			turn.answer = content;
		}
	}
	finish();
	return rendered;
}

/** One turn; actions other than these two say nothing. */
function filled(text: string, system: string, prompt: string): string {
	return text.replace(/\{\{-?\s*([^}]*?)\s*-?\}\}/g, (_, action: string) =>
		action === ".System" ? system : action === ".Prompt" ? prompt : "",
	);
}
