// Connects and disconnects Gmail on the page of connections in headless Chromium, through the consent page of a stand-in.
//   node connections.mjs URL EMAIL PASSWORD SCREENSHOT_FOLDER
// Between its steps it prints a line and waits for one. Prints one JSON object on its last line.
import { createInterface } from 'node:readline/promises';
import { chromium } from 'playwright-core';

const [url, email, password, folder] = process.argv.slice(2);
const problems = [];
const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();
const browser = await chromium.launch({
  timeout: 90000,
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
const addresses = [];

/** Lets the test change the world. */
async function pause(name) {
  console.log(name);
  await lines.next();
}

try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 1150 } });
  page.setDefaultTimeout(60000);
  page.on('pageerror', (error) => problems.push(`page error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && problems.push(`console: ${message.text()}`));
  page.on('request', (request) => addresses.push(request.url()));
  const gmail = (state) => page.locator(`[data-testid=connection][data-provider=gmail][data-state=${state}]`);

  await page.goto(url);
  await page.getByText('Connect mail, calendars and more').click();
  await page.getByTestId('sign-in').waitFor();
  await page.screenshot({ path: `${folder}/connections-sign-in.png` });
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByTestId('sign-in').click();
  await gmail('none').waitFor();
  const providers = await page.getByTestId('connection').count();
  const unavailable = await page.getByText('Not set up on this server.').count();

  await gmail('none').getByTestId('connect').click();
  await page.locator('#deny').click();
  await page.getByTestId('outcome').waitFor();
  const refused = await page.getByTestId('outcome').textContent();
  await gmail('none').getByTestId('connect').click();
  await page.locator('#allow').click();
  await gmail('connected').waitFor();
  const outcome = await page.getByTestId('outcome').textContent();
  const address = page.url();
  await page.screenshot({ path: `${folder}/connections.png` });

  await pause('connected');
  await page.reload();
  await gmail('ended').waitFor();
  await page.screenshot({ path: `${folder}/connections-ended.png` });
  await gmail('ended').getByTestId('connect').click();
  await page.locator('#allow').click();
  await gmail('connected').waitFor();
  await page.setViewportSize({ width: 360, height: 740 });
  await page.screenshot({ path: `${folder}/connections-phone.png` });

  await gmail('connected').getByTestId('disconnect').click();
  await gmail('connected').getByText('Really disconnect?').click();
  await gmail('none').waitFor();
  const secret = await page.evaluate(() => JSON.parse(sessionStorage.getItem('casp.credential')).secret);
  await page.getByTestId('sign-out').click();
  await page.getByTestId('sign-in').waitFor();
  const isForgotten = await page.evaluate(() => sessionStorage.length === 0);
  const in_addresses = addresses.filter((one) => one.includes(secret) || one.includes(password));
  console.log(JSON.stringify({ providers, unavailable, refused, outcome, address, in_addresses, isForgotten, problems }));
} catch (error) {
  const pages = browser.contexts().flatMap((context) => context.pages());
  if (pages[0]) await pages[0].screenshot({ path: `${folder}/connections-failed.png` }).catch(() => {});
  console.error(String(error), JSON.stringify(problems));
  process.exitCode = 1;
} finally {
  await browser.close();
  input.close();
}
