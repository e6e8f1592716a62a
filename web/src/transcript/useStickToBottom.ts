import { useEffect, useRef } from 'react';

/** This near to the end counts as reading along. */
const NEAR_PX = 60;

/** Keeps the end of a scrolling list in view, unless its reader has scrolled back. */
export function useStickToBottom(content: unknown) {
  const list = useRef<HTMLDivElement>(null);
  const isReadingAlong = useRef(true);

  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const remember = () => {
      const below = element.scrollHeight - element.scrollTop - element.clientHeight;
      isReadingAlong.current = below < NEAR_PX;
    };
    element.addEventListener('scroll', remember, { passive: true });
    return () => element.removeEventListener('scroll', remember);
  }, []);

  useEffect(() => {
    if (isReadingAlong.current) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [content]);

  return list;
}
