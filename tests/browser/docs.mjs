// Opens Swagger UI in headless Chromium and waits until it shows the API.
//   node docs.mjs URL SCREENSHOT_FOLDER
// Prints one JSON object on its last line.
import { chromium } from 'playwright-core';

const [url, folder] = process.argv.slice(2);
const problems = [];
const browser = await chromium.launch({
  timeout: 90000,
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('pageerror', (error) => problems.push(`page error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && problems.push(`console: ${message.text()}`));
  await page.goto(`${url}/docs/`);
  const operation = page.locator('.opblock', { hasText: '/room/join' }).first();
  await operation.waitFor({ timeout: 60000 });
  await operation.locator('.opblock-summary').click();
  await operation.getByText('Who wants into which room').or(operation.getByText('participantIdentity')).first().waitFor({ timeout: 30000 });
  await page.screenshot({ path: `${folder}/docs.png` });
  console.log(JSON.stringify({ operations: await page.locator('.opblock').count(), problems }));
} finally {
  await browser.close();
}
