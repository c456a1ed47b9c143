import { useEffect, useState } from 'react';

const tickMs = 100;

/** Milliseconds until `until`, which is in milliseconds since the epoch; 0 once it is past. */
export function useCountdown(until: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = window.setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) window.clearInterval(timer);
    }, tickMs);
    return () => {
      window.clearInterval(timer);
    };
  }, [until]);
  return Math.max(0, until - now);
}

/** Such as "0.8 s" or "42 s". */
export function secondsText(milliseconds: number): string {
  return milliseconds < 9_950
    ? `${(Math.ceil(milliseconds / 100) / 10).toFixed(1)} s`
    : `${Math.ceil(milliseconds / 1_000)} s`;
}
