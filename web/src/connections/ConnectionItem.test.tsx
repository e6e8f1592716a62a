import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../api/connections';
import { ConnectionItem } from './ConnectionItem';

function shown(change: Partial<Connection>): string {
  const connection: Connection = {
    provider: 'gmail',
    connected: false,
    needs_reauth: false,
    user_email: null,
    available: true,
    ...change,
  };
  const nothing = () => undefined;
  return renderToStaticMarkup(
    <ConnectionItem connection={connection} isBusy={false} onConnect={nothing} onDisconnect={nothing} />,
  );
}

describe('ConnectionItem', () => {
  it('offers to connect what is not connected', () => {
    const html = shown({});
    expect(html).toContain('data-state="none"');
    expect(html).toMatch(/>Connect</);
    expect(html).not.toContain('Disconnect');
  });

  it('says whose account is connected, and offers to end it', () => {
    const html = shown({ connected: true, user_email: 'ann@example.com' });
    expect(html).toContain('data-state="connected"');
    expect(html).toContain('Connected as ann@example.com');
    expect(html).toContain('Disconnect');
    expect(html).not.toContain('data-testid="connect"');
  });

  it('says when an access has ended, and offers to connect again', () => {
    const html = shown({ connected: false, needs_reauth: true });
    expect(html).toContain('data-state="ended"');
    expect(html).toContain('Connect again');
    expect(html).toContain('Disconnect');
  });

  it('says when the server has no client for it', () => {
    const html = shown({ available: false });
    expect(html).toContain('Not set up on this server.');
    expect(html).not.toContain('<button');
  });
});
