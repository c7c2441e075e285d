-- Which days are not complete, and why?
-- By UTC date; a day between the first and the last of an export that has no window at all is open too.
SELECT
  days.export, days.day,
  coalesce(state, 'open') AS state,
  coalesce(windows, 0) AS windows,
  coalesce(copied, 0) AS copied,
  coalesce(reasons, CASE WHEN state IS NULL THEN 'it has no window' END) AS reasons
FROM (
  SELECT span.export, day
  FROM (
    SELECT export, min(day) AS first_day, max(day) AS last_day
    FROM ({coverage}) AS known
    GROUP BY export
  ) AS span
  CROSS JOIN UNNEST(sequence({first}, {last}, INTERVAL '1' DAY)) AS asked(day)
  WHERE day BETWEEN first_day AND last_day
) AS days
LEFT JOIN ({coverage}) AS covered
  ON covered.export = days.export AND covered.day = days.day
WHERE coalesce(state, 'open') <> 'complete'
ORDER BY days.export, days.day
