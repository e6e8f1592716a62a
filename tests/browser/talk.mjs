// Drives the real page in headless Chromium: join, listen, speak (fake microphone), type, leave.
//   node talk.mjs URL ROOM MICROPHONE_WAV SCREENSHOT_FOLDER WORDS_HEARD WORDS_ANSWERED
// Prints one JSON object on its last line.
import { chromium } from 'playwright-core';

const [url, room, wav, folder, heard, answered] = process.argv.slice(2);
const problems = [];
const browser = await chromium.launch({
  timeout: 90000,
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
    '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${wav}%noloop`,
  ],
});

/** Loudness of what the page plays: read from the audio elements' own streams. */
async function startEar(page) {
  await page.evaluate(() => {
    const context = new AudioContext();
    const known = new Map();
    globalThis.__loudMs = 0;
    globalThis.__lastLoud = 0;
    // How much had been heard when the user's words came; known in the page, which this script may look at later.
    globalThis.__loudBeforeAnswer = null;
    let before = performance.now();
    setInterval(() => {
      const now = performance.now();
      const passed = Math.min(now - before, 100); // of a page that was held up, no more than this counts
      before = now;
      if (globalThis.__loudBeforeAnswer === null && document.querySelector('[data-testid=transcript-entry][data-role=user]')) {
        globalThis.__loudBeforeAnswer = globalThis.__loudMs;
      }
      for (const element of document.querySelectorAll('audio')) {
        const stream = element.srcObject;
        if (stream && !known.has(stream)) {
          const analyser = context.createAnalyser();
          context.createMediaStreamSource(stream).connect(analyser);
          known.set(stream, analyser);
        }
      }
      for (const analyser of known.values()) {
        const samples = new Float32Array(analyser.fftSize);
        analyser.getFloatTimeDomainData(samples);
        if (samples.some((x) => Math.abs(x) > 0.015)) {
          globalThis.__loudMs += passed;
          globalThis.__lastLoud = now;
        }
      }
    }, 20);
  });
}

const text = (page, role) =>
  page.$$eval(`[data-testid=transcript-entry][data-role=${role}]`, (nodes) => nodes.map((n) => n.textContent).join(' '));

/** Words come by another way than sound, and in pieces. */
const reads = (page, role, words) =>
  page.waitForFunction(
    ([role, words]) => {
      const nodes = [...document.querySelectorAll(`[data-testid=transcript-entry][data-role=${role}]`)];
      return nodes.map((n) => n.textContent).join(' ').includes(words);
    },
    [role, words],
    { timeout: 60000 },
  );

try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(60000);
  page.on('pageerror', (error) => problems.push(`page error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && problems.push(`console: ${message.text()}`));
  await page.goto(url);
  await page.getByTestId('room-name').fill(room);
  await page.getByTestId('your-name').fill('Browser');
  await page.screenshot({ path: `${folder}/page-idle.png` });
  await page.getByTestId('join').click();
  await startEar(page);
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=transcript-entry][data-role=agent]').length > 0, null, { timeout: 60000 });
  // The user's words appear when the fake microphone has spoken them.
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=transcript-entry][data-role=user]').length > 0, null, { timeout: 60000 });
  await page.waitForFunction(
    () => globalThis.__loudBeforeAnswer !== null && globalThis.__loudMs > globalThis.__loudBeforeAnswer + 1000,
    null,
    { timeout: 60000 },
  );
  await page.waitForFunction(() => document.querySelector('[data-testid=turn-latency]'), null, { timeout: 30000 });
  await page.screenshot({ path: `${folder}/page-call.png` });
  await reads(page, 'user', heard);
  await reads(page, 'agent', answered);
  await page.waitForFunction(() => performance.now() - globalThis.__lastLoud > 1000, null, { timeout: 60000 });
  const user_transcript = await text(page, 'user');
  const agent_transcript = await text(page, 'agent');
  const latency_ms = Number(await page.getByTestId('turn-latency').last().getAttribute('data-latency-ms'));

  const spoken = await page.evaluate(() => globalThis.__loudMs);
  await page.getByTestId('chat-input').fill('And tomorrow?');
  await page.getByTestId('chat-send').click();
  await page.waitForFunction((ms) => globalThis.__loudMs > ms + 500, spoken, { timeout: 60000 });
  await page.setViewportSize({ width: 360, height: 740 });
  await page.screenshot({ path: `${folder}/page-call-phone.png` });
  await page.getByTestId('mute').click();
  await page.getByTestId('leave').click();
  await page.getByTestId('join').waitFor({ timeout: 30000 });
  console.log(JSON.stringify({ answer_heard: true, user_transcript, agent_transcript, latency_ms, typed_answered: true, problems }));
} catch (error) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  if (pages[0]) await pages[0].screenshot({ path: `${folder}/page-failed.png` }).catch(() => {});
  console.error(String(error), JSON.stringify(problems));
  process.exitCode = 1;
} finally {
  await browser.close();
}
