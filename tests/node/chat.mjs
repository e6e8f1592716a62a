// OpenAI's own client for Node against a running casp: node chat.mjs BASE_URL KEY. Prints one JSON object.
import OpenAI, { APIError } from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const casp = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "What is on my calendar today?" }];

/** The error that a call raises, by its class. */
async function raised(call) {
  try {
    await call();
    return "nothing";
  } catch (error) {
    return error instanceof APIError ? `${error.constructor.name} ${error.status} ${error.code}` : String(error);
  }
}

const plain = await casp.chat.completions.create({ model: "casp-realtime", messages });
const chunks = [];
for await (const chunk of await casp.chat.completions.create({ model: "casp-realtime", messages, stream: true })) {
  chunks.push(chunk);
}
const runner = casp.chat.completions.stream({ model: "casp-realtime", messages: [{ role: "user", content: "Hello" }] });
const called = await casp.chat.completions.create({
  model: "casp-realtime",
  messages: [{ role: "user", content: "Paris" }],
  tools: [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } } }],
  tool_choice: { type: "function", function: { name: "get_weather" } },
});
const inJson = await casp.chat.completions.create({
  model: "casp-realtime",
  messages: [{ role: "user", content: "Hello" }],
  response_format: { type: "json_object" },
});
const models = [];
for await (const model of await casp.models.list()) models.push(model.id);
const speech = await casp.audio.speech.create({ model: "tts-1", voice: "alloy", input: "Hello.", response_format: "wav" });

console.log(JSON.stringify({
  content: plain.choices[0].message.content,
  actions: plain.casp.actions,
  streamed: chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join(""),
  lastActions: chunks.at(-1).casp.actions,
  helper: await runner.finalContent(),
  call: called.choices[0].message.tool_calls[0].function,
  json: JSON.parse(inJson.choices[0].message.content),
  models,
  wav: Buffer.from(await speech.arrayBuffer()).subarray(0, 4).toString(),
  unknown: await raised(() => casp.chat.completions.create({ model: "gpt-5", messages })),
  bad: await raised(() => casp.chat.completions.create({ model: "casp-realtime", messages: [] })),
  stranger: await raised(() => new OpenAI({ baseURL, apiKey: "sk_wrong", maxRetries: 0 }).models.list()),
}));
