import { useAudioPlayback } from '@livekit/components-react';

/** Browsers may keep a page silent until it is touched; then it must be asked for. */
export function StartAudio() {
  const { canPlayAudio, startAudio } = useAudioPlayback();
  if (canPlayAudio) return null;
  return (
    <p className="notice notice-warning">
      Your browser keeps this page silent.{' '}
      <button
        className="button button-small"
        data-testid="start-audio"
        type="button"
        onClick={() => void startAudio()}
      >
        Start audio
      </button>
    </p>
  );
}
